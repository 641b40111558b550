package policy

import (
	"context"
	"strings"
	"sync"
	"time"
)

// HistoryOptions configures [NewHistory].
type HistoryOptions struct {
	Retention time.Duration // how long calls are kept; 0 means 30 days
	MaxCalls  int           // how many at most, some 400 bytes each and never more than 5 KiB; 0 means 100,000
}

// Entry is a call in the history and what was decided about it.
type Entry struct {
	Call     Call
	Decision Decision
}

// History is a [Policy] that remembers what another policy decided, for the people
// who look into complaints. No limit depends on it. NewHistory makes it; the zero value is
// not usable. It forgets by itself: each new
// call makes a few old ones go. All methods are safe for concurrent use.
type History struct {
	inner Policy
	o     HistoryOptions
	wrong error // what Validate returns
	mu    sync.Mutex
	ring  []Entry // oldest at first; grows up to MaxCalls
	first int
	n     int
}

// sweepAtOnce is how many expired calls a new one makes go: more than one, so that
// none stay, and few, so that no call waits.
const sweepAtOnce = 16

// NewHistory returns a policy that decides as p does and remembers each decision.
func NewHistory(p Policy, o HistoryOptions) *History {
	wrong := durationError("history: Retention", o.Retention)
	if o.Retention <= 0 {
		o.Retention = 30 * 24 * time.Hour
	}
	if o.MaxCalls <= 0 {
		o.MaxCalls = 100_000
	}
	return &History{inner: p, o: o, wrong: wrong}
}

// Decide asks the policy and remembers its answer. A call delivered twice is
// remembered twice.
func (h *History) Decide(ctx context.Context, c Call) Decision {
	if c.At.IsZero() {
		c.At = time.Now()
	}
	d := h.inner.Decide(ctx, c)
	h.Remember(c, d)
	return d
}

// Remember adds a call and what was decided about it. Call it from voice.Trace.Decision
// where the policies share a [Store]: inside a History they would ask the store in a
// question of their own.
func (h *History) Remember(c Call, d Decision) {
	if c.At.IsZero() {
		c.At = time.Now()
	}
	// Cloned, or a few words of it would keep the whole request in memory.
	for _, s := range []*string{&c.SID, &c.AccountSID, &c.From, &c.To, &c.Direction, &c.Country, &c.ForwardedFrom, &c.StirVerstat} {
		*s = strings.Clone(shorten(*s))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := 0; i < sweepAtOnce && h.n > 0 && h.expired(h.ring[h.first], c.At); i++ {
		h.drop()
	}
	if h.n == h.o.MaxCalls {
		h.drop()
	}
	if h.n == len(h.ring) {
		h.grow()
	}
	h.ring[(h.first+h.n)%len(h.ring)] = Entry{c, d}
	h.n++
}

// Recent returns up to most calls of the caller from the time before at, the latest
// first. An empty caller stands for all, "sip:*@host" for all of a SIP host.
func (h *History) Recent(caller string, at time.Time, most int) []Entry {
	wanted := whose(caller)
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []Entry
	for i := h.n - 1; i >= 0 && len(found) < most; i-- {
		e := h.ring[(h.first+i)%len(h.ring)]
		if h.expired(e, at) {
			break
		}
		if caller == "" || wanted(e.Call) {
			found = append(found, e)
		}
	}
	return found
}

// Forget drops all calls of the caller, as a person may demand, or of "sip:*@host", and
// returns how many.
func (h *History) Forget(caller string) int {
	unwanted := whose(caller)
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := 0
	for i := range h.n {
		e := h.ring[(h.first+i)%len(h.ring)]
		if !unwanted(e.Call) {
			h.ring[(h.first+kept)%len(h.ring)] = e
			kept++
		}
	}
	forgotten := h.n - kept
	for i := kept; i < h.n; i++ {
		h.ring[(h.first+i)%len(h.ring)] = Entry{}
	}
	h.n = kept
	return forgotten
}

// Len returns how many calls are remembered. An expired call counts until a new call
// removes it.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n
}

// Unwrap returns the inner policy: it hears the outcomes of calls too.
func (h *History) Unwrap() []Policy { return []Policy{h.inner} }

// whose returns a function that picks the calls of a caller, or of a SIP host's callers.
func whose(caller string) func(Call) bool {
	if host, ok := hostOf(caller); ok {
		return func(c Call) bool { return identify(c.From).Host == host }
	}
	caller = identify(caller).Caller
	return func(c Call) bool { return identify(c.From).Caller == caller }
}

func (h *History) expired(e Entry, at time.Time) bool { return at.Sub(e.Call.At) >= h.o.Retention }

func (h *History) drop() {
	h.ring[h.first] = Entry{}
	h.first = (h.first + 1) % len(h.ring)
	h.n--
}

// grow makes the ring larger, up to MaxCalls.
func (h *History) grow() {
	ring := make([]Entry, min(h.o.MaxCalls, max(64, 2*len(h.ring))))
	for i := range h.n {
		ring[i] = h.ring[(h.first+i)%len(h.ring)]
	}
	h.ring, h.first = ring, 0
}
