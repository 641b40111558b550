package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

const (
	silence  = time.Second      // after a recording, in which the end of speech shows
	patience = 20 * time.Second // for what is still being recognised then
)

// exchange is a fake Twilio and the server it calls.
type exchange struct {
	server *voice.Server
	twilio *voicetest.Twilio

	mu    sync.Mutex
	calls map[string]*answer // by call SID
}

// answer is what the server heard in one call.
type answer struct {
	texts     []string
	latencies []time.Duration
	lost      []error // utterances that could not be recognised
	held      bool    // the line was on hold for a while
	err       error

	speaking int           // utterances that began and are not final yet
	changed  chan struct{} // a token after each event
}

func newExchange(engine stt.Engine) (*exchange, error) {
	x := &exchange{calls: make(map[string]*answer)}
	server, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		STT:        engine,
		Handler:    voice.HandlerFunc(x.serve),
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(voice.DefaultPath+"/", server)
	twilio, err := voicetest.Start(voicetest.Config{Handler: mux})
	if err != nil {
		return nil, err
	}
	x.server, x.twilio = server, twilio
	return x, nil
}

// Close hangs up and stops both sides.
func (x *exchange) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(x.twilio.Close(), x.server.Shutdown(ctx))
}

// answer returns the record of a call, which either side may ask for first.
func (x *exchange) answer(sid string) *answer {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := x.calls[sid]
	if a == nil {
		a = &answer{changed: make(chan struct{}, 1)}
		x.calls[sid] = a
	}
	return a
}

// serve is the host's side of a call: it writes down what it hears.
func (x *exchange) serve(ctx context.Context, call *voice.Call) error {
	a := x.answer(call.SID)
	for e, err := range call.Events(ctx) {
		x.mu.Lock()
		switch {
		case err != nil:
			a.err = err
		case e.Kind == stt.SpeechStart:
			a.speaking++
		case e.Kind == stt.UtteranceEnd:
			a.speaking--
			a.held = a.held || e.OnHold
		case e.Kind == stt.Degraded:
			a.lost = append(a.lost, e.Err)
		case e.Kind == stt.Final:
			a.texts = append(a.texts, e.Transcript.Text)
			if e.Timing.Valid {
				a.latencies = append(a.latencies, e.Timing.Latency)
			}
		}
		x.mu.Unlock()
		select {
		case a.changed <- struct{}{}:
		default:
		}
	}
	return nil
}

// call plays a recording as a call and returns what was heard.
func (x *exchange) call(ctx context.Context, r recording) (answer, error) {
	call := x.twilio.Dial("+14155550100", "+14155550199")
	defer call.HangUp()
	if err := call.Speak(r.path); err != nil {
		return answer{}, fmt.Errorf("%s: %w", r.File, err)
	}
	a := x.answer(call.SID)
	ctx, cancel := context.WithTimeout(ctx, silence+patience)
	defer cancel()
	select {
	case <-time.After(silence):
	case <-ctx.Done():
	}
	for {
		x.mu.Lock()
		heard := *a
		x.mu.Unlock()
		if heard.err != nil || heard.speaking == 0 {
			return heard, heard.err
		}
		select {
		case <-a.changed:
		case <-ctx.Done():
			return answer{}, fmt.Errorf("%s: %w", r.File, ctx.Err())
		}
	}
}

// callAll calls once for each recording, several at a time.
func (x *exchange) callAll(ctx context.Context, recordings []recording, atOnce int) ([]answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answers := make([]answer, len(recordings))
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i, r := range recordings {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			var err error
			if answers[i], err = x.call(ctx, r); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return answers, context.Cause(ctx)
}
