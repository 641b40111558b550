package wire

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSetMissing(t *testing.T) {
	q := url.Values{"model": {"mine"}, "tag": {""}}
	SetMissing(q, map[string]string{"model": "theirs", "tag": "x", "speed": "", "encoding": "mulaw"})
	require.Equal(t, url.Values{"model": {"mine"}, "tag": {""}, "encoding": {"mulaw"}}, q)
}
