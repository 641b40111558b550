package failure_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
)

func TestMain(m *testing.M) { leak.Main(m) }

// The message about a refused key may quote it.
func TestFaultOfAKey(t *testing.T) {
	f := answer.Fault{Code: "invalid_api_key", Message: "Incorrect API key provided: sk-1"}
	assert.NotContains(t, failure.Of(f, "x", "read").Error(), "sk-1")
	assert.ErrorIs(t, failure.Of(f, "x", "read"), stt.ErrAuth)
	assert.ErrorIs(t, failure.Of(answer.Fault{Message: "x"}, "x", "read"), stt.ErrUnavailable)
}

func TestFinal(t *testing.T) {
	for code, want := range map[string]bool{"invalid_api_key": true, "insufficient_quota": true, "session_expired": true, "rate_limit_exceeded": false,
		"server_error": false, "invalid_request_error": false, "": false} {
		assert.Equal(t, want, failure.Final(failure.Of(answer.Fault{Code: code}, "x", "read")), code)
	}
	assert.True(t, failure.Final(failure.Of(answer.Fault{Message: "Session Expired: Maximum session duration exceeded"}, "x", "read")))
}
