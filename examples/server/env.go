package main

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/policy/capacity"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts"
)

// config is what the environment says.
type config struct {
	authTokens  []string
	sharedKeys  map[string]string
	sharedPins  map[string]signature.Pin
	accountSID  string
	apiKey      string
	apiSecret   string
	restURL     string // of the REST API; "" = Twilio's
	publicURL   string
	proxies     []netip.Prefix
	stt         string
	phrases     []string
	sttURL      string
	sttKey      string
	sttModel    string
	tts         string
	ttsVoice    string
	ttsURL      string
	ttsKey      string
	ttsModel    string
	relay       *voice.Relay    // nil = calls go over Media Streams
	speaker     tts.Synthesizer // in the place of the one that tts names
	callsPerHr  int
	blocked     *policy.Numbers
	maxCalls    int
	maxDuration time.Duration
	hours       *policy.Hours
	hoursText   string
	record      bool
	outboundCPS int
	outboundTo  []string
	caps        []outbound.Cap
	number      string
	budget      *capacity.Budget // nil = none
	adminTokens []admin.Token
	adminAddr   string
	metricsAddr string // "off", "public", or an address, which may be adminAddr
	metricsAny  bool   // nobody named metricsAddr: a free port will do
	sessionKeys [][]byte
	redisURL    string
	natsURL     string

	natsReplicas int
	storeWait    time.Duration // for the store's answers; 0 = the usual
	callerLimits map[string]int
	instances    int
	historyDays  int             // 0 = nothing is remembered
	sttWorkers   int             // 0 = the engine's own number
	vadThreshold float64         // 0 = the engine's own
	vadSilence   time.Duration   // 0 = the engine's own
	journal      journal.Options // without a Dir nothing is recorded
	logLevel     slog.Level
	logJSON      bool
	logNumber    func(string) string
	doubts       []mistake // what can work and is hardly meant
}

// variable documents one environment variable.
type variable struct{ name, fallback, help string }

// variables is what -h prints.
var variables = []variable{
	{"TWILIO_AUTH_TOKEN", "", "auth token, or several separated by commas while rotating; required"},
	{"TWILIO_SHARED_KEYS", "", "shared keys of Twilio's Webhooks configuration API, as id=secret or, to accept one algorithm only, id:HMAC_SHA256=secret; separated by commas"},
	{"TWILIO_ACCOUNT_SID", "", "the only account whose calls are taken; needed with an API key"},
	{"TWILIO_API_KEY", "", "SID of an API key, to hang up and to place calls by REST"},
	{"TWILIO_API_SECRET", "", "secret of the API key"},
	{"PUBLIC_URL", "", "how Twilio reaches this server, as https://calls.example.com; required"},
	{"TRUSTED_PROXIES", "", "prefixes of proxies whose X-Forwarded-For tells who sends a wrong admin token, separated by commas"},
	{"STT", "pocketsphinx", "speech engine: " + strings.Join(engines, ", ")},
	{"STT_PHRASES", "", "file with the phrases that callers may say; built-in list if empty"},
	{"STT_URL", "", "URL of the engine's server; for openai that of a local one, with its /v1"},
	{"STT_KEY", "", "API key of the engine's service"},
	{"STT_MODEL", "", "model of the engine's server"},
	{"STT_WORKERS", "0", "utterances recognised at once by STT=pocketsphinx (0 = one a core) or openai (0 = 20)"},
	{"VAD_THRESHOLD", "", "probability that begins speech, above 0 and below 1, with STT=pocketsphinx and openai: a lower one hears quieter callers and more noise; 0.5 if empty"},
	{"VAD_SILENCE", "", "silence that ends an utterance with them, as 400ms: a shorter one answers sooner and cuts more callers off; 240ms or 280ms if empty"},
	{"TTS", recorded, "what speaks: " + strings.Join(synthesizers, ", ") + "; local is flite or espeak"},
	{"TTS_VOICE", "", "its voice; its own if empty"},
	{"TTS_URL", "", "URL of its server; for openai that of a local one, with its /v1"},
	{"TTS_KEY", "", "API key of its service"},
	{"TTS_MODEL", "", "its model; deepgram has it in the voice"},
	{"RELAY", "false", "have calls go over Twilio's ConversationRelay, which hears and speaks in the place of STT and TTS"},
	{"RELAY_LANGUAGE", "", "its language, as en-US; Twilio's own if empty"},
	{"RELAY_TTS", "", "its provider of speech, as Google, Amazon or ElevenLabs; Twilio's own if empty"},
	{"RELAY_VOICE", "", "its voice; the provider's own if empty"},
	{"RELAY_STT", "", "its recogniser, as Deepgram or Google; Twilio's own if empty"},
	{"RELAY_RECONNECT", "true", "have Twilio connect again when a connection breaks"},
	{"CALLS_PER_HOUR_LIMIT", "10", "calls that one number may make in an hour; 0 = no limit"},
	{"BLOCKED_NUMBERS", "", "numbers, or prefixes such as +1900*, separated by commas"},
	{"MAX_CONCURRENT_CALLS", "100", "calls at once, the account's limit; 0 = no limit"},
	{"MAX_CALL_DURATION", "5m", "longest call"},
	{"BUSINESS_HOURS", "", "when calls are taken, as Mon-Fri 09:00-17:00; always if empty"},
	{"BUSINESS_TZ", "UTC", "time zone of the business hours"},
	{"TWILIO_RECORD_CALLS", "false", "have Twilio record every call"},
	{"TWILIO_NUMBER", "", "the number that outbound calls come from"},
	{"OUTBOUND_CPS", "1", "outbound calls per second"},
	{"OUTBOUND_COUNTRIES", "", "countries that may be called, as US,CA; none if empty"},
	{"OUTBOUND_CAPS", "*=60/600", "calls an hour and minutes a day to *, a country or a prefix, as *=60/600,DE=20/100,+4930*=5/-"},
	{"BUDGET", "", "dollars for a month's calls; an instance that has spent them since its start places no more calls; none if empty"},
	{"RATES", "", "dollars a minute, as inbound=0.0085,outbound=0.014,stream=0.004,stt=0.02,recording=0.0025; what is not named is as in package capacity"},
	{"ADMIN_TOKENS", "", "bearer tokens of the /admin routes, as [label=]token[@scope], separated by commas; a token is admin- and 32 random hexadecimal digits"},
	{"ADMIN_ADDR", "", "where /admin is served alone, as 127.0.0.1:9465; beside the calls if empty"},
	{"METRICS_ADDR", "127.0.0.1:9464", "where /metrics and /autoscale are served alone; if empty with an ADMIN_ADDR, there; if empty and taken, on a free port of loopback; public = beside the calls, off = nowhere"},
	{"SESSION_KEYS", "", "keys of session tokens, separated by commas; derived from the auth tokens if empty"},
	{"CALLER_LIMITS", "", "limits of single callers instead of CALLS_PER_HOUR_LIMIT, as +14155550100=50,+1212*=20,sip:*@pbx.example.com=-; - is any number"},
	{"HISTORY_DAYS", "30", "days that each instance remembers who called and what was decided, for /admin/history; 0 = nothing"},
	{"REDIS_URL", "", "Redis that several instances share: limits, lists, used tokens, ends of calls; redis://, rediss://, redis+cluster:// or redis+sentinel://; in memory if empty"},
	{"NATS_URL", "", "NATS servers with JetStream that several instances share instead, as nats://a:4222,nats://b:4222"},
	{"NATS_REPLICAS", "1", "on how many NATS servers the bucket is, when it is made: 1, 3 or 5"},
	{"INSTANCES", "1", "instances that share the Redis or NATS; while it is away, each allows its share of the limits"},
	{"JOURNAL_DIR", "", "directory of the journals: a file for each call, with its webhooks, messages and what was recognised, to attach to a bug and to replay by examples/phone; none if empty"},
	{"JOURNAL_KEEP", "", "what the journals keep that is left out otherwise: audio (3 MB a minute), speech (what is said, as text), numbers, digits; separated by commas"},
	{"JOURNAL_FILES", "1000", "how many journals there are at most: for one more the oldest is removed"},
	{"LOG_FORMAT", "text", "text or json"},
	{"LOG_LEVEL", "info", "debug, info, warning or error; debug tells once in 5 s what audio arrives in each call, and what is sent"},
	{"LOG_NUMBERS", "full", "phone numbers in the log: full, mask or hash"},
}

// What METRICS_ADDR says besides an address.
const (
	metricsOff    = "off"
	metricsPublic = "public"
)

//go:embed phrases.txt
var builtinPhrases string

// env reads variables and collects what is wrong with them.
type env struct {
	get func(string) string
	mistakes
}

// quotes refuses values that are still in quotes, whatever they are.
func (e *env) quotes() {
	for _, v := range variables {
		if value := strings.TrimSpace(e.get(v.name)); unquoted(value) != value {
			e.wrong(v.name, "is in quotes, which are part of the value: docker run --env-file keeps them, unlike a shell")
		}
	}
}

func unquoted(value string) string {
	if last := len(value) - 1; last > 0 && (value[0] == '"' || value[0] == '\'') && value[last] == value[0] {
		return value[1:last]
	}
	return value
}

// text returns the value of a variable, or what stands for it. Quotes have been told.
func (e *env) text(name string) string {
	if value := unquoted(strings.TrimSpace(policy.Visible(e.get(name)))); value != "" {
		return value
	}
	i := slices.IndexFunc(variables, func(v variable) bool { return v.name == name })
	return variables[i].fallback
}

func (e *env) list(name string) []string {
	var values []string
	for value := range strings.SplitSeq(e.text(name), ",") {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}

func (e *env) number(name string) int {
	n, err := strconv.Atoi(e.text(name))
	if err != nil || n < 0 {
		e.wrong(name, "%s is not a whole number from 0", shown(e.text(name)))
	}
	return n
}

func (e *env) duration(name string) time.Duration {
	d, err := time.ParseDuration(e.text(name))
	if err != nil || d <= 0 {
		e.wrong(name, "%s is not a duration such as 5m", shown(e.text(name)))
	}
	return d
}

func (e *env) truth(name string) bool {
	b, err := strconv.ParseBool(e.text(name))
	if err != nil {
		e.wrong(name, "%s is neither true nor false", shown(e.text(name)))
	}
	return b
}

func (e *env) choice(name string, choices ...string) string {
	value := e.text(name)
	if !slices.Contains(choices, value) {
		e.wrong(name, "%s is none of %s", shown(value), strings.Join(choices, ", "))
	}
	return value
}

// configFromEnv reads the configuration, or returns every mistake in it, also those that
// the packages would find, in the names of the variables. The values of secrets do not
// appear in errors. environ, if given, are all variables that are set: one whose name is
// nearly that of another is told, too.
func configFromEnv(get func(string) string, environ ...string) (config, error) {
	e := &env{get: get}
	e.quotes()
	c := config{
		authTokens:  e.list("TWILIO_AUTH_TOKEN"),
		accountSID:  e.text("TWILIO_ACCOUNT_SID"),
		apiKey:      e.text("TWILIO_API_KEY"),
		apiSecret:   e.text("TWILIO_API_SECRET"),
		publicURL:   strings.TrimSuffix(e.text("PUBLIC_URL"), "/"),
		stt:         e.choice("STT", engines...),
		sttURL:      e.text("STT_URL"),
		sttKey:      e.text("STT_KEY"),
		sttModel:    e.text("STT_MODEL"),
		tts:         e.choice("TTS", synthesizers...),
		ttsVoice:    e.text("TTS_VOICE"),
		ttsURL:      e.text("TTS_URL"),
		ttsKey:      e.text("TTS_KEY"),
		ttsModel:    e.text("TTS_MODEL"),
		callsPerHr:  e.number("CALLS_PER_HOUR_LIMIT"),
		maxCalls:    e.number("MAX_CONCURRENT_CALLS"),
		maxDuration: e.duration("MAX_CALL_DURATION"),
		record:      e.truth("TWILIO_RECORD_CALLS"),
		outboundCPS: e.number("OUTBOUND_CPS"),
		outboundTo:  e.list("OUTBOUND_COUNTRIES"),
		number:      e.text("TWILIO_NUMBER"),
		instances:   e.number("INSTANCES"),
		historyDays: e.number("HISTORY_DAYS"),
		sttWorkers:  e.number("STT_WORKERS"),

		natsReplicas: e.number("NATS_REPLICAS"),
		logJSON:      e.choice("LOG_FORMAT", "text", "json") == "json",
	}
	c.readRelay(e)
	if len(c.authTokens) == 0 {
		e.wrong("TWILIO_AUTH_TOKEN", "is missing (to try without an account: -demo)")
	}
	if c.publicURL == "" {
		e.wrong("PUBLIC_URL", "is missing")
	}
	if c.number != "" && !policy.IsE164(c.number) {
		e.wrong("TWILIO_NUMBER", "%s is not a number such as +14155550100", shown(c.number))
	}
	if (c.apiKey == "") != (c.apiSecret == "") || c.apiKey != "" && c.accountSID == "" {
		e.wrong("TWILIO_API_KEY", "TWILIO_API_KEY, TWILIO_API_SECRET and TWILIO_ACCOUNT_SID go together")
	}
	if len(c.outboundTo) > 0 {
		for _, needed := range []struct{ name, value string }{{"TWILIO_API_KEY", c.apiKey}, {"TWILIO_NUMBER", c.number}} {
			if needed.value == "" {
				e.wrong(needed.name, "is missing, and OUTBOUND_COUNTRIES needs it")
			}
		}
	}
	var err error
	if c.adminAddr = e.text("ADMIN_ADDR"); c.adminAddr != "" {
		e.adopt("ADMIN_ADDR", checkAddress(c.adminAddr))
	}
	c.metricsAddr = e.text("METRICS_ADDR")
	switch named := strings.TrimSpace(e.get("METRICS_ADDR")) != ""; {
	case !named && c.adminAddr != "":
		c.metricsAddr = c.adminAddr
	case !named:
		c.metricsAny = true
	}
	if c.metricsAddr != metricsOff && c.metricsAddr != metricsPublic {
		e.adopt("METRICS_ADDR", checkAddress(c.metricsAddr))
		if c.metricsAddr != c.adminAddr && sameAddress(c.metricsAddr, c.adminAddr) {
			e.wrong("METRICS_ADDR", "cannot be listened on beside ADMIN_ADDR")
		}
	}
	c.adminTokens, err = admin.ParseTokens(e.text("ADMIN_TOKENS"), false)
	e.adopt("ADMIN_TOKENS", err)
	c.caps, err = outbound.ParseCaps(e.text("OUTBOUND_CAPS"))
	e.adopt("OUTBOUND_CAPS", err)
	if len(c.outboundTo) > 0 && c.outboundCPS == 0 {
		e.wrong("OUTBOUND_CPS", "no call can be placed at 0 a second")
	}
	if c.historyDays > 3650 {
		e.wrong("HISTORY_DAYS", "%d days are more than ten years", c.historyDays)
	}
	if c.instances > 1 && e.text("REDIS_URL")+e.text("NATS_URL") == "" {
		e.wrong("INSTANCES", "%d instances share nothing without REDIS_URL or NATS_URL", c.instances)
	}
	c.callerLimits, err = policy.ParseLimits(e.text("CALLER_LIMITS"))
	e.adopt("CALLER_LIMITS", err)
	for _, value := range e.list("TRUSTED_PROXIES") {
		prefix, err := netip.ParsePrefix(value)
		if err != nil {
			e.wrong("TRUSTED_PROXIES", "%s is not a prefix such as 10.0.0.0/8", shown(value))
		} else if prefix.Bits() == 0 {
			c.doubt("TRUSTED_PROXIES", "%s is everybody, who can then give any address as theirs", prefix)
		}
		c.proxies = append(c.proxies, prefix)
	}
	for i, value := range e.list("SESSION_KEYS") {
		if len(value) < 16 {
			e.wrong("SESSION_KEYS", "key %d has fewer than 16 characters", i+1)
		}
		key := sha256.Sum256([]byte(value))
		c.sessionKeys = append(c.sessionKeys, key[:])
	}
	c.readSharedKeys(e)
	c.readPolicy(e)
	c.readBudget(e)
	c.readPhrases(e)
	c.readLogNumbers(e)
	c.readJournal(e)
	c.readVAD(e)
	c.logLevel = logLevels[e.choice("LOG_LEVEL", "debug", "info", "warning", "error")]
	if u, err := url.Parse(c.sttURL); err != nil || c.sttURL != "" && u.Host == "" {
		e.wrong("STT_URL", "is not a URL")
	}
	switch c.stt {
	case "openai":
		if c.sttURL == "" && c.sttKey == "" {
			e.wrong("STT_URL", "STT=openai needs the URL of a server, or an STT_KEY")
		}
	case "openairealtime", "deepgram", "assemblyai":
		if c.sttKey == "" {
			e.wrong("STT_KEY", "STT=%s needs one", c.stt)
		}
	}
	if c.redisURL = e.text("REDIS_URL"); c.redisURL != "" {
		if u, err := url.Parse(c.redisURL); err != nil || !strings.HasPrefix(u.Scheme, "redis") || u.Host == "" {
			e.wrong("REDIS_URL", "is not of the form redis://:password@host:6379/0")
		}
	}
	if c.natsURL = e.text("NATS_URL"); c.natsURL != "" && c.redisURL != "" {
		e.wrong("NATS_URL", "is beside REDIS_URL: there is one store")
	}
	c.check(&e.mistakes)
	c.notMeant(e)
	unknown := misspelled(environ)
	c.doubts = append(c.doubts, unknown...)
	if len(e.mistakes) > 0 {
		e.mistakes = append(e.mistakes, unknown...)
	}
	for _, all := range [][]mistake{e.mistakes, c.doubts} {
		for i := range all {
			all[i].text = e.quiet(all[i].text)
		}
	}
	return c, e.err()
}

func (c *config) doubt(name, format string, args ...any) {
	c.doubts = append(c.doubts, mistake{name, fmt.Sprintf(format, args...)})
}

// notMeant doubts what has no effect, and what can hardly be meant.
func (c *config) notMeant(e *env) {
	unused := map[string][]string{
		"pocketsphinx": {"STT_URL", "STT_KEY", "STT_MODEL"}, "vosk": {"STT_KEY", "STT_MODEL"},
		"off": {"STT_URL", "STT_KEY", "STT_MODEL", "STT_PHRASES"},
	}
	if c.stt != "pocketsphinx" && c.stt != "openai" { // which do their own
		unused[c.stt] = append(unused[c.stt], "VAD_THRESHOLD", "VAD_SILENCE")
		if c.sttWorkers != 0 {
			c.doubt("STT_WORKERS", "is not used with STT=%s", c.stt)
		}
	}
	for _, name := range unused[c.stt] {
		if e.text(name) != "" {
			c.doubt(name, "is not used with STT=%s", c.stt)
		}
	}
	for _, name := range []string{"TTS_VOICE", "TTS_URL", "TTS_KEY", "TTS_MODEL"} {
		used := true
		switch c.tts {
		case recorded, "local":
			used = false
		case "flite", "espeak":
			used = name == "TTS_VOICE"
		case "deepgram":
			used = name != "TTS_MODEL"
		}
		if e.text(name) != "" && !used {
			c.doubt(name, "is not used with TTS=%s", c.tts)
		}
	}
	if c.apiSecret != "" && signature.Doubt(c.apiSecret) == "" {
		c.doubt("TWILIO_API_SECRET", "looks like an auth token")
	}
	for _, limit := range []struct {
		name  string
		calls int
	}{{"CALLS_PER_HOUR_LIMIT", c.callsPerHr}, {"MAX_CONCURRENT_CALLS", c.maxCalls}} {
		if limit.calls > 0 && limit.calls < c.instances {
			c.doubt(limit.name, "%d are fewer than the %d instances: each refuses everybody while Redis is away", limit.calls, c.instances)
		}
	}
}

func (c *config) readPolicy(e *env) {
	var err error
	c.blocked, err = policy.ParseNumbers(e.text("BLOCKED_NUMBERS"))
	e.adopt("BLOCKED_NUMBERS", err)
	if _, err := time.LoadLocation(e.text("BUSINESS_TZ")); err != nil {
		e.wrong("BUSINESS_TZ", "%s is not a time zone such as Europe/Berlin", shown(e.text("BUSINESS_TZ")))
	} else if c.hoursText = e.text("BUSINESS_HOURS"); c.hoursText != "" {
		c.hours, err = policy.ParseHours(c.hoursText, e.text("BUSINESS_TZ"))
		e.adopt("BUSINESS_HOURS", err)
	}
}

func (c *config) readBudget(e *env) {
	rates, err := capacity.ParseRates(e.text("RATES"))
	e.adopt("RATES", err)
	if !c.record {
		rates.Recording = 0
	}
	if c.stt == "off" {
		rates.Transcription = 0
	}
	if text := e.text("BUDGET"); text != "" {
		dollars, err := strconv.ParseFloat(text, 64)
		if err != nil || !(dollars > 0) || math.IsInf(dollars, 1) {
			e.wrong("BUDGET", "%s is not a sum of dollars above 0", shown(text))
		}
		c.budget = capacity.NewBudget(dollars, rates, nil)
	}
}

func (c *config) readPhrases(e *env) {
	text := builtinPhrases
	if path := e.text("STT_PHRASES"); path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			e.wrong("STT_PHRASES", "%v", err)
		}
		text = strings.TrimPrefix(string(data), "\ufeff")
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			c.phrases = append(c.phrases, line)
		}
	}
	if len(c.phrases) == 0 && c.stt == "pocketsphinx" && !e.told("STT_PHRASES") {
		e.wrong("STT_PHRASES", "the file holds no phrases, and pocketsphinx hears only phrases")
	}
}
