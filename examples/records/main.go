package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/voice"
)

// retention is how long calls are kept.
const retention = 30 * 24 * time.Hour

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, slog.Default()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, logger *slog.Logger) (err error) {
	engine, err := pocketsphinx.New(pocketsphinx.Options{Phrases: []string{"book a room", "speak to an agent"}})
	if err != nil {
		return err
	}
	file := os.Getenv("RECORDS_DB")
	if file == "" {
		file = "calls.db"
	}
	r, err := open(file, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	srv, err := voice.New(r.config(engine, logger))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	web := &http.Server{Addr: "127.0.0.1:8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.ListenAndServe() }()
	for day := time.NewTicker(24 * time.Hour); ; {
		if err := r.expire(ctx, retention); err != nil && ctx.Err() == nil {
			logger.Error("old calls were not deleted", "error", err)
		}
		select {
		case <-day.C:
			continue
		case err := <-failed:
			return err
		case <-ctx.Done():
		}
		drain, cancel := context.WithTimeout(context.Background(), voice.DefaultMaxDuration)
		defer cancel()
		return errors.Join(srv.Shutdown(drain), web.Shutdown(drain))
	}
}

// config says how calls are answered and recorded.
func (r *records) config(engine stt.Engine, logger *slog.Logger) voice.Config {
	return voice.Config{
		AuthTokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")},
		PublicURL:  os.Getenv("PUBLIC_URL"),
		STT:        engine,
		Logger:     logger,
		Resume:     voice.ResumeAlone,
		Trace:      r.trace(),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			for e, err := range call.Events(ctx) {
				switch {
				case err != nil:
					return err
				case e.AnsweredBy != "":
					r.answeredBy(call, e.AnsweredBy)
				case e.Kind == stt.Final:
					r.turn(call, "caller", e.Transcript.Text)
				}
			}
			return nil
		}),
	}
}
