package stttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/stt"
)

// Suite tests an engine. Its fields describe the engine's abilities, which are tested
// as well: an engine must not report an ability that it lacks. New must be set.
type Suite struct {
	// New returns an engine that hears the texts, in turn, in the utterances of
	// [Speech]: in front of a fake server, for most.
	New func(t *testing.T, texts []string) stt.Engine
	// Interims is set for engines that report unfinished transcripts.
	Interims bool
	// NoFlush is set for engines that cannot be asked to finish: their Flush returns at
	// once, and speech under way is final when the caller has finished.
	NoFlush bool
	// Bubble runs each test in a bubble of testing/synctest, so that a slow machine does
	// not make a slow engine. New must then return an engine without a network, for
	// instance one whose connections are made by net.Pipe.
	Bubble bool
}

// Run tests the engine against everything that stt.Stream promises.
func (s Suite) Run(t *testing.T) {
	for _, f := range []codec.Format{{}, {Encoding: codec.PCM16, Rate: 8000}} {
		run(t, s.Bubble, "utterances in order, "+f.Encoding.String(), func(t *testing.T) { s.order(t, f) })
	}
	run(t, s.Bubble, "the caller's words", s.words)
	run(t, s.Bubble, "flush", s.flush)
	run(t, s.Bubble, "send does not wait", s.backpressure)
	run(t, s.Bubble, "cancel", s.cancel)
	run(t, s.Bubble, "close", s.close)
	run(t, s.Bubble, "many calls", s.many)
}

// run runs a test, in a bubble or not.
func run(t *testing.T, bubble bool, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		if bubble {
			synctest.Test(t, test)
			return
		}
		test(t)
	})
}

func open(t *testing.T, e stt.Engine, c stt.Config) (context.Context, *Call) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	s, err := Open(ctx, e, c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return ctx, s
}

// Send sends audio in frames of 20 ms, without waiting between them.
func Send(t testing.TB, s stt.Stream, audio []byte, f codec.Format) {
	t.Helper()
	for frame := f.Bytes(20 * time.Millisecond); len(audio) > 0; audio = audio[min(frame, len(audio)):] {
		piece := slices.Clone(audio[:min(frame, len(audio))])
		if err := s.Send(piece); err != nil {
			t.Fatalf("Send: %v", err)
		}
		for i := range piece { // it has to be a copy that is kept
			piece[i] = 0x55
		}
	}
}

// finish has n utterances finished and the stream closed, and returns the events.
func (s Suite) finish(ctx context.Context, stream *Call, n int) (events []stt.Event, err error) {
	if err := stream.Flush(ctx); err != nil {
		return nil, fmt.Errorf("Flush: %w", err)
	}
	receive := func() error {
		ev, err := stream.Next(ctx)
		if err == nil {
			events = append(events, ev)
			if ev.Kind == stt.UtteranceEnd {
				n--
			}
		}
		return err
	}
	for s.NoFlush && n > 0 {
		if err := receive(); err != nil {
			return nil, fmt.Errorf("Next: %w after %v", err, events)
		}
	}
	if err := stream.Close(); err != nil {
		return nil, fmt.Errorf("Close: %w", err)
	}
	for err == nil {
		err = receive()
	}
	if err != io.EOF {
		return nil, fmt.Errorf("Next: %w after %v", err, events)
	}
	return events, nil
}

// Finals returns the texts that are final.
func Finals(events []stt.Event) []string {
	texts := []string{}
	for _, ev := range events {
		if ev.Kind == stt.Final {
			texts = append(texts, ev.Transcript.Text)
		}
	}
	return texts
}

func (s Suite) order(t *testing.T, f codec.Format) {
	texts := []string{"one", "two words", "three", "four"}
	ctx, stream := open(t, s.New(t, texts), stt.Config{Format: f, Interim: true, Language: "en-US", CallSID: "CA0"})
	Send(t, stream, Speech(len(texts), f), f)
	events, err := s.finish(ctx, stream, len(texts))
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); !slices.Equal(got, texts) {
		t.Fatalf("final texts %q, want %q", got, texts)
	}
	s.check(t, events)
	s.turns(t, stream.Turns(), texts)
}

// turns: the steps of turns follow on each other, each text that is final is in one
// turn, and the last one is over, as everything is final.
func (s Suite) turns(t *testing.T, events []stt.Event, texts []string) {
	if err := CheckTurns(events); err != nil {
		t.Error(err)
	}
	var heard []string
	for _, ev := range events {
		if ev.Turn.State == stt.TurnEnd && ev.Transcript.Text != "" {
			heard = append(heard, ev.Transcript.Text)
		}
	}
	if got, want := strings.Join(heard, " "), strings.Join(texts, " "); got != want && !s.NoFlush {
		t.Errorf("turns with the texts %q, want %q", heard, texts)
	}
	if n := len(events); n > 0 && events[n-1].Turn.State != stt.TurnEnd && !s.NoFlush {
		t.Error("a turn is left open")
	}
}

// words: remarks about sound and control tokens are no part of a text.
func (s Suite) words(t *testing.T) {
	f := codec.Format{}
	ctx, stream := open(t, s.New(t, []string{"[Music] one", "two <unk>", "Room [1] please", "(laughs) four"}), stt.Config{CallSID: "CA5"})
	Send(t, stream, Speech(4, f), f)
	events, err := s.finish(ctx, stream, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Finals(events), []string{"one", "two", "Room [1] please", "four"}; !slices.Equal(got, want) {
		t.Fatalf("final texts %q, want %q", got, want)
	}
}

// check looks at the order of kinds, and at times.
func (s Suite) check(t *testing.T, events []stt.Event) {
	var n, interims, starts, ends int
	final := false
	for _, ev := range events {
		if ev.At.IsZero() {
			t.Errorf("%v has no time", ev.Kind)
		}
		switch ev.Kind {
		case stt.SpeechStart:
			starts++ // perhaps before what was said last is final
		case stt.Interim:
			interims++
			if ev.Transcript.Final || final {
				t.Error("an interim is final, or comes after the final")
			}
		case stt.Final:
			tr := ev.Transcript
			begin := time.Duration(n) * utteranceT
			n++
			final = true
			if !tr.Final || tr.Engine == "" {
				t.Errorf("final transcript %+v", tr)
			}
			if c := tr.Confidence; c == 0 || c > 1 || c < 0 {
				t.Errorf("confidence %v: unknown is NaN", c)
			}
			if tr.Start < begin+wordBegin-300*time.Millisecond || tr.Start > begin+wordEnd ||
				tr.End > begin+wordEnd+300*time.Millisecond || tr.End < tr.Start {
				t.Errorf("utterance %d from %v to %v, spoken from %v to %v", n, tr.Start, tr.End, begin+wordBegin, begin+wordEnd)
			}
			for _, w := range tr.Words {
				if w.Start < tr.Start-100*time.Millisecond || w.End > tr.End+500*time.Millisecond || w.Confidence == 0 {
					t.Errorf("word %+v of an utterance from %v to %v", w, tr.Start, tr.End)
				}
			}
			if !ev.Timing.Valid || ev.Timing.Latency < 0 {
				t.Errorf("timing %+v", ev.Timing)
			}
		case stt.UtteranceEnd:
			if !final {
				t.Error("an utterance ends without a final")
			}
			ends++
			final = false
		case stt.Degraded:
			t.Errorf("degraded: %v", ev.Err)
		}
	}
	if starts != n || ends != n {
		t.Errorf("%d starts and %d ends of %d utterances", starts, ends, n)
	}
	if s.Interims && interims == 0 {
		t.Error("no interim transcript")
	}
}

// flush: the last speech is final without silence after it. Where that is not possible,
// flushing does no harm.
func (s Suite) flush(t *testing.T) {
	f := codec.Format{}
	ctx, stream := open(t, s.New(t, []string{"one", "two"}), stt.Config{CallSID: "CA1"})
	if s.NoFlush {
		audio := Speech(2, f)
		for _, end := range []time.Duration{900 * time.Millisecond, 1350 * time.Millisecond, 1350 * time.Millisecond} {
			end := min(f.Bytes(end), len(audio))
			Send(t, stream, audio[:end], f)
			audio = audio[end:]
			if err := stream.Flush(ctx); err != nil {
				t.Fatalf("Flush: %v", err)
			}
		}
		events, err := s.finish(ctx, stream, 2)
		if err != nil {
			t.Fatal(err)
		}
		if got := Finals(events); !slices.Equal(got, []string{"one", "two"}) {
			t.Fatalf("final texts %q", got)
		}
		return
	}
	if err := stream.Flush(ctx); err != nil {
		t.Fatalf("Flush of nothing: %v", err)
	}
	both := Speech(2, f)
	Send(t, stream, both[:f.Bytes(900*time.Millisecond)], f)
	if err := stream.Flush(ctx); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	Send(t, stream, both[f.Bytes(utteranceT):], f)
	if err := stream.Flush(ctx); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	if err := stream.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if got := Finals(Drain(t, stream)); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("final texts %q", got)
	}
}

// backpressure: nobody receives, and sending goes on.
func (s Suite) backpressure(t *testing.T) {
	f := codec.Format{}
	ctx, stream := open(t, s.New(t, []string{"one"}), stt.Config{Interim: true, CallSID: "CA2"})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 8 {
			for audio := Speech(1, f); len(audio) > 0; audio = audio[min(160, len(audio)):] {
				stream.Send(audio[:min(160, len(audio))])
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("Send waits")
	}
	events, err := s.finish(ctx, stream, 8)
	if err != nil {
		t.Fatal(err)
	}
	if got := Finals(events); len(got) != 8 {
		t.Fatalf("%d finals of 8", len(got))
	}
}

func (s Suite) cancel(t *testing.T) {
	engine := s.New(t, nil)
	_, stream := open(t, engine, stt.Config{CallSID: "CA3"})
	short, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := stream.Next(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Next: %v", err)
	}
	stream.Close()

	ctx, end := context.WithCancel(context.Background())
	stream, err := Open(ctx, engine, stt.Config{CallSID: "CA3"})
	if err != nil {
		t.Fatal(err)
	}
	end()
	Drain(t, stream) // the end of its context is the end of the stream
	stream.Close()
}

func (s Suite) close(t *testing.T) {
	f := codec.Format{}
	engine := s.New(t, []string{"one"})
	for i := range 5 {
		_, stream := open(t, engine, stt.Config{CallSID: "CA4"})
		audio := Speech(1, f)
		Send(t, stream, audio[:len(audio)*i/4], f)
		began := time.Now()
		for range 2 {
			if err := stream.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Fatalf("Close took %v", took)
		}
		if err := stream.Send(audio[:160]); !errors.Is(err, stt.ErrClosed) {
			t.Fatalf("Send after Close: %v", err)
		}
		if err := stream.Flush(context.Background()); !errors.Is(err, stt.ErrClosed) {
			t.Fatalf("Flush after Close: %v", err)
		}
		Drain(t, stream)
	}
	deadline := time.Now().Add(patience)
	for left := leak.Module(fakes...); len(left) > 0; left = leak.Module(fakes...) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// fakes are in the stacks of goroutines that are not an engine's.
var fakes = []string{"/stttest/", "/fakestt/"}

// many: calls at the same time do not disturb each other.
func (s Suite) many(t *testing.T) {
	f := codec.Format{}
	engine := s.New(t, []string{"same"})
	const calls = 8
	results := make(chan error, calls)
	for i := range calls {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			results <- func() error {
				stream, err := Open(ctx, engine, stt.Config{CallSID: fmt.Sprint("CA1", i)})
				if err != nil {
					return err
				}
				defer stream.Close()
				for audio := Speech(2, f); len(audio) > 0; audio = audio[min(160, len(audio)):] {
					if err := stream.Send(audio[:min(160, len(audio))]); err != nil {
						return err
					}
				}
				events, err := s.finish(ctx, stream, 2)
				if err != nil {
					return err
				}
				if n := len(Finals(events)); n != 2 {
					return fmt.Errorf("%d finals of 2", n)
				}
				return nil
			}()
		}()
	}
	for range calls {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
