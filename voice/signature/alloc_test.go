//go:build !race

package signature_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

// Under the race detector sync.Pool forgets on purpose.
func TestVerifyAllocatesNothing(t *testing.T) {
	v := newValidator(t, signature.Options{PublicURL: public})
	body, sig := []byte(encode(call)), reference(token, public+"/in", call)
	require.NoError(t, v.VerifyBody(public+"/in", body, sig))
	require.Less(t, testing.AllocsPerRun(100, func() { v.VerifyBody(public+"/in", body, sig) }), 1.0)
}
