package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
)

//go:embed prompts/*.wav
var promptFiles embed.FS

// receptionist answers calls: it greets, confirms what it hears, lets the caller
// interrupt, and says goodbye, also when the speech engine has gone. It asks before
// it hangs up: one word can be misheard, and music can sound like one. Where speech is not
// recognised it goes by keys.
type receptionist struct {
	greeting, noted, sure, deaf, goodbye []byte
	speaks                               bool // it says its prompts in words, and plays recordings where that fails
	log                                  *slog.Logger
}

func newReceptionist(log *slog.Logger, speaks bool) (*receptionist, error) {
	r := &receptionist{log: log, speaks: speaks}
	for name, prompt := range map[string]*[]byte{"greeting": &r.greeting, "noted": &r.noted, "sure": &r.sure, "deaf": &r.deaf, "goodbye": &r.goodbye} {
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

const (
	// answerTime is how long the question whether to hang up can be answered.
	answerTime = 15 * time.Second
	// deafAfter is after how many utterances in a row that were not recognised the caller
	// is told.
	deafAfter = 2
)

// prompt returns a prompt by its name, which is what a call saves.
func (r *receptionist) prompt(name string) []byte {
	switch name {
	case "noted":
		return r.noted
	case "sure":
		return r.sure
	case "deaf":
		return r.deaf
	case "goodbye":
		return r.goodbye
	}
	return r.greeting
}

// words are what the prompts say; "noted" ends with what was noted.
var words = map[string]string{
	"greeting": "Hello. How can I help you?",
	"noted":    "I have noted that. What else can I do for you?",
	"sure":     "Would you like to hang up? Say yes, or press 1.",
	"deaf":     "I am sorry, I do not understand you. To hang up, press 1.",
	"goodbye":  "Thank you for calling. Goodbye.",
}

// conversation is a call that the receptionist has.
type conversation struct {
	*receptionist
	call    *voice.Call
	last    atomic.Pointer[voice.Playback] // the last prompt
	replays sync.WaitGroup
}

// say says or plays a prompt, and keeps which before, so that a call that resumes is told
// again what it may not have heard, and is asked nothing twice.
func (c *conversation) say(ctx context.Context, name string) (err error) {
	if err := c.call.Save([]byte(name)); err != nil {
		return err
	}
	var playback *voice.Playback
	if c.speaks {
		playback, err = c.call.Say(ctx, words[name])
	} else {
		playback, err = c.call.Play(ctx, c.prompt(name))
	}
	if err != nil {
		return err
	}
	if c.last.Store(playback); c.speaks {
		c.replays.Go(func() { c.replay(ctx, playback, name) })
	}
	return nil
}

// replay plays a prompt that could not be said to its end, unless the caller has spoken or
// something else is said meanwhile.
func (c *conversation) replay(ctx context.Context, said *voice.Playback, name string) {
	err := said.Wait(ctx)
	if failure := (*tts.Error)(nil); !errors.As(err, &failure) || c.last.Load() != said {
		return
	}
	c.log.Warn("plays a recording in the place of what could not be said", "call_sid", c.call.SID, "prompt", name, "reason", tts.Reason(err))
	if recording, err := c.call.Play(ctx, c.prompt(name)); err == nil {
		recording.Wait(ctx)
	}
}

// begin greets the caller, or goes on where the call was, and returns the prompt that the
// caller has heard or will hear.
func (c *conversation) begin(ctx context.Context) (name string, err error) {
	name = "greeting"
	if before, resumed := c.call.Resumed(); resumed {
		if name = string(before.State); before.State == nil {
			name = "noted" // its state is lost
		}
		if before.Unheard == 0 && before.State != nil {
			return name, nil
		}
	}
	return name, c.say(ctx, name)
}

// ServeCall implements voice.Handler.
func (r *receptionist) ServeCall(ctx context.Context, call *voice.Call) error {
	c := &conversation{receptionist: r, call: call}
	defer c.replays.Wait() // the last prompt may be one
	name, err := c.begin(ctx)
	if name == "goodbye" || err != nil {
		return err
	}
	var asked time.Time // when the caller was asked whether to hang up, if nothing else came since
	if name == "sure" || name == "deaf" {
		asked = time.Now()
	}
	onHold, lost := false, 0
	for event, err := range call.Events(ctx) {
		text := event.Transcript.Text
		switch {
		case err != nil: // it hears nothing any more, and silence would keep the caller waiting
			if failed := c.say(ctx, "goodbye"); failed == nil {
				c.last.Load().Wait(ctx)
			}
			return err
		case event.Kind == stt.UtteranceEnd:
			onHold = event.OnHold
		case event.Kind == stt.Degraded:
			if lost++; lost%deafAfter != 0 {
				continue
			}
			asked = time.Now()
			if err := c.say(ctx, "deaf"); err != nil {
				return err
			}
		case event.Digit != "", event.Kind == stt.Final && text != "":
			yes := event.Digit == "1" || text == "yes" && !onHold // music cannot confirm
			if yes && time.Since(asked) < answerTime {
				return c.say(ctx, "goodbye")
			}
			asked, lost = time.Time{}, 0
			if event.Digit != "" {
				continue
			}
			r.log.Info("caller said", "call_sid", call.SID, "words", len(strings.Fields(text)))
			name := "noted"
			if text == "goodbye" {
				name, asked = "sure", time.Now()
			}
			if err := c.say(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}
