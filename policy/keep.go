package policy

import (
	"context"
	"slices"
	"time"
)

// keep runs in the background: it asks an engine that is away whether it is back, sends
// what waits for it, and follows the values that are watched.
func (s *Store) keep(ctx context.Context) {
	defer close(s.stopped)
	s.breaker.suspect() // until the first answer, one failure is enough
	tick := time.NewTicker(s.o.RetryEvery)
	defer tick.Stop()
	for {
		s.refresh(ctx)
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.refresh(last)
			return
		case <-tick.C:
		}
	}
}

// refresh asks for the values that are watched and for a sign of life, and if there is one
// sends what waits. The sign of life is a Write: an engine that is full, or a replica, still
// answers what is only read.
func (s *Store) refresh(ctx context.Context) {
	s.mu.Lock()
	watched := slices.Clone(s.watched)
	s.mu.Unlock()
	ops := make([]Op, 0, len(watched)+1)
	for _, w := range watched {
		ops = append(ops, w.ask())
	}
	ops = append(ops, Op{Kind: OpWrite, Space: "alive", Generation: AnyGeneration, Keep: time.Minute})
	s.ask(ctx, ops)
	for i, w := range watched {
		if ops[i].Err == nil {
			w.found(ops[i])
		}
	}
	for ops[len(watched)].Err == nil && s.sendLate(ctx) {
	}
}

// sendLate sends as much of what waits as goes in one question, and reports whether there is
// more that the engine may take. It has more time than a decision, and says nothing about
// the engine.
func (s *Store) sendLate(ctx context.Context) (more bool) {
	late := s.takeLate()
	if len(late) == 0 {
		return false
	}
	limited, cancel := context.WithTimeout(ctx, max(s.o.Wait, s.o.RetryEvery))
	defer cancel()
	s.engine.Do(limited, late)
	s.stats.asked.Add(1)
	more = len(late) == lateAtOnce
	for _, op := range late {
		if op.Err != nil {
			more = false
			s.keepLate(op)
		}
	}
	return more
}

func (s *Store) takeLate() (ops []Op) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for about, op := range s.late {
		if len(ops) == lateAtOnce {
			break
		}
		ops = append(ops, op)
		delete(s.late, about)
	}
	return ops
}

// keepLate keeps an operation that could not be sent, unless a later one stands for it.
func (s *Store) keepLate(op Op) {
	op.Err = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if later, overtaken := s.late[subjectOf(&op)]; overtaken {
		s.late[subjectOf(&op)] = after(op, later)
	} else if len(s.late) < maxLate {
		s.late[subjectOf(&op)] = op
	}
}
