package policy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// ErrAway is the Err of an operation whose result only the engine knows, while that is
// away.
var ErrAway = errors.New("policy: store is away")

// Fallback says how a [Store] decides while its engine is away.
type Fallback uint8

// The fallbacks.
const (
	FallbackLocal  Fallback = iota // by what this instance has counted itself
	FallbackOpen                   // allow every call
	FallbackClosed                 // refuse every call
)

// StoreOptions configures [NewStore]. The zero value has useful defaults.
type StoreOptions struct {
	Wait       time.Duration // how long a decision may wait for the engine; 0 means 50 ms
	RetryEvery time.Duration // how often an engine that is away is asked again; 0 means a second
	Fallback   Fallback

	// Instances is how many share the engine. With it, an instance that has to decide by
	// itself allows only its share, the limit divided by Instances and rounded down: of
	// the calls decided so, at most the limit is accepted in all. A limit below Instances
	// then refuses everybody. 0 or 1 leaves each instance the whole limit, which refuses
	// nobody because of the store.
	Instances int

	Memory MemoryOptions // of what this instance counts itself

	// Logger gets one WARNING when the engine is given up and one INFO when it is back.
	// nil discards them.
	Logger *slog.Logger

	// OnState is called with false when the engine is given up and with true when it is
	// back, OnAnswer after each question with how long it took: for metrics. Neither may
	// block.
	OnState  func(up bool)
	OnAnswer func(took time.Duration, err error)
}

// Store is where policies keep what they count, lease and remember: in an [Engine] that
// the instances of a service share, or in memory. It decides what holds while the engine
// is away, for all policies and engines alike:
//
//   - An engine that fails three times in a row, or the first time, is left alone, and
//     asked again each RetryEvery in the background, without a call that waits for it.
//   - Until it is back, logs and places are those that this instance knows, up to its share
//     of the limits (StoreOptions.Instances) or by the Fallback. Results have Alone set.
//     What is read, and what may be written only once, is not known: [ErrAway].
//   - What is given back or noted meanwhile is sent when the engine is back, at most
//     10,000 operations. For a Keep after that, an instance whose share is the whole limit
//     goes by both counts, because the engine does not know of all entries.
//
// All methods are safe for concurrent use. Close it after the calls have ended. A Store
// is made by [NewStore]; the zero value is not usable.
type Store struct {
	engine  Engine // nil: only local
	local   *Memory
	o       StoreOptions
	breaker breaker
	alone   atomic.Int64 // when it last decided by itself, in time since the start; 0 = never
	began   time.Time
	stats   struct{ asked, failed, alone atomic.Uint64 }
	batches sync.Pool // of *batch

	mu      sync.Mutex
	late    map[subject]Op // to be sent when the engine is back
	watched []watch
	stop    context.CancelFunc
	stopped chan struct{}
}

// NewStore makes a store on an engine; nil is memory, which ends with the process. It
// does not wait for the engine, which may come later.
func NewStore(engine Engine, o StoreOptions) (*Store, error) {
	var errs []error
	for name, d := range map[string]time.Duration{"Wait": o.Wait, "RetryEvery": o.RetryEvery} {
		if d < 0 || d > 0 && d < time.Microsecond {
			errs = append(errs, fmt.Errorf("policy: store: %s is %v", name, d))
		}
	}
	if o.Instances < 0 {
		errs = append(errs, fmt.Errorf("policy: store: Instances is negative: %d", o.Instances))
	}
	if o.Fallback > FallbackClosed {
		errs = append(errs, fmt.Errorf("policy: store: there is no Fallback %d", o.Fallback))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Wait == 0 {
		o.Wait = 50 * time.Millisecond
	}
	if o.RetryEvery == 0 {
		o.RetryEvery = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnState == nil {
		o.OnState = func(bool) {}
	}
	if o.OnAnswer == nil {
		o.OnAnswer = func(time.Duration, error) {}
	}
	s := &Store{engine: engine, local: NewMemory(o.Memory), o: o, began: time.Now(), late: make(map[subject]Op), stopped: make(chan struct{})}
	if engine == nil {
		close(s.stopped)
		s.stop = func() {}
		return s, nil
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.keep(ctx)
	return s, nil
}

// inMemory returns the store of a policy that was given none.
func inMemory(s *Store, o MemoryOptions) *Store {
	if s != nil {
		return s
	}
	s, _ = NewStore(nil, StoreOptions{Memory: o})
	return s
}

// InMemory returns s, or a store in memory if s is nil: for policies of other packages.
func InMemory(s *Store) *Store { return inMemory(s, MemoryOptions{}) }

// Shared reports whether instances share the store.
func (s *Store) Shared() bool { return s != nil && s.engine != nil }

// Up reports whether the engine is in use: false from when it was given up until it is
// back. Memory is always up.
func (s *Store) Up() bool { return !s.breaker.isOpen() }

// StoreStats are counts since the start.
type StoreStats struct {
	Up     bool
	Asked  uint64 // questions to the engine
	Failed uint64 // of these
	Alone  uint64 // operations that this instance decided by itself
	Late   int    // operations that wait for the engine to be back
}

// Stats returns what the store has done.
func (s *Store) Stats() StoreStats {
	s.mu.Lock()
	late := len(s.late)
	s.mu.Unlock()
	return StoreStats{s.Up(), s.stats.asked.Load(), s.stats.failed.Load(), s.stats.alone.Load(), late}
}

// Close stops what goes on in the background, after one more attempt to send what waits.
// The engine stays as it is.
func (s *Store) Close() error {
	s.stop()
	<-s.stopped
	return nil
}

// Do carries out the operations: on the engine all at once, within StoreOptions.Wait, or
// by itself. Err is nil or ErrAway.
func (s *Store) Do(ctx context.Context, ops []Op) {
	if s.engine == nil {
		s.local.Do(ctx, ops)
		return
	}
	s.hurry(ops)
	asked := s.Up() && s.ask(ctx, ops)
	for i := range ops {
		switch op := &ops[i]; {
		case asked && op.Err == nil:
			s.mirror(op)
		default:
			s.byItself(op, asked || op.Err != nil)
		}
	}
}

// ask asks the engine, and reports whether it was asked.
func (s *Store) ask(ctx context.Context, ops []Op) bool {
	limited, cancel := context.WithTimeout(ctx, s.o.Wait)
	defer cancel()
	begun := time.Now()
	s.engine.Do(limited, ops)
	var err error
	for i := range ops {
		if ops[i].Err != nil {
			err = ops[i].Err
		}
	}
	s.stats.asked.Add(1)
	if err != nil && ctx.Err() != nil {
		return true // our caller gave up: that says nothing about the engine
	}
	s.o.OnAnswer(time.Since(begun), err)
	s.answered(ctx, err)
	return true
}

func (s *Store) answered(ctx context.Context, err error) {
	if err != nil {
		s.stats.failed.Add(1)
	}
	switch s.breaker.answered(err == nil) {
	case opened:
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "store given up, this instance decides by itself", slog.Any("error", err))
		s.o.OnState(false)
	case closed:
		s.o.Logger.LogAttrs(ctx, slog.LevelInfo, "store is back, limits are common again")
		s.o.OnState(true)
	}
}

// mirror keeps in memory what the engine answered, to go by when it is away.
func (s *Store) mirror(op *Op) {
	own := *op
	switch op.Kind {
	case OpCount:
		if op.Attempt || op.Limit == 0 || !op.OK {
			return
		}
		own.Limit = s.share(op.Limit)
		if s.local.do(&own); !own.OK && own.Limit == op.Limit && s.wasAlone(op.Keep) {
			op.OK = false
			s.later(undo(op))
		}
	case OpHold:
		own.Kind, own.Limit = OpHold, -1
		if !op.OK {
			own.Kind = OpFree
		}
		if s.local.do(&own); own.Total > op.Total {
			s.local.trim(keyOf(op), op.Total, s.local.now(op.At))
		}
	case OpAdd:
		if own.Limit = -1; op.OK {
			s.local.do(&own)
		}
	case OpUncount, OpChange, OpFree:
		s.local.do(&own)
	}
}

// byItself decides without the engine, which may carry the operation out all the same
// if it was asked.
func (s *Store) byItself(op *Op, asked bool) {
	s.stats.alone.Add(1)
	op.Err, op.Alone = nil, true
	switch {
	case op.Kind == OpRead, op.Kind == OpWrite && op.Generation != AnyGeneration, op.Attempt:
		op.Err = ErrAway
		return
	case op.Kind == OpWrite:
		op.OK = true
		s.later(*op)
		return
	case op.Kind == OpUncount, op.Kind == OpChange, op.Kind == OpFree, op.Limit < 0:
		sent := *op
		s.local.do(op)
		s.later(sent)
		return
	}
	s.alone.Store(int64(time.Since(s.began)) + 1)
	limit := op.Limit
	if op.Limit = s.share(limit); s.o.Fallback == FallbackOpen {
		op.Limit = -1
	}
	if s.o.Fallback == FallbackClosed {
		op.OK = false
	} else {
		s.local.do(op)
	}
	if op.Limit = limit; !op.OK && asked {
		s.later(undo(op))
	}
}

// undo returns what takes an operation back.
func undo(op *Op) Op {
	back := *op
	switch back.Value, back.Err = nil, nil; op.Kind {
	case OpCount:
		back.Kind = OpUncount
	case OpAdd:
		back.Kind, back.Amount = OpChange, 0
	case OpHold:
		back.Kind = OpFree
	}
	return back
}

// share is what of a limit an instance may allow by itself.
func (s *Store) share(limit int64) int64 {
	if limit < 0 {
		return limit
	}
	return limit / int64(max(1, s.o.Instances))
}

// wasAlone reports whether the store decided by itself in the last while.
func (s *Store) wasAlone(while time.Duration) bool {
	at := s.alone.Load()
	return at != 0 && time.Since(s.began)-time.Duration(at) < while
}

const (
	maxLate    = 10_000
	lateAtOnce = 500
)

// subject is what an operation changes: the latest one stands for those before.
type subject struct{ space, name, id string }

func subjectOf(op *Op) subject { return subject{op.Space, op.Name, op.ID} }

// Later carries out an operation within about RetryEvery, together with others, or when the
// engine is back. Its result must not be needed, and twice must have the same effect as
// once.
func (s *Store) Later(op Op) {
	if s.engine == nil {
		s.local.do(&op)
		return
	}
	s.later(op)
}

func (s *Store) later(op Op) {
	op.Err, op.Alone, op.At = nil, false, time.Time{}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, known := s.late[subjectOf(&op)]
	if known || len(s.late) < maxLate {
		s.late[subjectOf(&op)] = after(before, op)
	}
}

// hurry forgets what waits to be sent and is overtaken: a call that comes again keeps its
// new place.
func (s *Store) hurry(ops []Op) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < len(ops) && len(s.late) > 0; i++ {
		if subject := subjectOf(&ops[i]); ops[i].Kind != OpRead {
			ops[i] = after(s.late[subject], ops[i])
			delete(s.late, subject)
		}
	}
}

// after returns what stands for an operation and one before it that waits to be sent: the
// engine has nothing to Change of what was not added.
func after(waits, op Op) Op {
	if waits.Kind == OpAdd && op.Kind == OpChange && op.Amount > 0 {
		waits.Amount = op.Amount
		return waits
	}
	return op
}
