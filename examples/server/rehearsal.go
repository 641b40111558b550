package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// rehearsal is a server on loopback that a fake Twilio calls, in the same process.
type rehearsal struct {
	app      *app
	twilio   *voicetest.Twilio
	voice    *voicetest.Voice // nil = recordings
	listener net.Listener
	server   *http.Server
	served   chan error
}

// newRehearsal starts both. did is told what the fake does; trace returns what is told what the
// server does, once there is the fake but not yet the server.
func newRehearsal(ctx context.Context, config config, addr string, log *slog.Logger, did func(voicetest.Event), trace func(*rehearsal) (*voice.Trace, error)) (r *rehearsal, err error) {
	r = &rehearsal{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.listener, err = net.Listen("tcp", addr); err != nil {
		return r, err
	}
	speaker, err := newSpeaker(ctx, config, log)
	if err != nil {
		return r, err
	}
	if speaker != nil {
		r.voice = voicetest.NewVoice(speaker)
		config.speaker = r.voice
	}
	if r.twilio, err = voicetest.Start(voicetest.Config{
		Target:    "http://" + r.listener.Addr().String(),
		PublicURL: config.publicURL,
		AuthToken: config.authTokens[0],
		Voice:     r.voice,
		Trace:     did,
	}); err != nil {
		return r, err
	}
	config.accountSID, config.apiKey, config.apiSecret = voicetest.AccountSID, voicetest.APIKey, voicetest.APISecret
	config.restURL = r.twilio.RESTURL()
	hooks, err := trace(r)
	if err != nil {
		return r, err
	}
	if r.app, err = newApp(ctx, config, log, hooks); err != nil {
		return r, err
	}
	r.server = newHTTPServer(r.app.handler, r.app.log)
	r.served = make(chan error, 1)
	go func() { r.served <- r.server.Serve(r.listener) }()
	return r, nil
}

// close hangs up every call and stops what has been started.
func (r *rehearsal) close() error {
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	var errs []error
	if r.twilio != nil {
		errs = append(errs, r.twilio.Close())
	}
	switch {
	case r.server != nil:
		errs = append(errs, r.app.voice.Shutdown(drain), r.server.Shutdown(drain))
		<-r.served
		r.app.close()
	default:
		if r.voice != nil {
			errs = append(errs, r.voice.Close())
		}
		if r.listener != nil {
			errs = append(errs, r.listener.Close())
		}
	}
	return errors.Join(errs...)
}
