package assemblyai

import (
	"errors"

	"agentos.dev/dialtone/internal/option"
)

// check returns the errors of the options but for the key and the URL.
func (o *Options) check() error {
	errs := []error{option.Duration("assemblyai: Options.MinSilence", o.MinSilence), option.Duration("assemblyai: Options.MaxSilence", o.MaxSilence)}
	if o.MaxSilence > 0 && o.MinSilence > o.MaxSilence {
		errs = append(errs, errors.New("assemblyai: Options.MinSilence is above MaxSilence"))
	}
	if !(o.EndOfTurn >= 0 && o.EndOfTurn <= 1) {
		errs = append(errs, errors.New("assemblyai: Options.EndOfTurn is not between 0 and 1"))
	}
	return errors.Join(errs...)
}
