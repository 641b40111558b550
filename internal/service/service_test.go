package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestFaults(t *testing.T) {
	for body, want := range map[string]Fault{
		`{"error":{"message":"no","code":"invalid_api_key","type":"x"}}`:  {"invalid_api_key", "no"},
		`{"error":{"message":"no","code":null,"type":"x"}}`:               {"x", "no"},
		`{"error":{"message":"no","code":429}}`:                           {"429", "no"},
		`{"error":"busy"}`:                                                {"", "busy"},
		`{"detail":"no voice"}`:                                           {"", "no voice"},
		`{"detail":[{"loc":["body"],"msg":"required","type":"missing"}]}`: {"missing", "required"},
		`{"detail":{"error":"validation_error","message":"no"}}`:          {"", "no"},
		`{"message":"oops"}`:                                              {"", "oops"},
		`{}`:                                                              {}, `[]`: {"", "[]"}, ` plain `: {"", "plain"}, ``: {}, `{"error":7}`: {}, `{"error":[]}`: {}, `null`: {},
	} {
		assert.Equal(t, want, ReadFault([]byte(body)), body)
	}
	for status, kind := range map[int]Kind{200: Fine, 204: Fine, 301: Refused, 400: Refused, 401: Auth, 402: Quota, 403: Auth, 404: Refused, 408: Timeout, 413: BadInput, 429: Overloaded, 500: Unavailable, 504: Timeout, 599: Unavailable} {
		assert.Equal(t, kind, Status(status), status)
	}
}

func FuzzReadFault(f *testing.F) {
	f.Add([]byte(`{"error":{"message":"no","code":"x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) { ReadFault(body) })
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		answer := error(nil)
		h := NewHealth(10*time.Second, func(ctx context.Context) error {
			asked++
			select {
			case <-time.After(time.Second):
				return answer
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		assert.False(t, h.Good())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, h.Ask(ctx), context.Canceled)
		assert.False(t, h.Good())
		for range 5 {
			go h.Check(t.Context())
		}
		require.NoError(t, h.Check(t.Context()))
		assert.True(t, h.Good())
		assert.Equal(t, 2, asked)
		answer = errors.New("down")
		require.NoError(t, h.Check(t.Context()))
		time.Sleep(10 * time.Second)
		require.ErrorIs(t, h.Check(t.Context()), answer)
		assert.False(t, h.Good())
		synctest.Wait()
	})
}
