package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"agentos.dev/dialtone/internal/throttle"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/console"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/twiliorest"
)

// app is everything that serves calls, put together.
type app struct {
	voice   *voice.Server
	handler http.Handler
	private map[string]http.Handler // of METRICS_ADDR and ADMIN_ADDR, by address
	metrics *prometheus.Registry
	engine  stt.Engine
	speaker tts.Synthesizer // nil = recordings
	limits  *limits
	console *console.Console

	closeStore func()
	journal    *journal.Recorder // nil = calls are not recorded
	log        *slog.Logger
}

// newApp puts the packages together as a host would.
func newApp(ctx context.Context, c config, log *slog.Logger, extra *voice.Trace) (*app, error) {
	engine, err := newEngine(ctx, c, log)
	if err != nil {
		return nil, err
	}
	speaker, err := newSpeaker(ctx, c, log)
	if err != nil {
		stt.Close(engine)
		return nil, err
	}
	a := &app{engine: engine, speaker: speaker, log: log, metrics: prometheus.NewRegistry()}
	if err := a.build(c, extra); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// close lets go of what the app holds, once its calls have ended.
func (a *app) close() {
	stt.Close(a.engine)
	tts.Close(a.speaker)
	a.journal.Close()
	if a.closeStore != nil {
		a.closeStore()
	}
}

func (a *app) build(c config, extra *voice.Trace) error {
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m, err := metrics.New(a.metrics, &metrics.Options{ConcurrentCallsLimit: c.maxCalls, Budget: c.budget})
	if err != nil {
		return err
	}
	answer, err := newReceptionist(a.log, a.speaker != nil || c.relay != nil)
	if err != nil {
		return err
	}
	var store *policy.Store
	if store, a.closeStore, err = newStore(c, a.log, m); err != nil {
		return err
	}
	if a.limits, err = newLimits(c, store); err != nil {
		return err
	}
	if a.journal, err = newJournal(c, a); err != nil {
		return err
	}
	config := c.voice()
	config.Journal = a.journal
	config.Handler, config.STT, config.TTS, config.Policy = answer, a.engine, a.speaker, a.limits.policy
	a.console = console.New()
	config.Logger, config.Trace = a.log, m.Trace().Join(a.limits.trace()).Join(extra)
	if len(c.adminTokens) > 0 {
		config.Trace = config.Trace.Join(a.console.Trace())
	}
	config.Store, config.Observers = store, []policy.Observer{a.limits.gate}
	var rest *twiliorest.Client
	if c.apiKey != "" {
		if rest, err = twiliorest.New(c.rest()); err != nil {
			return err
		}
		config.CallControl = rest
	}
	if a.voice, err = voice.New(config); err != nil {
		return err
	}
	m.Watch(a.voice)
	m.WatchEngine(a.engine)

	public := http.NewServeMux()
	a.handler = m.Middleware(public)
	public.Handle("/api/voice/", a.voice)
	a.probes(public)
	a.private = make(map[string]http.Handler)
	muxes := map[string]*http.ServeMux{"": public, metricsPublic: public}
	at := func(addr string) *http.ServeMux {
		if muxes[addr] == nil {
			muxes[addr] = http.NewServeMux()
			a.private[addr] = m.Middleware(muxes[addr])
			a.probes(muxes[addr])
		}
		return muxes[addr]
	}
	if c.metricsAddr != metricsOff {
		at(c.metricsAddr).Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{EnableOpenMetrics: true}))
		at(c.metricsAddr).HandleFunc("GET /autoscale", a.serveAutoscale)
	}
	newOffice(c, a, rest).routes(at(c.adminAddr), c.adminTokens)
	return nil
}

// voice is what the environment says of the calls.
func (c *config) voice() voice.Config {
	config := voice.Config{
		AuthTokens:    c.authTokens,
		SharedKeys:    c.sharedKeys,
		SharedKeyPins: c.sharedPins,
		PublicURL:     c.publicURL,
		Phrases:       c.phrases,
		MaxDuration:   c.maxDuration,
		SessionKeys:   c.sessionKeys,
		LogNumber:     c.logNumber,
		LameDuck:      lameDuck,
	}
	if c.redisURL == "" && c.natsURL == "" && c.instances <= 1 {
		config.Resume = voice.ResumeAlone
	}
	if c.relay != nil {
		config.Relay = func(voice.Info) *voice.Relay { return c.relay }
	}
	if c.record {
		config.Before = []twiml.Verb{&twiml.Start{Nouns: []twiml.StartNoun{&twiml.Recording{}}}}
	}
	if c.accountSID != "" {
		config.AccountSIDs = []string{c.accountSID}
	}
	return config
}

// rest is what the environment says of the REST API.
func (c *config) rest() twiliorest.Options {
	return twiliorest.Options{AccountSID: c.accountSID, APIKey: c.apiKey, APISecret: c.apiSecret, BaseURL: c.restURL}
}

// probes adds what tells whether the process lives, and whether it takes calls.
func (a *app) probes(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", a.serveReady)
}

// serveReady tells a load balancer whether to send calls here: not while
// draining and not when every place is taken. The speech engine is not asked: it
// fails everywhere at once, and a probe must not wait for it.
func (a *app) serveReady(w http.ResponseWriter, _ *http.Request) {
	switch stats := a.voice.Stats(); {
	case stats.Draining:
		http.Error(w, "draining", http.StatusServiceUnavailable)
	case stats.Streams >= stats.MaxStreams:
		http.Error(w, "every place is taken", http.StatusServiceUnavailable)
	case stats.Lacking != "":
		http.Error(w, "short of "+stats.Lacking, http.StatusServiceUnavailable)
	case a.limits.store.Up():
		io.WriteString(w, "ok\n")
	default: // each instance takes calls all the same
		io.WriteString(w, "ok\nstore is away: this instance decides by itself\n")
	}
}

// newHTTPServer bounds what a client can cost before its signature is checked.
func newHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(throttle.New(log.Handler(), 60), slog.LevelWarn), // of what clients do
	}
}

// open listens on an address.
func open(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if unknown := (*net.DNSError)(nil); errors.As(err, &unknown) { // it holds the name
		return nil, errors.New("cannot be listened on: " + unknown.Err)
	}
	return listener, err
}

// lameDuck is how long calls are taken after a SIGTERM, so that a load balancer that looks
// at /readyz notices before it is refused.
const lameDuck = 3 * time.Second

// drainTime is how long calls in progress may go on after a SIGTERM, on top of
// the longest call.
const drainTime = 30 * time.Second

// serve runs the server until ctx ends and the calls in progress have. It listens on addr,
// or on the socket of the supervisor.
func serve(ctx context.Context, c config, addr string, by supervisor, stderr io.Writer) error {
	log := c.logger(stderr)
	for _, doubt := range c.doubts {
		log.Warn(doubt.Error())
	}
	log.Info("limits in force", c.inForce()...)
	a, err := newApp(ctx, c, log, nil)
	if err != nil {
		return err
	}
	defer a.close()
	failed := make(chan error, 1+len(a.private))
	answer := func(listener net.Listener, handler http.Handler, message string) *http.Server {
		server := newHTTPServer(handler, log)
		go func() { failed <- server.Serve(listener) }()
		log.Info(message, "addr", listener.Addr().String(), "stt", c.stt)
		return server
	}
	for _, addr := range slices.Sorted(maps.Keys(a.private)) {
		name, message := "METRICS_ADDR", "listening for readers of the metrics"
		if addr == c.adminAddr {
			name, message = "ADMIN_ADDR", "listening for administrators"
		}
		private, err := open(addr)
		if err != nil && name == "METRICS_ADDR" && c.metricsAny { // as by another instance on this machine
			log.Warn("the metrics are at a free port: METRICS_ADDR is not set", "error", err.Error())
			private, err = open("127.0.0.1:0")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		defer answer(private, a.private[addr], message).Close()
	}
	listener, err := by.listener()
	if listener == nil && err == nil {
		listener, err = open(addr)
	}
	if err != nil {
		return err
	}
	public := answer(listener, a.handler, "listening")
	tell := func(state string) {
		if err := by.tell(state); err != nil {
			log.Warn("the supervisor is not told the state", "state", state, "error", err.Error())
		}
	}
	tell("READY=1")

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	tell("STOPPING=1")
	patience := c.maxDuration + drainTime
	log.Info("draining: no new calls; a second signal exits at once", "active_calls", a.voice.Stats().ActiveCalls, "at_most", patience.String())
	wait, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = errors.Join(a.voice.Shutdown(wait), public.Shutdown(wait)) // metrics and admin until the last call has ended
	if err == nil {
		log.Info("stopped: every call has ended")
		return nil
	}
	return fmt.Errorf("server: %w", err)
}
