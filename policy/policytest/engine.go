package policytest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"agentos.dev/dialtone/policy"
)

// Engine checks an engine of a store. open returns one that knows nothing yet; each time it
// is called, one of another service. It must not have errors during the test.
func Engine(t *testing.T, open func(t *testing.T) policy.Engine) {
	t.Run("as the model says", func(t *testing.T) { model(t, open(t)) })
	t.Run("leases and values end", func(t *testing.T) { ends(t, open(t)) })
	t.Run("sent again", func(t *testing.T) { again(t, open(t)) })
	t.Run("names are any text", func(t *testing.T) { names(t, open(t)) })
	t.Run("large values", func(t *testing.T) { large(t, open(t)) })
	t.Run("at once", func(t *testing.T) { together(t, open(t)) })
	t.Run("many operations in one question", func(t *testing.T) { many(t, open(t)) })
}

// do carries out one operation.
func do(t *testing.T, e policy.Engine, op policy.Op) policy.Op {
	t.Helper()
	ops := []policy.Op{op}
	e.Do(t.Context(), ops)
	if ops[0].Err != nil {
		t.Fatalf("%+v: %v", op, ops[0].Err)
	}
	return ops[0]
}

// model sends random operations of a few names to the engine and to the one in memory,
// within times that do not matter, and wants the same results.
func model(t *testing.T, e policy.Engine) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		reference := policy.NewMemory(policy.MemoryOptions{})
		generations := make(map[string][2]uint64) // of a value, in both
		for i := range 400 {
			op := policy.Op{
				Kind: policy.OpKind(r.IntN(int(policy.OpWrite) + 1)), Space: "test", Name: fmt.Sprint(seed, "-", r.IntN(3)), ID: fmt.Sprint("id", r.IntN(6)),
				Keep: time.Hour, Limit: int64(r.IntN(8) - 1), Amount: int64(r.IntN(4)), Attempt: r.IntN(4) == 0, Value: []byte{byte(r.IntN(3))},
			}
			if r.IntN(10) == 0 {
				op.ID = ""
			}
			switch op.Kind {
			case policy.OpCount, policy.OpUncount:
				if op.Space = "test:counts"; op.Attempt { // each new, as memory knows an ID for some seconds only
					op.Space, op.ID, op.Kind = "test:attempts", fmt.Sprint("attempt", i), policy.OpCount
				}
			case policy.OpAdd, policy.OpChange:
				op.Space = "test:sums"
				if op.Kind == policy.OpAdd {
					op.Amount++
				}
			case policy.OpHold, policy.OpFree:
				op.Space = "test:places"
			default:
				op.Space = "test:values"
			}
			mine, theirs := op, op
			if op.Kind >= policy.OpRead {
				known := generations[op.Name]
				switch r.IntN(3) {
				case 0:
					mine.Generation, theirs.Generation = known[0], known[1]
				case 1:
					if op.Kind == policy.OpWrite {
						mine.Generation, theirs.Generation = policy.AnyGeneration, policy.AnyGeneration
					}
				}
			}
			want := do(t, reference, mine)
			got := do(t, e, theirs)
			if op.Kind >= policy.OpRead {
				generations[op.Name] = [2]uint64{want.Generation, got.Generation}
				if (want.Generation == 0) != (got.Generation == 0) || want.OK != got.OK || !bytes.Equal(want.Value, got.Value) {
					t.Fatalf("seed %d, operation %d: %+v\n got %v %d %v\nwant %v %d %v", seed, i, op, got.OK, got.Generation, got.Value, want.OK, want.Generation, want.Value)
				}
				continue
			}
			if got.OK != want.OK && op.Kind != policy.OpUncount || got.Total != want.Total && op.Kind != policy.OpUncount {
				t.Fatalf("seed %d, operation %d: %+v\n got %v, total %d\nwant %v, total %d", seed, i, op, got.OK, got.Total, want.OK, want.Total)
			}
		}
	}
}

// ends has leases, values and entries end, each for itself.
func ends(t *testing.T, e policy.Engine) {
	const short = 400 * time.Millisecond
	hold := policy.Op{Kind: policy.OpHold, Space: "ends", ID: "a", Keep: short, Limit: 1}
	other := hold
	other.ID = "b"
	do(t, e, hold)
	eventually(t, func() bool { return do(t, e, other).OK }, "the lease of a place does not end")
	renewed := hold
	renewed.Name = "renewed"
	for range 4 {
		do(t, e, renewed)
		time.Sleep(short / 8)
	}
	if n := do(t, e, policy.Op{Kind: policy.OpFree, Space: "ends", Name: "renewed", ID: "nobody"}).Total; n > 1 {
		t.Errorf("%d places are taken by one holder", n)
	}
	value := policy.Op{Kind: policy.OpWrite, Space: "ends", Name: "value", Keep: short, Value: []byte("x")}
	first := do(t, e, value)
	value.Value = []byte("y")
	var second policy.Op
	eventually(t, func() bool { second = do(t, e, value); return second.OK }, "a value does not end")
	if second.Generation <= first.Generation {
		t.Errorf("the generation went from %d to %d when a value had ended", first.Generation, second.Generation)
	}
	count := policy.Op{Kind: policy.OpCount, Space: "ends", Name: "count", ID: "a", Keep: short, Limit: 1}
	do(t, e, count)
	count.ID = "b"
	eventually(t, func() bool { return do(t, e, count).OK }, "an entry does not age")
	sum := policy.Op{Kind: policy.OpAdd, Space: "ends", Name: "sum", ID: "a", Amount: 5, Keep: short, Limit: 5}
	do(t, e, sum)
	sum.ID = "b"
	eventually(t, func() bool { return do(t, e, sum).OK }, "an amount does not age")
}

// again sends what has been carried out once more, as who got no answer does.
func again(t *testing.T, e policy.Engine) {
	for _, op := range []policy.Op{
		{Kind: policy.OpCount, Space: "again:c", ID: "a", Keep: time.Hour, Limit: 1},
		{Kind: policy.OpAdd, Space: "again:s", ID: "a", Amount: 3, Keep: time.Hour, Limit: 3},
		{Kind: policy.OpChange, Space: "again:s", ID: "a", Amount: 2, Keep: time.Hour},
		{Kind: policy.OpHold, Space: "again:p", ID: "a", Keep: time.Hour, Limit: 1},
		{Kind: policy.OpWrite, Space: "again:v", Keep: time.Hour, Value: []byte("mine")},
		{Kind: policy.OpFree, Space: "again:p", ID: "a"},
	} {
		for range 3 {
			if done := do(t, e, op); !done.OK {
				t.Errorf("%+v is refused because of itself", op)
			}
		}
	}
	if done := do(t, e, policy.Op{Kind: policy.OpWrite, Space: "again:v", Keep: time.Hour, Value: []byte("yours")}); done.OK || string(done.Value) != "mine" {
		t.Errorf("a second claim: %v %q", done.OK, done.Value)
	}
}

// names uses what callers can write as names.
func names(t *testing.T, e policy.Engine) {
	for i, name := range []string{"", "+14155550100", "a b", "a.b", "*", ">", "{a}", "sip:x@[::1]", "\x00\xff", "ü", "a/b", "$KV", string(bytes.Repeat([]byte("n"), 512))} {
		for _, op := range []policy.Op{
			{Kind: policy.OpCount, Space: "names:c", Name: name, ID: name + "1", Keep: time.Hour, Limit: 1},
			{Kind: policy.OpAdd, Space: "names:s", Name: name, ID: name + "1", Amount: 1, Keep: time.Hour, Limit: 1},
			{Kind: policy.OpHold, Space: "names:p", Name: name, ID: name + "1", Keep: time.Hour, Limit: 1},
			{Kind: policy.OpWrite, Space: "names:v", Name: name, Keep: time.Hour, Value: []byte{byte(i)}},
		} {
			if done := do(t, e, op); !done.OK || op.Kind != policy.OpWrite && done.Total != 1 {
				t.Errorf("name %q, kind %d: %v, total %d", name, op.Kind, done.OK, done.Total)
			}
		}
	}
}

// large has values of the size that every engine must take.
func large(t *testing.T, e policy.Engine) {
	value := make([]byte, policy.MaxValue)
	for i := range value {
		value[i] = byte(i * i >> 7)
	}
	op := policy.Op{Kind: policy.OpWrite, Space: "large", Keep: time.Hour, Value: value, Generation: policy.AnyGeneration}
	written := do(t, e, op)
	read := do(t, e, policy.Op{Kind: policy.OpRead, Space: "large"})
	if !bytes.Equal(read.Value, value) || read.Generation != written.Generation {
		t.Errorf("read %d bytes of generation %d, want %d of %d", len(read.Value), read.Generation, len(value), written.Generation)
	}
	if known := do(t, e, policy.Op{Kind: policy.OpRead, Space: "large", Generation: written.Generation}); known.Value != nil || !known.OK {
		t.Errorf("a known generation: %v, %d bytes", known.OK, len(known.Value))
	}
}

// together has many want what only some can have.
func together(t *testing.T, e policy.Engine) {
	for name, op := range map[string]policy.Op{
		"count": {Kind: policy.OpCount, Limit: 10},
		"add":   {Kind: policy.OpAdd, Limit: 10, Amount: 1},
		"hold":  {Kind: policy.OpHold, Limit: 10},
		"write": {Kind: policy.OpWrite},
	} {
		want := op.Limit
		if op.Kind == policy.OpWrite {
			want = 1
		}
		var ok atomic.Int64
		atOnce(40, func(i int) {
			ops := []policy.Op{op}
			ops[0].Space, ops[0].ID, ops[0].Keep = "together:"+name, fmt.Sprint(i), time.Hour
			if op.Kind == policy.OpWrite {
				ops[0].ID, ops[0].Value = "", []byte{byte(i)}
			}
			e.Do(context.Background(), ops)
			if ops[0].Err != nil {
				t.Errorf("%s: %v", name, ops[0].Err)
			} else if ops[0].OK {
				ok.Add(1)
			}
		})
		if n := ok.Load(); n != want {
			t.Errorf("%s: %d of 40 got what %d can have", name, n, want)
		}
	}
}

// many has the operations of many calls in one question.
func many(t *testing.T, e policy.Engine) {
	var ops []policy.Op
	for i := range 300 {
		ops = append(ops, policy.Op{Kind: policy.OpHold, Space: "many", Name: fmt.Sprint(i % 7), ID: fmt.Sprint(i), Keep: time.Hour, Limit: policy.Unlimited})
	}
	e.Do(t.Context(), ops)
	for i := range ops {
		if !ops[i].OK || ops[i].Err != nil {
			t.Fatalf("operation %d: %v", i, ops[i].Err)
		}
	}
	if n := do(t, e, policy.Op{Kind: policy.OpHold, Space: "many", Name: "0", ID: "", Limit: 0}).Total; n != 43 {
		t.Errorf("%d places are taken, want 43", n)
	}
}
