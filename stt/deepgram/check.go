package deepgram

import (
	"errors"

	"agentos.dev/dialtone/internal/option"
)

// check returns the errors of the options but for the key and the URL.
func (o *Options) check() error {
	return errors.Join(option.Duration("deepgram: Options.Endpointing", o.Endpointing), o.checkFlux())
}
