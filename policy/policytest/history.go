package policytest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/policy"
)

// Event is an operation as the one who asked saw it.
type Event struct {
	Asked, Answered policy.Op
	Begun, Ended    int64 // nanoseconds since the first; Ended is math.MaxInt64 if it is not known what became of it
}

// Places and entries that the names of [Contend] have room for.
const (
	placesOfName = 3
	callsOfName  = 4
	holders      = 8
)

const (
	// perName is how many operations each name gets.
	perName = 50
	// unknownPerName is after how many unknown answers a name is left alone: what may or may
	// not have happened, at whatever later time, soon cannot be checked any more.
	unknownPerName = 3
)

// Contend has many clients claim, count, hold and free the same few names at once, each
// through the next of the engines, until n operations have been answered, and returns what
// they saw. It asks a name no more when all its operations have been asked, or when the
// answers of some are not known, and waits for an answer no longer than wait. [Step] says
// what an engine may answer.
func Contend(ctx context.Context, engines []policy.Engine, n int, wait time.Duration) []Event {
	const clients = 16
	c := contention{names: make(map[string]int)}
	begun := time.Now()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 11))
			for {
				op, more := c.next(r, n)
				if !more {
					return
				}
				e := Event{Asked: op, Begun: int64(time.Since(begun))}
				limited, cancel := context.WithTimeout(ctx, wait)
				ops := []policy.Op{op}
				engines[client%len(engines)].Do(limited, ops)
				cancel()
				e.Answered, e.Ended = ops[0], int64(time.Since(begun))
				if ops[0].Err != nil {
					e.Ended = math.MaxInt64
					time.Sleep(wait / 10)
				}
				c.saw(e)
			}
		})
	}
	all.Wait()
	return c.events
}

// Linearizable has clients contend for n operations (see [Contend]) while trouble goes on
// until over is closed, and checks that each answer is what one engine would have given that
// does one thing after the other, or that it is not known. check says that of the history of
// one name, by [Step].
func Linearizable(t *testing.T, engines []policy.Engine, n int, trouble func(over <-chan struct{}), check func([]Event) bool) {
	over, still := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(still)
		trouble(over)
	}()
	events := Contend(context.Background(), engines, n, 2*time.Second)
	close(over)
	<-still
	parts, unknown, why := make(map[string][]Event), 0, make(map[string]int)
	for _, e := range events {
		name := e.Asked.Space + e.Asked.Name
		parts[name] = append(parts[name], e)
		if e.Answered.Err != nil {
			unknown++
			why[e.Answered.Err.Error()]++
		}
	}
	t.Logf("%d operations, %d of them not known: %v", len(events), unknown, why)
	for name, part := range parts {
		if !check(part) {
			t.Errorf("the history of %s has no order", name)
		}
	}
}

// contention is what the clients of Contend have seen together.
type contention struct {
	mu     sync.Mutex
	asked  int
	known  int
	names  map[string]int // unknown answers, by space and number of the name
	events []Event
}

// next returns a random operation, or that n have been answered.
func (c *contention) next(r *rand.Rand, n int) (op policy.Op, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known >= n {
		return op, false
	}
	i := c.asked
	c.asked++
	op = policy.Op{Name: fmt.Sprint(i / (3 * perName)), Keep: time.Hour, ID: fmt.Sprint(r.IntN(holders))}
	switch kind := i % 3; {
	case kind == 0:
		op.Kind, op.Space, op.Limit = policy.OpHold, "contended:places", placesOfName
		if r.IntN(2) == 0 {
			op.Kind = policy.OpFree
		}
	case kind == 1:
		op.Kind, op.Space, op.Limit = policy.OpCount, "contended:calls", callsOfName
	default:
		op.Kind, op.Space, op.ID, op.Value = policy.OpWrite, "contended:claims", "", fmt.Appendf(nil, "%d", i)
		if r.IntN(2) == 0 {
			op.Kind, op.Value = policy.OpRead, nil
		}
	}
	op.Name += fmt.Sprint(".", c.names[op.Space+op.Name]/unknownPerName)
	return op, true
}

// saw keeps what a client has seen.
func (c *contention) saw(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	if e.Answered.Err == nil {
		c.known++
		return
	}
	name, _, _ := strings.Cut(e.Asked.Name, ".")
	c.names[e.Asked.Space+name]++
}

// State is what an engine knows of a name. The zero value is nothing.
type State struct {
	Holders uint64 // or those counted, by ID
	Value   string
}

// Step carries out an operation of [Contend] in the state of its name, as if no other one
// went on, and reports whether the answer is the one that it must have then.
func Step(s State, e Event) (right bool, next State) {
	op, answer := e.Asked, e.Answered
	unknown := answer.Err != nil
	var bit, n uint64
	if op.ID != "" {
		bit = 1 << (op.ID[0] - '0')
	}
	for b := s.Holders; b != 0; b &= b - 1 {
		n++
	}
	next = s
	total := n
	ok := true
	switch op.Kind {
	case policy.OpHold, policy.OpCount:
		if s.Holders&bit == 0 {
			if ok = int64(n) < op.Limit; ok {
				next.Holders |= bit
				total++
			}
		}
	case policy.OpFree:
		if s.Holders&bit != 0 {
			next.Holders &^= bit
			total--
		}
	case policy.OpWrite:
		if ok = s.Value == "" || s.Value == string(op.Value); ok {
			next.Value = string(op.Value)
		}
		return unknown || answer.OK == ok && (ok || string(answer.Value) == s.Value), next
	case policy.OpRead:
		return unknown || answer.OK == (s.Value != "") && string(answer.Value) == s.Value, next
	}
	return unknown || answer.OK == ok && answer.Total == int64(total), next
}
