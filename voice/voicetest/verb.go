package voicetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/twiml"
)

// execute runs the verbs of a document and returns the document that follows.
func (c *Call) execute(ctx context.Context, r *twiml.Response, base string) (*document, error) {
	for _, verb := range r.Verbs {
		next, over, err := c.verb(ctx, verb, base)
		if err != nil || next != nil || over {
			return next, err
		}
		if ctx.Err() != nil {
			return nil, nil
		}
	}
	return nil, nil // the end of a document hangs up
}

// verb runs one verb. It returns the document that the verb leads to, or that
// the call is over.
func (c *Call) verb(ctx context.Context, verb twiml.Verb, base string) (next *document, over bool, err error) {
	c.inspect(verb)
	if answers(verb) {
		c.pickUp()
	}
	switch v := verb.(type) {
	case twiml.Comment, twiml.Text, twiml.ProcInst:
	case *twiml.Say:
		c.say(v)
		c.speaks(ctx, v)
	case *twiml.Play:
		c.event(Verb, "Play %s", v.URL)
		return nil, false, c.play(ctx, v, base)
	case *twiml.Pause:
		c.event(Verb, "Pause %v", twiml.Or(v.Length, time.Second))
		c.sleep(ctx, twiml.Or(v.Length, time.Second))
	case *twiml.Gather:
		c.event(Verb, "Gather")
		next, err = c.runGather(ctx, v, base)
	case *twiml.Record:
		c.event(Verb, "Record")
		next, err = c.runRecord(ctx, v, base)
	case *twiml.Enqueue:
		c.event(Verb, "Enqueue %s", v.Name)
		next, err = c.runEnqueue(ctx, v, base)
		over = c.hungUp
	case *twiml.Leave:
		c.event(Verb, "Leave")
		c.leaves = true
		return nil, true, nil
	case *twiml.Refer:
		next, err = c.runRefer(ctx, v, base)
	case *twiml.Sms:
		c.event(Verb, "Sms %s", v.Text)
		next, err = c.runSms(ctx, v, base)
	case *twiml.Pay:
		c.event(Verb, "Pay")
		next, err = c.runPay(ctx, v, base)
	case *twiml.Redirect:
		c.event(Verb, "Redirect %s", v.URL)
		next, err = c.goTo(base, v.URL, v.Method, nil)
	case *twiml.Hangup:
		c.event(Verb, "Hangup")
		c.hungUp = true
		return nil, true, nil
	case *twiml.Reject:
		c.event(Verb, "Reject")
		if c.Status() == "ringing" && c.direction == "inbound" {
			c.rejected = "no-answer"
			if v.Reason == twiml.ReasonBusy {
				c.rejected = "busy"
			}
		}
		return nil, true, nil
	case *twiml.Dial:
		c.event(Verb, "Dial %s", v.Number)
		return c.runDial(ctx, v, base)
	case *twiml.Connect:
		c.event(Verb, "Connect")
		var form url.Values // for the action
		switch noun := v.Noun.(type) {
		case *twiml.Stream:
			c.connect(ctx, noun)
		case *twiml.ConversationRelay:
			form = c.runSession(ctx, noun)
		}
		if v.Action != "" && ctx.Err() == nil {
			next, err = c.goTo(base, v.Action, v.Method, form)
		}
	case *twiml.Start:
		for _, noun := range v.Nouns {
			switch n := noun.(type) {
			case *twiml.Stream:
				c.event(Verb, "Start Stream %s", n.URL)
				c.openStream(ctx, n, false) // a failure is only a warning
			case *twiml.Recording:
				c.event(Verb, "Start Recording %s", n.Name)
				c.startRecording(n, base)
			case *twiml.Transcription:
				c.event(Verb, "Start Transcription %s", n.Name)
				c.startTranscription(n, base)
			}
		}
	case *twiml.Stop:
		for _, noun := range v.Nouns {
			switch n := noun.(type) {
			case *twiml.Stream:
				c.event(Verb, "Stop Stream %s", n.Name)
				c.stopStream(n.Name)
			case *twiml.Recording:
				c.event(Verb, "Stop Recording %s", n.Name)
				c.stopRecording(n.Name)
			case *twiml.Transcription:
				c.event(Verb, "Stop Transcription %s", n.Name)
				c.stopTranscription(n.Name)
			}
		}
	}
	return next, over, err
}

// goTo returns the document behind a URL in a document that came from base; an
// empty URL is that document itself.
func (c *Call) goTo(base, ref string, method twiml.Method, form url.Values) (*document, error) {
	to, err := resolve(base, twiml.Or(ref, ""))
	if err != nil {
		return nil, c.warn(15004, "%v", err)
	}
	return &document{url: to, method: methodOf(method), form: form}, nil
}

// after returns the document behind the action of a verb that has run. When the caller has gone
// the action is told, but its answer is not run; when another document runs it is not.
func (c *Call) after(ctx context.Context, base, action string, method twiml.Method, form url.Values) (*document, error) {
	next, err := c.goTo(base, action, method, form)
	if err != nil || ctx.Err() == nil {
		return next, err
	}
	if c.ctx.Err() != nil {
		told := c.params("completed")
		maps.Copy(told, form)
		c.callback(next.method, next.url, told)
	}
	return nil, nil
}

// connect opens a bidirectional stream and waits for its end.
func (c *Call) connect(ctx context.Context, t *twiml.Stream) {
	s, err := c.openStream(ctx, t, true)
	if err != nil {
		return // the next verb runs
	}
	c.change(func() {
		if !c.broke.IsZero() {
			c.silences = append(c.silences, time.Since(c.broke))
		}
	})
	select {
	case <-s.done:
		c.change(func() { c.broke = time.Now() })
		var closed *mediastream.CloseError
		if !errors.As(s.ended, &closed) {
			c.warn(31903, "the stream's socket broke: %v", s.ended)
		} else if !slices.Contains([]int{1000, 1001, 1005}, closed.Code) {
			c.warn(31921, "the host closed the stream with code %d", closed.Code)
		}
	case <-ctx.Done():
		c.change(func() { c.broke = time.Now() })
	}
	s.stop()
}

func (c *Call) stopStream(name string) {
	for _, s := range c.openStreams() {
		if !s.bidirectional && s.name == name {
			s.stop()
		}
	}
}

// maxRecording is what the fake downloads of a <Play>; Twilio's limit is not documented.
const maxRecording = 16 << 20

// play fetches audio below the public URL and plays it to the caller.
func (c *Call) play(ctx context.Context, v *twiml.Play, base string) error {
	if v.URL == "" {
		c.press(ctx, v.Digits)
		return nil
	}
	at, err := resolve(base, v.URL)
	if err != nil {
		return c.warn(15004, "%v", err)
	}
	audio, err := c.fetch(ctx, at)
	if err != nil {
		switch {
		case ctx.Err() != nil:
		case isUnreachable(err):
			c.notSimulated("Play %s: audio that is elsewhere is not simulated", at)
		default:
			c.warn(11200, "Play %s: %v", at, err)
		}
		return nil
	}
	times := twiml.Or(v.Loop, 1)
	if times == 0 {
		times = math.MaxInt // until the call ends
	}
	return c.hear(ctx, audio, times)
}

func (c *Call) fetch(ctx context.Context, at string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.tw.link.webhook)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.tw.Client().Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxRecording))
}

// press lets the time pass that it takes to press keys: a tenth of a second and as much
// after it; w is half a second and W a whole one.
func (c *Call) press(ctx context.Context, keys string) {
	for _, key := range keys {
		switch key {
		case 'w':
			c.sleep(ctx, time.Second/2)
		case 'W':
			c.sleep(ctx, time.Second)
		default:
			c.sleep(ctx, time.Second/5)
		}
	}
}

// hear plays a WAV file to the caller and waits until it has been heard. What
// it cannot decode is not simulated.
func (c *Call) hear(ctx context.Context, wav []byte, times int) error {
	audio, err := codec.ReadMulaw(bytes.NewReader(wav))
	if err != nil {
		c.notSimulated("audio that is not WAV is not simulated: %v", err)
		return nil
	}
	c.hearAudio(ctx, audio, times)
	return nil
}

// hearAudio is hear for 8 kHz mu-law.
func (c *Call) hearAudio(ctx context.Context, audio []byte, times int) {
	for range times {
		c.mu.Lock()
		c.player.play(audio)
		c.mu.Unlock()
		if c.heardOut(ctx) != nil {
			return
		}
	}
}

// heardOut waits until all that is played has been heard, or clears it when ctx ends.
func (c *Call) heardOut(ctx context.Context) error {
	for {
		c.mu.Lock()
		left := c.player.queued
		c.mu.Unlock()
		if left == 0 {
			return nil
		}
		if err := c.sleep(ctx, time.Duration(max(left, frameSize))*time.Second/sampleRate); err != nil {
			c.mu.Lock()
			c.player.clear()
			c.mu.Unlock()
			return err
		}
	}
}
