package signature

import (
	"net/http"
	"sync"
	"time"
)

// pending holds the requests that wait for their body, in the order in which
// they came. Each has its time; and when there are too many, the one that has
// waited longest makes room for the next. A request of Twilio's has its body with
// its headers or a round trip later, so it is gone long before its turn comes,
// whatever strangers leave half sent.
//
// A wait is ended by the read deadline of its connection, which makes the Read of
// the request's own goroutine return.
type pending struct {
	mu          sync.Mutex
	first, last *intake // those whose wait can be ended
	n           int     // these, and those whose wait cannot
	leaving     int     // those whose wait has been ended, and which have not noticed
	timer       *time.Timer
	armed       bool // timer will call sweep
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// enter lets a request wait for its body, or reports that there is no room.
func (p *pending) enter(in *intake, w http.ResponseWriter, most int, timeout time.Duration) bool {
	until := time.Now().Add(timeout)
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n >= most {
		if p.first == nil || p.leaving >= most || !p.end(p.first, ReasonOverloaded) {
			return false
		}
	}
	p.n++
	in.w, in.until, in.waits = w, until, true
	in.prev, in.next = p.last, nil
	if p.last == nil {
		p.first = in
	} else {
		p.last.next = in
	}
	p.last = in
	if !p.armed {
		p.armed = true
		if p.timer == nil {
			p.timer = time.AfterFunc(timeout, p.sweep)
		} else {
			p.timer.Reset(timeout)
		}
	}
	return true
}

// leave ends a wait, and returns why it was ended before, if it was.
func (p *pending) leave(in *intake) Reason {
	p.mu.Lock()
	defer p.mu.Unlock()
	if in.ended == "" {
		p.n--
	} else {
		p.leaving--
	}
	p.unlink(in)
	return in.ended
}

// sweep ends the waits whose time is over.
func (p *pending) sweep() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.first != nil && !p.first.until.After(now) {
		p.end(p.first, ReasonBodyTimeout)
	}
	p.armed = p.first != nil
	if p.armed {
		p.timer.Reset(p.first.until.Sub(now))
	}
}

// end ends a wait, and reports whether it could: else the request keeps its place
// until its body comes. The caller holds the lock, and so the request has not
// been answered.
func (p *pending) end(in *intake, why Reason) bool {
	p.unlink(in)
	if http.NewResponseController(in.w).SetReadDeadline(longAgo) != nil {
		return false
	}
	p.n--
	p.leaving++
	in.ended = why
	return true
}

// unlink takes a request out of the list, if it is there.
func (p *pending) unlink(in *intake) {
	if !in.waits {
		return
	}
	in.waits = false
	if in.prev == nil {
		p.first = in.next
	} else {
		in.prev.next = in.next
	}
	if in.next == nil {
		p.last = in.prev
	} else {
		in.next.prev = in.prev
	}
}

// abandon keeps net/http from waiting for a body that nobody wants, before and
// after it sends the answer. A connection of HTTP/2 has other requests.
func abandon(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor < 2 {
		w.Header().Set("Connection", "close")
	}
	http.NewResponseController(w).SetReadDeadline(longAgo)
}
