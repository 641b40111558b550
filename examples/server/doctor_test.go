package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"iter"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
	"agentos.dev/dialtone/voice/voicetest"
)

// authority is who signs the certificates of a test.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-1000 * time.Hour),
		NotAfter: time.Now().Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{key, cert}
}

// certify returns a certificate for a name.
func (a *authority) certify(t *testing.T, name string, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: time.Now().Add(-100 * time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// setup is a service, in which a test breaks one thing.
type setup struct {
	environment []string // of the server
	doctors     []string // what the doctor's environment says otherwise
	name        string   // of the certificate
	until       time.Time
	strange     bool // the authority is not known
	closed      bool // nobody listens
	proxy       func(http.Handler) http.Handler
	api         string // the REST API's answer about the number
	geography   string // and about a country
	says        []string
}

// numbers is the REST API's answer about a number.
func numbers(voiceURL, status string) string {
	return `{"incoming_phone_numbers":[{"voice_url":"` + voiceURL + `","voice_method":"POST","voice_fallback_url":"https://x","status_callback":"` + status + `"}]}`
}

// geography is Twilio's answer about a country.
func geography(low, fraud bool) string {
	return fmt.Sprintf(`{"low_risk_numbers_enabled":%t,"high_risk_special_numbers_enabled":false,"high_risk_tollfraud_numbers_enabled":%t}`, low, fraud)
}

// TestDoctorHearsTheSynthesiser: it says a sample.
func TestDoctorHearsTheSynthesiser(t *testing.T) {
	for name, test := range map[string]struct {
		speaker tts.Synthesizer
		want    string
	}{
		"speaks": {&ttstest.Fake{}, "ok    voice     fake begins to speak after"},
		"says nothing": {tts.SynthesizerFunc(func(context.Context, string, tts.Config) iter.Seq2[tts.Chunk, error] {
			return func(func(tts.Chunk, error) bool) {}
		}), "FAIL  voice"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			d := &doctor{c: config{tts: "fake", speaker: test.speaker}, out: &out}
			d.speaker(t.Context())
			require.Contains(t, out.String(), test.want)
		})
	}
}

// TestDoctor: a set-up that works has no finding, and each broken one has its own.
func TestDoctor(t *testing.T) {
	strip := func(header string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Header.Del(header); next.ServeHTTP(w, r) })
		}
	}
	at := func(path string, serve http.HandlerFunc) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, path) {
					serve(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	pause := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/inbound") {
				next.ServeHTTP(w, r) // a stream hijacks its connection
				return
			}
			r.Header.Del("Accept-Encoding")
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.WriteHeader(answer.Code)
			io.WriteString(w, strings.Replace(answer.Body.String(), "<Response>", "<Response><Pause/>", 1))
		})
	}
	for name, s := range map[string]setup{
		"the stream comes late":       {proxy: pause, says: []string{"ok    call"}},
		"all is well":                 {says: []string{"ok    TLS", "ok    signature", "ok    call", "ok    clock", "ok    number", "ok    account"}},
		"a variable is wrong":         {doctors: []string{"MAX_CALL_DURATION=soon"}, says: []string{"FAIL  variables", "MAX_CALL_DURATION"}},
		"the name is not known":       {doctors: []string{"PUBLIC_URL=https://calls.invalid"}, api: numbers("https://calls.invalid/api/voice/twilio/inbound", "https://calls.invalid/api/voice/twilio/status"), says: []string{"FAIL  DNS", "11210"}},
		"nobody listens":              {closed: true, says: []string{"FAIL  TCP", "11202"}},
		"the certificate has expired": {until: time.Now().Add(-time.Hour), says: []string{"FAIL  TLS", "11236"}},
		"it ends soon":                {until: time.Now().Add(49 * time.Hour), says: []string{"warn  TLS", "2 days", "ok    call"}},
		"it is for another name":      {name: "other.example.com", says: []string{"FAIL  TLS", "11235"}},
		"its authority is not known":  {strange: true, says: []string{"FAIL  TLS", "11237"}},
		"another token":               {doctors: []string{"TWILIO_AUTH_TOKEN=0123456789abcdef0123456789abcdef"}, says: []string{"FAIL  call", "11200", "403", "TWILIO_AUTH_TOKEN"}},
		"signatures do not arrive":    {proxy: strip("X-Twilio-Signature"), says: []string{"FAIL  call", "11200", "403"}},
		"upgrades do not arrive":      {proxy: strip("Upgrade"), says: []string{"FAIL  call", "31920", "Upgrade"}},
		"no instance is up":           {proxy: at("/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>502", http.StatusBadGateway) }), says: []string{"FAIL  server", "11200", "502"}},
		"another program answers":     {proxy: at("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "welcome") }), says: []string{"FAIL  server", "leads elsewhere"}},
		"anybody may post":            {proxy: at("/status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }), says: []string{"FAIL  signature", "anybody"}},
		"only the API is passed on":   {proxy: at("/status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }), says: []string{"FAIL  signature", "11200", "404"}},
		"pages instead of TwiML": {proxy: at("/inbound", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html><br>")
		}), says: []string{"FAIL  call", "12102"}},
		"the clock is wrong": {proxy: at("/health", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			io.WriteString(w, `{"status":"ok"}`)
		}), says: []string{"FAIL  clock", "31920", "1h0m"}},
		"the caller may not":            {environment: []string{"BLOCKED_NUMBERS=+14155550100"}, says: []string{"warn  call", "refuses"}},
		"Redis is away":                 {doctors: []string{"REDIS_URL=redis://127.0.0.1:1"}, says: []string{"FAIL  store"}},
		"the speech server is away":     {doctors: []string{"STT=openai", "STT_URL=http://127.0.0.1:1/v1", "STT_MODEL=x"}, says: []string{"FAIL  speech"}},
		"the number's URL is another's": {api: numbers("https://old.example.com/voice", ""), says: []string{"FAIL  number", "11200", "old.example.com", "warn  number", "status callback"}},
		"the number is another's":       {api: `{"incoming_phone_numbers":[]}`, says: []string{"FAIL  number", "21210"}},
		"a country may be dialled":      {doctors: []string{"OUTBOUND_COUNTRIES=DE"}, geography: geography(true, false), says: []string{"ok    geography DE"}},
		"a country may not be dialled":  {doctors: []string{"OUTBOUND_COUNTRIES=DE"}, geography: geography(false, false), says: []string{"FAIL  geography", "21215", "DE"}},
		"fraud may be dialled":          {doctors: []string{"OUTBOUND_COUNTRIES=DE"}, geography: geography(true, true), says: []string{"warn  geography", "fraud"}},
		"nobody says what may be":       {doctors: []string{"OUTBOUND_COUNTRIES=DE"}, geography: "{}", says: []string{"warn  geography", "does not say"}},
		"the synthesiser is away":       {doctors: []string{"TTS=openai", "TTS_URL=http://127.0.0.1:1/v1", "TTS_MODEL=x"}, says: []string{"FAIL  voice"}},
		"the REST API is down":          {api: "503", says: []string{"FAIL  account   the REST API answers 503: see Twilio's status page"}},
		"the key is wrong":              {api: "401", says: []string{"FAIL  account", "20003", "401"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := s.examine(t)
			for _, want := range s.says {
				require.Contains(t, text, want)
			}
			bad := strings.Count(text, "FAIL ")
			require.Equal(t, bad > 0, err != nil, text)
			require.NotContains(t, text, voicetest.AuthToken)
			require.NotContains(t, text, voicetest.APISecret)
			for _, want := range s.says {
				if strings.HasPrefix(want, "FAIL") {
					require.Equal(t, 1, bad, "one thing is wrong, and one is said to be\n%s", text)
					return
				}
			}
			require.Zero(t, bad, text)
		})
	}
}

// examine starts the service and returns what the doctor says about it.
func (s setup) examine(t *testing.T) (string, error) {
	if s.name == "" {
		s.name = "localhost"
	}
	if s.until.IsZero() {
		s.until = time.Now().Add(900 * time.Hour)
	}
	var handler http.Handler
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	us := newAuthority(t)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{us.certify(t, s.name, s.until)}}
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS()
	defer front.Close()
	_, port, _ := strings.Cut(front.Listener.Addr().String(), ":")
	public := "https://localhost:" + port

	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, secret, _ := r.BasicAuth()
		switch {
		case key != voicetest.APIKey || secret != voicetest.APISecret || s.api == "401":
			w.WriteHeader(http.StatusUnauthorized)
		case s.api == "503":
			w.WriteHeader(http.StatusServiceUnavailable)
		case strings.HasSuffix(r.URL.Path, "/DialingPermissions/Countries/DE"):
			io.WriteString(w, s.geography)
		case strings.HasSuffix(r.URL.Path, "/Balance.json"):
			io.WriteString(w, `{"balance":"100.00","currency":"USD"}`)
		case s.api != "":
			io.WriteString(w, s.api)
		default:
			io.WriteString(w, numbers(public+"/api/voice/twilio/inbound", public+"/api/voice/twilio/status"))
		}
	}))
	defer api.Close()

	both := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + public, "STT=off", "TWILIO_ACCOUNT_SID=" + voicetest.AccountSID,
		"TWILIO_API_KEY=" + voicetest.APIKey, "TWILIO_API_SECRET=" + voicetest.APISecret, "TWILIO_NUMBER=+14155550199"}
	c, err := configFromEnv(environment(append(both, s.environment...)...))
	require.NoError(t, err)
	a, err := newApp(t.Context(), c, silent(), nil)
	require.NoError(t, err)
	defer func() {
		ended, end := context.WithCancel(context.Background())
		end()
		a.voice.Shutdown(ended) // without the lame-duck time: no balancer looks
		a.close()
	}()
	back := httptest.NewServer(a.handler)
	defer back.Close()
	target, err := url.Parse(back.URL)
	require.NoError(t, err)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	handler = &httputil.ReverseProxy{Transport: transport, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	if s.proxy != nil {
		handler = s.proxy(handler)
	}
	if s.closed {
		front.Close()
	}

	var out bytes.Buffer
	c, err = configFromEnv(environment(append(both, s.doctors...)...))
	if err != nil {
		err := runDoctor(t.Context(), nil, environment(append(both, s.doctors...)...), &out)
		return out.String(), err
	}
	c.restURL = api.URL
	d := &doctor{c: c, out: &out, hold: 100 * time.Millisecond, roots: x509.NewCertPool()}
	if d.roots.AddCert(us.cert); s.strange {
		d.roots = x509.NewCertPool()
	}
	d.examine(t.Context())
	return out.String(), d.verdict()
}
