package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// frame is the length of a frame of audio: each stream sends one every 20 ms.
const frame = 20 * time.Millisecond

// slotsPerFrame is the number of slots in 20 ms. Each stream sends in one of them, so that the
// streams do not all send at once.
const slotsPerFrame = 20

const slot = frame / slotsPerFrame

// pacer makes each stream send a frame every 20 ms, at times that are fixed when the stream
// begins. A late frame is sent all the same, and does not delay the next one.
type pacer struct {
	workers []*worker
	next    atomic.Uint64 // number of the next stream, which decides its worker and slot
	stop    chan struct{}
	wg      sync.WaitGroup

	// How often workers slept until a slot, and how often they then woke later than tooLate:
	// a busy machine.
	slots, overslept atomic.Int64
}

// worker holds the streams of one goroutine, by slot.
type worker struct {
	mu      sync.Mutex
	streams [slotsPerFrame][]*stream
	count   int // streams in all slots

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

// begin gives a stream a worker and a slot. It sends from the next time of that slot on.
func (p *pacer) begin(s *stream) {
	place := p.next.Add(1)
	w := p.workers[place%uint64(len(p.workers))]
	at := place / uint64(len(p.workers)) * 7 % slotsPerFrame // by sevens: the slots fill evenly
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams[at] = append(slices.Clip(w.streams[at]), s)
	w.count++
}

// tooLate is how late a sleeping worker may wake. Later counts as overslept.
const tooLate = 5 * time.Millisecond

// run sends the frames of a worker's streams, slot after slot, until the pacer is closed.
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
		if idle { // no streams: nothing is due
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
			kept := slices.DeleteFunc(slices.Clone(w.streams[at]), func(s *stream) bool { return s.end.Load() != nil })
			w.count -= len(w.streams[at]) - len(kept)
			w.streams[at] = kept
			w.mu.Unlock()
		}
	}
}

// counts returns how many frames were sent, how many of them more than a frame late, and how
// late all were.
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

// wrote counts a frame that has just been written and was due at a time.
func (w *worker) wrote(due time.Time) {
	behind := time.Since(due)
	w.sent.Add(1)
	if behind > frame {
		w.late.Add(1)
	}
	w.lateness.add(behind)
}
