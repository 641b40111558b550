package openai

import (
	"errors"
	"net/url"
	"strings"

	"agentos.dev/dialtone/internal/option"
)

// check returns the errors of the options but for the key and the form of the URL.
func (o *Options) check() error {
	errs := []error{
		option.Count("openai: Options.Workers", o.Workers),
		option.Duration("openai: Options.MaxWait", o.MaxWait),
		o.Segmentation.Validate(),
	}
	if u, err := url.Parse(o.BaseURL); err == nil {
		switch {
		case u.RawQuery != "", u.Fragment != "":
			errs = append(errs, errors.New("openai: Options.BaseURL has a query or fragment, and paths are added to it"))
		case strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/audio/transcriptions"):
			errs = append(errs, errors.New("openai: Options.BaseURL is to be without /audio/transcriptions, which is added"))
		}
	}
	return errors.Join(errs...)
}
