// Command sign prints a curl command that a server which verifies
// X-Twilio-Signature accepts. The runbook's diagnosis steps need it: without a
// signature every webhook answers 403, as it should.
//
//	TWILIO_AUTH_TOKEN=... go run ./examples/sign https://calls.example.com/api/voice/twilio/inbound
//	TWILIO_AUTH_TOKEN=... go run ./examples/sign -d CallSid=CA... -d CallStatus=completed https://calls.example.com/api/voice/twilio/status
//	TWILIO_AUTH_TOKEN=... go run ./examples/sign wss://calls.example.com/api/voice/twilio/stream/test
//	TWILIO_SHARED_KEYS=... go run ./examples/sign -key webhooks_sharedkey_... https://calls.example.com/api/voice/twilio/inbound
//
// The URL must be the one that Twilio is given, whatever host the command is
// sent to in the end (curl --connect-to changes only that). The token is read
// from the environment, where a list of other processes' arguments does not
// show it; the printed command holds a signature and no token. That signature
// stays valid for as long as the token does.
package main

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"agentos.dev/dialtone/voice/signature"
)

func main() {
	if err := run(os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sign:", err)
		os.Exit(2)
	}
	token := authToken(os.Getenv) // empty where a shared key signs
	if doubt := signature.Doubt(token); token != "" && doubt != "" {
		fmt.Fprintln(os.Stderr, "sign: TWILIO_AUTH_TOKEN looks like", doubt)
	}
}

// authToken returns the first token of the list, which is the one in force.
func authToken(getenv func(string) string) string {
	token, _, _ := strings.Cut(getenv("TWILIO_AUTH_TOKEN"), ",")
	return strings.TrimSpace(token)
}

// run prints the command that args ask for. Its error tells everything that is wrong.
func run(args []string, getenv func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("sign", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints the error
	var params [][2]string
	flags.Func("d", "a form parameter, as `key=value`, not encoded; repeat it for more (default: those of an inbound call)", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("not key=value")
		}
		params = append(params, [2]string{key, value})
		return nil
	})
	body := flags.String("json", "", "send this `body` as application/json instead of a form")
	get := flags.Bool("get", false, "send the parameters in the query of a GET")
	key := flags.String("key", "", "sign with the shared key of this `id` in TWILIO_SHARED_KEYS, with HMAC_SHA256 unless it is pinned to another algorithm")
	flags.Usage = func() {}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(os.Stderr)
		fmt.Fprintln(os.Stderr, "usage: TWILIO_AUTH_TOKEN=... sign [flags] URL\nprints a signed curl command for a webhook (https) or a stream (wss)")
		flags.PrintDefaults()
		return err
	}
	by, wrong := signerOf(*key, getenv)
	errs := []error{wrong}
	at, u := "", new(url.URL)
	switch {
	case err != nil:
		errs = append(errs, fmt.Errorf("%w (-h lists the flags)", err))
	case flags.NArg() != 1:
		errs = append(errs, errors.New("need one URL, after the flags"))
	default:
		at, _, _ = strings.Cut(flags.Arg(0), "#")
		if u, err = url.Parse(at); err != nil || u.Host == "" {
			errs = append(errs, fmt.Errorf("%q is not a URL", at))
			break
		}
		errs = append(errs, checkRequest(u.Scheme, params != nil, *body != "", *get))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	switch {
	case u.Scheme == "wss" || u.Scheme == "ws":
		return printHandshake(out, by, at)
	case *body != "":
		return printJSON(out, by, at, *body)
	}
	if params == nil {
		params = inboundCall(getenv)
	}
	if *get {
		for _, p := range params {
			at = withQuery(at, url.QueryEscape(p[0])+"="+url.QueryEscape(p[1]))
		}
		return printCommand(out, append([]string{"curl", "-sSi"}, append(by.headers(at, nil), at)...)...)
	}
	form := url.Values{}
	command := []string{"curl", "-sSi"}
	for _, p := range params {
		form.Add(p[0], p[1])
		command = append(command, "--data-urlencode", url.QueryEscape(p[0])+"="+p[1])
	}
	return printCommand(out, append(command, append(by.headers(at, form), at)...)...)
}

// A signer is an auth token or, with an id, a shared key.
type signer struct {
	secret, id string
	algorithm  signature.Algorithm
}

// signerOf finds what signs in the environment of a server.
func signerOf(id string, getenv func(string) string) (signer, error) {
	if id == "" {
		token := authToken(getenv)
		return signer{secret: token, algorithm: signature.HMACSHA1}, checkToken(token)
	}
	for value := range strings.SplitSeq(getenv("TWILIO_SHARED_KEYS"), ",") {
		key, secret, _ := strings.Cut(strings.TrimSpace(value), "=")
		key, algorithm, _ := strings.Cut(key, ":")
		if key == id && secret != "" {
			return signer{secret, id, signature.Algorithm(cmp.Or(algorithm, string(signature.HMACSHA256)))}, nil
		}
	}
	return signer{}, fmt.Errorf("TWILIO_SHARED_KEYS has no key %q", id)
}

// headers returns curl's arguments that sign a request.
func (s signer) headers(at string, form url.Values) []string {
	args := []string{"-H", signature.Header + ": " + s.algorithm.Sign(s.secret, at, form)}
	if s.id != "" {
		args = append(args, "-H", signature.SettingsHeader+": "+signature.Settings(s.id, s.algorithm))
	}
	return args
}

// checkToken returns an error for a token that fits no signature.
func checkToken(token string) error {
	switch {
	case token == "":
		return errors.New("TWILIO_AUTH_TOKEN is not set")
	case strings.Trim(token, `"'`) != token:
		return errors.New("TWILIO_AUTH_TOKEN is in quotes, which are part of the value")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New("TWILIO_AUTH_TOKEN has blanks or line breaks in it")
	}
	return nil
}

// checkRequest returns an error for what no request is.
func checkRequest(scheme string, params, body, get bool) error {
	switch scheme {
	case "wss", "ws":
		if params || body || get {
			return errors.New("a WebSocket handshake has no parameters and no body")
		}
	case "https", "http":
		if body && (params || get) {
			return errors.New("-json goes with neither -d nor -get")
		}
	default:
		return fmt.Errorf("%q is none of https, http, wss and ws", scheme)
	}
	return nil
}

// inboundCall is what Twilio sends when a call comes in. The numbers belong to
// nobody (555-0100 to 555-0199), and the call SID is new each time.
func inboundCall(getenv func(string) string) [][2]string {
	var id [16]byte
	rand.Read(id[:])
	account := cmp.Or(getenv("TWILIO_ACCOUNT_SID"), "AC"+strings.Repeat("0", 32))
	return [][2]string{
		{"AccountSid", account}, {"ApiVersion", "2010-04-01"}, {"CallSid", "CA" + hex.EncodeToString(id[:])}, {"CallStatus", "ringing"},
		{"Direction", "inbound"}, {"From", "+14155550100"}, {"To", "+14155550199"},
	}
}

func printJSON(out io.Writer, by signer, at, body string) error {
	sum := sha256.Sum256([]byte(body))
	at = withQuery(at, "bodySHA256="+hex.EncodeToString(sum[:]))
	command := append([]string{"curl", "-sSi", "-H", "Content-Type: application/json", "--data-binary", body}, by.headers(at, nil)...)
	return printCommand(out, append(command, at)...)
}

func printHandshake(out io.Writer, by signer, at string) error {
	var key [16]byte
	rand.Read(key[:])
	command := append([]string{"curl", "-sSiN", "--http1.1", "--max-time", "5", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
		"-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(key[:])}, by.headers(at, nil)...)
	return printCommand(out, append(command, "http"+at[len("ws"):])...) // curl speaks the handshake, not the protocol
}

func withQuery(at, pair string) string {
	if strings.Contains(at, "?") {
		return at + "&" + pair
	}
	return at + "?" + pair
}

// printCommand prints a command for a POSIX shell, an argument a line.
func printCommand(out io.Writer, args ...string) error {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if strings.Trim(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	var b strings.Builder
	for i, arg := range quoted {
		switch {
		case i == 0:
		case strings.HasPrefix(arg, "-") || i == len(quoted)-1:
			b.WriteString(" \\\n  ")
		default:
			b.WriteByte(' ')
		}
		b.WriteString(arg)
	}
	_, err := fmt.Fprintln(out, b.String())
	return err
}
