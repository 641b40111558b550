package voicetest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/text"
)

// Voice is a synthesiser for the host under test, which remembers what it has said: give it to
// the host as voice.Config.TTS and to the fake as [Config].Voice, and [Call.HearsText] knows
// the text of what the caller hears. It is made by [NewVoice]; the zero value is not usable.
// It is safe for concurrent use.
type Voice struct {
	engine tts.Synthesizer

	mu   sync.Mutex
	said []spoken // no two of the same sound
}

// spoken is a piece of text and its sound.
type spoken struct {
	words []string
	audio []byte
}

// NewVoice returns a voice that says text as engine does; nil says each word as a murmur with a
// tone of its own, with word times, and needs no program.
func NewVoice(engine tts.Synthesizer) *Voice {
	if engine == nil {
		engine = &murmur{}
	}
	return &Voice{engine: engine}
}

// Synthesize implements tts.Synthesizer.
func (v *Voice) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		piece := spoken{words: wordsOf(text)}
		for chunk, err := range tts.Stream(ctx, v.engine, slices.Values([]string{text}), c) {
			piece.audio = append(piece.audio, chunk.Audio...)
			if !yield(chunk, err) || err != nil {
				return
			}
		}
		v.remember(piece)
	}
}

// Normalizes implements tts.Normalizer.
func (v *Voice) Normalizes() bool { return tts.Normalizes(v.engine) }

// Close closes the engine.
func (v *Voice) Close() error { return tts.Close(v.engine) }

// remember keeps a piece that is whole, as it is before the caller hears its end.
func (v *Voice) remember(piece spoken) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.ContainsFunc(v.said, func(s spoken) bool { return bytes.Equal(s.audio, piece.audio) }) {
		v.said = append(v.said, piece)
	}
}

// wordsOf returns the words of a text as they are compared: in small letters, without
// punctuation.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '\''
	})
}

// HearsText waits until the caller has heard a text, which the host said with the [Config]'s
// Voice, or Twilio in a session of ConversationRelay, after whatever the last Hears or HearsText found, and fails when he has not within
// the given time and the time that the words take. Letters' case and punctuation do not
// count, and numbers may be written as the host wrote them, or as they are said. The pieces
// that hold the text, sentences or clauses, have to be heard to their end.
func (c *Call) HearsText(said string, within time.Duration) error {
	c.helper()
	v, want := c.tw.cfg.Voice, wordsOf(said)
	prepared := wordsOf(preparedText(said))
	if len(want) == 0 {
		return c.tw.fail(fmt.Errorf("voicetest: no text to hear"))
	}
	deadline := time.Now().Add(within + c.tw.clock(sayTime(said)))
	for {
		over := c.over() // first: what is heard after that is not looked at
		c.mu.Lock()
		heard, from, cuts := c.player.heard, c.cursor, c.player.cuts
		words := slices.Clone(c.words[c.wordsHeard:])
		if last := lastOf(words, want); last >= 0 {
			c.wordsHeard += last + 1
			c.mu.Unlock()
			return nil
		}
		silent := v == nil && !c.relayed && (over || len(c.streams) > 0)
		c.mu.Unlock()
		if silent {
			return c.tw.fail(fmt.Errorf("voicetest: HearsText needs a Config.Voice that the host speaks with"))
		}
		var ends []int
		if len(words) == 0 && v != nil {
			words, ends = v.find(heard, from, cuts)
		}
		last := max(lastOf(words, want), lastOf(words, prepared))
		if last >= 0 && last < len(ends) {
			c.mu.Lock()
			c.cursor = max(c.cursor, ends[last])
			c.mu.Unlock()
			return nil
		}
		if over || time.Now().After(deadline) {
			err := fmt.Errorf("voicetest: the caller did not hear %q within %v; he heard %q", said, within, strings.Join(words, " "))
			if over {
				err = fmt.Errorf("%w; the call is over: %s", err, c.Status())
			}
			return c.tw.fail(withWarnings(err, c.Warnings()))
		}
		time.Sleep(frameMS * time.Millisecond)
	}
}

// preparedText returns text as a voice is given it.
func preparedText(s string) string {
	var b strings.Builder
	for _, piece := range text.Split(s, text.Options{}) {
		b.WriteString(piece.Text)
		b.WriteByte(' ')
	}
	return b.String()
}

// lastOf returns where the first of part in words ends; -1 if it is not there.
func lastOf(words, part []string) int {
	for i := 0; len(part) > 0 && i+len(part) <= len(words); i++ {
		if slices.Equal(words[i:i+len(part)], part) {
			return i + len(part) - 1
		}
	}
	return -1
}

// find returns the words of all pieces that are in what was heard from a place on, in its
// order, and for each where its piece ends.
func (v *Voice) find(heard []byte, from int, cuts []int) (words []string, ends []int) {
	type place struct {
		from, to int
		words    []string
	}
	var places []place
	v.mu.Lock()
	for _, s := range v.said {
		for at := from; len(s.audio) > 0; {
			end, found := resumed(heard, at, cuts, s.audio)
			if i := bytes.Index(heard[at:], s.audio); i >= 0 {
				end, found = at+i+len(s.audio), true
			}
			if !found {
				break
			}
			places = append(places, place{end - len(s.audio), end, s.words})
			at = end
		}
	}
	v.mu.Unlock()
	slices.SortFunc(places, func(a, b place) int { return a.from - b.from })
	for _, p := range places {
		for _, w := range p.words {
			words, ends = append(words, w), append(ends, p.to)
		}
	}
	return words, ends
}

// sayTime is how long words take by a simple rule: 14 characters a second.
func sayTime(text string) time.Duration {
	return time.Duration(utf8.RuneCountInString(text)) * time.Second / 14
}

// say notes what a Say verb says.
func (c *Call) say(v *twiml.Say) {
	c.event(Verb, "Say %s", v.Text)
	c.change(func() { c.said = append(c.said, v.Text) })
}

// speaks has the caller hear what a Say verb says, or lets the time pass that it takes.
func (c *Call) speaks(ctx context.Context, v *twiml.Say) {
	times := twiml.Or(v.Loop, 1)
	if times == 0 {
		times = math.MaxInt // until the call ends
	}
	for ; times > 0 && c.speaksOnce(ctx, v.Text) == nil; times-- {
		c.transcribe(twiml.OutboundTrack, v.Text)
	}
}

// speaksOnce speaks a text with the [Config]'s Voice, if there is one and it can.
func (c *Call) speaksOnce(ctx context.Context, text string) error {
	speech, mouth := 0, c.tw.cfg.Voice
	if mouth != nil {
		for chunk, err := range tts.Speak(mouth, tts.Text(text), tts.Options{}).Audio(ctx) {
			if err != nil {
				break
			}
			speech += len(chunk.Audio)
			c.mu.Lock()
			c.player.play(chunk.Audio)
			c.mu.Unlock()
		}
	}
	if speech > 0 {
		return c.heardOut(ctx)
	}
	return c.sleep(ctx, sayTime(text)+time.Millisecond)
}
