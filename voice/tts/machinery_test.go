package tts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

func TestCache(t *testing.T) {
	fake := &ttstest.Fake{PCM: true}
	cache := tts.NewCache(0)
	s := cache.Of(fake)
	say := func(text string, c tts.Config) heard { return listen(s.Synthesize(t.Context(), text, c)) }
	first := say("Good morning.", tts.Config{CallSID: "CA1"})
	require.NoError(t, first.err)
	again := say("Good morning.", tts.Config{CallSID: "CA2"})
	assert.Equal(t, first.words, again.words)
	assert.Equal(t, first.length, again.length)
	assert.Len(t, fake.Asked(), 1, "the call is no part of what is said")
	for _, c := range []tts.Config{{Voice: "b"}, {Language: "en-GB"}, {Speed: 1.5}} {
		say("Good morning.", c)
		say("Good morning.", c)
	}
	assert.Len(t, fake.Asked(), 4)
	say("Good evening.", tts.Config{})
	assert.Len(t, fake.Asked(), 5)

	// Another engine behind the same cache says it itself.
	other := &named{name: "other"}
	listen(cache.Of(other).Synthesize(t.Context(), "Good morning.", tts.Config{}))
	assert.Len(t, other.Asked(), 1)

	// A greeting is prepared and made once, then it is there for calls.
	greeting := "Welcome to **Harbour**, we open at 9. How can I help?"
	require.NoError(t, cache.Load(t.Context(), fake, tts.Options{}, greeting))
	n := len(fake.Asked())
	_, err := collect(t.Context(), tts.Speak(s, tts.Text(greeting), tts.Options{}))
	require.NoError(t, err)
	assert.Len(t, fake.Asked(), n)
}

type named struct {
	ttstest.Fake
	name string
}

func (n *named) Status() tts.Status { return tts.Status{Engine: n.name} }

// What failed, was left or is too long is not kept, and the cache stays in its bounds.
func TestCacheBounds(t *testing.T) {
	fail := true
	fake := &ttstest.Fake{Fault: func(int, string) ttstest.Fault {
		if fail {
			return ttstest.Fault{After: 200 * time.Millisecond, Err: down}
		}
		return ttstest.Fault{}
	}}
	cache := tts.NewCache(100_000)
	s := cache.Of(fake)
	require.Error(t, listen(s.Synthesize(t.Context(), "Good morning.", tts.Config{})).err)
	fail = false
	for range s.Synthesize(t.Context(), "Good morning.", tts.Config{}) {
		break
	}
	assert.Zero(t, cache.Size())
	listen(s.Synthesize(t.Context(), strings.Repeat("long ", 100), tts.Config{}))
	assert.Zero(t, cache.Size())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 40 {
				listen(s.Synthesize(t.Context(), fmt.Sprintf("Table %d is ready.", (i+k)%60), tts.Config{}))
				assert.LessOrEqual(t, cache.Size(), 100_000)
			}
		})
	}
	wg.Wait()
	assert.Greater(t, cache.Size(), 50_000)
	n := len(fake.Asked())
	listen(s.Synthesize(t.Context(), "Table 46 is ready.", tts.Config{}))
	listen(s.Synthesize(t.Context(), "Table 46 is ready.", tts.Config{}))
	assert.LessOrEqual(t, len(fake.Asked()), n+1)
}

func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &ttstest.Fake{Delay: time.Second}
		pool := tts.NewPool(fake, tts.PoolOptions{Workers: 2, MaxWait: 3 * time.Second})
		began := time.Now()
		errs := make(chan error, 20)
		for range 20 {
			go func() { errs <- listen(pool.Synthesize(t.Context(), "Hello.", tts.Config{})).err }()
		}
		time.Sleep(500 * time.Millisecond)
		s := pool.Status()
		assert.Equal(t, [3]int{2, 2, 18}, [3]int{s.Workers, s.Busy, s.Queued})
		ok := 0
		for range 20 {
			if err := <-errs; err == nil {
				ok++
			} else {
				assert.ErrorIs(t, err, tts.ErrOverloaded)
			}
		}
		assert.GreaterOrEqual(t, ok, 6)
		assert.LessOrEqual(t, ok, 8)
		assert.LessOrEqual(t, time.Since(began), 5*time.Second)
		// What would wait too long, going by the last ones, is refused at once.
		for range 8 {
			go func() { errs <- listen(pool.Synthesize(t.Context(), "Hello.", tts.Config{})).err }()
		}
		synctest.Wait()
		began = time.Now()
		for range 4 {
			go func() { errs <- listen(pool.Synthesize(t.Context(), "Hello.", tts.Config{})).err }()
		}
		synctest.Wait()
		assert.Zero(t, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := listen(pool.Synthesize(ctx, "Hello.", tts.Config{})).err
		assert.True(t, errors.Is(err, context.DeadlineExceeded) || errors.Is(err, tts.ErrOverloaded), err)
		for range 12 {
			<-errs
		}
		assert.Zero(t, pool.Status().Busy)
	})
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	err := error(&tts.Error{Engine: "openai", Op: "synthesize", Kind: tts.ErrOverloaded, Status: 429, Code: "rate_limit", Err: cause})
	assert.EqualError(t, err, "tts/openai: synthesize: too many requests at once: status 429 rate_limit: cause")
	assert.ErrorIs(t, err, tts.ErrOverloaded)
	assert.ErrorIs(t, err, cause)
	assert.EqualError(t, &tts.Error{Op: "queue"}, "tts: queue")
	assert.NotErrorIs(t, &tts.Error{Op: "queue"}, tts.ErrAuth)
	assert.EqualError(t, &tts.Error{Engine: "x", Op: "open", Code: "c"}, "tts/x: open: c")
	for kind, want := range map[error]struct {
		reason    string
		retryable bool
	}{
		tts.ErrAuth: {"auth", false}, tts.ErrQuota: {"rate_limited", false}, tts.ErrOverloaded: {"rate_limited", true}, tts.ErrUnavailable: {"unavailable", true},
		tts.ErrTimeout: {"timeout", true}, tts.ErrBadText: {"bad_text", false}, tts.ErrBadAudio: {"bad_audio", true}, tts.ErrRefused: {"other", false},
		tts.ErrPanic: {"panic", true}, tts.ErrClosed: {"canceled", false}, context.Canceled: {"canceled", false}, context.DeadlineExceeded: {"timeout", false}, cause: {"other", false},
	} {
		e := &tts.Error{Op: "x", Kind: kind}
		assert.Equal(t, want.reason, tts.Reason(e), "%v", kind)
		assert.Equal(t, want.retryable, e.Retryable(), "%v", kind)
	}
}

// All abilities of an engine are there through what stands in front of it.
func TestAbilities(t *testing.T) {
	e := &able{}
	for _, s := range []tts.Synthesizer{e, tts.NewCache(0).Of(e), tts.NewPool(e, tts.PoolOptions{}), tts.Failover(tts.FailoverOptions{}, e)} {
		e.err = nil
		assert.NoError(t, tts.Check(t.Context(), s))
		assert.NoError(t, tts.Prewarm(t.Context(), s))
		e.err = down
		assert.ErrorIs(t, tts.Check(t.Context(), s), tts.ErrUnavailable)
		assert.ErrorIs(t, tts.Prewarm(t.Context(), s), tts.ErrUnavailable)
		assert.True(t, tts.Normalizes(s))
		assert.Equal(t, "able", tts.StatusOf(s).Engine)
	}
	plain := tts.SynthesizerFunc((&ttstest.Fake{}).Synthesize)
	assert.NoError(t, tts.Check(t.Context(), plain))
	assert.NoError(t, tts.Prewarm(t.Context(), plain))
	assert.False(t, tts.Normalizes(plain))
	assert.True(t, tts.StatusOf(plain).Ready)
	assert.NoError(t, tts.Close(plain))
	assert.ErrorIs(t, tts.Close(e), down)

	// A failover of failovers is one failover: an engine's breaker is one.
	bad := failing(0, 0, &tts.Error{Kind: tts.ErrAuth})
	inner := tts.Failover(tts.FailoverOptions{}, bad)
	outer := tts.Failover(tts.FailoverOptions{}, inner, &ttstest.Fake{})
	require.NoError(t, listen(outer.Synthesize(t.Context(), "Hello.", tts.Config{})).err)
	assert.ErrorIs(t, tts.Check(t.Context(), inner), tts.ErrUnavailable)
	assert.Len(t, bad.Asked(), 1)
}

type able struct {
	ttstest.Fake
	err error
}

func (a *able) Check(context.Context) error   { return a.err }
func (a *able) Prewarm(context.Context) error { return a.err }
func (a *able) Normalizes() bool              { return true }
func (a *able) Status() tts.Status            { return tts.Status{Engine: "able"} }
func (a *able) Close() error                  { return a.err }

// What cannot work is known before the first call.
func TestValidate(t *testing.T) {
	var none *ttstest.Fake
	fake := &ttstest.Fake{}
	for _, s := range []tts.Synthesizer{fake, tts.NewCache(0).Of(fake), tts.NewPool(fake, tts.PoolOptions{}), tts.Failover(tts.FailoverOptions{}, fake, tts.NewPool(fake, tts.PoolOptions{}))} {
		assert.NoError(t, tts.Validate(s))
	}
	for want, s := range map[string]tts.Synthesizer{
		"engine is nil":                 nil,
		"engine of a pool is nil":       tts.NewPool(none, tts.PoolOptions{}),
		"engine behind a cache is nil":  tts.NewPool(tts.NewCache(0).Of(nil), tts.PoolOptions{}),
		"engine 1 of a failover is nil": tts.Failover(tts.FailoverOptions{}, fake, none),
		"failover has no engines":       tts.Failover(tts.FailoverOptions{}),
		"tts: pool: Workers":            tts.Failover(tts.FailoverOptions{}, tts.NewPool(fake, tts.PoolOptions{Workers: -1})),
		"tts: failover: FirstAudio":     tts.Failover(tts.FailoverOptions{FirstAudio: 3}, fake),
		"tts: failover: Stall":          tts.Failover(tts.FailoverOptions{Stall: -1}, fake),
		"tts: breaker: Failures":        tts.Failover(tts.FailoverOptions{Breaker: tts.BreakerOptions{Failures: -1}}, fake),
		"engine 0 of a failover is nil": tts.Failover(tts.FailoverOptions{}, nil),
	} {
		assert.ErrorContains(t, tts.Validate(s), want)
	}
	// And when nobody asked, the speech ends with a typed error.
	for _, s := range []tts.Synthesizer{none, nil, tts.NewPool(nil, tts.PoolOptions{})} {
		_, err := collect(t.Context(), tts.Speak(tts.Failover(tts.FailoverOptions{Retries: -1}, s), tts.Text("Hello."), tts.Options{}))
		assert.ErrorIs(t, err, tts.ErrPanic)
	}
}
