package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// frame is the length of one, and how often each stream sends.
const frame = 20 * time.Millisecond

// slotsPerFrame is into how many times of a frame the streams are spread.
const slotsPerFrame = 20

const slot = frame / slotsPerFrame

// pacer has each stream send a frame every 20 ms, at times that are fixed when it begins: a
// frame that is late is sent all the same, and the next one is due when it would have been.
type pacer struct {
	workers []*worker
	next    atomic.Uint64 // place that the next stream gets
	stop    chan struct{}
	wg      sync.WaitGroup

	slots, overslept atomic.Int64 // times at which a worker was to be there, and came more than 5 ms late with nothing to do before
}

// worker is a goroutine and its streams.
type worker struct {
	mu      sync.Mutex
	streams [slotsPerFrame][]*stream
	count   int

	sent, late atomic.Int64
	lateness   histogram
}

func newPacer(workers int) *pacer {
	p := &pacer{stop: make(chan struct{})}
	began := time.Now()
	for range workers {
		w := &worker{}
		p.workers = append(p.workers, w)
		p.wg.Go(func() { p.run(w, began) })
	}
	return p
}

// begin has a stream send from the next of its times on.
func (p *pacer) begin(s *stream) {
	place := p.next.Add(1)
	w := p.workers[place%uint64(len(p.workers))]
	at := place / uint64(len(p.workers)) * 7 % slotsPerFrame // spread
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams[at] = append(slices.Clip(w.streams[at]), s)
	w.count++
}

// tooLate is how late a worker may wake without being doubted.
const tooLate = 5 * time.Millisecond

func (p *pacer) run(w *worker, began time.Time) {
	for n := int64(0); ; n++ {
		due := began.Add(time.Duration(n) * slot)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
			if p.slots.Add(1); time.Since(due) > tooLate {
				p.overslept.Add(1)
			}
		}
		select {
		case <-p.stop:
			return
		default:
		}
		at := n % slotsPerFrame
		w.mu.Lock()
		streams, idle := w.streams[at], w.count == 0
		w.mu.Unlock()
		if idle { // it may rest: what is due now is due nowhere
			continue
		}
		over := false
		for _, s := range streams {
			if !s.frame(w, due) {
				over = true
			}
		}
		if over {
			w.mu.Lock()
			kept := slices.DeleteFunc(slices.Clone(w.streams[at]), func(s *stream) bool { return s.over.Load() })
			w.count -= len(w.streams[at]) - len(kept)
			w.streams[at] = kept
			w.mu.Unlock()
		}
	}
}

// counts returns what has been sent.
func (p *pacer) counts() (sent, late int64, lateness *histogram) {
	lateness = &histogram{}
	for _, w := range p.workers {
		sent, late = sent+w.sent.Load(), late+w.late.Load()
		lateness.join(&w.lateness)
	}
	return sent, late, lateness
}

func (p *pacer) close() {
	close(p.stop)
	p.wg.Wait()
}

// wrote notes a frame that was due at a time, and is written now.
func (w *worker) wrote(due time.Time) {
	behind := time.Since(due)
	w.sent.Add(1)
	if behind > frame {
		w.late.Add(1)
	}
	w.lateness.add(behind)
}
