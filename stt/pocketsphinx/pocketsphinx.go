// Package pocketsphinx recognises phrases on this machine, without a network,
// with CMU PocketSphinx as Debian packages it:
//
//	apt-get install pocketsphinx pocketsphinx-en-us
//
// It is a phrase recogniser: it finds which of the given phrases a caller says, on
// telephone audio almost without error, at 4 % of one core per speaking caller. Other
// speech has no transcript. For free speech see [Options.Dictation].
//
// It rejects hold music, tones and noise by the length and number of words and phones
// and by how well any phone fits the sound. Once a call's utterances sound like music
// the line is on hold, as stt.Event.OnHold reports, and short phrases need a better
// score.
package pocketsphinx

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
)

const name = "pocketsphinx"

// Options configure an Engine. Either Phrases or Dictation must be set.
type Options struct {
	// Phrases are the phrases that a caller may say, in any case; punctuation and accents
	// are ignored. Transcripts have the spoken words: "Room 4" is heard as "room four",
	// "2:30" as "two thirty", "Dr. Smith" as "dr smith". A number that may be read in
	// other ways, as "12" digit by digit, is a phrase for each, written out.
	Phrases []string
	// Pronunciations are words that the dictionary lacks, or says differently, in
	// the model's phones: "dialtone": "D AY AH L T OW N". Other words that it lacks
	// are pronounced by the rules of espeak-ng, with a warning in the log.
	Pronunciations map[string]string
	// Dictation hears free speech in the place of phrases. On telephone audio four to six
	// words of ten are right, at ten times the time and memory: enough to find the topic,
	// not to act on the words.
	Dictation bool

	// Rejection is the least score at which a phrase is accepted: its log likelihood per
	// 10 ms less that of free phones; 0 = -18. Right phrases lie around -6 and hardly ever
	// below -17, other speech around -35.
	Rejection float64
	// Wideband fits the engine to audio that was never on a telephone: it leaves out the
	// model's transform for the telephone channel, and with it the rejection of music.
	Wideband bool

	// Workers is the number of utterances that are recognised at once; 0 = one per core.
	// Each takes two processes of about 15 MB.
	Workers int
	// MaxWait is the longest an utterance waits for a worker; 0 = 2 s.
	MaxWait time.Duration
	// Timeout is the longest a recognition takes before its worker is killed and
	// replaced; 0 = 4 s.
	Timeout time.Duration
	// Segmentation configures where Open cuts calls into utterances. Its Join is 2 s if 0,
	// so that a caller may pause in the middle of a phrase, and its Ahead 2 s, so that
	// most of a long one is heard before its end; negative = never. Its VAD.HangOver is
	// 240 ms if 0.
	Segmentation stt.Segmentation

	// Logger gets a warning for words that are pronounced by rule; nil = no log.
	Logger *slog.Logger

	// Binary is the path of pocketsphinx_batch; empty = found in PATH.
	Binary string
	// ModelDir holds en-us, cmudict-en-us.dict and en-us-phone.lm.bin; empty =
	// where Debian puts them, /usr/share/pocketsphinx/model/en-us.
	ModelDir string
}

// Engine recognises speech with PocketSphinx. It is a recogniser of utterances and, by
// Open, an engine for calls. All methods are safe for concurrent use. Phrases of a
// stt.Config are ignored: the grammar is the engine's. An Engine is made by [New]; the
// zero value is not usable.
type Engine struct {
	o       Options
	judge   judge
	dir     *folder // of the grammar, the dictionary and the audio under way
	pool    *stt.Pool
	calls   stt.Engine
	workers []*worker
	idle    chan *worker
	warming chan struct{} // has a token while Prewarm collects workers
	ready   atomic.Bool

	closing sync.Once
	closed  chan struct{}
}

const (
	// pauseInPhrase is how long a caller may stop to think in the middle of one.
	pauseInPhrase = 2 * time.Second
	// shortSilence ends an utterance sooner than with other engines: phrases that it cuts
	// too early are joined again.
	shortSilence = 240 * time.Millisecond
	// partOfPhrase takes the phone loop a tenth of a second. In shorter parts it takes
	// silence for speech, since its levels follow the last audio.
	partOfPhrase = 2 * time.Second
)

// New starts the workers. Without the Debian packages, or without espeak-ng for words
// that the dictionary lacks, it returns an error that is [stt.ErrUnavailable] and names
// the packages. Close the engine after use.
func New(o Options) (*Engine, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Rejection == 0 {
		o.Rejection = -18
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if !o.Dictation {
		if o.Segmentation.Join == 0 {
			o.Segmentation.Join = pauseInPhrase
		}
		if o.Segmentation.Ahead == 0 {
			o.Segmentation.Ahead = partOfPhrase
		}
		if o.Segmentation.VAD.HangOver == 0 {
			o.Segmentation.VAD.HangOver = shortSilence
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = 4 * time.Second
	}
	in, err := findInstallation(o.Binary, o.ModelDir)
	if err != nil {
		return nil, err
	}
	m, err := prepare(in, o)
	if err != nil {
		return nil, err
	}
	judge := judge{rejection: o.Rejection, lengths: m.lengths, telephone: !o.Wideband}
	e := &Engine{o: o, judge: judge, dir: m.dir, idle: make(chan *worker, o.Workers), warming: make(chan struct{}, 1), closed: make(chan struct{})}
	for range o.Workers {
		w := &worker{decoder: process{args: m.decoder}}
		if m.phones != nil {
			w.phones = &process{args: m.phones}
		}
		e.workers = append(e.workers, w)
		e.idle <- w
		if err := w.start(); err != nil {
			e.Close()
			return nil, &stt.Error{Engine: name, Op: "start", Kind: stt.ErrUnavailable, Err: err}
		}
	}
	e.pool = stt.NewPool(stt.RecognizerFunc(e.recognize), stt.PoolOptions{Workers: o.Workers, MaxWait: o.MaxWait})
	e.calls = stt.Segmented(e.pool, o.Segmentation)
	return e, nil
}

// Open implements stt.Engine. It is stt.Open.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	return stt.Open(ctx, e, c)
}

// Traits implements stt.Describer.
func (e *Engine) Traits() stt.Traits { return stt.Traits{Engine: e.calls} }

// Recognize implements stt.Recognizer. Times of words are approximate.
func (e *Engine) Recognize(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
	return e.pool.Recognize(ctx, audio, c)
}

// Prewarm returns when every worker has loaded its model.
func (e *Engine) Prewarm(ctx context.Context) error {
	select {
	case e.warming <- struct{}{}: // two at once would wait for each other's workers
		defer func() { <-e.warming }()
	case <-ctx.Done():
		return ctx.Err()
	}
	silence := codec.Format{}.AppendSilence(nil, codec.Rate/2)
	errs := make([]error, len(e.workers))
	var asked sync.WaitGroup
	var taken []*worker
	defer func() {
		asked.Wait()
		for _, w := range taken {
			e.idle <- w
		}
	}()
	for i := range e.workers {
		select {
		case w := <-e.idle:
			taken = append(taken, w)
			asked.Go(func() { _, errs[i] = e.ask(ctx, w, silence, stt.Config{}) })
		case <-ctx.Done():
			return ctx.Err()
		case <-e.closed:
			return stt.ErrClosed
		}
	}
	asked.Wait()
	err := errors.Join(errs...)
	e.ready.Store(err == nil)
	return err
}

// Check replaces dead processes, and returns an error when it cannot.
func (e *Engine) Check(context.Context) error {
	select {
	case <-e.closed:
		return stt.ErrClosed
	default:
	}
	for range e.workers {
		select {
		case w := <-e.idle:
			err := w.start()
			e.idle <- w
			if err != nil {
				return &stt.Error{Engine: name, Op: "check", Kind: stt.ErrUnavailable, Err: err}
			}
		default: // those at work are replaced by who waits for them
			return nil
		}
	}
	return nil
}

// Status implements stt.Reporter. Ready is true once every worker has answered.
func (e *Engine) Status() stt.Status {
	s := e.pool.Status()
	s.Engine, s.Model, s.Ready = name, "en-us phrases", e.ready.Load()
	if e.o.Dictation {
		s.Model = "en-us dictation"
	}
	return s
}

// Close ends the workers; recognitions under way fail.
func (e *Engine) Close() error {
	var err error
	e.closing.Do(func() {
		close(e.closed)
		for _, w := range e.workers {
			w.stop()
		}
		for range e.workers {
			<-e.idle // nobody writes to the folder any more
		}
		err = e.dir.remove()
	})
	return err
}

// recognize is called by the pool, so a worker is free, or will be as soon as
// Prewarm lets it go.
func (e *Engine) recognize(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
	select {
	case w := <-e.idle:
		defer func() { e.idle <- w }()
		return e.ask(ctx, w, audio, c)
	case <-ctx.Done():
		return stt.Transcript{}, ctx.Err()
	case <-e.closed:
		return stt.Transcript{}, stt.ErrClosed
	}
}

// ask has a worker recognise audio.
func (e *Engine) ask(ctx context.Context, w *worker, audio []byte, c stt.Config) (stt.Transcript, error) {
	if err := stt.ValidateFormat(c.Format); err != nil {
		return stt.Transcript{}, err
	}
	r := &recognition{engine: e, worker: w, config: c, deadline: time.Now().Add(e.o.Timeout)}
	var words, phones hypothesis
	var err error
	switch {
	case e.o.Dictation:
		words, err = r.decode(ctx, audio)
	case (c.Parts == nil || !c.Parts.More) && tonal(c.Format.AppendPCM(nil, audio), c.Format.SampleRate()):
		t := hypothesis{}.transcript()
		t.Music = true
		return t, nil
	default:
		words, phones, err = r.phrase(ctx, audio)
	}
	if err != nil {
		return stt.Transcript{}, e.failed(err)
	}
	t, err := stt.Clean(words.transcript(), nil)
	if err != nil {
		return stt.Transcript{}, err
	}
	t.Music = !e.o.Dictation && len(words.segments) == 0 && phones.music()
	return t, nil
}

// failed returns err, or ErrClosed if closing the engine caused it.
func (e *Engine) failed(err error) error {
	select {
	case <-e.closed:
		return stt.ErrClosed
	default:
		return err
	}
}
