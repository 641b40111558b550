package mediastream

import (
	"sync"
	"time"
)

// watch looks at a stream twice a second, in place of a timer for each
// read and write.
type watch struct {
	mu      sync.Mutex
	timer   *time.Timer
	every   time.Duration
	due     time.Time // of the next look
	stopped bool

	began    time.Time
	messages uint64    // seen at the last look
	since    time.Time // when that number last grew
	earned   time.Time // until when messages have been allowed for
	busy     int       // looks in a row that found the consumer at work
}

const (
	lookEvery  = 500 * time.Millisecond
	looksBusy  = 2                // before the consumer counts as slow
	rateWindow = 10 * time.Second // whose messages may come at once
)

func (w *watch) begin(c *Conn) {
	w.began = time.Now()
	w.since, w.earned = w.began, w.began
	w.every = max(min(lookEvery, c.opts.StartTimeout/4, c.opts.IdleTimeout/4, c.opts.WriteTimeout/4), time.Millisecond)
	c.in.credit.Store(c.maxCredit())
	w.mu.Lock()
	w.timer = time.AfterFunc(w.wait(w.began), c.look)
	w.mu.Unlock()
}

// wait returns how long it is until the next look.
func (w *watch) wait(now time.Time) time.Duration {
	wait := onGrid(w.every)
	w.due = now.Add(wait)
	return wait
}

// forgive moves the clocks on by the time in which nobody looked: the process was paused,
// and what the peer sent or took meanwhile is not known yet.
func (w *watch) forgive(c *Conn, now time.Time) {
	if late := now.Sub(w.due); late > w.every {
		w.began, w.since = w.began.Add(late), w.since.Add(late)
		c.out.forgive(late)
	}
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

// maxCredit is how many messages may come at once.
func (c *Conn) maxCredit() int64 { return int64(c.opts.MaxRate) * int64(rateWindow/time.Second) }

// look is one turn of the watch.
func (c *Conn) look() {
	w := &c.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || c.in.over.Load() {
		return
	}
	now := time.Now()
	w.forgive(c, now)
	if earned := int64(now.Sub(w.earned)) * int64(c.opts.MaxRate) / int64(time.Second); earned > 0 {
		c.in.credit.Add(min(earned, c.maxCredit()-c.in.credit.Load()))
		w.earned = w.earned.Add(time.Duration(earned * int64(time.Second) / int64(c.opts.MaxRate))) // nothing is lost by rounding
	}
	if n := c.counts.messagesIn.Load(); n != w.messages {
		w.messages, w.since = n, now
	} else {
		c.sock.Rest()
	}
	switch idle := now.Sub(w.since); {
	case !c.in.started.Load() && now.Sub(w.began) >= c.opts.StartTimeout:
		c.fail(&Error{Type: ErrorTimeout, Offset: -1, Code: codePolicy, Err: errNoStart})
		return
	case idle >= c.opts.IdleTimeout:
		c.fail(&Error{Type: ErrorTimeout, Offset: -1, Code: codeGoingAway, Err: errIdle})
		return
	case c.out.stalled(now, c.opts.WriteTimeout):
		c.fail(&Error{Type: ErrorWrite, Offset: -1, Code: codeAbnormal, Err: errStalled})
		return
	}
	if c.backlog.busy() {
		if w.busy++; w.busy >= looksBusy {
			w.busy = 0
			c.relieve()
		}
	} else {
		w.busy = 0
	}
	c.out.flushForgotten()
	w.timer.Reset(w.wait(now))
}
