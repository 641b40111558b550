package pocketsphinx

import (
	"errors"
	"fmt"
	"log/slog"

	"agentos.dev/dialtone/internal/option"
)

// Validate returns every error that [New] would return, without starting workers:
// options out of range, phrases with words that cannot be pronounced, and, as
// [stt.ErrUnavailable], a missing PocketSphinx, or a missing espeak-ng for words that
// the dictionary lacks.
func (o Options) Validate() error {
	err := o.check()
	in, missing := findInstallation(o.Binary, o.ModelDir)
	switch {
	case missing != nil:
		return errors.Join(err, missing)
	case o.Dictation:
		return err
	case len(o.Phrases) == 0:
		return errors.Join(err, errNoPhrases)
	}
	phrases, wrong := cleanPhrases(o.Phrases)
	if wrong == nil {
		wrong = pronounceable(in.dictionary, phrases, o.Pronunciations)
	}
	return errors.Join(err, wrong)
}

// pronounceable returns an error for words of the phrases that cannot be pronounced.
func pronounceable(dictionary string, phrases [][]string, pronunciations map[string]string) error {
	_, missing, err := dictionaryOf(dictionary, phrases, pronunciations)
	if err == nil {
		_, err = spell(missing, slog.New(slog.DiscardHandler))
	}
	return err
}

var errNoPhrases = errors.New("pocketsphinx: Options.Phrases is empty: set it, or Dictation")

// check returns the errors of the options but for the phrases.
func (o *Options) check() error {
	errs := []error{
		option.Count("pocketsphinx: Options.Workers", o.Workers),
		option.Duration("pocketsphinx: Options.MaxWait", o.MaxWait),
		option.Duration("pocketsphinx: Options.Timeout", o.Timeout),
		o.Segmentation.Validate(),
	}
	if !(o.Rejection <= 0) {
		errs = append(errs, fmt.Errorf("pocketsphinx: Options.Rejection is %v: no phrase fits better than 0", o.Rejection))
	}
	if o.Dictation && len(o.Phrases) > 0 {
		errs = append(errs, errors.New("pocketsphinx: Options.Phrases and Dictation are set: it hears one or the other"))
	}
	return errors.Join(errs...)
}
