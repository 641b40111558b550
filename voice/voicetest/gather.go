package voicetest

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/twiml"
)

// gather is a Gather that listens.
type gather struct {
	dtmf, speech bool
	finishOnKey  string
	numDigits    int
	heard        chan struct{} // has room for one: there was input

	mu       sync.Mutex
	over     bool // takes no more input
	keys     string
	key      string // that finished it
	words    string
	complete bool // need not wait for more
}

// press takes keys and reports whether they were listened to.
func (g *gather) press(keys string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.dtmf || g.over || g.complete {
		return false
	}
	for _, r := range keys {
		key := string(r)
		if strings.Contains(g.finishOnKey, key) {
			g.key, g.complete = key, true
			break
		}
		if g.keys += key; len(g.keys) == g.numDigits {
			g.complete = true
			break
		}
	}
	g.notify()
	return true
}

// say takes words and reports whether they were listened to.
func (g *gather) say(words string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.speech || g.over || g.complete {
		return false
	}
	g.words, g.complete = words, true
	g.notify()
	return true
}

func (g *gather) notify() {
	select {
	case g.heard <- struct{}{}:
	default:
	}
}

func (g *gather) isComplete() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.complete
}

// runGather plays what is inside the Gather and collects input meanwhile and
// for its timeout afterwards. Without input the next verb runs.
func (c *Call) runGather(ctx context.Context, v *twiml.Gather, base string) (*document, error) {
	g := &gather{
		dtmf:        len(v.Input) == 0 || slices.Contains(v.Input, twiml.InputDTMF),
		speech:      slices.Contains(v.Input, twiml.InputSpeech),
		finishOnKey: twiml.Or(v.FinishOnKey, "#"),
		numDigits:   v.NumDigits,
		heard:       make(chan struct{}, 1),
	}
	if v.BargeIn.Or(true) {
		c.prompt(ctx, g, v, base)
	} else {
		c.recite(ctx, v.Verbs, base)
		c.change(func() { c.gather = g })
	}
	c.listen(ctx, g, twiml.Or(v.Timeout, 5*time.Second))
	c.change(func() { c.gather = nil })

	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	form := url.Values{}
	switch {
	case ctx.Err() != nil:
		return nil, nil
	case g.words != "":
		c.partial(v, base, g.words)
		form.Set("SpeechResult", g.words)
		form.Set("Confidence", "0.9")
	case g.keys != "" || g.key != "" || v.ActionOnEmptyResult == twiml.True:
		form.Set("Digits", g.keys)
		if g.key != "" {
			form.Set("FinishedOnKey", g.key)
		}
	default:
		return nil, nil
	}
	return c.goTo(base, v.Action, v.Method, form)
}

// recite runs verbs that lead nowhere: Say, Play and Pause.
func (c *Call) recite(ctx context.Context, verbs []twiml.Audible, base string) {
	for _, child := range verbs {
		if verb, ok := child.(twiml.Verb); ok && ctx.Err() == nil {
			c.verb(ctx, verb, base)
		}
	}
}

// partial tells the partialResultCallback what was recognised, in one piece.
func (c *Call) partial(v *twiml.Gather, base, words string) {
	if v.PartialResultCallback == "" {
		return
	}
	at, err := resolve(base, twiml.Or(v.PartialResultCallback, ""))
	if err != nil {
		c.warn(15004, "%v", err)
		return
	}
	form := c.params(c.Status())
	form.Set("UnstableSpeechResult", words)
	form.Set("StableSpeechResult", "")
	form.Set("Stability", "0.9")
	form.Set("SequenceNumber", "0")
	c.callback(methodOf(v.PartialResultCallbackMethod), at, form)
}

// prompt runs the verbs inside a Gather, and listens from the first one on. Input ends the
// prompt.
func (c *Call) prompt(ctx context.Context, g *gather, v *twiml.Gather, base string) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	listen := func() { c.change(func() { c.gather = g }) }
	var waiting sync.WaitGroup
	defer waiting.Wait()
	waiting.Go(func() {
		select {
		case <-g.heard:
			g.notify() // for listen
			stop(errFinished)
		case <-ctx.Done():
		}
	})
	for _, child := range v.Verbs {
		switch child := child.(type) {
		case *twiml.Say:
			if ctx.Err() == nil {
				c.say(child)
				listen()
				c.speaks(ctx, child)
			}
			continue
		case twiml.Comment, twiml.Text, twiml.ProcInst:
		default:
			listen()
		}
		if verb, ok := child.(twiml.Verb); ok && ctx.Err() == nil {
			c.verb(ctx, verb, base) // Say, Play and Pause lead nowhere
		}
	}
	listen()
	stop(errFinished)
}

// listen waits for the end of the input, or for timeout after the last of it.
func (c *Call) listen(ctx context.Context, g *gather, timeout time.Duration) {
	timer := time.NewTimer(c.tw.clock(timeout))
	defer timer.Stop()
	for !g.isComplete() {
		select {
		case <-g.heard:
			timer.Reset(c.tw.clock(timeout))
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
