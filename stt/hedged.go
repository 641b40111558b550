package stt

import (
	"context"
	"slices"
	"sync"
	"time"
)

// HedgeOptions configure [Hedged].
type HedgeOptions struct {
	// After is how late an answer is before the utterance is sent a second time;
	// 0 = what 95 of the last 100 answers took less than.
	After time.Duration
	// Budget is the share of utterances that may be sent twice; 0 = 0.05.
	Budget float64
}

// Hedged sends an utterance to r a second time when the answer is late, and
// takes the first good answer. That shortens the longest waits of a service
// whose answers come from many machines, for a few percent more requests; it
// does nothing for an engine on this machine.
func Hedged(r Recognizer, o HedgeOptions) Recognizer {
	wrong := o.check()
	if o.Budget <= 0 {
		o.Budget = 0.05
	}
	return &hedged{passThrough: passThrough{r}, rec: r, o: o, wrong: wrong}
}

type hedged struct {
	passThrough
	rec   Recognizer
	o     HedgeOptions
	wrong error // what Validate tells

	mu    sync.Mutex
	took  []time.Duration // of the last 100 answers, as a ring
	next  int
	saved float64 // second requests that the budget allows for, at most one
}

type outcome struct {
	t    Transcript
	err  error
	wait time.Duration // for a worker
}

func (h *hedged) Recognize(ctx context.Context, audio []byte, c Config) (Transcript, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()              // whoever is second need not finish
	audio = slices.Clone(audio) // the second may still read it when the caller has its own back
	outcomes := make(chan outcome, 2)
	ask := func() {
		began := time.Now()
		var wait time.Duration
		t, err := safely(withWait(ctx, &wait), h.rec, audio, c)
		if err == nil {
			h.learn(time.Since(began))
		}
		outcomes <- outcome{t, err, wait}
	}
	go ask()
	running := 1
	var late <-chan time.Time
	if after := h.after(); after > 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		late = timer.C
	}
	var first error
	for {
		select {
		case o := <-outcomes:
			running--
			if o.err == nil || running == 0 {
				reportWait(ctx, o.wait)
				if o.err != nil && first != nil {
					o.err = first
				}
				return o.t, o.err
			}
			first = o.err
		case <-late:
			if h.spend() {
				running++
				go ask()
			}
			late = nil
		}
	}
}

// after returns how long to wait before asking again; 0 = do not ask again.
func (h *hedged) after() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saved = min(h.saved+h.o.Budget, 1)
	if h.o.After > 0 || len(h.took) < 20 {
		return h.o.After
	}
	sorted := slices.Sorted(slices.Values(h.took))
	return sorted[len(sorted)*95/100]
}

func (h *hedged) spend() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.saved < 1-1e-9 {
		return false
	}
	h.saved = 0
	return true
}

func (h *hedged) learn(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.took) < 100 {
		h.took = append(h.took, took)
		return
	}
	h.took[h.next] = took
	h.next = (h.next + 1) % len(h.took)
}
