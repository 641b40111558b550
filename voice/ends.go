package voice

import (
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// callID is the number in a CallSid.
type callID [16]byte

func idOf(callSID string) (id callID) {
	hex.Decode(id[:], []byte(callSID[len("CA"):])) // the form of the CallSid has been checked
	return id
}

// rememberFinished is how long it is known that a call has ended: as long as one can last.
const rememberFinished = 24 * time.Hour

// overSpace is where the instances note in the store, by CallSid, that Twilio said that a
// call is over.
const overSpace = "over"

func overMark(callSID string) policy.Op {
	return policy.Op{Kind: policy.OpWrite, Space: overSpace, Name: callSID, Generation: policy.AnyGeneration, Keep: rememberFinished}
}

// ending is what is known of the end of a call.
type ending struct {
	told    bool // or being told
	counted bool // before it was told
	how     certainty
	chain   int64 // the last series of streams that has ended; 0: none
}

// of reports whether a call does not go on from a ticket, as far as is known here.
func (e *ending) of(t *ticket) bool {
	return e.how == over || e.how == streamed && t.chain <= e.chain
}

// certainty says how sure it is that a call is over.
type certainty uint8

const (
	up       certainty = iota
	refused            // the answer to its webhook ends it
	streamed           // its stream has ended by a stop message, which also comes when REST takes the call elsewhere
	over               // Twilio said so, or its TwiML hangs up
)

// untold is the end of a call that is to be told, by this instance or another.
type untold struct {
	info    Info
	outcome policy.Outcome
	over    bool   // Twilio said so
	wasHere bool   // its stream
	mine    bool   // the other instances wait for this one to tell it
	cut     Reason // why neither side ended it; or ""
	said    string // Twilio's status of a call that seems to be cut by a crash
	counted bool
	since   time.Time // when it was to be told first
	due     time.Time // when to tell it, unless another instance has
}

const (
	// maxUntold bounds what waits for a store that is away for long: further ends are told
	// at once, on each instance that learns of them.
	maxUntold   = 10_000
	retellEvery = time.Second
)

// ends are those of calls that wait for the store. They have a lock of their own.
type ends struct {
	telling sync.Mutex // held while they are told, before mu

	mu      sync.Mutex
	open    map[string]chan struct{} // by CallSid; closed when the end is settled, or counted
	waiting []*untold
	retry   *time.Timer // tells them
	silent  bool        // Shutdown has told them: nothing waits any more
}

// begin notes that an end is to be told.
func (e *ends) begin(callSID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		e.open = make(map[string]chan struct{})
	}
	e.open[callSID] = make(chan struct{})
}

// settle ends the wait for an end.
func (e *ends) settle(callSID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if settled := e.open[callSID]; settled != nil {
		close(settled)
		delete(e.open, callSID)
	}
}

// settled returns a channel that is closed when the end of a call is settled, or counted; nil
// if it does not wait for that.
func (e *ends) settled(callSID string) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open[callSID]
}

// add adds an end that tell will tell. It reports false when there is no other time.
func (e *ends) add(end *untold, tell func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.silent || len(e.waiting) >= maxUntold {
		return false
	}
	if e.waiting = append(e.waiting, end); len(e.waiting) == 1 {
		e.retry = time.AfterFunc(retellEvery, tell)
	}
	return true
}

// all returns what waits.
func (e *ends) all() []*untold {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.waiting)
}

// remove drops those that are settled, and has tell tell the rest.
func (e *ends) remove(settled map[*untold]bool, tell func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting = slices.DeleteFunc(e.waiting, func(end *untold) bool { return settled[end] })
	if len(e.waiting) > 0 {
		e.retry = time.AfterFunc(retellEvery, tell)
	}
}

// take returns what waits, and has nothing wait any more.
func (e *ends) take() []*untold {
	e.mu.Lock()
	defer e.mu.Unlock()
	left := e.waiting
	if e.waiting, e.silent = nil, true; e.retry != nil {
		e.retry.Stop()
	}
	return left
}

// toldEnds are the ends that this instance has told of late, to be noted again in a store
// that has lost them: another instance may wait to tell them.
type toldEnds struct {
	mu  sync.Mutex
	all []toldEnd // in the order of time
}

type toldEnd struct {
	at   time.Time
	sid  string
	over bool // Twilio said so
}

// keepTold is how long others wait for an end, and longer.
const keepTold = 2 * breakLease

// note notes an end.
func (t *toldEnds) note(e *untold) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	if len(t.all) < maxUntold {
		t.all = append(t.all, toldEnd{time.Now(), e.info.SID, e.over})
	}
}

// ops returns what notes them in the store.
func (t *toldEnds) ops() (ops []policy.Op) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	for _, e := range t.all {
		ops = append(ops, policy.WriteEnd(e.sid))
		if e.over {
			ops = append(ops, overMark(e.sid))
		}
	}
	return ops
}

// forget drops what is too long ago. The caller holds the lock.
func (t *toldEnds) forget() {
	n := slices.IndexFunc(t.all, func(e toldEnd) bool { return time.Since(e.at) < keepTold })
	if n < 0 {
		n = len(t.all)
	}
	t.all = slices.Delete(t.all, 0, n)
}
