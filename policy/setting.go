package policy

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// watch is what the background asks about once in a while.
type watch struct {
	ask   func() Op
	found func(Op)
}

// Watch carries out the operation that ask returns about every RetryEvery, in the
// background, and passes its result to found. A store in memory never does.
func (s *Store) Watch(ask func() Op, found func(Op)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = append(s.watched, watch{ask, found})
}

// keepSetting is how long a setting that nobody changes is kept.
const keepSetting = 10 * 365 * 24 * time.Hour

// Setting is a text that all instances have in common: a block list, the limits of
// single numbers. Each follows a change by another one within about a second, and keeps
// the last text while the store is away. Of two changes at once none gets lost. The
// instances write again a text that the engine has lost altogether, as a Redis that is
// restarted without its file does. A Setting is made by [Store.Setting]; the zero value
// is not usable.
type Setting struct {
	store *Store
	name  string
	apply func(text []byte) error

	mu         sync.Mutex
	text       []byte
	generation uint64
	asked      uint64 // the generation when the background asked last
}

// Setting makes a setting of the store. apply puts a text in force; when it returns an
// error, the former one stays in force. It is called for each change, one at a time.
// Until the first change on any instance, text is in force, and has been applied.
func (s *Store) Setting(name string, text []byte, apply func(text []byte) error) *Setting {
	set := &Setting{store: s, name: name, text: text, apply: apply}
	if s.Shared() {
		s.Watch(set.op, set.found)
	}
	return set
}

// Text returns the text in force.
func (s *Setting) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}

func (s *Setting) op() Op {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = s.generation
	return Op{Kind: OpRead, Space: "setting", Name: s.name, Generation: s.generation}
}

// found puts a text of another instance in force, also an older one: an engine that has lost
// a change has lost it for all.
func (s *Setting) found(op Op) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.generation != s.asked: // changed here since
		return
	case !op.OK && s.generation != 0:
		s.store.Later(Op{Kind: OpWrite, Space: "setting", Name: s.name, Keep: keepSetting, Value: s.text})
		return
	case !op.OK || op.Generation == s.generation:
		return
	}
	s.generation = op.Generation // also of a text that is of no use, or it would be read for ever
	if err := s.apply(op.Value); err != nil {
		s.store.o.Logger.Warn("setting of another instance not applied", slog.String("setting", s.name), slog.Any("error", err))
		return
	}
	s.text = bytes.Clone(op.Value)
}

// Update changes the text to what change makes of it, for all instances. change may be
// called again, when another instance was first. Errors are those of change and of apply,
// [ErrAway], that of a text longer than [MaxValue], and that of ctx.
func (s *Setting) Update(ctx context.Context, change func(text []byte) ([]byte, error)) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ops := []Op{{Kind: OpRead, Space: "setting", Name: s.name}}
		s.store.Do(ctx, ops)
		if ops[0].Err != nil {
			return ops[0].Err
		}
		text := ops[0].Value
		if !ops[0].OK {
			text = []byte(s.Text())
		}
		next, err := change(bytes.Clone(text))
		if err != nil {
			return err
		}
		if len(next) > MaxValue {
			return errors.New("policy: setting is longer than 512 KiB")
		}
		ops[0] = Op{Kind: OpWrite, Space: "setting", Name: s.name, Generation: ops[0].Generation, Keep: keepSetting, Value: next}
		s.store.Do(ctx, ops)
		if ops[0].Err != nil {
			return ops[0].Err // it may have been written: the background finds out
		}
		if ops[0].OK {
			s.mu.Lock()
			defer s.mu.Unlock()
			if ops[0].Generation <= s.generation {
				return nil // another one was later
			}
			if err := s.apply(next); err != nil {
				return err
			}
			s.text, s.generation = bytes.Clone(next), ops[0].Generation
			return nil
		}
	}
}
