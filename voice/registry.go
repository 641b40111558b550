package voice

import (
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// registry knows the calls, streams and places of a server, and what Shutdown waits for. It
// asks nobody while it holds its lock.
type registry struct {
	most  int    // streams
	say   func() // which calls are up
	spare spare  // what the process has for another call

	beating chan struct{} // holds something while it is said which calls are up

	mu       sync.Mutex
	calls    map[callKey]*liveCall  // from start to end
	streams  map[*stream]struct{}   // accepted, started or not
	places   int                    // taken by streams, the handshakes under way included
	running  int                    // streams and goroutines of calls that Shutdown waits for
	broken   map[string]*brokenCall // by CallSid, whose last stream was here
	promised map[[8]byte]time.Time  // streams to come, by token, and until when they count
	lame     bool                   // draining, and calls are taken all the same
	moving   bool                   // calls go to other instances
	stays    time.Time              // until when requests of calls that go elsewhere may come here
	drains   time.Time              // since when there are no new calls; zero until Shutdown
	closed   bool                   // no streams either
	pulse    *time.Timer            // says which calls are up; nil without calls
	idle     chan struct{}          // closed when Shutdown has nothing left to wait for
}

// callKey tells the streams of a call apart: the one by which it is answered, and one by
// which it is listened to.
type callKey struct {
	sid            string
	unidirectional bool
}

// brokenCall is a call whose last stream was here, and of which nobody has said what
// becomes of it.
type brokenCall struct {
	info    Info
	chain   int64
	outcome policy.Outcome
	reason  Reason
	until   time.Time // of its lease
	timer   *time.Timer
}

func (i *Info) key() callKey { return callKey{i.SID, i.Unidirectional} }

// streamsOf returns the streams of a call.
func (r *registry) streamsOf(callSID string) (all []*liveCall) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, unidirectional := range []bool{false, true} {
		if call := r.calls[callKey{callSID, unidirectional}]; call != nil {
			all = append(all, call)
		}
	}
	return all
}

// all returns the calls.
func (r *registry) all() []*liveCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.calls))
}

// counts returns how many calls there are, and how many places are taken by streams, and
// whether Shutdown has been called.
func (r *registry) counts() (calls, streams int, draining bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls), r.places, !r.drains.IsZero()
}

// enter has Shutdown wait until exit is called. Whoever calls it must itself be
// waited for.
func (r *registry) enter() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running++
}

// exit is the end of what entered.
func (r *registry) exit() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	r.settle()
}

// goes runs f on a goroutine that Shutdown waits for. Whoever calls it must itself be
// waited for.
func (r *registry) goes(f func()) {
	r.enter()
	go func() {
		defer r.exit()
		f()
	}()
}

// keep notes a stream that has been accepted, so that Shutdown finds it.
func (r *registry) keep(stream *stream) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.streams[stream] = struct{}{}
	return true
}

// leave gives the place of a stream back.
func (r *registry) leave(stream *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.streams, stream)
	r.vacate()
}

// leaveUnkept gives back the place of a stream that was never kept.
func (r *registry) leaveUnkept() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vacate()
}

// vacate gives a place back. The caller holds the lock.
func (r *registry) vacate() {
	r.places--
	r.running--
	r.settle()
}

// settle ends the wait of Shutdown when there is nothing left to wait for. The
// caller holds the lock.
func (r *registry) settle() {
	if r.drains.IsZero() || r.lame || r.running > 0 {
		return
	}
	r.closed = true
	select {
	case <-r.idle:
	default:
		close(r.idle)
	}
}

// beginDrain begins to drain, and reports whether it had not begun before. lame says that calls are
// taken all the same until they are moved.
func (r *registry) beginDrain(lame bool) (first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first = r.drains.IsZero(); first {
		r.drains, r.lame = time.Now(), lame
	}
	r.settle()
	return first
}

// move has calls go to other instances from now on. It returns those that can, for each of
// which Shutdown waits until exit is called, and how many there are in all.
func (r *registry) move() (calls []*liveCall, all int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lame, r.moving = false, true
	for _, call := range r.calls {
		if !call.Unidirectional {
			calls = append(calls, call)
		}
	}
	r.running += len(calls)
	r.settle()
	return calls, len(r.calls)
}

// shut takes no streams either. It returns the calls that are left, and the streams that are
// of none.
func (r *registry) shut() (calls []*liveCall, others []*stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for stream := range r.streams {
		if call := r.calls[stream.info.key()]; call != nil && call.stream == stream {
			calls = append(calls, call)
		} else {
			others = append(others, stream)
		}
	}
	return calls, others
}

// stay has Shutdown wait for what a call that goes elsewhere may yet ask here.
func (r *registry) stay(while time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := time.Now().Add(while); r.moving && until.After(r.stays) {
		r.stays = until
	}
}

// stillStays returns how long Shutdown waits for that yet.
func (r *registry) stillStays() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Until(r.stays)
}

// admit reserves a place for the stream of a token, which a server that hands its calls
// over has none for.
func (r *registry) admit(nonce [8]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.promised, nonce)
	if r.closed || r.moving || r.places >= r.most {
		return false
	}
	r.places++
	r.running++
	return true
}

// handsOver reports whether the server hands its calls over.
func (r *registry) handsOver() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.moving
}

// promiseKeeps is how long a place is kept for a stream that was asked for: as long as
// Twilio takes to open it. It may be another instance that gets it.
const promiseKeeps = 3 * time.Second

// reserve keeps a place for the stream of a token, and returns the token's nonce. It
// reports false if every place is taken or promised, or the process has no room for
// another stream. A server that hands its calls over promises nothing: the stream goes
// elsewhere.
func (r *registry) reserve() (nonce [8]byte, ok bool) {
	rand.Read(nonce[:])
	lacks := r.spare.lacks() != ""
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.moving {
		return nonce, true
	}
	if r.places+len(r.promised) >= r.most {
		for nonce, until := range r.promised {
			if time.Now().After(until) {
				delete(r.promised, nonce)
			}
		}
	}
	if lacks || r.places+len(r.promised) >= r.most {
		return nonce, false
	}
	r.promised[nonce] = time.Now().Add(promiseKeeps)
	return nonce, true
}

// reserveNew is reserve for a new call, which a server that waits for its last calls does
// not take.
func (r *registry) reserveNew() (nonce [8]byte, ok bool) {
	r.mu.Lock()
	draining := !r.drains.IsZero() && !r.lame && !r.moving
	r.mu.Unlock()
	if draining {
		return nonce, false
	}
	return r.reserve()
}

// withdraw takes a promise back.
func (r *registry) withdraw(nonce [8]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.promised, nonce)
}

// drained reports whether the server was draining already at the time.
func (r *registry) drained(at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.drains.IsZero() && !r.lame && at.After(r.drains)
}

// runningEvery is how often the policies are told which calls are up: often enough that a
// process that was paused is not too late with the next time.
const runningEvery = policy.RunningLease / 3

// beat begins to say which calls are up. The caller holds the lock.
func (r *registry) beat() {
	if r.pulse == nil {
		r.running++
		r.pulse = time.AfterFunc(runningEvery, r.say)
	}
}

// beatAgain is beat after it has been said. It returns the calls that are up.
func (r *registry) beatAgain() []*liveCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pulse = nil; len(r.calls) > 0 {
		r.beat()
	}
	return slices.Collect(maps.Values(r.calls))
}

// rest stops saying it when there are no calls. The caller holds the lock.
func (r *registry) rest() {
	if len(r.calls) == 0 && r.pulse != nil && r.pulse.Stop() {
		r.pulse = nil
		r.running--
		r.settle()
	}
}

// goesOn forgets that a call was broken, which has another stream here. The caller holds
// the lock.
func (r *registry) goesOn(callSID string) {
	if b := r.broken[callSID]; b != nil {
		b.timer.Stop()
		delete(r.broken, callSID)
	}
}
