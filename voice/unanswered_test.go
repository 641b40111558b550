package voice_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestUnansweredSpeechIsCounted breaks a call's stream while the caller speaks, after the
// recogniser has answered, and after it has failed: what nobody answered is counted, in
// frames.
func TestUnansweredSpeechIsCounted(t *testing.T) {
	start := func(at time.Duration) stt.Event {
		return stt.Event{Kind: stt.SpeechStart, Transcript: stt.Transcript{Start: at, End: at}}
	}
	final := func(end time.Duration) stt.Event {
		return stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "yes", Final: true, End: end}}
	}
	const from = 200 * time.Millisecond
	for name, test := range map[string]struct {
		events []stt.Event
		since  time.Duration // nobody has answered; < 0: somebody has
	}{
		"silence":             {nil, -1},
		"speaks":              {[]stt.Event{start(from)}, from},
		"speaks on":           {[]stt.Event{start(from), start(2 * from)}, from},
		"answered":            {[]stt.Event{start(0), final(from), {Kind: stt.UtteranceEnd}}, -1},
		"answered in part":    {[]stt.Event{start(0), final(from)}, from},
		"speaks again":        {[]stt.Event{start(0), final(from), {Kind: stt.UtteranceEnd}, start(2 * from)}, 2 * from},
		"recogniser has gone": {[]stt.Event{start(0), {Kind: stt.Ended, Err: stt.ErrUnavailable}}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var frames atomic.Int64
			engine := new(stttest.Engine)
			f := newFleet(t, 0, memory(), voice.Config{Handler: waiting, STT: engine, Trace: &voice.Trace{FramesDropped: func(reason string, n int) {
				if reason == "moved" {
					frames.Add(int64(n))
				}
			}}})
			f.start()
			call := f.tw.Dial(caller, callee)
			f.holder(call, 1)
			stream, err := engine.Stream(t.Context(), 0)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return len(stream.Audio()) >= 8000 }, patience, time.Millisecond)
			for _, e := range test.events {
				stream.Put(e)
			}
			f.Reset(0)
			f.holder(call, 2)
			require.Eventually(t, func() bool {
				f.ledgers[0].mu.Lock()
				defer f.ledgers[0].mu.Unlock()
				return len(f.ledgers[0].ended) == 1
			}, patience, time.Millisecond)
			var want int64
			if test.since >= 0 {
				want = int64(len(stream.Audio())/160) - test.since.Milliseconds()/20
			}
			require.Equal(t, want, frames.Load())
		})
	}
}

// TestLastWordsAfterABreak: a call that ends with its stream has its last words recognised,
// also when the connection broke.
func TestLastWordsAfterABreak(t *testing.T) {
	for name, test := range map[string]struct {
		option  voicetest.Option
		flushes int
	}{
		"reset":  {voicetest.Reset(20), 1},
		"hangup": {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			engine := new(stttest.Engine)
			_, mux := newHost(t, voice.Config{Handler: waiting, STT: engine, Trace: l.trace(), Resume: voice.ResumeNever})
			var options []voicetest.Option
			if test.option != nil {
				options = append(options, test.option)
			}
			call := voicetest.New(t, mux).Dial(caller, callee, options...)
			stream, err := engine.Stream(t.Context(), 0)
			require.NoError(t, err)
			if test.option == nil {
				require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
				call.HangUp()
			}
			l.ends(t, 1)
			require.Equal(t, test.flushes, stream.Flushes())
		})
	}
}
