package voicetest

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"agentos.dev/dialtone/twiml"
)

// maxQueue is how many callers a queue holds unless maxQueueSize says otherwise.
const maxQueue = 100

// queue is a queue of callers. It is guarded by the fake's lock.
type queue struct {
	sid     string
	name    string
	size    int // as who came last would have it; 0: nobody has come
	waiting []*waiting
	waited  []time.Duration // of those who have left
	changed chan struct{}   // closed and replaced when somebody has come
}

// waiting is a caller in a queue.
type waiting struct {
	call   *Call
	queue  *queue
	since  time.Time
	bridge chan *bridge // has room for the one that it is taken by
}

// bridge joins a caller of a queue with the call that dials the queue.
type bridge struct {
	by    *Call
	whole *document     // for the caller before; or nil
	ready chan struct{} // closed when the caller has come through it
	gone  chan struct{} // closed when the caller has left
	left  chan struct{} // closed when the other has
}

// queue returns the queue of a name.
func (t *Twilio) queue(name string) *queue {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[name]
	if q == nil {
		q = &queue{sid: newSID("QU"), name: name, changed: make(chan struct{})}
		t.queues[name] = q
	}
	return q
}

// enter takes a place at the end of a queue, nil if it is full.
func (c *Call) enter(q *queue, size int) *waiting {
	c.tw.mu.Lock()
	defer c.tw.mu.Unlock()
	q.size = size
	if len(q.waiting) >= size {
		return nil
	}
	w := &waiting{call: c, queue: q, since: time.Now(), bridge: make(chan *bridge, 1)}
	q.waiting = append(q.waiting, w)
	close(q.changed)
	q.changed = make(chan struct{})
	return w
}

// leave gives the place up.
func (w *waiting) leave() {
	t := w.call.tw
	t.mu.Lock()
	defer t.mu.Unlock()
	w.queue.waiting = slices.DeleteFunc(w.queue.waiting, func(o *waiting) bool { return o == w })
	w.queue.waited = append(w.queue.waited, w.time())
}

// time returns how long it has waited.
func (w *waiting) time() time.Duration {
	return time.Duration(float64(time.Since(w.since)) * w.call.tw.cfg.Pace)
}

// average returns how long those who have left have waited, with the fake's lock held.
func (q *queue) average() (d time.Duration) {
	for _, w := range q.waited {
		d += w
	}
	return d / time.Duration(max(1, len(q.waited)))
}

// form returns what the waitUrl is told.
func (w *waiting) form(size int) url.Values {
	t := w.call.tw
	t.mu.Lock()
	defer t.mu.Unlock()
	count := func(d time.Duration) []string { return []string{strconv.Itoa(int(d / time.Second))} }
	return url.Values{
		"QueueSid": {w.queue.sid}, "QueuePosition": {strconv.Itoa(slices.Index(w.queue.waiting, w) + 1)}, "QueueTime": count(w.time()),
		"AvgQueueTime": count(w.queue.average()), "CurrentQueueSize": {strconv.Itoa(len(w.queue.waiting))}, "MaxQueueSize": {strconv.Itoa(size)},
	}
}

// runEnqueue waits in a queue until somebody dials it, and asks the action afterwards.
func (c *Call) runEnqueue(ctx context.Context, v *twiml.Enqueue, base string) (*document, error) {
	q, size := c.tw.queue(v.Name), twiml.Or(v.MaxQueueSize, maxQueue)
	form := url.Values{"QueueResult": {"queue-full"}, "QueueTime": {"0"}}
	if w := c.enter(q, size); w != nil {
		result := c.waits(ctx, w, v, base, size)
		form = url.Values{"QueueResult": {result}, "QueueSid": {q.sid}, "QueueTime": {strconv.Itoa(int(w.time() / time.Second))}}
	}
	c.event(Queued, "%s", form.Get("QueueResult"))
	if v.Action == "" {
		return nil, nil
	}
	next, err := c.goTo(base, v.Action, v.Method, form)
	if err != nil || ctx.Err() == nil && !c.hungUp {
		return next, err
	}
	told := c.params("completed") // the answer is not run: the caller has gone, or runs another document
	if c.ctx.Err() == nil {
		told = c.params(c.Status())
	}
	maps.Copy(told, form)
	c.callback(next.method, next.url, told)
	return nil, nil
}

// waits runs the documents of the waitUrl, one after the other, until the caller leaves the
// queue, and returns its QueueResult.
func (c *Call) waits(ctx context.Context, w *waiting, v *twiml.Enqueue, base string, size int) (result string) {
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var b *bridge
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		select {
		case b = <-w.bridge:
			stop(errFinished)
		case <-waiting.Done():
		}
	}()
	c.event(Queued, "%s", w.queue.sid)
	var d *document
	if at := twiml.Or(v.WaitURL, ""); at != "" {
		d, _ = c.goTo(base, at, v.WaitURLMethod, nil) // what is wrong with it is a warning
	}
	for next := d; waiting.Err() == nil && !c.leftQueue(); {
		if next == nil {
			<-waiting.Done() // there is music
			break
		}
		began := time.Now()
		form := w.form(size)
		maps.Copy(form, next.form) // what a Gather in it was answered
		response, at, err := c.load(waiting, &document{url: next.url, method: next.method, form: form})
		if next = d; err != nil {
			next = nil
			continue
		}
		if to, err := c.execute(waiting, response, at); err == nil && to != nil {
			next = to
		}
		if c.leftQueue() {
			break
		}
		c.sleep(waiting, time.Second-time.Duration(float64(time.Since(began))*c.tw.cfg.Pace)) // not in a circle
	}
	stop(nil)
	<-taken
	w.leave()
	if b == nil {
		select { // meanwhile
		case b = <-w.bridge:
		default:
		}
	}
	switch {
	case b != nil:
		return c.meets(ctx, b, w)
	case c.leaves:
		c.leaves = false
		return "leave"
	case c.ctx.Err() != nil || c.hungUp:
		return "hangup"
	}
	return "redirected"
}

// leftQueue reports whether a document of the waitUrl has said so.
func (c *Call) leftQueue() bool { return c.leaves || c.hungUp }

// meets is the part of a caller whose queue was dialled.
func (c *Call) meets(ctx context.Context, b *bridge, w *waiting) string {
	defer close(b.gone)
	if b.whole != nil {
		b.whole.form = url.Values{"QueueSid": {w.queue.sid}, "QueueTime": {strconv.Itoa(int(w.time() / time.Second))}, "DequeingCallSid": {b.by.SID}}
		if response, at, err := c.load(ctx, b.whole); err == nil {
			c.execute(ctx, response, at)
		}
	}
	if ctx.Err() != nil {
		return "hangup"
	}
	c.change(func() { c.talker = b.by })
	defer c.change(func() { c.talker = nil })
	close(b.ready)
	select {
	case <-b.left:
	case <-ctx.Done():
	}
	return "bridged"
}

// dialQueue takes the first caller of a queue, waits for one while it is empty, and talks to
// him.
func (c *Call) dialQueue(ctx context.Context, v *twiml.Dial, n *twiml.Queue, base string) url.Values {
	c.event(Dialled, "queue %s", n.Name)
	none := url.Values{"DialCallStatus": {"no-answer"}, "DialBridged": {"false"}}
	b := &bridge{by: c, ready: make(chan struct{}), gone: make(chan struct{}), left: make(chan struct{})}
	defer close(b.left)
	if at := twiml.Or(n.URL, ""); at != "" {
		b.whole, _ = c.goTo(base, at, n.Method, nil)
	}
	w := c.take(ctx, c.tw.queue(n.Name), twiml.Or(v.Timeout, 30*time.Second), b)
	if w == nil {
		return none
	}
	select {
	case <-b.ready:
	case <-b.gone:
		return none
	case <-ctx.Done():
		return none
	}
	began := time.Now()
	c.change(func() { c.talker = w.call })
	c.event(Dialled, "joined with %s", w.call.From)
	limit := time.NewTimer(c.tw.clock(twiml.Or(v.TimeLimit, 4*time.Hour)))
	defer limit.Stop()
	select {
	case <-b.gone:
	case <-limit.C:
	case <-ctx.Done():
	}
	c.change(func() { c.talker = nil })
	lasted := time.Duration(float64(time.Since(began)) * c.tw.cfg.Pace)
	return url.Values{"DialCallStatus": {"completed"}, "DialBridged": {"true"}, "DialCallSid": {w.call.SID}, "DialCallDuration": {strconv.Itoa(int(lasted / time.Second))}}
}

// take takes the first caller of a queue for a bridge, nil when none comes in time.
func (c *Call) take(ctx context.Context, q *queue, timeout time.Duration, b *bridge) *waiting {
	timer := time.NewTimer(c.tw.clock(timeout))
	defer timer.Stop()
	for {
		c.tw.mu.Lock()
		changed := q.changed
		if len(q.waiting) > 0 {
			w := q.waiting[0]
			q.waiting = q.waiting[1:]
			w.bridge <- b
			c.tw.mu.Unlock()
			return w
		}
		c.tw.mu.Unlock()
		select {
		case <-changed:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}
