// Package phone makes the fake Twilio a telephone in a web page: a person calls a voice
// service with a browser's microphone, and sees what is understood, what is answered and what
// goes over the wire. The service is reached as by any call of the fake: by signed webhooks and
// streams.
//
//	twilio, err := voicetest.Start(voicetest.Config{Target: "http://127.0.0.1:8080", ...})
//	handset, err := phone.New(phone.Config{Twilio: twilio})
//	listener, err := net.Listen("tcp", "127.0.0.1:0")
//	fmt.Println(handset.URL(listener.Addr()))
//	http.Serve(listener, handset)
//
// The page is for the person at this machine: [Phone] answers only who comes from a loopback
// address to a loopback name, and knows the token of its URL. A page of another site can neither
// read it nor call.
package phone

import (
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/pages"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/voicetest"
)

// Config says whom the phone calls. Twilio must be set; the zero value of every other field is
// useful.
type Config struct {
	// Twilio places the calls. Whoever started it closes it, after the Phone.
	Twilio *voicetest.Twilio
	// From and To are the numbers that the page begins with. Empty means +14155550100 and
	// +14155550199.
	From, To string
	// Service names what is called, for the page: its URL, say.
	Service string
	// Recordings can be sent in the place of the microphone.
	Recordings []Recording
	// Voice says what is typed into the page, if the service listens to audio. nil leaves
	// typing to services that Twilio hears for.
	Voice tts.Synthesizer
	// Options are those of every call.
	Options []voicetest.Option
	// MaxCalls is how many calls there are at a time. 0 means 8.
	MaxCalls int
	// MaxDuration is how long a call lasts. 0 means an hour.
	MaxDuration time.Duration
	// Logger is told what goes wrong; nil discards.
	Logger *slog.Logger
}

// Recording is something said.
type Recording struct {
	Name  string // for people, such as "book a room"
	Audio []byte // 8 kHz mu-law
}

// Phone is the page and its calls: an http.Handler for a listener of its own. It is made by
// [New]; the zero value is not usable. It is safe for concurrent use.
type Phone struct {
	config Config
	token  string
	traced bool // Trace was asked for: the transcript comes from the server

	mu     sync.Mutex
	calls  map[string]*session // by CallSid
	open   map[*session]struct{}
	closed bool
	wait   sync.WaitGroup
}

// New returns a phone with a token of its own.
func New(config Config) (*Phone, error) {
	if config.Twilio == nil {
		return nil, errors.New("phone: Config.Twilio is nil")
	}
	for _, r := range config.Recordings {
		if r.Name == "" || len(r.Audio) == 0 {
			return nil, errors.New("phone: Config.Recordings: one has no name or no audio")
		}
	}
	if config.MaxCalls < 0 || config.MaxDuration < 0 {
		return nil, errors.New("phone: Config.MaxCalls or Config.MaxDuration is negative")
	}
	if config.From == "" {
		config.From = "+14155550100"
	}
	if config.To == "" {
		config.To = "+14155550199"
	}
	if config.MaxCalls == 0 {
		config.MaxCalls = 8
	}
	if config.MaxDuration == 0 {
		config.MaxDuration = time.Hour
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	token := make([]byte, 16)
	rand.Read(token) // never fails
	return &Phone{config: config, token: hex.EncodeToString(token), calls: map[string]*session{}, open: map[*session]struct{}{}}, nil
}

// URL returns the address of the page on a listener, token included: the URL is all that a call needs.
func (p *Phone) URL(listener net.Addr) string {
	return "http://" + listener.String() + "/" + p.token + "/"
}

// Close hangs up every call, and returns when they have ended.
func (p *Phone) Close() {
	p.mu.Lock()
	p.closed = true
	for s := range p.open {
		s.hangUp()
	}
	p.mu.Unlock()
	p.wait.Wait()
}

//go:embed web
var web embed.FS

// ServeHTTP implements http.Handler.
func (p *Phone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isLocal(r) {
		http.Error(w, "this phone is for the person at its machine", http.StatusForbidden)
		return
	}
	token, file, below := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if subtle.ConstantTimeCompare([]byte(token), []byte(p.token)) != 1 {
		http.Error(w, "open the address that the command has printed, whole", http.StatusNotFound)
		return
	}
	pages.Secure(w.Header(), "ws://"+r.Host) // which was checked: not every browser takes 'self' for it
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
	case !below:
		http.Redirect(w, r, "/"+p.token+"/", http.StatusMovedPermanently)
	case file == "call":
		p.serveCall(w, r)
	case file == "setup.json":
		p.serveSetup(w)
	case pages.ServePart(w, r, file):
	case file == "":
		http.ServeFileFS(w, r, web, "web/phone.html")
	default:
		http.ServeFileFS(w, r, web, "web/"+file)
	}
}

// isLocal reports whether a request comes from this machine, to a name that is this machine's:
// by any other name a page of another site could read the answer, once it has that name point
// here (DNS rebinding). A page's own Origin is that name.
func isLocal(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() || !isLoopback(r.Host) {
		return false
	}
	for _, origin := range r.Header.Values("Origin") {
		if origin != "http://"+r.Host {
			return false
		}
	}
	return true
}

// isLoopback reports whether the value of a Host header is localhost or a loopback address.
func isLoopback(host string) bool {
	if name, port, err := net.SplitHostPort(host); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		host = name
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// serveSetup tells the page what it begins with.
func (p *Phone) serveSetup(w http.ResponseWriter) {
	recordings := []string{}
	for _, r := range p.config.Recordings {
		recordings = append(recordings, r.Name)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"from": p.config.From, "to": p.config.To, "service": p.config.Service, "recordings": recordings,
		"types": p.config.Voice != nil, "traced": p.isTraced(),
	})
}
