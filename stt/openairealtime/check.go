package openairealtime

import (
	"errors"
	"fmt"

	"agentos.dev/dialtone/internal/option"
)

// check returns the errors of the options but for the key and the URL.
func (o *Options) check() error {
	err := option.Duration("openairealtime: Options.Silence", o.Silence)
	switch option.Trim(o.Eagerness) {
	case "":
	case "auto", "low", "medium", "high":
		if o.Silence != 0 {
			err = errors.Join(err, errors.New("openairealtime: Options.Silence and Eagerness are two ways to end an utterance: set one"))
		}
	default:
		err = errors.Join(err, fmt.Errorf("openairealtime: Options.Eagerness %.40q is none of auto, low, medium and high", o.Eagerness))
	}
	switch o.NoiseReduction {
	case "", "near_field", "far_field":
		return err
	}
	return errors.Join(err, fmt.Errorf("openairealtime: Options.NoiseReduction %.40q is neither near_field nor far_field", o.NoiseReduction))
}
