package pocketsphinx

import (
	"context"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
)

// asked is one recognition: an engine's worker, and what it is asked.
type asked struct {
	e        *Engine
	w        *worker
	c        stt.Config
	deadline time.Time
}

// words returns what the decoder hears.
func (a asked) words(ctx context.Context, audio []byte) (hypothesis, error) {
	one, err := a.e.dir.clip(audio, a.c.Format)
	if err != nil {
		return hypothesis{}, err
	}
	defer one.remove()
	return a.w.words(ctx, one, a.deadline)
}

// phrase returns the words that were said, none if it is no phrase, and what the phone
// loop heard. The loop takes three times as long as the decoder: it hears only what is
// new, while the decoder looks for a phrase in all.
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
	wait := sync.OnceValue(func() error { // for the phone loop
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
		if len(audio) == len(fresh) { // both end where the whole ends
			return a.w.words(ctx, loop, a.deadline)
		}
		return a.words(ctx, audio)
	}

	if p.More {
		if err = wait(); err == nil { // or it is asked again, with what was kept before
			p.Kept = phones
		}
		return hypothesis{}, phones, err
	}
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

// fresh returns the audio that the phone loop has not heard, and where it begins in all
// since the last phrase. known says that what came before was kept.
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
