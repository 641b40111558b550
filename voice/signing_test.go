package voice_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

const sharedKey = "webhooks_sharedkey_01kxabcdefghijklmnopqrstuv"

// tally counts what signatures matched.
type tally struct {
	mu    sync.Mutex
	found map[signature.Result]int
}

func (t *tally) trace() *voice.Trace {
	t.found = map[signature.Result]int{}
	return &voice.Trace{Signature: func(r signature.Result) { t.mu.Lock(); defer t.mu.Unlock(); t.found[r]++ }}
}

func (t *tally) counts() map[signature.Result]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.found)
}

// completes makes a call and reports whether its stream was taken.
func completes(t *testing.T, l *ledger, tw *voicetest.Twilio, options ...voicetest.Option) bool {
	t.Helper()
	before := l.starts()
	call := tw.Dial(caller, callee, options...)
	ended := make(chan error, 1)
	go func() { ended <- call.Wait(t.Context()) }()
	require.Eventually(t, func() bool { return l.starts() > before || len(ended) > 0 }, patience, time.Millisecond)
	took := l.starts() > before
	call.HangUp()
	next(t, ended)
	return took
}

// TestSharedKeys: half of the webhooks of a roll-out are signed with a shared key,
// and their streams' handshakes with it or with the auth token.
func TestSharedKeys(t *testing.T) {
	t.Parallel()
	const secret = "the-secret"
	var l ledger
	var seen tally
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace().Join(seen.trace()), SharedKeys: map[string]string{sharedKey: secret},
		SharedKeyPins: map[string]signature.Pin{sharedKey: {Algorithm: signature.HMACSHA256}}})
	tw := voicetest.New(t, mux)
	by := voicetest.SharedKey
	require.True(t, completes(t, &l, tw))
	require.True(t, completes(t, &l, tw, by(sharedKey, secret, signature.HMACSHA256, voicetest.Webhook, voicetest.Callback)))
	require.True(t, completes(t, &l, tw, by(sharedKey, secret, signature.HMACSHA256)))
	require.Equal(t, map[signature.Result]int{{Key: 0}: 2, {Key: 0, Handshake: true}: 2, // webhook and callback of the first, handshakes of two
		{Key: 0, SharedKey: sharedKey}: 4, {Key: 0, SharedKey: sharedKey, Handshake: true}: 1}, seen.counts())

	require.False(t, completes(t, &l, tw, by(sharedKey, secret, signature.HMACSHA1)), "pinned")
	require.False(t, completes(t, &l, tw, by("another", secret, signature.HMACSHA256)))
	require.False(t, completes(t, &l, tw, by(sharedKey, voicetest.AuthToken, signature.HMACSHA256)), "no fallback")

	// The next key beside it, then alone; and the auth token changes in between.
	const nextToken = "11112222333344445555666677778888"
	require.NoError(t, srv.SetSharedKeys(map[string]string{sharedKey: secret, "next": "the-next"}, nil))
	require.True(t, completes(t, &l, tw, by(sharedKey, secret, signature.HMACSHA1)))
	require.True(t, completes(t, &l, tw, by("next", "the-next", signature.HMACSHA256)))
	require.NoError(t, srv.SetAuthTokens([]string{voicetest.AuthToken, nextToken}))
	require.True(t, completes(t, &l, tw, by("next", "the-next", signature.HMACSHA1)), "SetAuthTokens forgets no key")
	require.ErrorContains(t, srv.SetSharedKeys(map[string]string{"next": ""}, nil), "signature: SharedKeys[next] is empty")
	require.NoError(t, srv.SetSharedKeys(map[string]string{"next": "the-next"}, nil))
	require.False(t, completes(t, &l, tw, by(sharedKey, secret, signature.HMACSHA256)))
	require.True(t, completes(t, &l, tw, by("next", "the-next", signature.HMACSHA1)))
	require.True(t, completes(t, &l, voicetest.New(t, mux, voicetest.Config{AuthToken: nextToken})), "nor SetSharedKeys a token")
}

func TestSharedKeysAreChecked(t *testing.T) {
	config := voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Handler: waiting,
		SharedKeys: map[string]string{"a,b": "secret", "c": " ", "e": `"secret"`}, SharedKeyPins: map[string]signature.Pin{"d": {}, "e": {AccountSID: "US1"}}}
	_, err := voice.New(config)
	for _, part := range []string{`SharedKeys["a,b"]`, "SharedKeys[c] is empty", "SharedKeyPins[d]", "SharedKeys[e] is in quotes", `SharedKeyPins["e"].AccountSID`} {
		require.ErrorContains(t, err, part)
	}
	config.AuthTokens, config.SharedKeys, config.SharedKeyPins = nil, map[string]string{"c": "secret"}, nil
	_, err = voice.New(config)
	require.ErrorContains(t, err, "AuthTokens is empty")
	config.SharedKeys["c"] = "canary"
	require.NotContains(t, slog.AnyValue(config).Resolve().String(), "canary")
}

// TestSchemeInCapitals: the stream's URL is ours to write, so its scheme is not.
func TestSchemeInCapitals(t *testing.T) {
	srv, err := voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: "HTTPS://calls.example.com", Handler: waiting})
	require.NoError(t, err)
	defer srv.Shutdown(t.Context())
	for _, given := range []string{"HTTPS://calls.example.com", "https://calls.example.com"} {
		tw := voicetest.New(t, srv, voicetest.Config{PublicURL: given})
		call := tw.Dial(caller, callee)
		require.Regexp(t, "^wss://calls.example.com/", streamURL(t, call))
		call.HangUp()
	}
}

// TestFullServerTellsOnlyTwilio: who has no signature, or no token, does not learn
// that every place is taken.
func TestFullServerTellsOnlyTwilio(t *testing.T) {
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, MaxStreams: 1, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	second := tw.Dial(caller, callee, voicetest.Unsigned(voicetest.Handshake)) // leaves its token unused
	unused := streamURL(t, second)
	require.NoError(t, second.Wait(t.Context()))
	first := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	handshake := func(at, sig string) int {
		r := httptest.NewRequest("GET", at, nil)
		r.RequestURI = strings.TrimPrefix(at, "wss://calls.example.com")
		r.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, signature.Header: {sig}}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code
	}
	forged := "wss://calls.example.com/api/voice/twilio/stream/x"
	require.Equal(t, 403, handshake(unused, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="))
	require.Equal(t, 403, handshake(unused, ""))
	require.Equal(t, 403, handshake(forged, signature.Sign(voicetest.AuthToken, forged, nil)))
	require.Equal(t, 503, handshake(unused, signature.Sign(voicetest.AuthToken, unused, nil)))
	require.Equal(t, 1, srv.Stats().Streams)
	first.HangUp()
	require.Eventually(t, func() bool { return srv.Stats().Streams == 0 }, patience, time.Millisecond)

	// It was not full of itself: the token is still good.
	third := tw.Dial(caller, callee, voicetest.ReplayedStream(unused), voicetest.EditMessage(claim(second.SID)))
	require.Eventually(t, func() bool { return l.starts() == 2 }, patience, time.Millisecond)
	third.HangUp()
}

// TestStrangersCannotFillTheLog sends a thousand requests to every route, at one
// moment.
func TestStrangersCannotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		_, mux := newHost(t, voice.Config{Handler: waiting, MaxStreams: 1, STT: &sick{}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for range 1000 {
			for _, method := range []string{"GET", "POST", "PUT"} {
				for _, path := range []string{"inbound", "status", "challenge/x", "stream/x", "../health"} {
					for _, upgrade := range []string{"", "websocket"} {
						r := httptest.NewRequest(method, "/api/voice/twilio/"+path, strings.NewReader("CallSid=x"))
						if path == "../health" {
							r = httptest.NewRequest(method, "/api/voice/health", nil)
						}
						r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, signature.Header: {"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "Upgrade": {upgrade}}
						mux.ServeHTTP(httptest.NewRecorder(), r)
					}
				}
			}
		}
		require.Equal(t, 10+1, strings.Count(log.String(), "\n"), "ten refusals, and the engine's state")
	})
}

// The log names the account that is refused, and what signed it.
func TestRefusedAccountIsNamed(t *testing.T) {
	var log bytes.Buffer
	_, mux := newHost(t, voice.Config{Handler: waiting, AccountSIDs: []string{"AC11111111111111111111111111111111"}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	tw := voicetest.New(t, mux)
	require.Error(t, dialled(t, tw))
	require.Contains(t, log.String(), `reason=account detail="account `+voicetest.AccountSID+` is not one of AccountSIDs; auth token 0 signed it"`)
}

// patient is an engine whose check takes a second.
type patient struct {
	stttest.Engine
	checks chan struct{}
}

func (p *patient) Check(context.Context) error {
	p.checks <- struct{}{}
	time.Sleep(time.Second)
	return errors.New("not yet")
}

// TestHealthAsksTheEngineOnce however many ask for it.
func TestHealthAsksTheEngineOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &patient{checks: make(chan struct{}, 1000)}
		_, mux := newHost(t, voice.Config{Handler: waiting, STT: engine})
		var all sync.WaitGroup
		get := func(ctx context.Context) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest("GET", "/api/voice/health", nil).WithContext(ctx))
			return w
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.Equal(t, 503, get(gone).Code) // a check, which goes on
		for range 100 {
			all.Go(func() { require.Equal(t, 503, get(t.Context()).Code) })
		}
		all.Wait()
		require.Len(t, engine.checks, 1)
		time.Sleep(time.Second)
		get(t.Context())
		require.Len(t, engine.checks, 2)
	})
}

// TestRoutesWithoutABodyWaitForNone: net/http would, before and after it answers.
func TestRoutesWithoutABodyWaitForNone(t *testing.T) {
	_, mux := newHost(t, voice.Config{Handler: waiting})
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, request := range []string{"POST /api/voice/twilio/stream/x", "GET /api/voice/health", "POST /api/voice/health"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		io.WriteString(conn, request+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		read := bufio.NewReader(conn)
		answer, err := http.ReadResponse(read, nil)
		require.NoError(t, err)
		io.Copy(io.Discard, answer.Body)
		require.True(t, answer.Close, request)
		_, err = read.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	}
}

// TestFloodOfHalfSentBodies: while strangers leave more bodies half sent than are
// waited for, calls are taken.
func TestFloodOfHalfSentBodies(t *testing.T) {
	var seen tally
	_, mux := newHost(t, voice.Config{Handler: waiting, Trace: seen.trace()})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close) // after the connections are closed
	for range 300 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, "POST /api/voice/twilio/inbound HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\nCallSid=")
	}
	made := signature.Result{Key: -1, Reason: signature.ReasonOverloaded}
	require.Eventually(t, func() bool { return seen.counts()[made] == 300-256 }, patience, time.Millisecond, "those that made room")
	form := url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "AccountSid": {voicetest.AccountSID}, "From": {caller}}
	for range 10 {
		r, err := http.NewRequest("POST", server.URL+"/api/voice/twilio/inbound", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(signature.Header, signature.Sign(voicetest.AuthToken, voicetest.PublicURL+"/api/voice/twilio/inbound", form))
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, 200, answer.StatusCode)
	}
}
