package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/wer"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/voicetest"
)

//go:embed recordings/*.wav
var recordingFiles embed.FS

// script is what the caller of the demo says: recordings of people, as a
// telephone carries them. See recordings/NOTICE. The last interrupts the answer before it.
var script = []struct {
	file, text string
	interrupts bool
}{
	{file: "go_forward.wav", text: "go forward ten meters"},
	{file: "book_a_room.wav", text: "book a room"},
	{file: "go_forward.wav", text: "go forward ten meters", interrupts: true},
}

// answerTimeout is long, for machines that do other things too.
const answerTimeout = 15 * time.Second

// runDemo starts the server on loopback, calls it through a fake Twilio, and
// prints what happens and what came of it.
func runDemo(ctx context.Context, getenv func(string) string, addr string, stay bool, out io.Writer) error {
	demo := &demo{out: out, begun: time.Now(), ended: make(chan struct{})}
	token := make([]byte, 16)
	rand.Read(token)
	config, err := configFromEnv(demoEnv(getenv, hex.EncodeToString(token)))
	if err := errors.Join(err, config.checkEngine()); err != nil {
		return refused(err)
	}
	if config.stt == "off" && config.relay == nil {
		return errors.New("the demo needs a speech engine: STT=pocketsphinx, STT=openai with STT_URL, or Twilio's own with RELAY=1")
	}
	r, err := newRehearsal(ctx, config, addr, demo.warnings(), demo.twilioDid, func(r *rehearsal) (*voice.Trace, error) {
		demo.voice = r.voice
		demo.say("server", "listening on http://%s, auth token %s", r.listener.Addr(), hex.EncodeToString(token))
		if demo.relay = config.relay != nil; !demo.relay {
			demo.say("server", "loading the speech engine %s", config.stt)
		}
		return &voice.Trace{
			STTEvent:    demo.heard,
			BargeIn:     demo.interrupted,
			StreamEnded: func(voice.Info, voice.End) { close(demo.ended) }, // the demo has one call
		}, nil
	})
	if err != nil {
		return err
	}

	app := r.app
	before := scrape(app.handler)
	call, err := demo.call(r.twilio)
	if err == nil {
		err = demo.report(call, before, app)
	}
	if err == nil && stay {
		demo.say("server", "still serving; stop it with Ctrl-C")
		<-ctx.Done()
	}
	return errors.Join(err, r.close())
}

// demoEnv is all that a demo takes from the environment: which engines to use. It speaks
// in words if this machine can.
func demoEnv(getenv func(string) string, token string) func(string) string {
	return func(name string) string {
		switch name {
		case "TWILIO_AUTH_TOKEN":
			return token
		case "PUBLIC_URL":
			return voicetest.PublicURL
		case "METRICS_ADDR":
			return metricsPublic // on loopback, as all of the demo
		case "TTS":
			if getenv(name) == "" && local.Available() == nil {
				return "local"
			}
			return getenv(name)
		case "RELAY", "RELAY_LANGUAGE", "RELAY_TTS", "RELAY_VOICE", "RELAY_STT", "RELAY_RECONNECT", "STT", "STT_URL", "STT_KEY", "STT_MODEL", "TTS_VOICE", "TTS_URL", "TTS_KEY", "TTS_MODEL":
			return getenv(name)
		}
		return ""
	}
}

// demo prints a call as it happens.
type demo struct {
	begun time.Time
	ended chan struct{}    // closed when the server has done with the call
	voice *voicetest.Voice // nil = recordings
	relay bool             // Twilio hears and speaks

	mu        sync.Mutex
	out       io.Writer
	heardText []string
	latencies []time.Duration
}

func (d *demo) say(who, format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.out, "%6.2fs  %-7s %s\n", time.Since(d.begun).Seconds(), who, fmt.Sprintf(format, args...))
}

// warnings returns the server's log, of what an operator has to know.
func (d *demo) warnings() *slog.Logger {
	return slog.New(slog.NewTextHandler(logWriter{d}, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey { // say tells it
				return slog.Attr{}
			}
			return a
		},
	}))
}

// logWriter prints each record, which slog writes with one call.
type logWriter struct{ *demo }

func (w logWriter) Write(record []byte) (int, error) {
	w.say("server", "%s", bytes.TrimSpace(record))
	return len(record), nil
}

// twilioDid prints what the fake Twilio does.
func (d *demo) twilioDid(e voicetest.Event) {
	if e.Kind == voicetest.Marked { // there is one behind each word
		return
	}
	words := strings.Fields(string(e.Kind) + " " + e.Text)
	for i, word := range words {
		if len(word) > 80 { // a stream's URL with its token
			words[i] = word[:80] + "..."
		}
	}
	d.say("twilio", "%s", strings.Join(words, " "))
}

// heard prints what the server recognises.
func (d *demo) heard(_ voice.Info, e stt.Event) {
	switch e.Kind {
	case stt.SpeechStart:
		d.say("server", "caller starts to speak")
	case stt.Final:
		late := e.Timing.Latency
		if d.relay { // Twilio reports no latency
			d.say("server", "transcript: %q", e.Transcript.Text)
		} else {
			d.say("server", "transcript: %q, %d ms after the last word", e.Transcript.Text, late.Milliseconds())
		}
		d.mu.Lock()
		d.heardText = append(d.heardText, e.Transcript.Text)
		if e.Timing.Valid {
			d.latencies = append(d.latencies, late)
		}
		d.mu.Unlock()
	}
}

// interrupted prints how an interruption goes.
func (d *demo) interrupted(_ voice.Info, b voice.BargeIn) {
	d.say("server", "interruption: %s", strings.TrimSpace(string(b.Step)+" "+string(b.Cause)))
}

// call is the caller: it listens to the greeting, speaks, hears the answers and
// hangs up.
func (d *demo) call(twilio *voicetest.Twilio) (*voicetest.Call, error) {
	answer, err := newReceptionist(slog.New(slog.DiscardHandler), d.voice != nil || d.relay)
	if err != nil {
		return nil, err
	}
	call := twilio.Dial("+14155550100", "+14155550199", voicetest.Param("FromCountry", "US"))
	if err := d.hears(call, answer, "greeting"); err != nil {
		return nil, err
	}
	for i, line := range script {
		hears := d.hears
		if i+1 < len(script) && script[i+1].interrupts {
			hears = d.hearsBegin
		}
		if d.relay {
			if err := errors.Join(call.Says(line.text), hears(call, answer, "noted")); err != nil {
				return nil, err
			}
			continue
		}
		file, err := recordingFiles.ReadFile("recordings/" + line.file)
		if err != nil {
			return nil, err
		}
		audio, err := codec.ReadMulaw(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		if err := call.SpeakAudio(audio); err != nil {
			return nil, err
		}
		if err := hears(call, answer, "noted"); err != nil {
			return nil, err
		}
	}
	call.HangUp()
	return call, nil
}

// hears has the caller hear a prompt.
func (d *demo) hears(call *voicetest.Call, answer *receptionist, name string) error {
	if !answer.speaks {
		return call.Hears(answer.prompt(name), answerTimeout)
	}
	if err := call.HearsText(words[name], answerTimeout); err != nil {
		return err
	}
	d.say("caller", "has heard %q", words[name])
	return nil
}

// hearsBegin has the caller hear the beginning of a prompt, which he then interrupts.
func (d *demo) hearsBegin(call *voicetest.Call, answer *receptionist, name string) (err error) {
	if answer.speaks {
		err = call.HearsText(strings.Join(strings.Fields(words[name])[:2], " "), answerTimeout)
	} else {
		const begin = 4000 // bytes: 500 ms
		err = call.Hears(answer.prompt(name)[:begin], answerTimeout)
	}
	if err == nil {
		d.say("caller", "interrupts the answer")
	}
	return err
}

// report prints what came of the call. It returns an error unless there was a
// transcript and everything has been cleaned up.
func (d *demo) report(call *voicetest.Call, before map[string]string, a *app) error {
	d.mu.Lock()
	heard, latencies := slices.Clone(d.heardText), slices.Clone(d.latencies)
	d.mu.Unlock()
	var said []string
	for _, line := range script {
		said = append(said, line.text)
	}
	score := wer.Compare(strings.Join(said, " "), strings.Join(heard, " "))
	stats := call.Stats()

	fmt.Fprintf(d.out, "\nsaid         %s\nheard        %s\n", strings.Join(said, " | "), strings.Join(heard, " | "))
	fmt.Fprintf(d.out, "word errors  %.1f %% (%d of %d words)\n", 100*score.Rate(), score.Total(), score.Words)
	for _, latency := range latencies {
		fmt.Fprintf(d.out, "latency      %d ms from the end of speech to the transcript\n", latency.Milliseconds())
	}
	fmt.Fprintf(d.out, "frames       %d to the server, %d from it; %d gaps in what the caller heard\n",
		stats.FramesSent, stats.FramesReceived, stats.Gaps)
	for _, warning := range call.Warnings() {
		fmt.Fprintf(d.out, "warning      %v\n", warning)
	}

	select { // Twilio is told that the call is over before all of it is cleaned up
	case <-d.ended:
	case <-time.After(answerTimeout):
	}
	after := scrape(a.handler)
	fmt.Fprint(d.out, "\nwhat changed in /metrics:\n")
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if after[name] != before[name] {
			fmt.Fprintf(d.out, "  %s %s\n", name, after[name])
		}
	}
	if len(heard) == 0 {
		return errors.New("no transcript came")
	}
	for _, gauge := range []string{"twilio_active_calls", "twilio_websocket_connections"} {
		if after[gauge] != "0" {
			return fmt.Errorf("%s is %s after the call", gauge, after[gauge])
		}
	}
	fmt.Fprint(d.out, "\nactive calls and connections are back to 0\n")
	return nil
}

// scrape returns the series that dialtone exports, without histogram buckets.
func scrape(handler http.Handler) map[string]string {
	series := make(map[string]string)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for lines := bufio.NewScanner(w.Body); lines.Scan(); {
		line := lines.Text()
		ours := strings.HasPrefix(line, "twilio_") || strings.HasPrefix(line, "http_request_")
		if name, value, ok := strings.Cut(line, " "); ok && ours && !strings.Contains(name, "_bucket") {
			series[name] = value
		}
	}
	return series
}
