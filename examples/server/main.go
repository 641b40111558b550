// Command server is the reference server of dialtone: it answers Twilio calls
// for real. With -demo it answers a call of a built-in fake Twilio, and with -phone those of a
// telephone in the browser, so that no account is needed.
//
// Run it with -h for its flags and environment.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // BUSINESS_TZ also where the system has no time zones
)

// usualAddr is where callers are answered unless -addr says otherwise.
const usualAddr = ":8080"

func main() {
	ctx, stop := context.WithCancel(context.Background())
	// Nothing is read again, and a terminal or a reader of the log that goes ends no call.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals // the first one drains
		stop()
		<-signals // the second one does not wait
		os.Exit(1)
	}()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr, os.Environ()...); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// run is main without the process around it. environ are all variables that are set, as
// os.Environ returns them.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer, environ ...string) error {
	if len(args) > 0 {
		switch args[0] {
		case "doctor":
			return runDoctor(ctx, args[1:], getenv, stdout, environ...)
		case "setup":
			return runSetup(ctx, args[1:], getenv, stdout, environ...)
		}
	}
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is reported with the others
	addr := flags.String("addr", usualAddr, "address to listen on, unless a supervisor as systemd passes a socket on")
	demo := flags.Bool("demo", false, "answer one call of a built-in fake Twilio, on loopback only, and exit")
	phone := flags.Bool("phone", false, "be a telephone in the browser, at a URL on loopback, that calls a server of its own or -target")
	target := flags.String("target", "", "with -phone: call the server at this URL instead, in any language, with PUBLIC_URL and TWILIO_AUTH_TOKEN as it has them;\nits path is that of the voice webhook (default /api/voice/twilio/inbound)")
	stay := flags.Bool("stay", false, "with -demo: keep serving afterwards")
	var wrong mistakes
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		usage(flags)
		return err
	case err != nil:
		wrong.wrong("flags", "%v", err)
	case flags.NArg() > 0:
		wrong.wrong("flags", "%s is not one: flags begin with -", shown(flags.Arg(0)))
	}
	if *stay && !*demo {
		wrong.wrong("-stay", "goes with -demo")
	}
	if *target != "" && !*phone {
		wrong.wrong("-target", "goes with -phone")
	}
	if *phone && *demo {
		wrong.wrong("-phone", "does not go with -demo")
	}
	wrong.adopt("-addr", checkAddress(*addr))
	if *phone && len(wrong) == 0 {
		return runPhone(ctx, getenv, loopback(flags, *addr), *target, stdout, stderr)
	}
	if *demo && len(wrong) == 0 {
		return runDemo(ctx, getenv, loopback(flags, *addr), *stay, stdout)
	}
	config, err := configFromEnv(getenv, environ...)
	for name, private := range map[string]string{"ADMIN_ADDR": config.adminAddr, "METRICS_ADDR": config.metricsAddr} {
		if sameAddress(*addr, private) && (name == "ADMIN_ADDR" || private != config.adminAddr) {
			wrong.wrong(name, "is where callers are answered, by -addr")
		}
	}
	if err := errors.Join(wrong.err(), err, config.checkEngine()); err != nil {
		return refused(err)
	}
	return serve(ctx, config, *addr, supervisor{getenv}, stderr)
}

// refused is the error of a start with mistakes.
func refused(err error) error {
	return fmt.Errorf("the configuration is wrong, nothing was started (-h lists flags and variables):\n%w", err)
}

// loopback returns where the demo listens: never where others could reach it,
// and on a free port unless -addr was given.
func loopback(flags *flag.FlagSet, addr string) string {
	port := "0"
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "addr" {
			port = addr[strings.LastIndexByte(addr, ':')+1:]
		}
	})
	return "127.0.0.1:" + port
}

func usage(flags *flag.FlagSet) {
	w := flags.Output()
	fmt.Fprint(w, "server answers Twilio calls. server doctor checks, while it runs, what a first call needs.\nserver setup has the number's calls come here.\n\nFlags:\n")
	flags.PrintDefaults()
	fmt.Fprint(w, "\nEnvironment:\n")
	for _, v := range variables {
		fallback := ""
		if v.fallback != "" {
			fallback = " (default " + v.fallback + ")"
		}
		fmt.Fprintf(w, "  %-22s %s%s\n", v.name, v.help, fallback)
	}
}
