package main

import (
	"bytes"
	"context"
	"embed"
	"log/slog"
	"strings"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
)

//go:embed prompts/*.wav
var promptFiles embed.FS

// receptionist answers calls: it greets, confirms what it hears, lets the caller
// interrupt, and says goodbye, also when the speech engine has gone. It asks before
// it hangs up: one word can be misheard, and music can sound like one.
type receptionist struct {
	greeting, noted, sure, goodbye []byte
	log                            *slog.Logger
}

func newReceptionist(log *slog.Logger) (*receptionist, error) {
	r := &receptionist{log: log}
	for name, prompt := range map[string]*[]byte{"greeting": &r.greeting, "noted": &r.noted, "sure": &r.sure, "goodbye": &r.goodbye} {
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

// answerTime is how long the question whether to hang up can be answered.
const answerTime = 15 * time.Second

// ServeCall implements voice.Handler.
func (r *receptionist) ServeCall(ctx context.Context, call *voice.Call) error {
	if _, err := call.Play(ctx, r.greeting); err != nil {
		return err
	}
	var asked time.Time // when the caller was asked whether to hang up, if nothing else came since
	onHold := false
	for event, err := range call.Events(ctx) {
		text := event.Transcript.Text
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
		case event.Kind == stt.UtteranceEnd:
			onHold = event.OnHold
		case event.Digit != "", event.Kind == stt.Final && text != "":
			yes := event.Digit == "1" || text == "yes" && !onHold // music cannot confirm
			if yes && time.Since(asked) < answerTime {
				_, err := call.Play(ctx, r.goodbye)
				return err
			}
			asked = time.Time{}
			if event.Digit != "" {
				continue
			}
			r.log.Info("caller said", "call_sid", call.SID, "words", len(strings.Fields(text)))
			prompt := r.noted
			if text == "goodbye" {
				prompt, asked = r.sure, time.Now()
			}
			if _, err := call.Play(ctx, prompt); err != nil {
				return err
			}
		}
	}
	return nil
}
