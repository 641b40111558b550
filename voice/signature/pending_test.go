package signature_test

import (
	"bufio"
	"fmt"
	"io"
	stdnet "net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

// slow is a connection whose body comes when it is sent, or ends when its read
// deadline has passed.
type slow struct {
	*httptest.ResponseRecorder
	body     *io.PipeReader
	sent     *io.PipeWriter
	deadline time.Time
	status   atomic.Int64 // 0 before the answer
}

func (s *slow) WriteHeader(status int) {
	s.ResponseRecorder.WriteHeader(status)
	s.status.Store(int64(status))
}

func newSlow() *slow {
	s := &slow{ResponseRecorder: httptest.NewRecorder()}
	s.body, s.sent = io.Pipe()
	return s
}

func (s *slow) SetReadDeadline(t time.Time) error {
	if s.deadline = t; t.Before(time.Now()) {
		s.sent.CloseWithError(os.ErrDeadlineExceeded)
	}
	return nil
}

// deaf is such a connection without a deadline.
type deaf struct{ http.ResponseWriter }

// serve serves a request whose body comes over the connection.
func (s *slow) serve(h http.Handler, w http.ResponseWriter) {
	r := request{form: call, signed: public + "/in"}.build()
	r.Body = s.body
	h.ServeHTTP(w, r)
}

func TestBodyThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reasons []signature.Reason
		v := newValidator(t, signature.Options{PublicURL: public, BodyTimeout: 2 * time.Second,
			OnResult: func(r signature.Result) { reasons = append(reasons, r.Reason) }})
		h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }))

		late := newSlow()
		go late.serve(h, late)
		time.Sleep(2*time.Second - time.Nanosecond)
		synctest.Wait()
		require.Zero(t, int(late.status.Load()), "nothing yet")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, 408, int(late.status.Load()))
		require.Equal(t, "close", late.Header().Get("Connection"))
		require.Equal(t, []signature.Reason{signature.ReasonBodyTimeout}, reasons)

		// One that comes a byte a second has no more time; one that comes at last has been in time.
		trickle, punctual := newSlow(), newSlow()
		go trickle.serve(h, trickle)
		go func() {
			for range 10 {
				trickle.sent.Write([]byte("a"))
				time.Sleep(time.Second)
			}
		}()
		time.Sleep(time.Second)
		go punctual.serve(h, punctual)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 408, int(trickle.status.Load()))
		time.Sleep(time.Second - time.Nanosecond)
		io.WriteString(punctual.sent, encode(call))
		punctual.sent.Close()
		synctest.Wait()
		require.Equal(t, 204, int(punctual.status.Load()))
		require.True(t, punctual.deadline.IsZero(), "a good connection is left alone")
		time.Sleep(time.Hour)
	})
}

func TestFullHouseMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValidator(t, signature.Options{PublicURL: public, MaxPending: 3})
		h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }))
		var all []*slow
		codes := func() (codes []int) {
			synctest.Wait()
			for _, s := range all {
				codes = append(codes, int(s.status.Load()))
			}
			return codes
		}
		arrive := func() *slow {
			s := newSlow()
			all = append(all, s)
			go s.serve(h, s)
			synctest.Wait()
			return s
		}
		for range 5 {
			arrive()
		}
		require.Equal(t, []int{503, 503, 0, 0, 0}, codes(), "the oldest go first")
		require.Equal(t, "close", all[0].Header().Get("Connection"))
		require.Empty(t, all[0].Body.String())
		twilio := arrive()
		io.WriteString(twilio.sent, encode(call))
		twilio.sent.Close()
		require.Equal(t, []int{503, 503, 503, 0, 0, 204}, codes(), "the newest gets in")
		arrive()
		require.Equal(t, []int{503, 503, 503, 0, 0, 204, 0}, codes(), "and leaves its place")
		time.Sleep(time.Minute)
		require.Equal(t, []int{503, 503, 503, 408, 408, 204, 408}, codes())
	})
}

// Behind a writer that hides its connection no wait can be ended, so there is no
// room for the next.
func TestFullHouseBehindAWriterWithoutDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValidator(t, signature.Options{PublicURL: public, MaxPending: 2})
		h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }))
		waiting := []*slow{newSlow(), newSlow()}
		for _, s := range waiting {
			go s.serve(h, deaf{s})
			synctest.Wait()
		}
		for range 2 {
			next := newSlow()
			next.serve(h, deaf{next})
			require.Equal(t, 503, int(next.status.Load()))
		}
		for _, s := range waiting {
			io.WriteString(s.sent, encode(call))
			s.sent.Close()
			synctest.Wait()
			require.Equal(t, 204, int(s.status.Load()))
		}
		next := newSlow()
		go next.serve(h, deaf{next})
		synctest.Wait()
		time.Sleep(time.Minute)
		require.Zero(t, int(next.status.Load()), "still waits")
		next.sent.CloseWithError(io.ErrUnexpectedEOF)
		synctest.Wait()
		require.Equal(t, 403, int(next.status.Load()))
	})
}

// drowsy is a connection whose goroutine does not get to run when its deadline has
// passed.
type drowsy struct{ *slow }

func (drowsy) SetReadDeadline(time.Time) error { return nil }

// TestFullHouseOfTheDrowsy: those who have been asked to leave still take room, so
// there is a limit to them as well.
func TestFullHouseOfTheDrowsy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValidator(t, signature.Options{PublicURL: public, MaxPending: 2})
		h := v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		var inside []*slow
		for range 4 {
			s := newSlow()
			go s.serve(h, drowsy{s})
			synctest.Wait()
			inside = append(inside, s)
		}
		fifth := newSlow()
		fifth.serve(h, drowsy{fifth})
		require.Equal(t, 503, int(fifth.status.Load()))
		for _, s := range inside {
			s.sent.CloseWithError(io.ErrUnexpectedEOF)
		}
		synctest.Wait()
		require.Equal(t, 503, int(inside[0].status.Load()))
		require.Equal(t, 403, int(inside[3].status.Load()))
	})
}

// The requests of a validator that only reports have whole bodies, however long
// they take.
func TestReportOnlyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newValidator(t, signature.Options{PublicURL: public, ReportOnly: true, MaxPending: 1})
		h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
		a, b := newSlow(), newSlow()
		go a.serve(h, a)
		go b.serve(h, b)
		time.Sleep(time.Minute)
		for _, s := range []*slow{a, b} {
			io.WriteString(s.sent, "x=1")
			s.sent.Close()
			synctest.Wait()
			require.Equal(t, "x=1", s.Body.String())
		}
	})
}

// offered is a body that comes in small pieces, and notes how much room it is given.
type offered struct {
	io.Reader
	sent, most int
}

func (o *offered) Read(p []byte) (int, error) {
	o.most = max(o.most, len(p)-2*o.sent)
	n, err := o.Reader.Read(p[:min(len(p), 100)])
	o.sent += n
	return n, err
}

func (*offered) Close() error { return nil }

// TestBufferGrowsAsTheBodyArrives: what a request says of its length reserves
// nothing.
func TestBufferGrowsAsTheBodyArrives(t *testing.T) {
	for _, length := range []int64{64 << 10, -1} {
		body := &offered{Reader: strings.NewReader(strings.Repeat("x", 64<<10))}
		r := request{method: "POST", signed: public + "/in"}.build()
		r.Body, r.ContentLength = body, length
		w := httptest.NewRecorder()
		newValidator(t, signature.Options{PublicURL: public}).Middleware(nil).ServeHTTP(w, r)
		require.Equal(t, 403, w.Code)
		require.Equal(t, 64<<10, body.sent)
		require.LessOrEqual(t, body.most, 2<<10)
	}
}

// halfSent sends requests whose body does not come, each over a connection of its
// own, and returns the connections.
func halfSent(t *testing.T, n int, addr, header string, body int) []stdnet.Conn {
	conns := make([]stdnet.Conn, n)
	var wg sync.WaitGroup
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	for range 50 {
		wg.Go(func() {
			part := strings.Repeat("x", body)
			for i := range next {
				conn, err := stdnet.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					continue
				}
				conns[i] = conn
				io.WriteString(conn, header) // what the server does not take any more is its right
				io.WriteString(conn, part)
			}
		})
	}
	wg.Wait()
	t.Cleanup(func() {
		for _, conn := range conns {
			if conn != nil {
				conn.Close()
			}
		}
	})
	return conns
}

// TestHalfSentBodies measures what 3,000 half-sent bodies cost: at most 50 MiB, the
// connections and their ends here included, once net/http has closed those that were
// refused. How many of these there are at one moment depends on the machine. While they
// last, whoever sends a whole request is served.
//
//	go test ./voice/signature -run '^TestHalfSentBodies$' -v
func TestHalfSentBodies(t *testing.T) {
	const n, most = 3000, 50 << 20
	for _, c := range []struct {
		name   string
		header string
		body   int
	}{
		{"none of the body", "X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nContent-Length: 65536\r\n", 0},
		{"half of it", "X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nContent-Length: 65536\r\n", 32 << 10},
		{"all but a byte", "X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nContent-Length: 65536\r\n", 64<<10 - 1},
		{"chunks", "X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nTransfer-Encoding: chunked\r\n", 0},
		{"no signature", "Content-Length: 65536\r\n", 0},
		{"a length beyond the limit", "X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nContent-Length: 100000\r\n", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var refused atomic.Int64
			v := newValidator(t, signature.Options{PublicURL: public, BodyTimeout: time.Hour, OnResult: func(signature.Result) { refused.Add(1) }})
			var open atomic.Int64
			server := httptest.NewUnstartedServer(v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })))
			server.Config.ConnState = func(_ stdnet.Conn, state http.ConnState) {
				switch state {
				case http.StateNew:
					open.Add(1)
				case http.StateClosed:
					open.Add(-1)
				}
			}
			server.Start()
			t.Cleanup(server.Close) // after the connections are closed: it waits for those in use
			before := memory()
			head := "POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n" + c.header + "\r\n"
			halfSent(t, n, server.Listener.Addr().String(), head, c.body)
			peak := memory() - before
			require.Eventually(t, func() bool { return refused.Load() >= n-256 }, 2*time.Minute, time.Millisecond, "the server has seen them all")
			for range 10 {
				r, _ := http.NewRequest("POST", server.URL+"/in", strings.NewReader(encode(call)))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Twilio-Signature", reference(token, public+"/in", call))
				answer, err := server.Client().Do(r)
				require.NoError(t, err)
				answer.Body.Close()
				require.Equal(t, 204, answer.StatusCode)
			}
			peak = max(peak, memory()-before)
			// net/http keeps a connection half a second after its answer.
			require.Eventually(t, func() bool { return open.Load() <= 256+16 }, 2*time.Minute, time.Millisecond, "connections stay open")
			rest := memory() - before
			t.Logf("%d half-sent bodies, %s: %.1f MiB while net/http closes them, %.1f MiB then", n, c.name, float64(peak)/(1<<20), float64(rest)/(1<<20))
			require.Less(t, rest, int64(most))
		})
	}
}

// memory returns what the process uses of memory that it cannot give back, in bytes.
func memory() int64 {
	for range 3 { // pools are emptied by the second
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestNobodyWaitsForABodyThatIsNotWanted sends requests that are refused for their
// headers, with a body that does not come: they are answered, and their
// connections closed, all the same.
func TestNobodyWaitsForABodyThatIsNotWanted(t *testing.T) {
	v := newValidator(t, signature.Options{PublicURL: public})
	server := httptest.NewServer(v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	defer server.Close()
	signed := "X-Twilio-Signature: " + reference(token, public+"/in", call) + "\r\n"
	for _, c := range []struct {
		head   string
		status int
	}{
		{"POST /in HTTP/1.1\r\nHost: x\r\n", 403},
		{"POST /in HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n" + signed, 403},
		{"PUT /in HTTP/1.1\r\nHost: x\r\n" + signed, 405},
		{"GET /in HTTP/1.1\r\nHost: x\r\n" + signed, 403},
		{"POST /in HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n", 403},
	} {
		for _, length := range []string{"Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"} {
			conn, err := stdnet.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			fmt.Fprintf(conn, "%s%s\r\n", c.head, length)
			read := bufio.NewReader(conn)
			answer, err := http.ReadResponse(read, nil)
			require.NoError(t, err)
			require.Equal(t, c.status, answer.StatusCode, c.head)
			require.True(t, answer.Close)
			_, err = read.ReadByte()
			require.ErrorIs(t, err, io.EOF)
		}
	}
}

// TestHalfSentHTTP2 ends the waits of streams that share one connection, which
// lives on.
func TestHalfSentHTTP2(t *testing.T) {
	serve := func(o signature.Options) func(body io.Reader) int {
		v := newValidator(t, o)
		server := httptest.NewUnstartedServer(v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })))
		server.EnableHTTP2 = true
		server.StartTLS()
		t.Cleanup(server.Close)
		return func(body io.Reader) int {
			r, _ := http.NewRequest("POST", server.URL+"/in", body)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Twilio-Signature", reference(token, server.URL+"/in", call))
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Error(err)
				return 0
			}
			answer.Body.Close()
			require.Equal(t, 2, answer.ProtoMajor)
			return answer.StatusCode
		}
	}
	send := serve(signature.Options{MaxPending: 2, BodyTimeout: time.Hour})
	require.Equal(t, 204, send(strings.NewReader(encode(call)))) // there is a connection to share
	codes := make(chan int, 5)
	var bodies []*io.PipeWriter
	for range cap(codes) {
		body, sent := io.Pipe()
		bodies = append(bodies, sent)
		go func() { codes <- send(body) }()
	}
	for range 3 {
		require.Equal(t, 503, <-codes)
	}
	require.Equal(t, 204, send(strings.NewReader(encode(call))))
	require.Equal(t, 503, <-codes, "it made room")
	for _, sent := range bodies {
		sent.Close()
	}
	require.Equal(t, 403, <-codes, "the last has an empty body in the end")

	body, sent := io.Pipe()
	defer sent.Close()
	require.Equal(t, 408, serve(signature.Options{BodyTimeout: 20 * time.Millisecond})(body))
}
