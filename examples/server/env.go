package main

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
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
)

// config is what the environment says.
type config struct {
	authTokens  []string
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
	callsPerHr  int
	blocked     *policy.Numbers
	maxCalls    int
	maxDuration time.Duration
	hours       *policy.Hours
	record      bool
	outboundCPS int
	outboundTo  []string
	caps        []outbound.Cap
	number      string
	budget      *capacity.Budget // nil = none
	adminTokens []admin.Token
	adminAddr   string
	metricsAddr string // "off", "public", or an address, which may be adminAddr
	sessionKeys [][]byte
	redisURL    string
	instances   int
	logJSON     bool
	logNumber   func(string) string
}

// variable documents one environment variable.
type variable struct{ name, fallback, help string }

// variables is what -h prints.
var variables = []variable{
	{"TWILIO_AUTH_TOKEN", "", "auth token, or several separated by commas while rotating; required"},
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
	{"METRICS_ADDR", "127.0.0.1:9464", "where /metrics is served alone; if empty with an ADMIN_ADDR, there; public = beside the calls, off = nowhere"},
	{"SESSION_KEYS", "", "keys of session tokens, separated by commas; derived from the auth tokens if empty"},
	{"REDIS_URL", "", "Redis that several instances share: limits, used tokens, counted calls; in memory if empty"},
	{"INSTANCES", "1", "instances that share the Redis; while it is away, each allows its share of the limits"},
	{"LOG_FORMAT", "text", "text or json"},
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
	get  func(string) string
	errs []error
}

func (e *env) wrong(name, format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf(name+": "+format, args...))
}

func (e *env) text(name string) string {
	if value := strings.TrimSpace(policy.Visible(e.get(name))); value != "" {
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
		e.wrong(name, "%q is not a whole number from 0", e.text(name))
	}
	return n
}

func (e *env) duration(name string) time.Duration {
	d, err := time.ParseDuration(e.text(name))
	if err != nil || d <= 0 {
		e.wrong(name, "%q is not a duration such as 5m", e.text(name))
	}
	return d
}

func (e *env) truth(name string) bool {
	b, err := strconv.ParseBool(e.text(name))
	if err != nil {
		e.wrong(name, "%q is neither true nor false", e.text(name))
	}
	return b
}

func (e *env) choice(name string, choices ...string) string {
	value := e.text(name)
	if !slices.Contains(choices, value) {
		e.wrong(name, "%q is none of %s", value, strings.Join(choices, ", "))
	}
	return value
}

// configFromEnv reads the configuration, or returns every mistake in it. The
// values of secrets do not appear in errors.
func configFromEnv(get func(string) string) (config, error) {
	e := &env{get: get}
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
		callsPerHr:  e.number("CALLS_PER_HOUR_LIMIT"),
		maxCalls:    e.number("MAX_CONCURRENT_CALLS"),
		maxDuration: e.duration("MAX_CALL_DURATION"),
		record:      e.truth("TWILIO_RECORD_CALLS"),
		outboundCPS: e.number("OUTBOUND_CPS"),
		outboundTo:  e.list("OUTBOUND_COUNTRIES"),
		number:      e.text("TWILIO_NUMBER"),
		instances:   e.number("INSTANCES"),
		logJSON:     e.choice("LOG_FORMAT", "text", "json") == "json",
	}
	if len(c.authTokens) == 0 {
		e.wrong("TWILIO_AUTH_TOKEN", "is missing (to try without an account: -demo)")
	}
	if c.publicURL == "" {
		e.wrong("PUBLIC_URL", "is missing")
	}
	if (c.apiKey == "") != (c.apiSecret == "") || c.apiKey != "" && c.accountSID == "" {
		e.wrong("TWILIO_API_KEY", "TWILIO_API_KEY, TWILIO_API_SECRET and TWILIO_ACCOUNT_SID go together")
	}
	if len(c.outboundTo) > 0 && (c.apiKey == "" || !policy.IsE164(c.number)) {
		e.wrong("OUTBOUND_COUNTRIES", "outbound calls need TWILIO_API_KEY and a TWILIO_NUMBER such as +14155550100")
	}
	var err error
	if c.adminAddr = e.text("ADMIN_ADDR"); c.adminAddr != "" {
		if _, _, err := net.SplitHostPort(c.adminAddr); err != nil {
			e.wrong("ADMIN_ADDR", "%w", err)
		}
	}
	if c.metricsAddr = e.text("METRICS_ADDR"); c.adminAddr != "" && strings.TrimSpace(e.get("METRICS_ADDR")) == "" {
		c.metricsAddr = c.adminAddr
	}
	if c.metricsAddr != metricsOff && c.metricsAddr != metricsPublic {
		if _, _, err := net.SplitHostPort(c.metricsAddr); err != nil {
			e.wrong("METRICS_ADDR", "%w", err)
		}
	}
	if c.adminTokens, err = admin.ParseTokens(e.text("ADMIN_TOKENS"), false); err != nil {
		e.wrong("ADMIN_TOKENS", "%w", err)
	}
	if c.caps, err = outbound.ParseCaps(e.text("OUTBOUND_CAPS")); err != nil {
		e.wrong("OUTBOUND_CAPS", "%w", err)
	}
	for _, value := range e.list("TRUSTED_PROXIES") {
		prefix, err := netip.ParsePrefix(value)
		if err != nil {
			e.wrong("TRUSTED_PROXIES", "%q is not a prefix such as 10.0.0.0/8", value)
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
	c.readPolicy(e)
	c.readBudget(e)
	c.readPhrases(e)
	c.readLogNumbers(e)
	if u, err := url.Parse(c.sttURL); err != nil || c.sttURL != "" && u.Host == "" {
		e.wrong("STT_URL", "%q is not a URL", c.sttURL)
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
		if u, err := url.Parse(c.redisURL); err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Host == "" {
			e.wrong("REDIS_URL", "is not of the form redis://:password@host:6379/0")
		}
	}
	return c, errors.Join(e.errs...)
}

func (c *config) readPolicy(e *env) {
	var err error
	if c.blocked, err = policy.ParseNumbers(e.text("BLOCKED_NUMBERS")); err != nil {
		e.wrong("BLOCKED_NUMBERS", "%w", err)
	}
	if _, err := time.LoadLocation(e.text("BUSINESS_TZ")); err != nil {
		e.wrong("BUSINESS_TZ", "%w", err)
	} else if spec := e.text("BUSINESS_HOURS"); spec != "" {
		if c.hours, err = policy.ParseHours(spec, e.text("BUSINESS_TZ")); err != nil {
			e.wrong("BUSINESS_HOURS", "%w", err)
		}
	}
}

func (c *config) readBudget(e *env) {
	rates, err := capacity.ParseRates(e.text("RATES"))
	if err != nil {
		e.wrong("RATES", "%w", err)
	}
	if !c.record {
		rates.Recording = 0
	}
	if c.stt == "off" {
		rates.Transcription = 0
	}
	if text := e.text("BUDGET"); text != "" {
		dollars, err := strconv.ParseFloat(text, 64)
		if err != nil || !(dollars > 0) || math.IsInf(dollars, 1) {
			e.wrong("BUDGET", "%q is not a sum of dollars above 0", text)
		}
		c.budget = capacity.NewBudget(dollars, rates, nil)
	}
}

func (c *config) readPhrases(e *env) {
	text := builtinPhrases
	if path := e.text("STT_PHRASES"); path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			e.wrong("STT_PHRASES", "%w", err)
		}
		text = strings.TrimPrefix(string(data), "\ufeff")
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			c.phrases = append(c.phrases, line)
		}
	}
	if len(c.phrases) == 0 && c.stt == "pocketsphinx" {
		e.wrong("STT_PHRASES", "the file holds no phrases, and pocketsphinx hears only phrases")
	}
}

func (c *config) readLogNumbers(e *env) {
	switch e.choice("LOG_NUMBERS", "full", "mask", "hash") {
	case "mask":
		c.logNumber = voice.MaskNumber
	case "hash":
		key := sha256.Sum256([]byte("log numbers " + strings.Join(c.authTokens, ",")))
		c.logNumber = voice.HashNumber(key[:])
	}
}

// logger returns the log as the configuration wants it. WARN is spelled WARNING,
// as the runbook's queries do.
func (c *config) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{ReplaceAttr: voice.SpellWarning}
	if c.logJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
