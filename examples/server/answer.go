package main

import (
	"bytes"
	"context"
	"embed"
	"log/slog"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
)

//go:embed prompts/*.wav
var promptFiles embed.FS

// receptionist answers calls: it greets, confirms what it hears, lets the caller
// interrupt, and says goodbye, also when the speech engine has gone.
type receptionist struct {
	greeting, noted, goodbye []byte
	log                      *slog.Logger
}

func newReceptionist(log *slog.Logger) (*receptionist, error) {
	r := &receptionist{log: log}
	for name, prompt := range map[string]*[]byte{"greeting": &r.greeting, "noted": &r.noted, "goodbye": &r.goodbye} {
		file, err := promptFiles.ReadFile("prompts/" + name + ".wav")
		if err != nil {
			return nil, err
		}
		if *prompt, err = codec.ReadMulaw(bytes.NewReader(file)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// ServeCall implements voice.Handler.
func (r *receptionist) ServeCall(ctx context.Context, call *voice.Call) error {
	if _, err := call.Play(ctx, r.greeting); err != nil {
		return err
	}
	for event, err := range call.Events(ctx) {
		switch {
		case err != nil: // it hears nothing any more, and silence would keep the caller waiting
			if farewell, failed := call.Play(ctx, r.goodbye); failed == nil {
				farewell.Wait(ctx)
			}
			return err
		case event.Kind == stt.SpeechStart:
			if err := call.Interrupt(); err != nil {
				return err
			}
		case event.Kind == stt.Final && event.Transcript.Text != "":
			r.log.Info("caller said", "call_sid", call.SID, "words", len(bytes.Fields([]byte(event.Transcript.Text))))
			prompt := r.noted
			if event.Transcript.Text == "goodbye" {
				prompt = r.goodbye
			}
			if _, err := call.Play(ctx, prompt); err != nil {
				return err
			}
			if event.Transcript.Text == "goodbye" {
				return nil
			}
		}
	}
	return nil
}
