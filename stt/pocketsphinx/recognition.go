package pocketsphinx

import (
	"context"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
)

// recognition is one request, and the worker that answers it.
type recognition struct {
	engine   *Engine
	worker   *worker
	config   stt.Config
	deadline time.Time
}

// decode returns the decoder's hypothesis of audio.
func (r *recognition) decode(ctx context.Context, audio []byte) (hypothesis, error) {
	clip, err := r.engine.dir.clip(audio, r.config.Format)
	if err != nil {
		return hypothesis{}, err
	}
	defer clip.remove()
	return r.worker.words(ctx, clip, r.deadline)
}

// phrase returns the words of the phrase, none if no phrase was said, and the phone loop's
// hypothesis.
func (r *recognition) phrase(ctx context.Context, audio []byte) (words, phones hypothesis, err error) {
	parts := r.config.Parts
	if parts == nil {
		parts = new(stt.Parts)
	}
	loop, err := r.startLoop(ctx, audio, parts)
	if err != nil {
		return words, phones, err
	}
	defer loop.clip.remove()
	if parts.More {
		if phones, err = loop.phones(); err == nil { // after an error Kept stays, and the next request begins there
			parts.Kept = phones
		}
		return words, phones, err
	}
	words, phones, err = r.matchAlone(ctx, loop, audio, parts.Offset)
	if err != nil || len(words.segments) > 0 {
		return words, phones, err
	}
	return r.matchWhole(ctx, loop, parts)
}

// matchAlone matches the utterance by itself, which is at an offset in the whole.
func (r *recognition) matchAlone(ctx context.Context, loop *phoneLoop, audio []byte, offset time.Duration) (words, phones hypothesis, err error) {
	words, err = r.decodeWith(ctx, loop, audio)
	if err != nil || len(words.segments) == 0 {
		return words, phones, err
	}
	if phones, err = loop.phones(); err != nil {
		return words, phones, err
	}
	phones = phones.from(offset, words.skipped)
	if !r.engine.judge.accepts(words, phones, r.config.OnHold) {
		words = hypothesis{}
	}
	return words, phones, nil
}

// matchWhole matches the utterance together with what was said before it, and keeps what the
// phone loop heard for the next request.
func (r *recognition) matchWhole(ctx context.Context, loop *phoneLoop, parts *stt.Parts) (words, phones hypothesis, err error) {
	if parts.Whole != nil {
		if words, err = r.decodeWith(ctx, loop, parts.Whole); err != nil {
			return words, phones, err
		}
	}
	if phones, err = loop.phones(); err != nil {
		return words, phones, err
	}
	parts.Kept = phones
	if parts.MatchedWhole = r.engine.judge.accepts(words, phones, r.config.OnHold); !parts.MatchedWhole {
		words = hypothesis{}
	}
	return words, phones.from(parts.Offset, 0), nil
}

// phoneLoop is the phone loop at work. It takes three times as long as the decoder: it hears
// only what is new, while the decoder looks for a phrase in all.
type phoneLoop struct {
	size   int                        // bytes of the audio that it hears
	clip   clip                       // the same
	phones func() (hypothesis, error) // waits for all that it has heard, also before
}

// startLoop has the phone loop hear what it has not heard yet.
func (r *recognition) startLoop(ctx context.Context, audio []byte, parts *stt.Parts) (*phoneLoop, error) {
	kept, known := parts.Kept.(hypothesis)
	fresh, at := r.fresh(audio, parts, known)
	clip, err := r.engine.dir.clip(fresh, r.config.Format)
	if err != nil {
		return nil, err
	}
	r.worker.phones.send(clip)
	return &phoneLoop{len(fresh), clip, sync.OnceValues(func() (hypothesis, error) {
		heard, err := r.worker.phones.receive(ctx, clip, r.deadline)
		if err == nil && at > 0 {
			heard = kept.then(at, heard)
		}
		return heard, err
	})}, nil
}

// fresh returns the audio that the phone loop has not heard, and where it begins, counted
// from the last phrase. known reports that parts.Kept holds what the loop heard before.
func (r *recognition) fresh(audio []byte, parts *stt.Parts, known bool) ([]byte, time.Duration) {
	switch {
	case known && parts.More:
		return audio, parts.New
	case known:
		return audio[min(r.config.Format.Bytes(parts.New-parts.Offset), len(audio)):], parts.New
	case parts.Whole != nil:
		return parts.Whole, 0
	}
	return audio, 0
}

// decodeWith is decode, which takes the loop's clip if that is the same audio: both end where
// all audio ends.
func (r *recognition) decodeWith(ctx context.Context, loop *phoneLoop, audio []byte) (hypothesis, error) {
	if len(audio) == loop.size {
		return r.worker.words(ctx, loop.clip, r.deadline)
	}
	return r.decode(ctx, audio)
}
