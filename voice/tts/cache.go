package tts

import (
	"bytes"
	"container/list"
	"context"
	"iter"
	"slices"
	"sync"

	"agentos.dev/dialtone/voice/tts/text"
)

// Cache keeps spoken pieces as mu-law, so that a greeting is made once and not for
// every call. It drops the pieces that were not used for longest. Put it in front of
// engines with [Cache.Of]. All methods are safe for concurrent use. It is made by
// [NewCache]; the zero value is not usable.
type Cache struct {
	max int // bytes

	mu      sync.Mutex
	size    int
	phrases map[phraseKey]*list.Element // of *phrase
	recent  *list.List                  // the last that was said is in front
}

// phraseKey identifies a phrase.
type phraseKey struct {
	engine, model, voice, language, text string
	speed                                float64
}

// phrase is a text that was said.
type phrase struct {
	key   phraseKey
	audio []byte
	words []Word
}

// overhead is the rough size of a phrase beside its audio, text and words.
const overhead = 256

func (p *phrase) size() int { return len(p.audio) + len(p.key.text) + 48*len(p.words) + overhead }

// NewCache returns a cache of at most the given number of bytes; 0 = 16 MiB, half an
// hour of speech.
func NewCache(bytes int) *Cache {
	if bytes <= 0 {
		bytes = 16 << 20
	}
	return &Cache{max: bytes, phrases: make(map[phraseKey]*list.Element), recent: list.New()}
}

// Of returns s with the cache in front of it. The key of a piece is the engine and the
// model that s reports, voice, language, speed and text, so put the cache in front of
// each engine of a [Failover], not of the failover. Each piece of an utterance is made by
// itself, also with a [Streamer]. The audio is mu-law.
func (c *Cache) Of(s Synthesizer) Synthesizer { return &cached{abilities{s}, c} }

// Load makes phrases with s before a call needs them, prepared as [Speak] prepares
// text. It returns the first error.
func (c *Cache) Load(ctx context.Context, s Synthesizer, o Options, phrases ...string) error {
	in := c.Of(s)
	if o.Text.Language == "" {
		o.Text.Language = o.Config.Language
	}
	o.Text.AsWritten = o.Text.AsWritten || Normalizes(s)
	for _, p := range phrases {
		for _, piece := range text.Split(p, o.Text) {
			for _, err := range in.Synthesize(ctx, piece.Text, o.Config) {
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Size returns how many bytes the cache holds.
func (c *Cache) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size
}

func (c *Cache) get(key phraseKey) *phrase {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.phrases[key]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*phrase)
}

func (c *Cache) put(p *phrase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phrases[p.key] != nil || p.size() > c.max {
		return
	}
	c.phrases[p.key] = c.recent.PushFront(p)
	for c.size += p.size(); c.size > c.max; {
		last := c.recent.Remove(c.recent.Back()).(*phrase)
		delete(c.phrases, last.key)
		c.size -= last.size()
	}
}

// cached is an engine with a cache in front of it.
type cached struct {
	abilities
	cache *Cache
}

// Synthesize yields the phrase if it is there, and keeps it otherwise.
func (s *cached) Synthesize(ctx context.Context, text string, c Config) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		status := StatusOf(s.inner)
		key := phraseKey{status.Engine, status.Model, c.Voice, c.Language, text, c.Speed}
		if err := ctx.Err(); err != nil {
			yield(Chunk{}, err)
			return
		}
		if p := s.cache.get(key); p != nil {
			yield(Chunk{Audio: bytes.Clone(p.audio), Words: slices.Clone(p.words)}, nil)
			return
		}
		p := &phrase{key: key}
		for chunk, err := range Mulaw(s.inner.Synthesize(ctx, text, c)) {
			if err == nil && p != nil {
				p.audio, p.words = append(p.audio, chunk.Audio...), append(p.words, chunk.Words...)
				if p.size() > s.cache.max/4 {
					p = nil // too long to be kept
				}
			}
			if !yield(chunk, err) || err != nil {
				return
			}
		}
		if p != nil && duration(len(p.audio)) >= shortest(text, c.Speed) && len(p.audio) > 0 {
			p.audio = slices.Clip(p.audio)
			s.cache.put(p)
		}
	}
}
