package outbound

import (
	"container/heap"
	"context"
	"math"
	"sync"
	"time"
)

// Pacer spaces out calls, so that a service stays within the calls per second of its
// account: Twilio begins with 1 and keeps what comes faster in a queue for up to a day.
// It starts no goroutine. All methods are safe for concurrent use. It is made by
// [NewPacer]; the zero value lets every call go at once.
type Pacer struct {
	every time.Duration
	mu    sync.Mutex
	next  time.Time // when the next call may go
	queue waiters
	order uint64
	timer *time.Timer // armed while somebody waits
}

type waiter struct {
	ready    chan struct{}
	priority int
	order    uint64
	index    int // in the queue; -1 once it may go
}

// NewPacer allows callsPerSecond; 0 or less means 1. Calls go one by one
// at equal distances, never in bursts.
func NewPacer(callsPerSecond float64) *Pacer {
	if !(callsPerSecond > 0) {
		callsPerSecond = 1
	}
	const longest = float64(math.MaxInt64 / 2) // or the next turn would overflow
	return &Pacer{every: time.Duration(min(float64(time.Second)/callsPerSecond, longest))}
}

// Wait returns when the next call may be made, or with ctx's error when ctx ends
// first; the turn is then the next one's. Those with the higher priority go first;
// among equals, who came first. If the turn comes before ctx's deadline only in
// theory, Wait still waits: nobody can say who else will give up.
func (p *Pacer) Wait(ctx context.Context, priority int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	now := time.Now()
	if len(p.queue) == 0 && !now.Before(p.next) {
		p.next = now.Add(p.every)
		p.mu.Unlock()
		return nil
	}
	p.order++
	w := &waiter{ready: make(chan struct{}), priority: priority, order: p.order}
	heap.Push(&p.queue, w)
	if len(p.queue) == 1 {
		p.arm(now)
	}
	p.mu.Unlock()

	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.index < 0 {
		return nil // its turn came at the same moment
	}
	heap.Remove(&p.queue, w.index)
	if len(p.queue) == 0 {
		p.timer.Stop()
	}
	return ctx.Err()
}

// Waiting returns how many wait.
func (p *Pacer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue)
}

// arm sets the timer for the next turn.
func (p *Pacer) arm(now time.Time) {
	if p.timer == nil {
		p.timer = time.AfterFunc(p.next.Sub(now), p.turn)
		return
	}
	p.timer.Reset(p.next.Sub(now))
}

// turn lets the first in the queue go.
func (p *Pacer) turn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.queue) == 0 {
		return
	}
	if !now.Before(p.next) {
		w := heap.Pop(&p.queue).(*waiter)
		close(w.ready)
		p.next = now.Add(p.every)
	}
	if len(p.queue) > 0 {
		p.arm(now)
	}
}

// waiters is a heap: highest priority first, then oldest.
type waiters []*waiter

func (q waiters) Len() int { return len(q) }
func (q waiters) Less(i, j int) bool {
	if q[i].priority != q[j].priority {
		return q[i].priority > q[j].priority
	}
	return q[i].order < q[j].order
}
func (q waiters) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *waiters) Push(x any) {
	w := x.(*waiter)
	w.index = len(*q)
	*q = append(*q, w)
}
func (q *waiters) Pop() any {
	old := *q
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	w.index = -1
	return w
}
