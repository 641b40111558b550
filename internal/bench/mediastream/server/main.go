// Command server receives Media Streams in one of several ways, so that they can be
// compared. It listens on a free port of loopback, prints the address, and reports its
// counts and its use of the machine on /stats.
//
//	server voice      package voice with an engine that decodes: what runs in production
//	server stream     package mediastream and package codec, without the session
//	server coder      the same on github.com/coder/websocket
//	server gobwas     gobwas/ws, its low level, with a search in place of a parser
//	server tutorial   gorilla/websocket, encoding/json, zaf/g711, a channel
//	server speak20    dialtone sending, a message each 20 ms, all calls fed by one clock
//	server speak100   the same with a message each 100 ms
//	server speak180   the same with utterances of 2 s, which become messages of 180 ms
//	server tick20     dialtone sending, a message each 20 ms, a ticker for each call
//	server tick100    the same with a message each 100 ms
//	server silent     dialtone doing nothing
package main

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// counts are the totals of the calls of this process.
var (
	frames  atomic.Int64 // media messages that reached the consumer
	samples atomic.Int64 // of PCM
	lost    atomic.Int64 // by the sequence numbers
	played  atomic.Int64 // milliseconds of audio handed to the stream
	active  atomic.Int64
	delays  delayLog
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: server kind [certificate key]")
	}
	kinds := map[string]http.HandlerFunc{
		"stream":   dialtone,
		"coder":    dialtone,
		"gobwas":   gobwas,
		"tutorial": tutorial,
		"speak20":  speak(20*time.Millisecond, true),
		"speak100": speak(100*time.Millisecond, true),
		"speak180": speak(2*time.Second, false),
		"tick20":   tick(20 * time.Millisecond),
		"tick100":  tick(100 * time.Millisecond),
		"silent":   silent,
	}
	kind, secure := os.Args[1], len(os.Args) == 4
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/stats", stats)
	if handler, ok := kinds[kind]; ok {
		http.HandleFunc("/", handler)
	} else if kind == "voice" {
		http.Handle("/", wholeCall(l, map[bool]string{false: "http", true: "https"}[secure]))
	} else {
		log.Fatalf("unknown kind %q", kind)
	}
	fmt.Println(l.Addr())
	if kind == "coder" {
		l = wrapping{l}
	}
	if secure {
		cert, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
		if err != nil {
			log.Fatal(err)
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	log.Fatal(http.Serve(l, nil))
}

// wrapping hides what its connections are, which mediastream leaves to coder.
type wrapping struct{ net.Listener }

func (w wrapping) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return struct{ net.Conn }{c}, err
}

// stats answers with a Stats as JSON. With ?gc it collects garbage first.
func stats(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("gc") {
		runtime.GC()
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	user, system, err := used()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]int64{
		"frames":   frames.Load(),
		"samples":  samples.Load(),
		"lost":     lost.Load(),
		"played":   played.Load(),
		"active":   active.Load(),
		"cpu":      user + system,
		"user":     user,
		"memory":   int64(m.HeapInuse + m.StackInuse),
		"mallocs":  int64(m.Mallocs),
		"delay50":  delays.quantile(0.5),
		"delay99":  delays.quantile(0.99),
		"delay999": delays.quantile(0.999),
	})
	if r.URL.Query().Has("reset") {
		delays.reset()
	}
}

// delayLog keeps the time from the load generator's write to the consumer, of
// every fiftieth frame.
type delayLog struct {
	mu   sync.Mutex
	list []int64
}

const every = 50

// sent is the time at the beginning of a payload.
func (d *delayLog) add(payload []byte) {
	var raw [12]byte
	if len(payload) < 16 {
		return
	}
	if _, err := base64.StdEncoding.Decode(raw[:], payload[:16]); err != nil {
		return
	}
	d.addRaw(raw[:])
}

func (d *delayLog) addRaw(raw []byte) {
	delay := time.Now().UnixNano() - int64(binary.BigEndian.Uint64(raw))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, delay)
}

func (d *delayLog) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = d.list[:0]
}

func (d *delayLog) quantile(q float64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.list) == 0 {
		return 0
	}
	slices.Sort(d.list)
	return d.list[int(q*float64(len(d.list)-1))]
}
