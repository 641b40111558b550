package policy

import (
	"context"
	"time"
)

// Engine keeps state for all instances of a service: the port behind a [Store].
// [Memory] is one of a single process; redisstore and natsstore are others.
// The suite policytest.Engine checks what follows.
//
// Do carries out the operations and puts their results into them. Each is atomic by
// itself, on all instances; together they are not, and may be carried out in any
// order. An operation whose Err is nil has been carried out and seen by all later
// ones. One with an Err may have been carried out, or may be later. It is then sent
// again, and twice must have the same effect as once. Do returns when ctx ends. Time is
// that of the engine, never that of the instance, whose clock may be wrong by hours.
//
// There are three kinds of state, each under a Space and a Name:
//
//	log     entries of the last Keep, each with an ID and an amount: OpCount, OpUncount, OpAdd, OpChange
//	places  holders by ID, each until its lease of Keep ends: OpHold, OpFree
//	value   bytes with a generation, until Keep is over: OpRead, OpWrite
type Engine interface {
	Do(ctx context.Context, ops []Op)
}

// OpKind says what an operation does.
type OpKind uint8

// The kinds of operations.
const (
	// OpCount adds an entry of amount 1 to a log if that has fewer than Limit. An ID that
	// is there already is not added again and is OK; "" is always new. With a Limit of 0
	// it only looks. With Attempt set it adds in any case, in the place of the oldest
	// entry where there are more than Limit, and is OK where there are not. Total is how
	// many entries there are.
	OpCount OpKind = iota
	// OpUncount removes what OpCount added. An engine may have forgotten the ID some seconds
	// after it was counted.
	OpUncount
	// OpAdd adds an entry with the Amount, at the present time, if the sum does not exceed
	// Limit with it; an entry with that ID is replaced then. An ID of "" only looks. Total
	// is the sum.
	OpAdd
	// OpChange gives an entry another Amount, 0 removes it, and leaves its time. An ID that
	// is not there stays so. Total is the sum.
	OpChange
	// OpHold takes a place if fewer than Limit are taken, or renews the lease of an ID that
	// holds one. Total is how many are taken.
	OpHold
	// OpFree gives a place back. Total is how many are taken.
	OpFree
	// OpRead returns Value and Generation; Generation is 0 if there is none. With a
	// Generation other than 0 that is the present one, Value is nil.
	OpRead
	// OpWrite replaces a value of the given Generation: 0 for one that must not exist,
	// AnyGeneration for whatever there is. Generation is that of the new value. Where another one is in
	// the way, OK is false and Value and Generation are those of that one; where that one
	// has the same Value, OK is true, so that an OpWrite that is sent again is not refused
	// because of itself. Generations of a value ascend, also after it was gone.
	OpWrite
)

// AnyGeneration is the generation of an [OpWrite] that replaces whatever there is.
const AnyGeneration = ^uint64(0)

// MaxValue is how many bytes a value may have in every engine.
const MaxValue = 512 << 10

// Op is an operation on an [Engine], and then its result.
type Op struct {
	Kind    OpKind
	Attempt bool          // see OpCount
	Space   string        // what kind of thing it is: a few printable characters without blanks
	Name    string        // whose it is: any text
	ID      string        // of the entry or the holder: any text
	Keep    time.Duration // of a log, the same in all of its operations
	Limit   int64         // < 0: none
	Amount  int64         // 0 to 16,777,215
	At      time.Time     // when it is, for an engine in this process; zero is now
	Value   []byte

	Generation uint64 // also a result

	OK    bool  // result: it was carried out, and not refused
	Total int64 // result
	Alone bool  // result: this instance decided by itself, see [Store]
	Err   error // result: unknown what became of it
}

// EngineFunc is a function as an [Engine].
type EngineFunc func(ctx context.Context, ops []Op)

// Do calls f.
func (f EngineFunc) Do(ctx context.Context, ops []Op) { f(ctx, ops) }
