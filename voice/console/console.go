// Package console shows what the calls of a running server are doing, in a web page that changes
// nothing: who speaks, how loud, what is said, how long recognition takes, what a stream has lost.
//
//	watch := console.New()
//	srv, err := voice.New(voice.Config{Trace: watch.Trace(), ...})
//	mux.Handle("GET /admin/console/", watch.Page())
//	mux.Handle("GET /admin/console/events", guard.Require("calls:read")(watch.Events(srv)))
//	mux.Handle("GET /admin/console/words", guard.Require("calls:listen")(watch.Words(srv)))
//
// The page holds nothing secret, and asks for a token, which it keeps in memory and sends as
// Authorization: Bearer, as package policy/admin wants it.
package console

import (
	"embed"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/pages"
	"agentos.dev/dialtone/voice"
)

//go:embed web
var web embed.FS

const (
	// mostOpen is how many pages are told at a time.
	mostOpen = 16
	// tellEvery is how often one is told, and tellFor how long until its token is asked for
	// again.
	tellEvery = time.Second
	tellFor   = time.Minute
	// writeTimeout is how long it may take to read what it is told.
	writeTimeout = 5 * time.Second
)

// Console keeps what is said in the calls that are up, and in the last twenty that have ended,
// in memory: sixty turns of each. It is made by [New]; the zero value is not usable. It is
// safe for concurrent use.
type Console struct {
	board board
	open  chan struct{} // holds something for each page that is told
}

// New returns a console.
func New() *Console {
	return &Console{board: board{calls: make(map[boardKey]*boardCall)}, open: make(chan struct{}, mostOpen)}
}

// Trace returns the hooks that fill the console, for the server that it shows.
func (c *Console) Trace() *voice.Trace { return c.board.trace() }

// Page serves the page and its parts, to everybody: below a path that ends with a slash, beside
// Events and Words, which the page knows as "events" and "words".
func (c *Console) Page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages.Secure(w.Header())
		file := path.Base(r.URL.Path)
		switch {
		case strings.HasSuffix(r.URL.Path, "/"):
			http.ServeFileFS(w, r, web, "web/console.html")
		case !pages.ServePart(w, r, file):
			http.ServeFileFS(w, r, web, "web/"+file)
		}
	})
}

// Events reports once a second what the calls of a server are doing, one line of JSON each,
// and what happens in the call of the query (call=CA...), without words. It ends after a
// minute, and the page asks again, so that a revoked token stops working. Guard it.
func (c *Console) Events(server *voice.Server) http.Handler { return c.tell(server, false) }

// Words is Events with the words that are said. Guard it better.
func (c *Console) Words(server *voice.Server) http.Handler { return c.tell(server, true) }

func (c *Console) tell(server *voice.Server, listens bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case c.open <- struct{}{}:
			defer func() { <-c.open }()
		default:
			http.Error(w, "too many consoles are open", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Accel-Buffering", "no") // of nginx, which would keep it
		rc := http.NewResponseController(w)
		lines := json.NewEncoder(w)
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for end := time.Now().Add(tellFor); time.Now().Before(end); {
			rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // where it cannot be set, the server's holds
			if lines.Encode(c.board.show(server, r.FormValue("call"), listens)) != nil || rc.Flush() != nil {
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	})
}
