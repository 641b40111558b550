package pocketsphinx

import (
	"errors"
	"fmt"

	"agentos.dev/dialtone/internal/option"
)

// Validate returns everything that [New] would refuse, without starting anything: what
// is wrong with the options, phrases with words that the model cannot say, and, as an
// error that is [stt.ErrUnavailable], that PocketSphinx is not installed.
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
		_, wrong = dictionaryOf(in.dictionary, phrases, o.Pronunciations)
	}
	return errors.Join(err, wrong)
}

var errNoPhrases = errors.New("pocketsphinx: Options.Phrases is empty: say what a caller may say, or set Dictation")

// check returns everything that is wrong with the options but for the phrases.
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
