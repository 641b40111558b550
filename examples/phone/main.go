// Command phone calls a service as Twilio does, whatever language that is written in: one
// call, scripted calls with results, or many at once. It needs no account: the service is
// told the auth token and the public URL that the phone signs with.
//
//	phone call http://127.0.0.1:8080/api/voice/twilio/inbound "listen 2s" "digits 1#" "expect audio 1s" hangup
//	phone serve -target http://127.0.0.1:8080/api/voice/twilio/inbound -calls calls.txt -junit results.xml
//	phone load -rate 20 -calls 500 -length 30s http://127.0.0.1:8080/api/voice/twilio/inbound
//	phone journal print FILE
//	phone journal wav FILE call.wav
//	phone journal replay -target http://127.0.0.1:8080/api/voice/twilio/inbound FILE
//
// It exits with 0 when all went well, with 1 when a call did not, and with 2 when it was
// asked for what it cannot do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"agentos.dev/dialtone/voice/voicetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	err := p.run(ctx, os.Args[1:])
	var usage *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "phone:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "phone:", err)
		os.Exit(1)
	}
}

// program is the process.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

// usageError is what the command cannot be asked for.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func misused(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

const usage = `phone calls a service as Twilio does.

  phone call [flags] URL [step...]       one call, by its steps, those of a script, or lines of the standard input
  phone serve [flags]                    the fake Twilio with its REST API, and scripted calls with results
  phone load [flags] URL                 many calls at once, at a rate
  phone journal print FILE...            a recorded call, as text
  phone journal wav FILE OUT.wav         as sound: the caller on the left
  phone journal replay [flags] FILE...   through a service again, up to the first difference

URL is the number's voice URL at the service, as http://127.0.0.1:8080/api/voice/twilio/inbound.
phone COMMAND -h lists the flags of a command. TWILIO_AUTH_TOKEN signs; without one it is
` + voicetest.AuthToken + `. Steps of calls:
`

func (p *program) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(p.stderr, usage, stepHelp)
		return misused("which command?")
	}
	switch args[0] {
	case "call":
		return p.call(ctx, args[1:])
	case "serve":
		return p.serve(ctx, args[1:])
	case "load":
		return p.load(ctx, args[1:])
	case "journal":
		return p.journal(ctx, args[1:])
	case "-h", "-help", "--help", "help":
		fmt.Fprint(p.stdout, usage, stepHelp)
		return nil
	}
	return misused("there is no command %q: -h lists them", args[0])
}

// service is where calls go, by flags.
type service struct {
	public, account string
	status          string
	from, to        string
	remote          bool
	token           string // of the environment, where a list of processes does not show it
}

// flags returns the flags of a command, those about the service among them.
func (p *program) flags(name string, s *service) *flag.FlagSet {
	f := flag.NewFlagSet("phone "+name, flag.ContinueOnError)
	f.SetOutput(p.stderr)
	f.StringVar(&s.public, "public", voicetest.PublicURL, "URL under which the service believes that Twilio reaches it; signatures are over it")
	f.StringVar(&s.account, "account", voicetest.AccountSID, "SID of the account")
	f.StringVar(&s.status, "status", "", "path of the status callback; if empty, that of the voice URL with status for inbound at its end; none = there is none")
	f.StringVar(&s.from, "from", "+14155550100", "number that calls")
	f.StringVar(&s.to, "to", "+14155550199", "number that is called")
	f.BoolVar(&s.remote, "remote", false, "call services on other machines, too")
	return f
}

// parse parses flags; a mistake in them is one of usage.
func parse(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return misused("%v", err)
	}
	return err
}

// target is a voice URL, taken apart.
type target struct {
	base    string // scheme and host
	inbound string // path and query
	status  string // of the status callback; or ""
}

// target checks a voice URL.
func (s *service) target(p *program, raw string) (target, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return target{}, misused("%q is not an http or https URL", raw)
	}
	if !s.remote && !isLoopback(u.Hostname()) {
		return target{}, misused("%s is not this machine: -remote calls it all the same", u.Host)
	}
	if s.token, _, _ = strings.Cut(p.getenv("TWILIO_AUTH_TOKEN"), ","); s.token == "" {
		s.token = voicetest.AuthToken
	}
	t := target{base: u.Scheme + "://" + u.Host, inbound: u.RequestURI()}
	switch before, ok := strings.CutSuffix(u.Path, "inbound"); {
	case s.status == "none":
	case s.status != "" && !strings.HasPrefix(s.status, "/"):
		return target{}, misused("-status %q does not begin with a slash", s.status)
	case s.status != "":
		t.status = s.status
	case ok:
		t.status = before + "status"
	}
	return t, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// isLoopbackAddr reports whether an address to listen on is one of loopback.
func isLoopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && isLoopback(host)
}

// config is what the fake is started with.
func (s *service) config(t target) voicetest.Config {
	return voicetest.Config{Target: t.base, PublicURL: s.public, AuthToken: s.token, AccountSID: s.account, InboundPath: t.inbound, StatusPath: t.status}
}

// options are those of each call.
func (t target) options() (options []voicetest.Option) {
	if t.status == "" {
		options = append(options, voicetest.StatusEvents())
	}
	return options
}
