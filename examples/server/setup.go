package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"agentos.dev/dialtone/voice/twiliorest"
)

// runSetup is the subcommand that has Twilio ask this service: it sets the number's URLs, and
// a usage trigger. Without -apply it only says what it would change.
func runSetup(ctx context.Context, args []string, getenv func(string) string, out io.Writer, environ ...string) error {
	c, wrong := configFromEnv(getenv, environ...)
	return setUp(ctx, c, wrong, args, out)
}

// setUp is runSetup with a configuration that was read, or what is wrong with it.
func setUp(ctx context.Context, c config, wrong error, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("server setup", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, "server setup sets the URLs of TWILIO_NUMBER to those below PUBLIC_URL, with the server's environment and its API key,\nand a usage trigger. It says what it changes, and changes it with -apply.\n\nFlags:\n")
		flags.PrintDefaults()
	}
	apply := flags.Bool("apply", false, "make the changes")
	fallback := flags.String("fallback", "", "the number's fallback URL, on another host; left as it is if empty")
	dollars := flags.Float64("trigger", 0, "dollars a month at which a usage trigger fires; none if 0")
	told := flags.String("trigger-url", "", "URL that the usage trigger is posted to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if wrong != nil {
		return refused(wrong)
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("setup: %s is not a flag", shown(flags.Arg(0)))
	case c.apiKey == "" || c.number == "":
		return errors.New("setup: TWILIO_API_KEY, TWILIO_API_SECRET, TWILIO_ACCOUNT_SID and TWILIO_NUMBER are needed")
	case (*dollars != 0) != (*told != ""):
		return errors.New("setup: -trigger and -trigger-url go together")
	}
	rest, err := twiliorest.New(c.rest())
	if err != nil {
		return err
	}
	base := c.publicURL + "/api/voice/twilio/"
	changes, err := rest.SetNumber(ctx, c.number, twiliorest.NumberURLs{Voice: base + "inbound", Fallback: *fallback, StatusCallback: base + "status"}, !*apply)
	if err == nil && *dollars != 0 {
		var more []twiliorest.Change
		more, err = rest.SetUsageTrigger(ctx, twiliorest.UsageTrigger{Name: "dialtone " + strings.TrimPrefix(c.number, "+"), Dollars: *dollars, Callback: *told}, !*apply)
		changes = append(changes, more...)
	}
	for _, change := range changes {
		fmt.Fprintln(out, change)
	}
	switch {
	case err != nil:
		return fmt.Errorf("setup: %w", err)
	case len(changes) == 0:
		fmt.Fprintln(out, "everything is as it should be")
	case !*apply:
		fmt.Fprintln(out, "nothing was changed: -apply does it")
	}
	return nil
}
