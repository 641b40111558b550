package natsstore

import (
	"flag"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
)

// go test -run Linearizable -contended 100000 checks the whole history, in some minutes.
var contended = flag.Int("contended", 4000, "operations whose history is checked")

// linearizable is policytest.Linearizable with the checker that package has not.
func linearizable(t *testing.T, engines []policy.Engine, trouble func(over <-chan struct{})) {
	model := porcupine.Model{
		Init: func() any { return policytest.State{} },
		Step: func(s, e, _ any) (bool, any) { return policytest.Step(s.(policytest.State), e.(policytest.Event)) },
	}
	policytest.Linearizable(t, engines, *contended, trouble, func(events []policytest.Event) bool {
		history := make([]porcupine.Operation, len(events))
		for i, e := range events {
			history[i] = porcupine.Operation{Input: e, Call: e.Begun, Return: e.Ended}
		}
		return porcupine.CheckOperationsTimeout(model, history, time.Minute) == porcupine.Ok
	})
}
