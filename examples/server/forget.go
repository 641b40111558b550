package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// forgetting has all instances forget what they remember of a caller. Who is to be forgotten
// is in the store for a day, for those that do not reach it now; an instance that starts
// later remembers nobody.
type forgetting struct {
	history *policy.History
	store   *policy.Store

	mu         sync.Mutex
	generation uint64          // of the list that was read last
	done       map[string]bool // its lines
}

// A list of who is to be forgotten has a line for each demand: its time in Unix nanoseconds
// and the caller.
const (
	forgetSpace = "forget"
	forgetName  = "callers"
	forgetKeep  = 24 * time.Hour
	mostForgets = 1000 // demands at once
)

func newForgetting(history *policy.History, store *policy.Store) *forgetting {
	f := &forgetting{history: history, store: store}
	if store.Shared() {
		store.Watch(f.ask, f.found)
	}
	return f
}

func (f *forgetting) ask() policy.Op {
	f.mu.Lock()
	defer f.mu.Unlock()
	return policy.Op{Kind: policy.OpRead, Space: forgetSpace, Name: forgetName, Generation: f.generation}
}

// found forgets whom another instance was told to forget.
func (f *forgetting) found(op policy.Op) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if op.Err != nil || !op.OK || op.Generation == f.generation {
		return
	}
	f.generation = op.Generation
	lines := make(map[string]bool)
	for line := range strings.Lines(string(op.Value)) {
		if lines[line] = true; !f.done[line] { // not what the caller has done since
			_, caller, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			f.history.Forget(caller)
		}
	}
	f.done = lines
}

// forget forgets a caller here, and has the other instances do so within about a second. It
// returns how many calls there were here; the error says that the others do not know.
func (f *forgetting) forget(ctx context.Context, caller string) (here int, err error) {
	here = f.history.Forget(caller)
	if !f.store.Shared() {
		return here, nil
	}
	now := time.Now()
	demand := strconv.FormatInt(now.UnixNano(), 10) + " " + caller + "\n"
	f.mu.Lock()
	if f.done == nil {
		f.done = make(map[string]bool)
	}
	f.done[demand] = true
	f.mu.Unlock()
	for ctx.Err() == nil {
		ops := []policy.Op{{Kind: policy.OpRead, Space: forgetSpace, Name: forgetName}}
		if f.store.Do(ctx, ops); ops[0].Err != nil {
			return here, ops[0].Err
		}
		text, err := addDemand(string(ops[0].Value), demand, now)
		if err != nil {
			return here, err
		}
		ops[0] = policy.Op{Kind: policy.OpWrite, Space: forgetSpace, Name: forgetName, Generation: ops[0].Generation, Keep: forgetKeep, Value: []byte(text)}
		if f.store.Do(ctx, ops); ops[0].Err != nil || ops[0].OK {
			return here, ops[0].Err
		}
	}
	return here, ctx.Err()
}

// addDemand returns a list with another demand, without those that are over.
func addDemand(list, demand string, now time.Time) (string, error) {
	var text strings.Builder
	n := 0
	for line := range strings.Lines(list) {
		at, _, _ := strings.Cut(line, " ")
		if ns, err := strconv.ParseInt(at, 10, 64); err == nil && now.Sub(time.Unix(0, ns)) < forgetKeep {
			text.WriteString(line)
			n++
		}
	}
	if n >= mostForgets {
		return "", errors.New("too many callers are to be forgotten within a day")
	}
	text.WriteString(demand)
	return text.String(), nil
}
