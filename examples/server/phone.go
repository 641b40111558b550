package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/voicetest"
	"agentos.dev/dialtone/voice/voicetest/phone"
)

// runPhone serves a telephone for a browser until ctx ends: it calls a server of its own, or
// the one at target, in any language, as Twilio would.
func runPhone(ctx context.Context, getenv func(string) string, addr, target string, out, stderr io.Writer) (err error) {
	config := phone.Config{Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if config.Recordings, err = phoneRecordings(); err != nil {
		return err
	}
	var page *phone.Phone
	if target != "" {
		fake, err := targetOf(getenv, target)
		if err != nil {
			return err
		}
		if local.Available() == nil {
			speaker, err := speaks(local.New(local.Options{}))
			if err != nil {
				return err
			}
			defer tts.Close(speaker)
			config.Voice, fake.Voice = speaker, voicetest.NewVoice(speaker) // of the page, and of <Say>
		}
		if config.Twilio, err = voicetest.Start(fake); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, config.Twilio.Close()) }()
		if fake.StatusPath == "" {
			config.Options = append(config.Options, voicetest.StatusEvents())
		}
		config.Service = "calls " + target
		if page, err = phone.New(config); err != nil {
			return err
		}
	} else {
		r, err := rehearsePhone(ctx, getenv, config, &page)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.close()) }()
	}
	defer page.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: page, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(out, "The phone is at\n\n  %s\n\nOpen it in a browser on this machine. Stop it with Ctrl-C.\n", page.URL(listener.Addr()))
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = server.Close()
		<-failed
	}
	return err
}

// rehearsePhone starts the server that the phone calls, and the phone.
func rehearsePhone(ctx context.Context, getenv func(string) string, p phone.Config, page **phone.Phone) (*rehearsal, error) {
	token := make([]byte, 16)
	rand.Read(token)
	demo := demoEnv(getenv, hex.EncodeToString(token))
	config, err := configFromEnv(func(name string) string {
		if name == "CALLS_PER_HOUR_LIMIT" {
			return "0" // one person calls, and calls again
		}
		return demo(name)
	})
	if err := errors.Join(err, config.checkEngine()); err != nil {
		return nil, refused(err)
	}
	return newRehearsal(ctx, config, "127.0.0.1:0", p.Logger, nil, func(r *rehearsal) (*voice.Trace, error) {
		p.Twilio, p.Service = r.twilio, "calls the reference server, whose recogniser is "+config.stt
		if config.relay != nil {
			p.Service = "calls the reference server over ConversationRelay"
		}
		if r.voice != nil {
			p.Voice = r.voice
		}
		made, err := phone.New(p)
		if err != nil {
			return nil, err
		}
		*page = made
		return made.Trace(), nil
	})
}

// targetOf is how a server elsewhere is called: at the path of its URL, if that has one, and
// with the auth token and the public URL of the environment, which the server must have, too.
func targetOf(getenv func(string) string, target string) (voicetest.Config, error) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return voicetest.Config{}, errors.New("-target is not a URL of the form http://host:port/path")
	}
	token, _, _ := strings.Cut(getenv("TWILIO_AUTH_TOKEN"), ",")
	c := voicetest.Config{
		Target:     u.Scheme + "://" + u.Host,
		PublicURL:  getenv("PUBLIC_URL"),
		AuthToken:  strings.TrimSpace(token),
		AccountSID: getenv("TWILIO_ACCOUNT_SID"),
	}
	c.Tolerate = func(voicetest.Warning) bool { return true } // the page shows them
	if u.Path != "" && u.Path != "/" {
		c.InboundPath = u.EscapedPath()
	} else {
		c.StatusPath = "/api/voice/twilio/status"
	}
	return c, nil
}

// phoneRecordings are what the page can say without a microphone.
func phoneRecordings() (all []phone.Recording, err error) {
	for _, line := range script {
		file, err := recordingFiles.ReadFile("recordings/" + line.file)
		if err != nil {
			return nil, err
		}
		audio, err := codec.ReadMulaw(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		all = append(all, phone.Recording{Name: line.text, Audio: audio})
	}
	return all, nil
}
