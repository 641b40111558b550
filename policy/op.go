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
// ones. One with an Err may have been carried out or not, or may be later: it is
// sent again then, and must come to the same. Do returns when ctx ends. Time is that
// of the engine, never that of the instance, whose clock may be wrong by hours.
//
// There are three kinds of state, each under a Space and a Name:
//
//	log     entries of the last Keep, each with an ID and an amount: Count, Uncount, Add, Change
//	places  holders by ID, each until its lease of Keep ends: Hold, Free
//	value   bytes with a generation, until Keep is over: Read, Write
type Engine interface {
	Do(ctx context.Context, ops []Op)
}

// Kind says what an operation does.
type Kind uint8

// The kinds of operations.
const (
	// Count adds an entry of amount 1 to a log if that has fewer than Limit. An ID that
	// is there already is not added again and is OK; "" is always new. With a Limit of 0
	// it only looks. With Attempt set it adds in any case, in the place of the oldest
	// entry where there are more than Limit, and is OK where there are not. Total is how
	// many entries there are.
	Count Kind = iota
	// Uncount removes what Count added. An engine may have forgotten the ID some seconds
	// after it was counted.
	Uncount
	// Add adds an entry with the Amount, at the present time, if the sum does not exceed
	// Limit with it; an entry with that ID is replaced then. An ID of "" only looks. Total
	// is the sum.
	Add
	// Change gives an entry another Amount, 0 removes it, and leaves its time. An ID that
	// is not there stays so. Total is the sum.
	Change
	// Hold takes a place if fewer than Limit are taken, or renews the lease of an ID that
	// holds one. Total is how many are taken.
	Hold
	// Free gives a place back. Total is how many are taken.
	Free
	// Read returns Value and Generation; Generation is 0 if there is none. With a
	// Generation other than 0 that is the present one, Value is nil.
	Read
	// Write replaces a value of the given Generation: 0 for one that must not exist, Any
	// for whatever there is. Generation is that of the new value. Where another one is in
	// the way, OK is false and Value and Generation are those of that one; where that one
	// has the same Value, OK is true, so that a Write that is sent again is not refused
	// because of itself. Generations of a value ascend, also after it was gone.
	Write
)

// Any is the generation of a [Write] that replaces whatever there is.
const Any = ^uint64(0)

// MaxValue is how many bytes a value may have in every engine.
const MaxValue = 512 << 10

// Op is an operation on an [Engine], and then its result.
type Op struct {
	Kind    Kind
	Attempt bool          // see Count
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
