package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/voice/voicetest"
)

// set is environment, and the variables as os.Environ returns them.
func set(pairs ...string) (getenv func(string) string, environ []string) {
	return environment(pairs...), pairs
}

// start runs the server with mistakes, which must keep it from starting, and returns its
// error.
func start(t *testing.T, args []string, pairs ...string) string {
	t.Helper()
	getenv, environ := set(pairs...)
	var out bytes.Buffer
	err := run(t.Context(), args, getenv, &out, &out, environ...)
	require.ErrorContains(t, err, "nothing was started")
	require.Empty(t, out.String(), "something was started, or an error told twice")
	return err.Error()
}

// TestOneListForAllMistakes of flags and variables, in their own names, those that the
// packages find too, and no secret in it.
func TestOneListForAllMistakes(t *testing.T) {
	phrases := filepath.Join(t.TempDir(), "phrases.txt")
	require.NoError(t, os.WriteFile(phrases, []byte("room 12\n\nplan 9\n"), 0o600))
	list := start(t, []string{"-stay", "-addr", "localhost", "serve"},
		"TWILIO_AUTHTOKEN=canary", "TWILIO_ACCOUNT_SID=AC12", "TWILIO_API_KEY=canarycanary", "TWILIO_API_SECRET=canary canary",
		"PUBLIC_URL=https://canary:canary@calls.example.com/?token=canary", "STT=openai", "STT_KEY=canary", "STT_URL=https://canary:canary@stt.example.com/?key=canary",
		"STT_PHRASES="+phrases, "CALLS_PER_HOUR_LIMITS=5", "CALLS_PER_HOUR_LIMIT=canarycanarycanary", "BLOCKED_NUMBER=+14155550100", "BLOCKED_NUMBERS=12",
		"MAX_CONCURRENT_CALLS='100'", "MAX_CALL_DURATION=25h", "BUSINESS_HOURS=always", "OUTBOUND_COUNTRIES=UK", "OUTBOUND_CPS=0", "TWILIO_NUMBER=1415",
		"ADMIN_TOKENS=canary", "ADMIN_ADDR=:http s", "SESSION_KEYS=canary", "REDIS_URL=redis://:canary@", "INSTANCES=x", "LOG_FORMAT=canarycanarycanary",
		"TRUSTED_PROXIES=canarycanarycanary",
	)
	for _, want := range []string{
		`flags: "serve" is not one`, "-stay: goes with -demo", "-addr: is not of the form", "TWILIO_AUTH_TOKEN: is missing",
		"TWILIO_AUTHTOKEN: is not read; is TWILIO_AUTH_TOKEN meant?", "CALLS_PER_HOUR_LIMITS: is not read; is CALLS_PER_HOUR_LIMIT meant?",
		"BLOCKED_NUMBER: is not read; is BLOCKED_NUMBERS meant?", "TWILIO_ACCOUNT_SID: is not AC", "TWILIO_API_KEY: is not the SID of an API key",
		"TWILIO_API_SECRET: has blanks", "PUBLIC_URL: has a query", "STT_URL: has a query", "CALLS_PER_HOUR_LIMIT: a value of 18 characters",
		`BLOCKED_NUMBERS: "12" is not a number`, "MAX_CONCURRENT_CALLS: is in quotes", "MAX_CALL_DURATION: is negative or more than a day", "BUSINESS_HOURS: ",
		`OUTBOUND_COUNTRIES: "UK" is not a country`, "OUTBOUND_CPS: no call can be placed", `TWILIO_NUMBER: "1415" is not a number`, "ADMIN_TOKENS: ", "ADMIN_ADDR: has no port",
		"SESSION_KEYS: ", "REDIS_URL: ", "INSTANCES: ", "LOG_FORMAT: ", "TRUSTED_PROXIES: ",
	} {
		require.Contains(t, list, "\n"+want)
	}
	require.NotContains(t, list, "canary")
	require.NotContains(t, list, "Options.")
	require.NotContains(t, list, "AuthTokens")
	lines := map[string]bool{}
	for line := range strings.Lines(list) {
		name, _, _ := strings.Cut(line, ":")
		require.False(t, lines[name], "%s is told twice", name)
		lines[name] = true
	}
}

// TestNoSecretInAnyMistake: a token that was pasted into any variable, alone, in a list, as
// either side of a pair, in other letters.
func TestNoSecretInAnyMistake(t *testing.T) {
	t.Chdir(t.TempDir()) // for the directories that it names
	const token = "admin-Canary7f3aCanary9b1cCanary"
	rest := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT=off", "METRICS_ADDR=off",
		"TWILIO_ACCOUNT_SID=" + voicetest.AccountSID, "TWILIO_API_KEY=" + voicetest.APIKey, "TWILIO_API_SECRET=" + voicetest.APISecret, "TWILIO_NUMBER=+14155550199"}
	check := func(pairs ...string) {
		getenv, environ := set(append(slices.Clone(rest), pairs...)...)
		var out bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := run(ctx, []string{"-addr", "127.0.0.1:0"}, getenv, &out, &out, environ...); err != nil {
			out.WriteString(err.Error())
		}
		require.NotContains(t, strings.ToLower(out.String()), "canary7f3a", "%q", pairs)
	}
	for _, value := range []string{ // in all variables at once
		token, strings.ToLower(token), "https://" + token + "/" + token + "?" + token, token + "=1", "+1900*," + token + "*",
		"inbound=" + token, "Mon-Fri " + token, token + " 09:00-17:00", "10.0.0.0/8," + token, ":" + token, token + ":80:80", "redis://:" + token + "@",
		strings.Repeat(token, 10), "sip:" + token + "@h:1", `"` + token, token + `"`, token + "\n" + token, "id:" + token + "=x", "webhooks_sharedkey_1=" + token + "'",
	} {
		var pairs []string
		for _, v := range variables {
			pairs = append(pairs, v.name+"="+value)
		}
		check(pairs...)
	}
	for _, v := range variables { // in one, so that the others let it get further
		check(v.name + "=" + token)
	}
	for _, pair := range []string{"ADMIN_ADDR=" + strings.Repeat(token, 3) + ":9464", "METRICS_ADDR=" + strings.Repeat(token, 3) + ":9464", "OUTBOUND_COUNTRIES=US," + token, "OUTBOUND_CAPS=*=" + token} {
		check(pair)
	}
	var m mistakes
	m.adopt("X", errors.New(`voice: SharedKeyPins["webhooks_sharedkey_1"].Algorithm "x" is neither`))
	require.EqualError(t, m.err(), `TWILIO_SHARED_KEYS: "x" is neither (key webhooks_sharedkey_1)`)
	m = nil
	m.adopt("X", errors.New("signature: SharedKeys[my id] is empty"))
	require.EqualError(t, m.err(), `TWILIO_SHARED_KEYS: is empty (key "my id")`)
}

// TestHarmlessValuesAreShown: an operator finds the mistake by them. What else is long may
// be a secret, also where it has separators.
func TestHarmlessValuesAreShown(t *testing.T) {
	base := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT=off", "METRICS_ADDR=off"}
	for pair, want := range map[string]string{
		"PUBLIC_URL=calls.example.com":              "PUBLIC_URL: is not a URL such as https://calls.example.com",
		"STT_PHRASES=/etc/dialtone/phrases.txt":     "STT_PHRASES: open /etc/dialtone/phrases.txt: no such file",
		"BUSINESS_TZ=Europe/Kopenhagen":             `BUSINESS_TZ: "Europe/Kopenhagen" is not a time zone`,
		"BUSINESS_HOURS=Mo-Fr 09:00-17:00":          `BUSINESS_HOURS: hours "Mo-Fr 09:00-17:00": "Mo-Fr" is not a day`,
		"TRUSTED_PROXIES=2001:db8:1234:5678::1":     `TRUSTED_PROXIES: "2001:db8:1234:5678::1" is not a prefix`,
		"RATES=inbound=0.0085,recordings=0.0025":    `RATES: "recordings=0.0025" is not a rate`,
		"BLOCKED_NUMBERS=+14155550100;+14155550101": `BLOCKED_NUMBERS: "+14155550100;+14155550101" is not a number`,
		"BUSINESS_TZ=session:key.of-canary1234five": "BUSINESS_TZ: a value of 29 characters",
		"BUSINESS_TZ=redis://:canary@redis.prod:63": "BUSINESS_TZ: a value of 29 characters",
		"BUSINESS_TZ=correct-horse-canary-staple":   "BUSINESS_TZ: a value of 27 characters",
		"BUSINESS_TZ=CaNaRy/KeYs+OfAl/BaSe":         "BUSINESS_TZ: a value of 21 characters",
		"ADMIN_TOKENS=ops.canary.example.com":       "ADMIN_TOKENS: entry 1",
	} {
		name, _, _ := strings.Cut(pair, "=")
		others := slices.DeleteFunc(slices.Clone(base), func(other string) bool { return strings.HasPrefix(other, name+"=") })
		list := start(t, nil, append(others, pair)...)
		require.Contains(t, list, "\n"+want)
		require.NotContains(t, list, "canary", pair)
	}
	// The same is hidden where it is what a secret variable has.
	list := start(t, nil, append(base, "BUSINESS_TZ=calls/of/a/canary", "SESSION_KEYS=calls/of/a/canary")...)
	require.Contains(t, list, "BUSINESS_TZ: a value of 17 characters")
}

// TestMistakesThatGoTogether: what is fine alone, and not with what else is set.
func TestMistakesThatGoTogether(t *testing.T) {
	base := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT=off"}
	rest := append(base, "TWILIO_ACCOUNT_SID="+voicetest.AccountSID, "TWILIO_API_KEY="+voicetest.APIKey, "TWILIO_API_SECRET="+voicetest.APISecret)
	for want, pairs := range map[string][]string{
		"INSTANCES: 3 instances share nothing":                        append(base, "INSTANCES=3"),
		"OUTBOUND_CAPS: 20 minutes a day to * are fewer":              append(rest, "OUTBOUND_COUNTRIES=US", "TWILIO_NUMBER=+14155550199", "OUTBOUND_CAPS=*=5/20", "MAX_CALL_DURATION=30m"),
		"TWILIO_API_KEY: is missing, and OUTBOUND_COUNTRIES needs it": append(base, "OUTBOUND_COUNTRIES=US", "TWILIO_NUMBER=+14155550199"),
		"TWILIO_NUMBER: is missing, and OUTBOUND_COUNTRIES needs it":  append(rest, "OUTBOUND_COUNTRIES=US"),
		"ADMIN_ADDR: is where callers are answered":                   append(base, "ADMIN_ADDR=127.0.0.1:8080"),
		"METRICS_ADDR: is where callers are answered":                 append(base, "METRICS_ADDR=0.0.0.0:8080"),
		"METRICS_ADDR: cannot be listened on beside ADMIN_ADDR":       append(base, "METRICS_ADDR=:9000", "ADMIN_ADDR=127.0.0.1:9000"),
		"METRICS_ADDR: is not of the form host:port":                  append(base, "METRICS_ADDR=on"),
		"STT_KEY: STT=deepgram needs one":                             append(base, "STT=deepgram"),
		"STT_URL: is not an http or https URL":                        append(base, "STT=openai", "STT_URL=ftp://example.com"),
		"TWILIO_AUTH_TOKEN: has a line break in it (number 1 of":      append(base, "TWILIO_AUTH_TOKEN="+voicetest.AuthToken+",a\nb"),
		"PUBLIC_URL: is to be without /api/voice/twilio":              append(base, "PUBLIC_URL=https://calls.example.com/api/voice/twilio/inbound"),
	} {
		require.Contains(t, start(t, nil, pairs...), "\n"+want)
	}
}

// TestPhrasesAreInTheList: the words that the speech engine cannot say, too.
func TestPhrasesAreInTheList(t *testing.T) {
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx pocketsphinx-en-us")
	phrases := filepath.Join(t.TempDir(), "phrases.txt")
	require.NoError(t, os.WriteFile(phrases, []byte("room 12\nда\nplan ж\n"), 0o600))
	list := start(t, nil, "PUBLIC_URL="+voicetest.PublicURL, "STT_PHRASES="+phrases)
	for _, want := range []string{"TWILIO_AUTH_TOKEN: is missing", `STT_PHRASES: phrase 1: "да"`, `STT_PHRASES: phrase 2: "ж"`} {
		require.Contains(t, list, "\n"+want)
	}
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-demo"}, environment("STT=magic"), &out, &out), "STT: ")
}

// TestNearlyKnownNames: plausible ones are told, ordinary environments have none.
func TestNearlyKnownNames(t *testing.T) {
	for name, meant := range map[string]string{
		"TWILIO_AUTHTOKEN": "TWILIO_AUTH_TOKEN", "twilio_auth_token": "TWILIO_AUTH_TOKEN", "TWILIO_TOKEN": "TWILIO_AUTH_TOKEN",
		"TWILIO_AUTH_TOKENS": "TWILIO_AUTH_TOKEN", "TWILO_AUTH_TOKEN": "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_ID": "TWILIO_ACCOUNT_SID",
		"TWILIO_API_KEY_SID": "TWILIO_API_KEY", "TWILIO_PHONE_NUMBER": "TWILIO_NUMBER", "CALLS_PER_HOUR_LIMITS": "CALLS_PER_HOUR_LIMIT",
		"BLOCKED_NUMBER": "BLOCKED_NUMBERS", "BLOKCED_NUMBERS": "BLOCKED_NUMBERS", "MAX_CALLS_DURATION": "MAX_CALL_DURATION",
		"MAX_CONCURENT_CALLS": "MAX_CONCURRENT_CALLS", "ADMIN_TOKEN": "ADMIN_TOKENS", "SESSION_KEY": "SESSION_KEYS", "REDIS_URI": "REDIS_URL",
		"CALLS_PER_HOUR": "CALLS_PER_HOUR_LIMIT", "CALL_PER_HOUR": "CALLS_PER_HOUR_LIMIT", "RATE_LIMIT": "CALLS_PER_HOUR_LIMIT", "MAX_CALLS_PER_HOUR": "CALLS_PER_HOUR_LIMIT",
		"MAX_CALLS": "MAX_CONCURRENT_CALLS", "MAX_CONCURRENT": "MAX_CONCURRENT_CALLS", "CONCURRENT_CALLS": "MAX_CONCURRENT_CALLS", "max-calls": "MAX_CONCURRENT_CALLS",
		"MAX_DURATION": "MAX_CALL_DURATION", "CALL_DURATION": "MAX_CALL_DURATION", "CALL_TIMEOUT": "MAX_CALL_DURATION", "MAX_CALL_LENGTH": "MAX_CALL_DURATION",
		"STT_LANGUAGE": "STT_MODEL", "STT_LANG": "STT_MODEL", "STT_ENGINE": "STT", "STT_PROVIDER": "STT", "STT_API_KEY": "STT_KEY", "DEEPGRAM_API_KEY": "STT_KEY",
		"STT_PHRASES_FILE": "STT_PHRASES", "STT_SERVER_URL": "STT_URL", "BLOCK_LIST": "BLOCKED_NUMBERS", "BLOCKLIST": "BLOCKED_NUMBERS", "OPENING_HOURS": "BUSINESS_HOURS",
		"BUSINESS_TIMEZONE": "BUSINESS_TZ", "RECORD_CALLS": "TWILIO_RECORD_CALLS", "AUTH_TOKEN": "TWILIO_AUTH_TOKEN", "ACCOUNT_SID": "TWILIO_ACCOUNT_SID",
		"DIALTONE_PUBLIC_URL": "PUBLIC_URL", "BASE_URL": "PUBLIC_URL", "OUTBOUND_LIMITS": "OUTBOUND_CAPS", "CALLS_PER_SECOND": "OUTBOUND_CPS", "ALLOWED_COUNTRIES": "OUTBOUND_COUNTRIES",
		"MONTHLY_BUDGET": "BUDGET", "ADMIN_PASSWORD": "ADMIN_TOKENS", "ADMIN_ADDRESS": "ADMIN_ADDR", "METRICS_ADDRESS": "METRICS_ADDR", "REDIS_ADDR": "REDIS_URL",
		"REPLICA_COUNT": "INSTANCES", "LOG_JSON": "LOG_FORMAT", "MASK_NUMBERS": "LOG_NUMBERS", "SHARED_KEYS": "TWILIO_SHARED_KEYS", "TRUST_PROXY": "TRUSTED_PROXIES",
		"TWILIO_FROM_NUMBER": "TWILIO_NUMBER", "PUBLIC-URL": "PUBLIC_URL", "BUSINESS_HOUR": "BUSINESS_HOURS", "TWILIO_RECORD_CALL": "TWILIO_RECORD_CALLS",
	} {
		found := misspelled([]string{name + "=canary"})
		require.Len(t, found, 1, name)
		require.Equal(t, name+": is not read; is "+meant+" meant?", found[0].Error())
	}
	require.Empty(t, misspelled([]string{
		"", "=", "PATH=/bin", "HOME=/", "HOSTNAME=x", "LANG=C", "TZ=UTC", "PORT=80", "URL=x", "STT=off", "RATE=1", "INSTANCE=web-1", "INSTANCE_ID=i", "BUDGETS=1",
		"REDIS_PORT=1", "REDIS_HOST=x", "REDIS_SERVICE_HOST=x", "STT_PORT=1", "STT_SERVICE_PORT=1", "TWILIO_REGION=ie1", "TWILIO_EDGE=dublin",
		"LOG_LEVEL=debug", "LOG_FILE=x", "PUBLIC_IP=1", "ADMIN_EMAIL=a@b", "ADMIN_PORT=1", "SESSION_SECRET=x", "MAX_CONNECTIONS=1",
		"KUBERNETES_SERVICE_HOST=x", "PUBLIC_URL=x", "TRUSTED_HOSTS=x", "GODEBUG=x", "DATABASE_URL=x",
	}))
}

// TestStart: the log shows which limits hold, what is off, and what is hardly meant.
func TestStart(t *testing.T) {
	pairs := []string{
		"TWILIO_AUTH_TOKEN=SK0123456789abcdef0123456789abcdef", "PUBLIC_URL=https://10.0.0.7", "STT=off", "STT_URL=wss://stt.example.com/?key=canary",
		"CALLS_PER_HOUR_LIMIT=7", "MAX_CONCURRENT_CALL=3", "TRUSTED_PROXIES=0.0.0.0/0", "ADMIN_TOKENS=" + admin.Generate(), "BLOCKED_NUMBERS=+1900*", "METRICS_ADDR=off",
	}
	getenv, environ := set(pairs...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var log bytes.Buffer
	require.NoError(t, run(ctx, []string{"-addr", "127.0.0.1:0"}, getenv, io.Discard, &log, environ...))
	for _, want := range []string{
		`msg="limits in force" calls_per_hour=7 concurrent_calls=100 call_duration=5m0s`, " blocked=1 ", " hours=always ", " outbound=off ", " stt=off ", " store=memory ", " admin=1 ", " metrics=off ",
		`"MAX_CONCURRENT_CALL: is not read; is MAX_CONCURRENT_CALLS meant?"`, `"STT_URL: is not used with STT=off"`, "TRUSTED_PROXIES: 0.0.0.0/0 is everybody",
		`"PUBLIC_URL: names the host \"10.0.0.7\", an address of a private network`, "the SID of an API key",
	} {
		require.Contains(t, log.String(), want)
	}
	require.NotContains(t, log.String(), "canary")
	require.NotContains(t, log.String(), "0123456789abcdef")
	require.Contains(t, log.String(), "level=WARNING")
	require.NotContains(t, log.String(), "PublicURL")
}
