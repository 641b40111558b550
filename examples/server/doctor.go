package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/tts"
)

// A doctor checks what a first call needs: from outside, as Twilio would come, and with the
// same environment what the server itself needs. The server must be running.
type doctor struct {
	c     config
	out   io.Writer
	roots *x509.CertPool // nil: the system's
	hold  time.Duration  // how long its call lasts
	fails int
}

// ok, warn and fail print what was found. code is the error that Twilio would report for it,
// 0 if it would report none.
func (d *doctor) ok(check, format string, args ...any) {
	fmt.Fprintf(d.out, "ok    %-9s %s\n", check, fmt.Sprintf(format, args...))
}

func (d *doctor) warn(check, advice, format string, args ...any) {
	fmt.Fprintf(d.out, "warn  %-9s %s: %s\n", check, fmt.Sprintf(format, args...), advice)
}

func (d *doctor) fail(check string, code int, advice, format string, args ...any) {
	d.fails++
	text := fmt.Sprintf(format, args...)
	if code != 0 {
		text = fmt.Sprintf("(Twilio's %d) %s", code, text)
	}
	fmt.Fprintf(d.out, "FAIL  %-9s %s: %s\n", check, text, advice)
}

// runDoctor is the subcommand. Its error says how many checks have failed.
func runDoctor(ctx context.Context, args []string, getenv func(string) string, out io.Writer, environ ...string) error {
	flags := flag.NewFlagSet("server doctor", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, "server doctor checks what a first call needs, with the server's environment: PUBLIC_URL from outside, by a call that it\nplaces through it as Twilio would, the speech engine, the synthesiser, the store and, with an API key, the number. It exits with 1 if a\ncheck fails. Its call counts as one of +14155550100.\n\nFlags:\n")
		flags.PrintDefaults()
	}
	hold := flags.Duration("hold", 2*time.Second, "how long the call lasts; 75s also finds a proxy that cuts streams after a minute")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := configFromEnv(getenv, environ...)
	d := &doctor{c: c, out: out, hold: *hold}
	if err != nil {
		d.fail("variables", 0, "see server -h", "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		return d.verdict()
	}
	d.examine(ctx)
	return d.verdict()
}

func (d *doctor) verdict() error {
	if d.fails == 0 {
		return nil
	}
	return fmt.Errorf("doctor: %d of the checks failed", d.fails)
}

// examine makes all checks, but those that an earlier one has made pointless.
func (d *doctor) examine(ctx context.Context) {
	d.ok("variables", "are well-formed")
	u, _ := url.Parse(d.c.publicURL) // was checked
	if d.reach(ctx, u) && d.answers(ctx) {
		d.call()
	}
	d.store(ctx)
	d.engine(ctx)
	d.speaker(ctx)
	d.account(ctx)
}

// silent discards the log of what the doctor builds.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// store asks the Redis or NATS that the instances share.
func (d *doctor) store(ctx context.Context) {
	if d.c.redisURL == "" && d.c.natsURL == "" {
		d.ok("store", "is this instance's memory: one instance alone")
		return
	}
	m, err := metrics.New(prometheus.NewRegistry(), nil)
	if err != nil {
		d.fail("store", 0, "report it", "%v", err)
		return
	}
	c := d.c
	c.storeWait = 2 * time.Second
	store, closeStore, err := newStore(c, silent(), m)
	if err != nil {
		d.fail("store", 0, "see REDIS_URL or NATS_URL", "cannot be opened: %v", err)
		return
	}
	defer closeStore()
	began := time.Now()
	for {
		ops := []policy.Op{{Kind: policy.OpRead, Space: "doctor", Name: "doctor"}}
		if store.Do(ctx, ops); ops[0].Err == nil {
			d.ok("store", "answers within %v", time.Since(began).Round(time.Millisecond))
			return
		}
		if time.Since(began) > 3*time.Second || ctx.Err() != nil {
			d.fail("store", 0, "each instance decides by itself until it is back: see REDIS_URL or NATS_URL, and the network", "does not answer")
			return
		}
		time.Sleep(100 * time.Millisecond) // a connection may be under way
	}
}

// engine has the speech engine hear a recording.
func (d *doctor) engine(ctx context.Context) {
	if d.c.stt == "off" {
		d.warn("speech", "set STT if callers are to be understood", "recognition is off")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	engine, err := newEngine(ctx, d.c, silent())
	if err == nil {
		defer stt.Close(engine)
		err = stt.Check(ctx, engine)
	}
	heard := ""
	if err == nil {
		heard, err = listen(ctx, engine, d.c.phrases)
	}
	switch {
	case err != nil:
		d.fail("speech", 0, "calls have no transcripts: see STT, STT_URL and STT_KEY", "%s does not work: %v", d.c.stt, err)
	case heard == "":
		d.warn("speech", "see STT_PHRASES and STT_MODEL", "%s hears nothing in a recording of %q", d.c.stt, script[1].text)
	default:
		d.ok("speech", "%s hears %q in a recording of %q", d.c.stt, heard, script[1].text)
	}
}

// sample is what the synthesiser is tried with.
const sample = "Your table for two at seven is booked."

// slowSpeech is when callers take the silence before an answer for a broken line.
const slowSpeech = 1500 * time.Millisecond

// speaker has the synthesiser say a sample.
func (d *doctor) speaker(ctx context.Context) {
	if d.c.tts == recorded && d.c.speaker == nil {
		d.ok("voice", "is recordings")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	synthesizer, err := newSpeaker(ctx, d.c, silent())
	var length, first time.Duration
	if err == nil {
		defer tts.Close(synthesizer)
		began := time.Now()
		speech := tts.Speak(synthesizer, tts.Text(sample), tts.Options{Config: tts.Config{CallSID: "doctor"}})
		for _, err = range speech.Audio(ctx) {
			if err != nil {
				break
			}
			if first == 0 {
				first = time.Since(began).Round(time.Millisecond)
			}
		}
		length = speech.Length().Round(10 * time.Millisecond)
	}
	switch {
	case err != nil:
		d.fail("voice", 0, "callers hear the recordings alone: see TTS, TTS_URL and TTS_KEY", "%s does not work: %v", d.c.tts, err)
	case length == 0:
		d.fail("voice", 0, "see TTS_VOICE and TTS_MODEL", "%s says nothing for %q", d.c.tts, sample)
	case first > slowSpeech:
		d.warn("voice", "callers wait for that in silence: take a nearer service or a smaller model", "%s begins to speak after %v", d.c.tts, first)
	default:
		d.ok("voice", "%s begins to speak after %v, and says %q in %v", d.c.tts, first, sample, length)
	}
}

// listen returns what an engine hears in the recording of a caller.
func listen(ctx context.Context, engine stt.Engine, phrases []string) (string, error) {
	file, err := recordingFiles.Open("recordings/" + script[1].file)
	if err != nil {
		return "", err
	}
	defer file.Close()
	audio, err := codec.ReadMulaw(file)
	if err != nil {
		return "", err
	}
	texts, failed := make(chan string, 64), make(chan error, 64)
	stream, err := stt.Open(ctx, engine, stt.Config{
		Format: codec.Format{Encoding: codec.Mulaw, Rate: 8000}, Phrases: phrases, CallSID: "doctor",
		Emit: func(e stt.Event) {
			switch {
			case e.Kind == stt.Final:
				texts <- e.Transcript.Text
			case e.Err != nil:
				failed <- e.Err
			}
		},
	})
	if err != nil {
		return "", err
	}
	for ticker := time.NewTicker(20 * time.Millisecond); len(audio) > 0; <-ticker.C {
		n := min(len(audio), 160)
		if err := stream.Send(audio[:n]); err != nil {
			break // it comes as an event
		}
		audio = audio[n:]
	}
	flush := stream.Flush(ctx)
	closing := stream.Close()
	close(texts)
	var heard []string
	for text := range texts {
		heard = append(heard, text)
	}
	if len(heard) > 0 {
		return strings.Join(heard, " "), nil
	}
	select {
	case err := <-failed:
		return "", err
	default:
		return "", errors.Join(flush, closing)
	}
}

// private reports whether an address is one that Twilio cannot reach.
func private(ip net.IP) bool {
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}
