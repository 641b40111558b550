package voice

import (
	"context"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

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

// markSpace is where each instance leaves a mark in the store: one that has lost it has lost
// everything, as a Redis that was restarted without its file.
const markSpace = "instance"

// watchStore has what the store has lost noted again, within about a second: which calls this
// instance has, and which it has told to have ended.
func (s *Server) watchStore() {
	if !s.config.Store.Shared() {
		return
	}
	mark := policy.Op{Kind: policy.OpRead, Space: markSpace, Name: s.id}
	s.config.Store.Watch(func() policy.Op { return mark }, func(found policy.Op) {
		if found.OK {
			return
		}
		ops := append(s.toldEnds.ops(), policy.Op{Kind: policy.OpWrite, Space: markSpace, Name: s.id, Keep: rememberFinished})
		s.config.Store.Do(context.Background(), ops)
		s.touchAll()
	})
}
