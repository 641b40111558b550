package secret_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/secret"
)

func TestSecrets(t *testing.T) {
	u, err := url.Parse("wss://user:pass-w@host/?access_token=a%2Fb&keyterm=room&key=kk-kk&model=nova-3")
	require.NoError(t, err)
	s := secret.Of("the key", u)
	assert.Equal(t, "[key] [key] [key] room [key] nova-3 [key] [key]", s.Text("the key the+key pass-w room a/b nova-3 a%2Fb kk-kk"))
	assert.Len(t, s.Text(strings.Repeat("x", 1000)), 303)
	assert.Equal(t, "?", s.Text("\xff"))
	assert.NotContains(t, fmt.Sprintf("%+v %#v", s, s), "kk-kk")
	same := fmt.Errorf("fine: %w", io.EOF)
	assert.Same(t, same, s.Error(same))
	assert.NoError(t, s.Error(nil))
	assert.EqualError(t, s.Error(errors.New("kk-kk")), "[key]")
	assert.Equal(t, "wss://user@host/?access_token=%5Bkey%5D&key=%5Bkey%5D&keyterm=room&model=nova-3", secret.ShownURL(u.String()))
	assert.Equal(t, "[not a URL]", secret.ShownURL("http://a b:%"))
}

// Secrets are found in any percent-encoding.
func TestSecretsThatAreEncoded(t *testing.T) {
	s := secret.Of("a/b+c d", &url.URL{})
	for _, text := range []string{"a%2fb%2bc%20d", "a%252Fb%252Bc%2520d", "%61/b%2Bc d", "a%2fb+c d"} {
		require.Equal(t, "said [key].", s.Text("said "+text+"."))
	}
	require.Equal(t, "said 50%20", s.Text("said 50%20"))
}

// Secrets are found however a URL writes them, also when one begins with another.
func TestSecretsOfURLs(t *testing.T) {
	for range 20 { // parameters come in any order
		u, err := url.Parse("wss://u:p%40ss%20w@h/?token=abc&access_token=abcdef")
		require.NoError(t, err)
		require.Equal(t, "GET wss://u:[key]@h/?token=[key]&access_token=[key]", secret.Of("", u).Text("GET "+u.String()))
	}
}
