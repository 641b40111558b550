package option_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/option"
)

func TestNil(t *testing.T) {
	for _, nothing := range []any{nil, (*int)(nil), (func())(nil), error(nil)} {
		require.True(t, option.Nil(nothing), "%T", nothing)
	}
	for _, something := range []any{0, "", new(int), func() {}, []int(nil), map[int]int(nil)} { // the last two work as they are
		require.False(t, option.Nil(something), "%T", something)
	}
}

// TestKey: what stands around a key goes, and what cannot be one is an error.
func TestKey(t *testing.T) {
	for given, want := range map[string]string{
		"sk-1": "sk-1", "\ufeffsk-1\r\n": "sk-1", "\tsk-1\u00a0\u200b": "sk-1",
	} {
		key := given
		require.NoError(t, option.Key("x: Options.Key", &key))
		require.Equal(t, want, key, "%q", given)
	}
	for given, want := range map[string]string{
		"": "empty", " \r\n": "empty", `"sk-canary"`: "quotes", "'sk-canary": "quotes", "“sk-canary”": "quotes",
		"sk-\ncanary": "line break", "sk-\rcanary": "line break", "Bearer sk-canary": "blanks", "sk-\u00a0canary": "blanks",
		"sk-canar\u0443": "blanks", "sk-\x00canary": "blanks",
	} {
		err := option.Key("x: Options.Key", &given)
		require.ErrorContains(t, err, "x: Options.Key ")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "canar")
	}
}

func TestDuration(t *testing.T) {
	for _, d := range []time.Duration{0, 10 * time.Microsecond, time.Hour} {
		require.NoError(t, option.Duration("Timeout", d))
	}
	require.EqualError(t, option.Duration("Timeout", -time.Second), "Timeout is negative: -1s")
	require.EqualError(t, option.Duration("Timeout", 300), "Timeout is 300ns: a number without a unit counts nanoseconds")
	require.EqualError(t, option.Count("Workers", -2), "Workers is negative: -2")
	require.NoError(t, option.Count("Workers", 0))
}

func TestLogger(t *testing.T) {
	require.NoError(t, option.Logger("Logger", nil))
	require.NoError(t, option.Logger("Logger", slog.Default()))
	require.Error(t, option.Logger("Logger", &slog.Logger{}))
	require.Error(t, option.Logger("Logger", slog.New((*handler)(nil))))
}

type handler struct{ slog.Handler }

func (*handler) Enabled(context.Context, slog.Level) bool { return true }
