package secret_test

import (
	"fmt"
	"io"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/secret"
)

// An error of package stt keeps its kind, and nothing secret.
func TestSecrets(t *testing.T) {
	s := secret.Of("kk-kk", &url.URL{User: url.UserPassword("", "pass-w")})
	in := &stt.Error{Engine: "e", Op: "o", Kind: stt.ErrAuth, Code: "kk-kk", Err: fmt.Errorf("pass-w: %w", io.EOF)}
	out := s.Error(in)
	assert.EqualError(t, out, "stt/e: o: credentials refused [key]: [key]: EOF")
	assert.ErrorIs(t, out, stt.ErrAuth)
	assert.Equal(t, "kk-kk", in.Code, "the given error is left as it is")
	same := fmt.Errorf("fine: %w", io.EOF)
	assert.Same(t, same, s.Error(same))
	assert.EqualError(t, s.Error(fmt.Errorf("kk-kk")), "[key]")
	assert.NoError(t, s.Error(nil))
}
