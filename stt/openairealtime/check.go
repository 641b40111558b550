package openairealtime

import (
	"errors"
	"fmt"

	"agentos.dev/dialtone/internal/option"
)

// check returns everything that is wrong with the options but for the key and the URL.
func (o *Options) check() error {
	err := option.Duration("openairealtime: Options.Silence", o.Silence)
	switch o.NoiseReduction {
	case "", "near_field", "far_field":
		return err
	}
	return errors.Join(err, fmt.Errorf("openairealtime: Options.NoiseReduction %.40q is neither near_field nor far_field", o.NoiseReduction))
}
