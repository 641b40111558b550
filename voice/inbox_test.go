package voice

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// endsNow is a context that ends with the call, at the moment it is waited for.
type endsNow struct {
	context.Context
	end func()
}

func (e endsNow) Done() <-chan struct{} { e.end(); return e.Context.Done() }

// TestCallThatEndsIsToldAsThat, and not as the context that ends with it: what
// Digits returns must not depend on which of the two is seen first.
func TestCallThatEndsIsToldAsThat(t *testing.T) {
	for range 100 {
		b := newInbox()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := b.next(endsNow{ctx, func() { b.close(); cancel() }}, false)
		require.Equal(t, io.EOF, err)
	}
}
