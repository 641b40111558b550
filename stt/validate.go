package stt

import (
	"errors"
	"fmt"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/option"
)

// Validator is implemented by engines and recognisers that check their own options:
// those of this package whose constructor returns no error.
type Validator interface {
	// Validate returns every error of the options.
	Validate() error
}

// Validate returns every mistake in the construction of e: an engine or a recogniser
// that is nil or a nil pointer, at any depth, and options out of range. voice.New calls
// it.
func Validate(e Engine) error { return validate("engine", e) }

// validate is Validate for engines and recognisers.
func validate(what string, inner any) error {
	if option.Nil(inner) {
		return fmt.Errorf("stt: %s is nil", what)
	}
	if v, ok := inner.(Validator); ok {
		return v.Validate()
	}
	return nil
}

// mistakes collects the errors of one thing's options.
type mistakes struct {
	of   string
	errs []error
}

func (m *mistakes) add(format string, args ...any) {
	m.errs = append(m.errs, fmt.Errorf("stt: "+m.of+": "+format, args...))
}

// duration notes a duration that is out of range.
func (m *mistakes) duration(name string, d time.Duration) {
	m.errs = append(m.errs, option.Duration("stt: "+m.of+": "+name, d))
}

// count notes a negative number.
func (m *mistakes) count(name string, n int) {
	m.errs = append(m.errs, option.Count("stt: "+m.of+": "+name, n))
}

func (m *mistakes) err() error { return errors.Join(m.errs...) }

// Validate returns the errors of the options and of the recogniser.
func (p *Pool) Validate() error { return errors.Join(p.wrong, validate("recogniser of a pool", p.rec)) }

func (o *PoolOptions) check() error {
	m := mistakes{of: "pool"}
	m.count("Workers", o.Workers)
	m.duration("MaxWait", o.MaxWait)
	return m.err()
}

// Validate returns the errors of the options and of all engines.
func (f *failover) Validate() error {
	errs := []error{f.wrong}
	if len(f.engines) == 0 {
		errs = append(errs, errors.New("stt: failover has no engines"))
	}
	for i, e := range f.engines {
		errs = append(errs, validate(fmt.Sprintf("engine %d of a failover", i), e))
	}
	return errors.Join(errs...)
}

func (o *FailoverOptions) check() error {
	m := mistakes{of: "failover"}
	m.duration("Keep", o.Keep)
	m.duration("Patience", o.Patience)
	m.count("Reconnects", o.Reconnects)
	return errors.Join(m.err(), o.Breaker.check())
}

func (o *BreakerOptions) check() error {
	m := mistakes{of: "breaker"}
	m.count("Failures", o.Failures)
	m.duration("Cooldown", o.Cooldown)
	return m.err()
}

// Validate returns the errors of the options and of the recogniser.
func (e *segmented) Validate() error {
	return errors.Join(e.wrong, validate("recogniser of a segmented engine", e.rec))
}

// Validate returns an error for every value out of range. MinAudio, Join and Ahead may
// be negative: that means none for engines with a default of their own.
func (o Segmentation) Validate() error {
	m := mistakes{of: "segmentation"}
	m.duration("Timeout", o.Timeout)
	m.duration("Backlog", o.Backlog)
	if t := o.VAD.Threshold; !(t >= 0 && t <= 1) {
		m.add("VAD.Threshold is %v: no sound is more likely speech than 1", t)
	}
	if r := o.VAD.Release; !(r >= 0 && r <= 1) {
		m.add("VAD.Release is %v: want 0 to 1", r)
	}
	for _, v := range []struct {
		name string
		d    time.Duration
	}{
		{"VAD.Start", o.VAD.Start}, {"VAD.HangOver", o.VAD.HangOver}, {"VAD.PreRoll", o.VAD.PreRoll}, {"VAD.MinSpeech", o.VAD.MinSpeech}, {"VAD.MaxLength", o.VAD.MaxLength},
	} {
		m.duration(v.name, v.d)
	}
	if o.VAD.MaxLength > 0 && o.VAD.MinSpeech > o.VAD.MaxLength {
		m.add("VAD.MinSpeech, %v, is longer than VAD.MaxLength, %v: every utterance would be discarded", o.VAD.MinSpeech, o.VAD.MaxLength)
	}
	return m.err()
}

// ValidateFormat returns an [ErrBadAudio] error for audio that no engine takes: of an encoding
// other than mu-law and PCM16, a rate outside 8000 to 48000 Hz, or more than one channel.
func ValidateFormat(f codec.Format) error {
	bad := func(err error) error { return &Error{Op: "open", Kind: ErrBadAudio, Err: err} }
	if f.Encoding != codec.Mulaw && f.Encoding != codec.PCM16 {
		return bad(fmt.Errorf("unknown encoding %v", f.Encoding))
	}
	if r := f.SampleRate(); r < 8000 || r > 48000 {
		return bad(fmt.Errorf("sample rate %d", r))
	}
	if f.Channels > 1 {
		return bad(fmt.Errorf("%d channels", f.Channels))
	}
	return nil
}
