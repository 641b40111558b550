package voice

import (
	"context"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

const (
	// saveEvery is the least time between two writes of a call, but for what cannot wait.
	saveEvery = time.Second
	// commitTimeout is how long what is said waits for the store.
	commitTimeout = 250 * time.Millisecond
)

// owner is an instance's hold on a call: it keeps in the store what another instance needs
// to go on, and learns from the store that another has taken the call. A nil owner is
// that of a call that ends with its stream.
type owner struct {
	server  *Server
	unheard func() int // nil once the leg has ended
	fenced  func()     // another instance has taken the call

	writing sync.Mutex // while something is written; held before mu
	mu      sync.Mutex
	leg     leg
	talk    conversation
	staged  []byte // what the handler has saved of a prompt that it answers; see owner.save
	stages  bool
	given   uint64 // the last prompt that the handler has
	noted   uint64 // the last prompt that the store knows of
	owes    int    // playbacks of legs before that are to be said again, and were not yet
	used    bool   // the conversation is this leg's own
	exact   bool   // what is said waits for the store: Twilio connects again, and goes on speaking
	unread  error  // why the state before cannot be read
	sealed  uint64 // generation of what the store has
	held    bool   // the store has had this leg
	lost    bool   // to another instance
	closed  bool   // nothing is written any more
	changed bool   // since it was written
	hurries bool   // and cannot wait

	finished bool // the store knows that this is the last leg
	timer    *time.Timer
	last     time.Time // when it was written
}

// take makes this instance the owner of the call, and returns what it must know of the
// legs before. It reports false if a later leg of the call, or the same, has begun.
func (o *owner) take(ctx context.Context) (before leg, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, decideTimeout)
	defer cancel()
	before, known := o.write(ctx)
	for until := time.Now().Add(askAgainFor); !known && o.comesBack() && time.Now().Before(until); time.Sleep(askAgainEvery) {
		before, known = o.write(ctx)
	}
	if !known && o.comesBack() {
		return before, false
	}
	if !known { // it is written as soon as the store is back
		o.touch()
	}
	return before, !o.isLost()
}

// comesBack reports whether this is a leg by a connection that has come back, which cannot go
// on without what the one before has left.
func (o *owner) comesBack() bool { return o.exact && o.leg.info.Leg > 1 }

func (o *owner) isLost() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lost
}

// holds reports whether this instance is the owner by the store's word, as far as is known.
func (o *owner) holds() bool {
	if o == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held && !o.lost
}

// save keeps the host's state. What a handler saves about a prompt goes with what it does
// next: an instance that takes the call over before the answer is said, and before the
// handler reads on, finds the prompt and the state before it.
func (o *owner) save(state []byte) error {
	if o == nil {
		return nil
	}
	state = append(make([]byte, 0, len(state)), state...)
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return ErrCallEnded
	}
	o.staged, o.stages = state, true
	if len(o.talk.prompts) == 0 || o.talk.prompts[0].number > o.given {
		o.commit()
	}
	o.mu.Unlock()
	o.touch()
	return nil
}

// commit has what the handler has saved, and that it has dealt with its prompts, written with
// the leg. It reports false if there is nothing new. The caller holds mu.
func (o *owner) commit() (changed bool) {
	if o.closed || !o.stages {
		return false
	}
	o.talk.state, o.staged, o.stages, o.used, o.owes = o.staged, nil, false, true, 0
	o.talk.handled(o.given)
	return true
}

// inherits notes that playbacks of legs before are to be said again.
func (o *owner) inherits(unheard int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.owes = unheard
}

// queued notes a playback, with which something that is owed may have been said again.
func (o *owner) queued() {
	if o == nil {
		return
	}
	o.mu.Lock()
	if !o.commit() && !o.closed {
		o.owes = max(0, o.owes-1)
	}
	o.mu.Unlock()
	o.touch()
}

// touch has what has changed written, soon.
func (o *owner) touch() {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed = true; o.timer != nil || o.closed {
		return
	}
	wait := max(0, time.Until(o.last.Add(saveEvery)))
	if o.hurries {
		wait = 0
	}
	o.server.enter()
	o.timer = time.AfterFunc(wait, o.flush)
}

// touchNow has what has changed written at once, in the background.
func (o *owner) touchNow() {
	o.mu.Lock()
	o.hurries = true
	if o.timer != nil && o.timer.Stop() {
		o.timer.Reset(0)
	}
	o.mu.Unlock()
	o.touch()
}

// flush writes what has changed.
func (o *owner) flush() {
	defer o.server.exit()
	defer contain(o.server.config.Logger)
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	o.mu.Lock()
	if !o.hurries { // a second has gone by
		o.commit()
	}
	o.mu.Unlock()
	_, written := o.write(ctx)
	o.mu.Lock()
	o.timer, o.last = nil, time.Now()
	again := (o.changed || o.stages || !written) && !o.lost
	lost := o.lost && !o.closed
	o.mu.Unlock()
	if lost {
		o.fenced()
	} else if again {
		o.touch()
	}
}

// write writes the leg, unless another instance has taken the call. It returns the leg
// that was there, and whether the store knows now.
func (o *owner) write(ctx context.Context) (before leg, known bool) {
	o.writing.Lock()
	defer o.writing.Unlock()
	o.mu.Lock()
	if o.lost {
		o.mu.Unlock()
		return before, true
	}
	o.changed, o.hurries = false, false
	l := o.current()
	op := o.server.legWrite(&l, &o.talk, o.sealed)
	held, heard := o.held, o.talk.count
	o.mu.Unlock()
	mine := op.Value
	for range 4 {
		ops := []policy.Op{op}
		if o.server.config.Store.Do(ctx, ops); ops[0].Err != nil {
			return before, false
		}
		if ops[0].OK {
			o.mu.Lock()
			o.held, o.sealed, o.noted = true, ops[0].Generation, heard
			o.mu.Unlock()
			return before, true
		}
		there := readLeg(&ops[0])
		own := there.owner == l.owner && there.chain == l.chain && there.info.Leg == l.info.Leg
		switch {
		case own || there.phase == isNone: // it came late, or its time was up
		case held || !there.before(&l):
			o.mu.Lock()
			o.lost = true
			o.mu.Unlock()
			return before, true
		default:
			before = there
			mine, heard = o.inherit(&there)
		}
		op.Generation, op.Value, op.OK = ops[0].Generation, mine, false
	}
	return before, false
}

// inherit keeps what the stream before has saved, and returns the value with it, and how
// many prompts that knows of.
func (o *owner) inherit(before *leg) (value []byte, heard uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	keys := o.server.keys.Load()
	if before.chain == o.leg.chain && !o.used {
		m, err := keys.openConversation(before.state, before.info.SID, before.info.Leg)
		if o.unread = err; err == nil {
			o.leg.start = before.start
		}
		if !m.empty() { // it is younger than what the token has
			o.talk = m
		}
		o.owes = before.unheard
	}
	l := o.current()
	return l.value(keys, &o.talk), o.talk.count
}

// current returns the leg as it is to be written. The caller holds mu.
func (o *owner) current() leg {
	l := o.leg
	if o.unheard != nil {
		l.unheard = o.unheard() + o.owes
	}
	return l
}

// release ends the hold of this instance on a call that may go on elsewhere, and returns
// what the next leg must know, with the state sealed. It reports whether the store knows.
func (o *owner) release(cause Reason) (p passage, known bool) {
	o.mu.Lock()
	o.leg.phase, o.leg.broke, o.leg.cause = hasBroke, time.Now(), cause
	o.leg, o.unheard = o.current(), nil
	p = o.leg.passage
	p.leg = o.leg.info.Leg
	p.state = o.server.keys.Load().sealConversation(&o.talk, o.leg.info.SID, p.leg)
	o.closed = true
	o.mu.Unlock()
	o.close()
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	_, known = o.write(ctx)
	return p, known && !o.isLost()
}

// keeps reports whether no other instance has taken the call, as far as is known, before
// something is done about it that another would suffer from. One that has lost the call
// is fenced.
func (o *owner) keeps(ctx context.Context) bool {
	if o == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, decideTimeout)
	defer cancel()
	o.write(ctx)
	return !o.isLost()
}

// finish notes that the call goes on in no other leg, and lets go of what was saved. It
// reports false if the call is another instance's.
func (o *owner) finish() bool {
	o.close()
	o.mu.Lock()
	o.leg.phase, o.talk = isDone, conversation{}
	o.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	_, known := o.write(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = known
	return !o.lost
}

// done is finish in the background, unless that is known.
func (o *owner) done() {
	if o == nil {
		return
	}
	o.close()
	o.mu.Lock()
	o.leg.phase = isDone
	l, sealed, held := o.leg, o.sealed, o.held && !o.lost && !o.finished
	o.mu.Unlock()
	if held {
		o.server.config.Store.Later(o.server.legWrite(&l, &conversation{}, sealed))
	}
}

// close ends what is written in the background.
func (o *owner) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.timer != nil && o.timer.Stop() {
		o.timer = nil
		o.server.exit()
	}
}
