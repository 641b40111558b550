package livetest

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
	"testing/synctest"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// failures tests an engine that streams to a [fakestt.Live] server against what such
// servers do, each in a bubble of testing/synctest.
type failures struct {
	// open returns the engine, with Secret as its key, and the server, which the
	// engine reaches by its Client.
	open func(t *testing.T, texts []string, faults ...fakestt.Fault) (stt.Engine, *fakestt.Live)
	// messages are texts that identify the kinds of messages that the service sends in a
	// call. Each kind is lost once, and sent twice.
	messages []string
}

func (f failures) run(t *testing.T) {
	for name, fault := range map[string]fakestt.Fault{
		"close":   {After: 1950 * time.Millisecond, Close: 1011, Reason: "NET-0001"}, // in the second word
		"cut":     {After: 1950 * time.Millisecond, Cut: true},
		"at once": {After: 20 * time.Millisecond, Close: 1012},
	} {
		t.Run("reconnect in mid-utterance, "+name, inBubble(func(t *testing.T) { f.reconnect(t, fault) }))
	}
	t.Run("refused handshake", inBubble(f.refused))
	t.Run("quick failures", inBubble(f.quick))
	t.Run("half a JSON", inBubble(f.garbage))
	t.Run("silent server", inBubble(f.silent))
	t.Run("slow server", inBubble(f.slow))
	for _, message := range complaints {
		t.Run("complaint "+message, inBubble(func(t *testing.T) { f.complaint(t, message) }))
	}
	t.Run("unknown messages", inBubble(f.unknown))
	for _, kind := range f.messages {
		t.Run("lost "+kind, inBubble(func(t *testing.T) { f.lost(t, kind) }))
		t.Run("twice "+kind, inBubble(func(t *testing.T) { f.twice(t, kind) }))
	}
	t.Run("never ready", inBubble(f.neverReady))
	t.Run("secrets", inBubble(f.secrets))
}

// inBubble runs a test in a bubble of testing/synctest.
func inBubble(test func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

// patience bounds every wait.
const patience = 20 * time.Second

// Where the words of [stttest.Speech] are.
const (
	utterance = 1350 * time.Millisecond
	wordBegin = 440 * time.Millisecond
	wordEnd   = 850 * time.Millisecond
)

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
func (f failures) complaint(t *testing.T, message string) {
	texts := []string{"one", "two", "three"}
	e, server := f.open(t, texts, fakestt.Fault{After: 20 * time.Millisecond, Message: message})
	events, err := f.hear(t, e, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := stttest.Finals(events); !slices.Equal(got, texts) {
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
func (f failures) unknown(t *testing.T) {
	e, _ := f.open(t, []string{"one", "two"}, fakestt.Fault{Strange: true})
	events, err := f.hear(t, e, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := stttest.Finals(events); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("final texts %q", got)
	}
	for _, ev := range events {
		if ev.Kind == stt.Degraded {
			t.Errorf("degraded: %v", ev.Err)
		}
	}
}

// lost: one message that does not come costs one utterance, and that is reported.
func (f failures) lost(t *testing.T, kind string) {
	texts := []string{"one", "two", "three"}
	e, _ := f.open(t, texts, fakestt.Fault{Lose: kind})
	events, err := f.hear(t, e, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := stttest.Finals(events)
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
func (f failures) twice(t *testing.T, kind string) {
	e, _ := f.open(t, []string{"one", "two"}, fakestt.Fault{Twice: kind})
	events, err := f.hear(t, e, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := stttest.Finals(events); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("final texts %q", got)
	}
}

// neverReady: a service that connects and is not ready is tried again.
func (f failures) neverReady(t *testing.T) {
	e, _ := f.open(t, []string{"one"}, fakestt.Fault{NoReadying: true}, fakestt.Fault{NoReadying: true})
	events, err := f.hear(t, e, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := stttest.Finals(events); !slices.Equal(got, []string{"one"}) {
		t.Fatalf("final texts %q", got)
	}
}

// hear plays n utterances at once and returns the events and the stream's error.
func (f failures) hear(t *testing.T, e stt.Engine, n int) ([]stt.Event, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := stttest.Open(ctx, e, stt.Config{CallSID: "CA1"})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for audio := stttest.Speech(n, codec.Format{}); len(audio) > 0; audio = audio[min(160, len(audio)):] {
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
	if err := stttest.CheckTurns(s.Turns()); err != nil {
		t.Error(err)
	}
	return events, err
}

func (f failures) keepsSecret(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		if strings.Contains(text, Secret) {
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
func (f failures) secrets(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	faults := map[string]fakestt.Fault{
		"refusal":          {Status: 400, Header: http.Header{"Dg-Error": {Secret}, "Www-Authenticate": {Secret}, "Retry-After": {Secret}}},
		"refused key":      {Status: 401, Header: http.Header{"Dg-Error": {Secret}}},
		"failure":          {Status: 500, Header: http.Header{"Dg-Error": {Secret}}},
		"redirect":         {Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:1/?token=" + Secret}}},
		"not HTTP":         {Answer: Secret + "\r\n\r\n"},
		"status":           {Answer: "HTTP/1.1 " + Secret + "\r\n\r\n"},
		"header":           {Answer: "HTTP/1.1 101 ok\r\n" + Secret + "\r\n\r\n"},
		"hangs up":         {Answer: "\r"},
		"close":            {After: 20 * time.Millisecond, Close: 1011, Reason: "with " + Secret},
		"final close":      {After: 20 * time.Millisecond, Close: 1008, Reason: "with " + Secret},
		"half a message":   {After: 20 * time.Millisecond, Message: `{"` + Secret},
		"assemblyai":       {After: 20 * time.Millisecond, Message: `{"type":"Error","error_code":3005,"error":"with ` + Secret + `"}`},
		"assemblyai key":   {After: 20 * time.Millisecond, Message: `{"type":"Error","error_code":1008,"error":"with ` + Secret + `"}`},
		"deepgram":         {After: 20 * time.Millisecond, Message: `{"type":"Error","variant":"` + Secret + `","description":"with ` + Secret + `"}`},
		"openai":           {After: 20 * time.Millisecond, Message: `{"type":"error","error":{"type":"` + Secret + `","message":"with ` + Secret + `"}}`},
		"openai utterance": {After: 1300 * time.Millisecond, Message: `{"type":"conversation.item.input_audio_transcription.failed","item_id":"item_1","error":{"code":"` + Secret + `","message":"with ` + Secret + `"}}`},
	}
	var wg sync.WaitGroup
	for name, fault := range faults {
		e, _ := f.open(t, []string{"one"}, slices.Repeat([]fakestt.Fault{fault}, 9)...) // as often as it is tried
		wg.Go(func() {
			_, err := f.hear(t, e, 1)
			if err == nil && fault.After == 0 {
				t.Errorf("%s: no error", name)
			}
			if c, ok := e.(stt.Checker); ok {
				f.keepsSecret(t, c.Check(context.Background()))
			}
			for _, text := range []string{fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
				if strings.Contains(text, Secret) {
					t.Errorf("the key is in the printed engine: %s", text)
				}
			}
		})
	}
	wg.Wait()
	if strings.Contains(logged.String(), Secret) {
		t.Errorf("the key is in a log: %s", &logged)
	}
}

// reconnect: speech that is not final when the connection breaks is heard anyway, once,
// and at its time.
func (f failures) reconnect(t *testing.T, fault fakestt.Fault) {
	texts := []string{"one", "two", "three"}
	e, server := f.open(t, texts, fault)
	events, err := f.hear(t, e, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := stttest.Finals(events); !slices.Equal(got, texts) {
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
		begin := time.Duration(n) * utterance
		n++
		if tr := ev.Transcript; tr.Start < begin+wordBegin-300*time.Millisecond || tr.End > begin+wordEnd+300*time.Millisecond {
			t.Errorf("utterance %d from %v to %v, spoken from %v", n, tr.Start, tr.End, begin+wordBegin)
		}
	}
}

func (f failures) refused(t *testing.T) {
	for status, kind := range map[int]error{401: stt.ErrAuth, 400: stt.ErrRefused, 402: stt.ErrQuota, 429: stt.ErrOverloaded} {
		fault := fakestt.Fault{Status: status, Header: http.Header{"Retry-After": {"3"}, "Dg-Error": {"bad key " + Secret}}}
		e, server := f.open(t, nil, fault, fault, fault, fault, fault)
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
func (f failures) quick(t *testing.T) {
	fault := fakestt.Fault{After: 20 * time.Millisecond, Close: 1011}
	e, server := f.open(t, nil, fault, fault, fault, fault, fault)
	_, err := f.hear(t, e, 1)
	if !errors.Is(err, stt.ErrUnavailable) {
		t.Fatal(err)
	}
	if n := server.Connections(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

func (f failures) garbage(t *testing.T) {
	e, _ := f.open(t, []string{"one"}, fakestt.Fault{After: 20 * time.Millisecond, Message: `{"type":"Results","chan`})
	events, err := f.hear(t, e, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := stttest.Finals(events); !slices.Equal(got, []string{"one"}) {
		t.Fatalf("final texts %q", got)
	}
}

// silent: a server that takes audio and answers nothing is left for the next engine,
// which gets the audio.
func (f failures) silent(t *testing.T) {
	e, _ := f.open(t, nil, fakestt.Fault{Silent: true}, fakestt.Fault{Silent: true}, fakestt.Fault{Silent: true}, fakestt.Fault{Silent: true})
	backup := &stttest.Recognizer{Texts: []string{"one"}}
	both := stt.Failover(stt.FailoverOptions{Patience: 200 * time.Millisecond}, e, stt.Segmented(backup, stt.Segmentation{}))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := stttest.Open(ctx, both, stt.Config{CallSID: "CA1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	stttest.Send(t, s, stttest.Speech(1, codec.Format{}), codec.Format{})
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

func (f failures) slow(t *testing.T) {
	e, _ := f.open(t, []string{"one", "two"}, fakestt.Fault{Delay: 30 * time.Millisecond})
	events, err := f.hear(t, e, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := stttest.Finals(events); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("final texts %q", got)
	}
}
