package stttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
)

// Failures tests an engine that streams to a [Live] server against what such
// servers do, each in a bubble of testing/synctest.
type Failures struct {
	// New returns the engine, with Secret as its key, and the server, which the
	// engine reaches by its Client.
	New func(t *testing.T, texts []string, faults ...Fault) (stt.Engine, *Live)
	// Secret must never be in an error.
	Secret string
	// Messages are texts that identify the kinds of messages that the service sends in a
	// call. Each kind is lost once, and sent twice.
	Messages []string
}

// Run runs the tests.
func (f Failures) Run(t *testing.T) {
	for name, fault := range map[string]Fault{
		"close":   {After: 1950 * time.Millisecond, Close: 1011, Reason: "NET-0001"}, // in the second word
		"cut":     {After: 1950 * time.Millisecond, Cut: true},
		"at once": {After: 20 * time.Millisecond, Close: 1012},
	} {
		run(t, true, "reconnect in mid-utterance, "+name, func(t *testing.T) { f.reconnect(t, fault) })
	}
	run(t, true, "refused handshake", f.refused)
	run(t, true, "quick failures", f.quick)
	run(t, true, "half a JSON", f.garbage)
	run(t, true, "silent server", f.silent)
	run(t, true, "slow server", f.slow)
	for _, message := range complaints {
		run(t, true, "complaint "+message, func(t *testing.T) { f.complaint(t, message) })
	}
	run(t, true, "unknown messages", f.unknown)
	for _, kind := range f.Messages {
		run(t, true, "lost "+kind, func(t *testing.T) { f.lost(t, kind) })
		run(t, true, "twice "+kind, func(t *testing.T) { f.twice(t, kind) })
	}
	run(t, true, "never ready", f.neverReady)
	if f.Secret != "" {
		run(t, true, "secrets", f.secrets)
	}
}

// complaints are messages that end nothing: errors that do not concern the account,
// and undocumented ones.
var complaints = []string{
	`{"type":"Warning","warn_code":"OLD","warn_msg":"old model"}`,
	`{"type":"Error","variant":"NET-0000","description":"oops"}`,
	`{"type":"Error","error_code":3005,"error":"oops"}`,
	`{"type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"oops"}}`,
	`{"type":"error","error":{"type":"server_error","message":"oops"}}`,
	`{"error":"busy"}`,
	`{"errors":[{"message":"busy"}]}`,
	`{"status":"busy"}`,
	`{}`,
	`{"type":null}`,
	`{"type":7}`,
	`null`,
	`[]`,
	`<html><body>502 Bad Gateway</body></html>`,
	`{"type":"Results","is_final":true`,
	`{"type":"Results","is_final":true,"channel":{"alternatives":[{"transcript":null}]}}`,
	`{"type":"Turn","transcript":null,"end_of_turn":true}`,
	`{"type":"conversation.item.input_audio_transcription.completed","transcript":null}`,
}

// complaint: recognition goes on over the same connection.
func (f Failures) complaint(t *testing.T, message string) {
	texts := []string{"one", "two", "three"}
	e, server := f.New(t, texts, Fault{After: 20 * time.Millisecond, Message: message})
	events, err := f.hear(t, e, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, texts) {
		t.Fatalf("final texts %q", got)
	}
	if n := server.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	known := !strings.Contains(message, `"type":"`) // else it may be a kind that the service does not have
	if known && !slices.ContainsFunc(events, func(ev stt.Event) bool { return ev.Kind == stt.Degraded }) {
		t.Error("it is not reported")
	}
}

// unknown: messages of kinds that are not known are skipped.
func (f Failures) unknown(t *testing.T) {
	e, _ := f.New(t, []string{"one", "two"}, Fault{Strange: true})
	events, err := f.hear(t, e, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("final texts %q", got)
	}
	for _, ev := range events {
		if ev.Kind == stt.Degraded {
			t.Errorf("degraded: %v", ev.Err)
		}
	}
}

// lost: one message that does not come costs one utterance, and that is reported.
func (f Failures) lost(t *testing.T, kind string) {
	texts := []string{"one", "two", "three"}
	e, _ := f.New(t, texts, Fault{Lose: kind})
	events, err := f.hear(t, e, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := Finals(events)
	for _, text := range got {
		i := slices.Index(texts, text)
		if i < 0 {
			t.Fatalf("final texts %q", got)
		}
		texts = texts[i+1:]
	}
	reported := slices.ContainsFunc(events, func(ev stt.Event) bool { return ev.Kind == stt.Degraded })
	if len(got) < 2 || len(got) < 3 && !reported {
		t.Fatalf("final texts %q, reported: %v", got, reported)
	}
	open := false
	for _, ev := range events {
		switch ev.Kind {
		case stt.SpeechStart:
			open = true
		case stt.UtteranceEnd:
			open = false
		}
	}
	if open {
		t.Error("an utterance does not end")
	}
}

// twice: a repeated message is not a second utterance.
func (f Failures) twice(t *testing.T, kind string) {
	e, _ := f.New(t, []string{"one", "two"}, Fault{Twice: kind})
	events, err := f.hear(t, e, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("final texts %q", got)
	}
}

// neverReady: a service that connects and is not ready is tried again.
func (f Failures) neverReady(t *testing.T) {
	e, _ := f.New(t, []string{"one"}, Fault{NoReadying: true}, Fault{NoReadying: true})
	events, err := f.hear(t, e, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, []string{"one"}) {
		t.Fatalf("final texts %q", got)
	}
}

// hear plays n utterances at once and returns the events and the stream's error.
func (f Failures) hear(t *testing.T, e stt.Engine, n int) ([]stt.Event, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := Open(ctx, e, stt.Config{CallSID: "CA1"})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for audio := Speech(n, codec.Format{}); len(audio) > 0; audio = audio[min(160, len(audio)):] {
		if err = s.Send(audio[:min(160, len(audio))]); err != nil {
			break
		}
	}
	if err == nil {
		err = s.Flush(ctx)
	}
	s.Close()
	var events []stt.Event
	for {
		ev, nextErr := s.Next(ctx)
		if nextErr != nil {
			if err == nil && !errors.Is(nextErr, io.EOF) {
				err = nextErr
			}
			break
		}
		events = append(events, ev)
	}
	for _, ev := range events {
		f.keepsSecret(t, ev.Err)
	}
	f.keepsSecret(t, err)
	if err := CheckTurns(s.Turns()); err != nil {
		t.Error(err)
	}
	return events, err
}

func (f Failures) keepsSecret(t *testing.T, err error) {
	t.Helper()
	if err == nil || f.Secret == "" {
		return
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if strings.Contains(text, f.Secret) {
			t.Errorf("the key is in an error: %s", text)
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		f.keepsSecret(t, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			f.keepsSecret(t, err)
		}
	}
}

// secrets: a service may quote the key in all it says, and nothing that is logged
// or returned does.
func (f Failures) secrets(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	faults := map[string]Fault{
		"refusal":          {Status: 400, Header: http.Header{"Dg-Error": {f.Secret}, "Www-Authenticate": {f.Secret}, "Retry-After": {f.Secret}}},
		"refused key":      {Status: 401, Header: http.Header{"Dg-Error": {f.Secret}}},
		"failure":          {Status: 500, Header: http.Header{"Dg-Error": {f.Secret}}},
		"redirect":         {Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:1/?token=" + f.Secret}}},
		"not HTTP":         {Answer: f.Secret + "\r\n\r\n"},
		"status":           {Answer: "HTTP/1.1 " + f.Secret + "\r\n\r\n"},
		"header":           {Answer: "HTTP/1.1 101 ok\r\n" + f.Secret + "\r\n\r\n"},
		"hangs up":         {Answer: "\r"},
		"close":            {After: 20 * time.Millisecond, Close: 1011, Reason: "with " + f.Secret},
		"final close":      {After: 20 * time.Millisecond, Close: 1008, Reason: "with " + f.Secret},
		"half a message":   {After: 20 * time.Millisecond, Message: `{"` + f.Secret},
		"assemblyai":       {After: 20 * time.Millisecond, Message: `{"type":"Error","error_code":3005,"error":"with ` + f.Secret + `"}`},
		"assemblyai key":   {After: 20 * time.Millisecond, Message: `{"type":"Error","error_code":1008,"error":"with ` + f.Secret + `"}`},
		"deepgram":         {After: 20 * time.Millisecond, Message: `{"type":"Error","variant":"` + f.Secret + `","description":"with ` + f.Secret + `"}`},
		"openai":           {After: 20 * time.Millisecond, Message: `{"type":"error","error":{"type":"` + f.Secret + `","message":"with ` + f.Secret + `"}}`},
		"openai utterance": {After: 1300 * time.Millisecond, Message: `{"type":"conversation.item.input_audio_transcription.failed","item_id":"item_1","error":{"code":"` + f.Secret + `","message":"with ` + f.Secret + `"}}`},
	}
	var wg sync.WaitGroup
	for name, fault := range faults {
		e, _ := f.New(t, []string{"one"}, slices.Repeat([]Fault{fault}, 9)...) // as often as it is tried
		wg.Go(func() {
			_, err := f.hear(t, e, 1)
			if err == nil && fault.After == 0 {
				t.Errorf("%s: no error", name)
			}
			if c, ok := e.(stt.Checker); ok {
				f.keepsSecret(t, c.Check(context.Background()))
			}
			for _, text := range []string{fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
				if strings.Contains(text, f.Secret) {
					t.Errorf("the key is in the printed engine: %s", text)
				}
			}
		})
	}
	wg.Wait()
	if strings.Contains(logged.String(), f.Secret) {
		t.Errorf("the key is in a log: %s", &logged)
	}
}

// reconnect: speech that is not final when the connection breaks is heard anyway, once,
// and at its time.
func (f Failures) reconnect(t *testing.T, fault Fault) {
	texts := []string{"one", "two", "three"}
	e, server := f.New(t, texts, fault)
	events, err := f.hear(t, e, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, texts) {
		t.Fatalf("final texts %q", got)
	}
	if server.Connections() != 2 {
		t.Errorf("%d connections", server.Connections())
	}
	n := 0
	for _, ev := range events {
		if ev.Kind != stt.Final {
			continue
		}
		begin := time.Duration(n) * utteranceT
		n++
		if tr := ev.Transcript; tr.Start < begin+wordBegin-300*time.Millisecond || tr.End > begin+wordEnd+300*time.Millisecond {
			t.Errorf("utterance %d from %v to %v, spoken from %v", n, tr.Start, tr.End, begin+wordBegin)
		}
	}
}

func (f Failures) refused(t *testing.T) {
	for status, kind := range map[int]error{401: stt.ErrAuth, 400: stt.ErrRefused, 402: stt.ErrQuota, 429: stt.ErrOverloaded} {
		fault := Fault{Status: status, Header: http.Header{"Retry-After": {"3"}, "Dg-Error": {"bad key " + f.Secret}}}
		e, server := f.New(t, nil, fault, fault, fault, fault, fault)
		_, err := f.hear(t, e, 1)
		if !errors.Is(err, kind) {
			t.Errorf("status %d: %v", status, err)
		}
		var typed *stt.Error
		if !errors.As(err, &typed) || typed.Status != status || typed.RetryAfter != 3*time.Second {
			t.Errorf("status %d: %#v", status, typed)
		}
		if n := server.Connections(); status != 429 && n != 1 {
			t.Errorf("status %d: %d connections; asking again does not help", status, n)
		}
	}
}

// quick: connections that fail at once, three in a row, are the end.
func (f Failures) quick(t *testing.T) {
	fault := Fault{After: 20 * time.Millisecond, Close: 1011}
	e, server := f.New(t, nil, fault, fault, fault, fault, fault)
	_, err := f.hear(t, e, 1)
	if !errors.Is(err, stt.ErrUnavailable) {
		t.Fatal(err)
	}
	if n := server.Connections(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

func (f Failures) garbage(t *testing.T) {
	e, _ := f.New(t, []string{"one"}, Fault{After: 20 * time.Millisecond, Message: `{"type":"Results","chan`})
	events, err := f.hear(t, e, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, []string{"one"}) {
		t.Fatalf("final texts %q", got)
	}
}

// silent: a server that takes audio and answers nothing is left for the next engine,
// which gets the audio.
func (f Failures) silent(t *testing.T) {
	e, _ := f.New(t, nil, Fault{Silent: true}, Fault{Silent: true}, Fault{Silent: true}, Fault{Silent: true})
	backup := &Recognizer{Texts: []string{"one"}}
	both := stt.Failover(stt.FailoverOptions{Patience: 200 * time.Millisecond}, e, stt.Segmented(backup, stt.Segmentation{}))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := Open(ctx, both, stt.Config{CallSID: "CA1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	Send(t, s, Speech(1, codec.Format{}), codec.Format{})
	for {
		ev, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind == stt.Final {
			if ev.Transcript.Text != "one" {
				t.Fatalf("%q", ev.Transcript.Text)
			}
			return
		}
	}
}

func (f Failures) slow(t *testing.T) {
	e, _ := f.New(t, []string{"one", "two"}, Fault{Delay: 30 * time.Millisecond})
	events, err := f.hear(t, e, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("final texts %q", got)
	}
}
