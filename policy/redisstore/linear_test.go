package redisstore

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
)

// go test -run Linearizable -contended 100000 checks the whole history, in some minutes.
var contended = flag.Int("contended", 4000, "operations whose history is checked")

// linearizable has many clients contend for names through the engines while trouble goes on,
// and checks that each answer is what one engine would have given that does one thing after
// the other, or that it is not known.
func linearizable(t *testing.T, engines []policy.Engine, trouble func(over <-chan struct{})) {
	over, still := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(still)
		trouble(over)
	}()
	events := policytest.Contend(context.Background(), engines, *contended, 2*time.Second)
	close(over)
	<-still
	history, unknown, why := make([]porcupine.Operation, len(events)), 0, make(map[string]int)
	for i, e := range events {
		history[i] = porcupine.Operation{Input: e, Call: e.Begun, Return: e.Ended}
		if e.Answered.Err != nil {
			unknown++
			why[e.Answered.Err.Error()]++
		}
	}
	t.Logf("%d operations, %d of them not known: %v", len(events), unknown, why)
	result := porcupine.CheckOperationsTimeout(porcupine.Model{
		Partition: byName,
		Init:      func() any { return policytest.State{} },
		Step:      func(s, e, _ any) (bool, any) { return policytest.Step(s.(policytest.State), e.(policytest.Event)) },
	}, history, 5*time.Minute)
	require.Equal(t, porcupine.Ok, result)
}

// byName splits a history into those of single names.
func byName(history []porcupine.Operation) (parts [][]porcupine.Operation) {
	names := make(map[string]int)
	for _, op := range history {
		asked := op.Input.(policytest.Event).Asked
		name := asked.Space + asked.Name
		at, known := names[name]
		if !known {
			at = len(parts)
			names[name] = at
			parts = append(parts, nil)
		}
		parts[at] = append(parts[at], op)
	}
	return parts
}
