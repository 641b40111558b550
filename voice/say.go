package voice

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/tts"
)

// ErrNoTTS is returned by [Call.Say] and [Call.SayTokens] without a [Config].TTS.
var ErrNoTTS = errors.New("voice: Config.TTS is nil: no text can be said")

// maxText is the longest text of one playback, in bytes: hours of speech.
const maxText = 256 << 10

// Say says text to the caller, behind what was queued before, and returns at once. The
// text is what a person or a language model writes: markdown, addresses of web pages and emoji are not
// read aloud, and numbers, money, times and telephone numbers are said as people say them.
// See [Call.SayTokens] for its errors. Over ConversationRelay Twilio says it, as it is written.
func (c *Call) Say(ctx context.Context, text string) (*Playback, error) {
	return c.say(ctx, text, manner{})
}

func (c *Call) say(ctx context.Context, text string, as manner) (*Playback, error) {
	if len(text) > maxText {
		return nil, tooLong(len(text))
	}
	if c.relay != nil {
		return c.queue(ctx, &written{line: c.relay.line, owner: c.owner, whole: strings.ToValidUTF8(text, "")}, as)
	}
	return c.sayTokens(ctx, tts.Text(text), as)
}

// SayTokens says text that comes in tokens, as from a language model: the first clause
// is said while tokens still yields the rest. tokens runs on another goroutine, once, and
// must end when ctx is done, or the playback.
//
// Its errors are [ErrNoTTS], and those of [Call.Play]. Whatever comes to light later is
// returned by [Playback.Wait], when what was said before has been heard, and the call goes
// on: the error of tokens, after all clauses that were complete; tts.ErrBadText for a text
// without a word in it or of more than 256 KiB; the synthesiser's, of type [*tts.Error]; and that of ctx, with which
// no more is said.
func (c *Call) SayTokens(ctx context.Context, tokens iter.Seq2[string, error]) (*Playback, error) {
	return c.sayTokens(ctx, tokens, manner{})
}

func (c *Call) sayTokens(ctx context.Context, tokens iter.Seq2[string, error], as manner) (*Playback, error) {
	switch {
	case c.relay != nil:
		return c.queue(ctx, &written{line: c.relay.line, owner: c.owner, tokens: bounded(c.saying(tokens))}, as)
	case c.speaker == nil && !c.Unidirectional:
		return nil, ErrNoTTS
	}
	tokens = c.saying(tokens)
	return c.queue(ctx, speech{tts.Speak(c.speaker, bounded(tokens), c.speaking)}, as)
}

// speech is a source that a synthesiser makes audio of.
type speech struct{ *tts.Speech }

func (s speech) heard(n int) string { return s.Heard(audioLength(n)) }

func (s speech) written() string { return s.Source() }

// send sends speech as it is made, with a mark behind each word, or behind each 200 ms
// where it is not known when words end.
func (s speech) send(t *talker, playback *Playback) error {
	var ends []int // of words, in bytes of the utterance's audio
	at, marked := 0, 0
	for chunk, err := range s.Audio(playback.making) {
		if err != nil {
			return err
		}
		if chunk.Survived != nil {
			playback.survived = append(playback.survived, chunk.Survived)
		}
		for _, w := range chunk.Words {
			ends = append(ends, audioSize(w.End))
		}
		slices.Sort(ends)
		var marks []int // in bytes of the chunk's audio
		for len(ends) > 0 && ends[0] <= at+len(chunk.Audio) {
			if ends[0] > at && (len(marks) == 0 || ends[0]-at > marks[len(marks)-1]) {
				marks = append(marks, ends[0]-at)
			}
			ends = ends[1:]
		}
		end := at + len(chunk.Audio)
		if len(marks) == 0 && len(ends) == 0 && end-marked >= share {
			marks = append(marks, len(chunk.Audio))
		}
		if err := t.send(playback, chunk.Audio, marks); err != nil {
			return err
		}
		if n := len(marks); n > 0 {
			marked = at + marks[n-1]
		}
		at = end
	}
	return nil
}

// bounded yields tokens up to maxText bytes, and then an error.
func bounded(tokens iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		size := 0
		for token, err := range tokens {
			if size += len(token); size > maxText && err == nil {
				token, err = "", tooLong(size)
			}
			if !yield(token, err) || err != nil {
				return
			}
		}
	}
}

func tooLong(size int) error {
	return &tts.Error{Op: "say", Kind: tts.ErrBadText, Err: fmt.Errorf("%d bytes or more: want %d at most", size, maxText)}
}

// saying records what tokens yields, when that is known.
func (c *Call) saying(tokens iter.Seq2[string, error]) iter.Seq2[string, error] {
	if c.page == nil {
		return tokens
	}
	return func(yield func(string, error) bool) {
		var text strings.Builder
		var failed error
		defer func() { c.did(journal.Action{What: "say", Text: text.String()}, failed) }()
		for token, err := range tokens {
			text.WriteString(token)
			failed = err
			if !yield(token, err) {
				return
			}
		}
	}
}
