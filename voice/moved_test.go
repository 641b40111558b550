package voice_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice"
)

// TestLargeStateMoves: a call goes on with as much state as Call.Save takes.
func TestLargeStateMoves(t *testing.T) {
	t.Parallel()
	state := bytes.Repeat([]byte("0123456789abcdef"), voice.MaxState/16)
	starts := make(chan voice.Resumed, 10)
	f := newFleet(t, 2, memory(), voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		r, resumed := call.Resumed()
		if !resumed {
			if err := call.Save(state); err != nil {
				return err
			}
		}
		starts <- r
		<-ctx.Done()
		return nil
	})})
	call := f.tw.Dial(caller, callee)
	next(t, starts)
	require.Eventually(t, func() bool {
		op := []policy.Op{{Kind: policy.Read, Space: "leg", Name: call.SID}}
		f.engine.Do(t.Context(), op)
		return len(op[0].Value) > len(state)
	}, patience, time.Millisecond)
	f.Reset(f.holder(call, 1))
	r := next(t, starts)
	require.Equal(t, 2, r.Leg)
	require.Equal(t, len(state), len(r.State))
	call.HangUp()
	require.Equal(t, []string{"completed"}, f.finished(1))
}
