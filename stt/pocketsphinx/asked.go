package pocketsphinx

import (
	"context"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
)

// asked is one recognition: an engine's worker and its request.
type asked struct {
	e        *Engine
	w        *worker
	c        stt.Config
	deadline time.Time
}

// words returns the decoder's hypothesis.
func (a asked) words(ctx context.Context, audio []byte) (hypothesis, error) {
	one, err := a.e.dir.clip(audio, a.c.Format)
	if err != nil {
		return hypothesis{}, err
	}
	defer one.remove()
	return a.w.words(ctx, one, a.deadline)
}

// phrase returns the words of the phrase, none if no phrase was said, and the phone
// loop's hypothesis. The loop takes three times as long as the decoder: it hears only
// what is new, while the decoder looks for a phrase in all.
func (a asked) phrase(ctx context.Context, audio []byte) (words, phones hypothesis, err error) {
	p := a.c.Parts
	if p == nil {
		p = new(stt.Parts)
	}
	kept, known := p.Kept.(hypothesis)
	fresh, at := a.fresh(audio, p, known)
	loop, err := a.e.dir.clip(fresh, a.c.Format)
	if err != nil {
		return words, phones, err
	}
	defer loop.remove()
	a.w.phones.send(loop)
	wait := sync.OnceValue(func() error { // sets phones to what the phone loop heard, once it has answered
		heard, err := a.w.phones.receive(ctx, loop, a.deadline)
		if err != nil {
			return err
		}
		if phones = heard; at > 0 {
			phones = kept.then(at, heard)
		}
		return nil
	})
	decode := func(audio []byte) (hypothesis, error) {
		if len(audio) == len(fresh) { // both end where all audio ends, so they are the same
			return a.w.words(ctx, loop, a.deadline)
		}
		return a.words(ctx, audio)
	}

	if p.More {
		if err = wait(); err == nil { // after an error p.Kept stays, and the next request begins there
			p.Kept = phones
		}
		return hypothesis{}, phones, err
	}
	// Does the utterance alone match a phrase?
	if words, err = decode(audio); err != nil {
		return words, phones, err
	}
	if len(words.segments) > 0 {
		if err = wait(); err != nil {
			return words, phones, err
		}
		if alone := phones.from(p.Offset, words.skipped); a.e.judge.accepts(words, alone, a.c.OnHold) {
			return words, alone, nil
		}
	}
	// Does it match together with what was said before it?
	words = hypothesis{}
	if p.Whole != nil {
		if words, err = decode(p.Whole); err != nil {
			return words, phones, err
		}
	}
	if err = wait(); err != nil {
		return words, phones, err
	}
	p.Kept = phones
	if p.MatchedWhole = a.e.judge.accepts(words, phones, a.c.OnHold); !p.MatchedWhole {
		words = hypothesis{}
	}
	return words, phones.from(p.Offset, 0), nil
}

// fresh returns the audio that the phone loop has not heard, and where it begins, counted
// from the last phrase. known reports that p.Kept holds what the loop heard before.
func (a asked) fresh(audio []byte, p *stt.Parts, known bool) ([]byte, time.Duration) {
	switch {
	case known && p.More:
		return audio, p.New
	case known:
		return audio[min(a.c.Format.Bytes(p.New-p.Offset), len(audio)):], p.New
	case p.Whole != nil:
		return p.Whole, 0
	}
	return audio, 0
}
