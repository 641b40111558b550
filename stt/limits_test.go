package stt_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/stttest"
)

// TestGoroutinesOfACall: the reader, and those of one connection, however many engines
// there are.
func TestGoroutinesOfACall(t *testing.T) {
	service, err := deepgram.New(deepgram.Options{Key: "k", URL: fakestt.NewDeepgram(t, []string{"one"}).URL})
	require.NoError(t, err)
	defer service.Close()
	realtime, err := openairealtime.New(openairealtime.Options{Key: "k", URL: fakestt.NewOpenAIRealtime(t, []string{"one"}).URL})
	require.NoError(t, err)
	defer realtime.Close()
	_, local := yesEngine()
	for name, e := range map[string]stt.Engine{
		"Segmented":                          local,
		"deepgram":                           service,
		"Failover(deepgram, local)":          stt.Failover(stt.FailoverOptions{}, service, local),
		"Failover(openairealtime, deepgram)": stt.Failover(stt.FailoverOptions{}, realtime, service),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stttest.Open(t.Context(), e, stt.Config{})
			require.NoError(t, err)
			stttest.Send(t, s, stttest.Speech(1, codec.Format{}), codec.Format{})
			require.NoError(t, s.Flush(t.Context()))
			if name != "Segmented" {
				assert.NotEmpty(t, goroutines())
			}
			assert.Eventually(t, func() bool { return len(goroutines()) <= 2 }, time.Minute, time.Millisecond, "beside the reader and the handler")
			require.NoError(t, s.Close())
		})
	}
}

// goroutines returns the stacks of those that run code of this module, but for the fakes'.
func goroutines() []string { return leak.Module("/stttest/", "/fakestt/") }

// idle is an engine in whose place a service would be.
var idle = stt.EngineFunc(func(context.Context, stt.Config) (stt.Stream, error) { return sink{}, nil })

type sink struct{}

func (sink) Send([]byte) error           { return nil }
func (sink) Flush(context.Context) error { return nil }
func (sink) Close() error                { return nil }

// network gives an engine the traits of one over a network.
type network struct{ stt.Engine }

func (network) Traits() stt.Traits { return stt.Traits{Reconnects: 2} }

// TestMemoryOfACall bounds the memory of a call in the middle of 14 s of talk and while
// nobody speaks: audio is held once, however engines are nested.
func TestMemoryOfACall(t *testing.T) {
	_, local := yesEngine()
	service := network{idle}
	silent := codec.Format{}.AppendSilence(nil, 60*8000)
	talk := stttest.Speech(1, codec.Format{})[3520:6400] // of one word, over and over
	for len(talk) < 14*8000 {
		talk = append(talk, talk[:2880]...)
	}
	for name, e := range map[string]stt.Engine{
		"one":            service,
		"two":            stt.Failover(stt.FailoverOptions{}, service, local),
		"nested":         stt.Failover(stt.FailoverOptions{}, stt.Failover(stt.FailoverOptions{}, service, service), stt.Failover(stt.FailoverOptions{}, service)),
		"Segmented":      local,
		"two Segmented":  stt.Failover(stt.FailoverOptions{}, local, local),
		"local, service": stt.Failover(stt.FailoverOptions{}, local, service),
	} {
		t.Run(name, func(t *testing.T) {
			assert.LessOrEqual(t, perCall(t, e, talk[:14*8000]), 145<<10, "of talk without a final")
			assert.LessOrEqual(t, perCall(t, e, silent), 40<<10, "in quiet")
		})
	}
}

// perCall returns the bytes that a call takes after audio was sent.
func perCall(t *testing.T, e stt.Engine, audio []byte) int {
	t.Helper()
	const calls = 20
	var streams []stt.Stream
	before := heap()
	for range calls {
		s, err := stt.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		for rest := audio; len(rest) > 0; rest = rest[min(frameBytes, len(rest)):] {
			require.NoError(t, s.Send(rest[:min(frameBytes, len(rest))]))
		}
		streams = append(streams, s)
	}
	size := (heap() - before) / calls
	for _, s := range streams {
		require.NoError(t, s.Close())
	}
	t.Logf("%d KiB", size>>10)
	return size
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
