package mediastream_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
)

// report is what a stream came to.
type report struct {
	events   []mediastream.Event
	err      error
	reported []*mediastream.Error
	stats    mediastream.Stats
}

// record serves streams and sends the report of each.
func record(t *testing.T, opts mediastream.Options) (url string, reports <-chan report) {
	ch := make(chan report, 8)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var rep report
		var mu sync.Mutex
		opts := opts
		opts.OnError = func(e *mediastream.Error) {
			mu.Lock()
			defer mu.Unlock()
			rep.reported = append(rep.reported, e)
		}
		c, err := mediastream.Accept(w, r, &opts)
		if err != nil {
			rep.err = err
			ch <- rep
			return
		}
		for e, err := range c.Events(context.WithoutCancel(r.Context())) {
			if err != nil {
				rep.err = err
				break
			}
			e.Media.Payload = bytes.Clone(e.Media.Payload)
			rep.events = append(rep.events, e)
		}
		rep.stats = c.Stats()
		_ = c.Close(1000, "")
		mu.Lock()
		defer mu.Unlock()
		ch <- rep
	}))
	t.Cleanup(srv.Close)
	return srv.URL, ch
}

// step is what a carrier does in one of the tests.
type step func(*mediastream.Carrier) error

func text(format string, args ...any) step {
	return func(c *mediastream.Carrier) error {
		return c.Send(mediastream.Message{Data: fmt.Appendf(nil, format, args...)})
	}
}

func media(n int) step {
	return repeat(n, func(c *mediastream.Carrier) error {
		return c.Send(c.Media(mediastream.TrackInbound, make([]byte, 160)))
	})
}

func connected(c *mediastream.Carrier) error { return c.Send(c.Connected()) }
func start(c *mediastream.Carrier) error     { return c.Send(c.Start()) }
func stop(c *mediastream.Carrier) error      { return c.Send(c.Stop()) }

// lose makes 60 ms of audio that never arrive.
func lose(c *mediastream.Carrier) error {
	c.Media(mediastream.TrackInbound, make([]byte, 480))
	return nil
}

func closes(code int) step { return func(c *mediastream.Carrier) error { return c.Close(code, "") } }

// TestBadInput is the table in the comment of Conn.Events.
func TestBadInput(t *testing.T) {
	type steps = []step
	call := func(middle ...step) steps { return append(steps{connected, start}, append(middle, stop)...) }
	for _, c := range []struct {
		name     string
		send     steps
		events   int // delivered; -1 = as many as come through
		code     int // that the stream ends with; 0 = it runs to its stop
		errType  mediastream.ErrorType
		reported int
		stats    func(mediastream.Stats) uint64 // counts what is expected to be 1 or more
	}{
		{name: "a good call", send: call(media(3)), events: 6},
		{name: "a stop without a number", send: steps{connected, start, text(`{"event":"stop","streamSid":%q,"stop":{}}`, stream.StreamSID)}, events: 3},
		{name: "a stop with null for everything", send: steps{connected, start, text(`{"event":"stop","sequenceNumber":null,"streamSid":null,"stop":null}`)}, events: 3},
		{name: "a start with null for what is empty", send: steps{connected, text(`{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":%q,"callSid":"CA1","tracks":null,"mediaFormat":null,"customParameters":null},"streamSid":%q}`,
			stream.StreamSID, stream.StreamSID), stop}, events: 3},
		{name: "no connected", send: steps{start, stop}, events: 2},
		{name: "not JSON", send: call(text("hello"), media(1)), events: 4, errType: mediastream.ErrorProtocol, reported: 1,
			stats: func(s mediastream.Stats) uint64 { return s.Malformed }},
		{name: "empty", send: call(text("")), events: 3, errType: mediastream.ErrorProtocol, reported: 1,
			stats: func(s mediastream.Stats) uint64 { return s.Malformed }},
		{name: "too deep", send: call(text("%s", strings.Repeat("[", 1000))), events: 3, errType: mediastream.ErrorProtocol, reported: 1,
			stats: func(s mediastream.Stats) uint64 { return s.Malformed }},
		{name: "99 malformed", send: call(repeat(99, text("{}"))), events: 3, errType: mediastream.ErrorProtocol, reported: 99},
		{name: "100 malformed", send: call(repeat(100, text("{}"))), events: 2, code: 1008, errType: mediastream.ErrorProtocol, reported: 101},
		{name: "unknown event", send: call(text(`{"event":"hold","streamSid":%q}`, stream.StreamSID)), events: 4,
			stats: func(s mediastream.Stats) uint64 { return s.Unknown }},
		{name: "unknown event before start", send: steps{text(`{"event":"hello"}`), connected, start, stop}, events: 4},
		{name: "second connected", send: call(connected), events: 3, errType: mediastream.ErrorProtocol, reported: 1},
		{name: "second start", send: call(start), events: 2, code: 1008, errType: mediastream.ErrorProtocol, reported: 1},
		{name: "start without a stream", send: steps{connected, text(`{"event":"start","start":{}}`)}, events: 1, code: 1008, errType: mediastream.ErrorProtocol, reported: 1},
		{name: "media before start", send: steps{connected, media(1)}, events: 1, code: 1008, errType: mediastream.ErrorProtocol, reported: 1},
		{name: "stop before start", send: steps{connected, stop}, events: 1, code: 1008, errType: mediastream.ErrorProtocol, reported: 1},
		{name: "another stream", send: call(text(`{"event":"media","streamSid":"MZ2","media":{"payload":""}}`)), events: 3,
			errType: mediastream.ErrorProtocol, reported: 1, stats: func(s mediastream.Stats) uint64 { return s.WrongStream }},
		{name: "not base64", send: call(text(`{"event":"media","streamSid":%q,"media":{"payload":"?"}}`, stream.StreamSID)), events: 4},
		{name: "no audio", send: call(text(`{"event":"media","streamSid":%q,"media":{"payload":""}}`, stream.StreamSID)), events: 4},
		{name: "lost message", send: call(media(1), lose, media(1)), events: 5,
			stats: func(s mediastream.Stats) uint64 { return s.Lost * s.Gaps * uint64(s.Silence/(60*time.Millisecond)) }},
		{name: "repeated message", send: call(repeat(2, text(`{"event":"mark","sequenceNumber":"2","streamSid":%q,"mark":{"name":"m"}}`, stream.StreamSID))), events: 5,
			stats: func(s mediastream.Stats) uint64 { return s.Reordered }},
		{name: "binary", send: call(func(c *mediastream.Carrier) error { return c.Send(mediastream.Message{Binary: true, Data: []byte{1}}) }), events: 2, code: 1003,
			errType: mediastream.ErrorProtocol, reported: 1},
		{name: "a megabyte", send: call(func(c *mediastream.Carrier) error {
			_ = c.Send(mediastream.Message{Data: make([]byte, 1<<20)})
			return nil
		}), events: 2, code: 1009,
			errType: mediastream.ErrorOversize, reported: 1},
		{name: "64 KiB", send: call(text("{\"event\":\"x\",\"streamSid\":%q}%s", stream.StreamSID, strings.Repeat(" ", 65000))), events: 4},
		{name: "flood", send: call(media(5000)), events: -1, code: 1008, errType: mediastream.ErrorProtocol, reported: 1},
		{name: "normal close", send: steps{connected, start, closes(1000)}, events: 2},
		{name: "going away", send: steps{connected, start, closes(1001)}, events: 2},
		{name: "failing peer", send: steps{connected, start, closes(1011)}, events: 2, code: 1011,
			errType: mediastream.ErrorDisconnect, reported: 1},
		{name: "abrupt close", send: steps{connected, start, media(1), (*mediastream.Carrier).Abort}, events: 3, code: 1006,
			errType: mediastream.ErrorDisconnect, reported: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, reports := record(t, mediastream.Options{})
			other := dial(t, url) // a call beside it, which must not notice
			begin(t, other)
			listen(other)
			tw := dial(t, url)
			closed := listen(tw)
			for _, send := range c.send {
				if err := send(tw); err != nil && c.code == 0 {
					t.Fatal(err)
				}
			}
			r := next(t, reports)
			if c.events >= 0 {
				require.Equal(t, c.events, len(r.events))
			}
			require.Equal(t, c.reported, len(r.reported))
			for _, e := range r.reported {
				require.Equal(t, c.errType, e.Type, e.Error())
			}
			if c.code == 0 {
				require.NoError(t, r.err)
			} else {
				var e *mediastream.Error
				require.ErrorAs(t, r.err, &e)
				require.Equal(t, c.code, e.Code)
				require.Same(t, e, r.reported[len(r.reported)-1])
				if c.errType != mediastream.ErrorDisconnect {
					var seen *mediastream.CloseError
					require.ErrorAs(t, next(t, closed), &seen)
					require.Equal(t, c.code, seen.Code, "the peer is told")
				}
			}
			if c.stats != nil {
				require.NotZero(t, c.stats(r.stats), "%+v", r.stats)
			}

			require.NoError(t, media(1)(other))
			require.NoError(t, stop(other))
			r = next(t, reports)
			require.NoError(t, r.err)
			require.Equal(t, 4, len(r.events))
			require.Equal(t, 0, len(r.reported))
		})
	}
}

// listen reads what the server sends, as Twilio does, until it closes.
func listen(c *mediastream.Carrier) (closed <-chan error) {
	ch := make(chan error, 1)
	go func() {
		for {
			if _, err := c.Receive(context.Background()); err != nil {
				ch <- err
				return
			}
		}
	}()
	return ch
}

func repeat(n int, send step) step {
	return func(c *mediastream.Carrier) error {
		for range n {
			if err := send(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestHandshake(t *testing.T) {
	url, reports := record(t, mediastream.Options{})
	for name, header := range map[string]http.Header{
		"not a WebSocket": {},
		"a browser":       {"Origin": {url}, "Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		req.Header = header
		resp, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Contains(t, []int{http.StatusForbidden, http.StatusUpgradeRequired}, resp.StatusCode, name)
		r := next(t, reports)
		require.Equal(t, 1, len(r.reported))
		require.Equal(t, mediastream.ErrorHandshake, r.reported[0].Type)
		require.Equal(t, error(r.reported[0]), r.err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()

	w := httptest.NewRecorder()
	_, err := mediastream.Accept(w, httptest.NewRequest(http.MethodGet, "/", nil), nil)
	require.ErrorContains(t, err, "not an http.Hijacker")
	require.Equal(t, http.StatusNotImplemented, w.Code)

	_, err = mediastream.Dial(t.Context(), url, stream, &mediastream.DialOptions{Header: http.Header{"Origin": {"https://example.com"}}})
	var e *mediastream.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, http.StatusForbidden, e.Code)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// TestHalfOpen has a peer that stays silent: one that never starts and one that
// stops sending.
func TestHalfOpen(t *testing.T) {
	for _, c := range []struct {
		name string
		opts mediastream.Options
		send step
		code int
	}{
		{"never connects", mediastream.Options{StartTimeout: 20 * time.Millisecond}, func(*mediastream.Carrier) error { return nil }, 1008},
		{"never starts", mediastream.Options{StartTimeout: 20 * time.Millisecond}, connected, 1008},
		{"falls silent", mediastream.Options{IdleTimeout: 20 * time.Millisecond}, start, 1001},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, reports := record(t, c.opts)
			tw := dial(t, url)
			_ = c.send(tw) // may be too late already
			require.Equal(t, c.code, ended(t, tw))
			var e *mediastream.Error
			require.ErrorAs(t, next(t, reports).err, &e)
			require.Equal(t, mediastream.ErrorTimeout, e.Type)
		})
	}
}

// TestRawFrames has a peer that breaks RFC 6455 itself.
func TestRawFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes []byte
		want  mediastream.ErrorType
		code  int
	}{
		{"unmasked frame", []byte{0x81, 2, '{', '}'}, mediastream.ErrorProtocol, 1002},
		{"close by a proxy, unmasked", []byte{0x88, 2, 1001 >> 8, 1001 & 0xff}, mediastream.ErrorDisconnect, 1002},
		{"reserved bits", []byte{0xf1, 0x80, 0, 0, 0, 0}, mediastream.ErrorProtocol, 1002},
		{"unknown opcode", []byte{0x83, 0x80, 0, 0, 0, 0}, mediastream.ErrorProtocol, 1002},
		{"continuation of nothing", []byte{0x80, 0x80, 0, 0, 0, 0}, mediastream.ErrorProtocol, 1002},
		{"new message in a message", []byte{0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0}, mediastream.ErrorProtocol, 1002},
		{"long ping", append([]byte{0x89, 0xfe, 1, 0, 0, 0, 0, 0}, make([]byte, 256)...), mediastream.ErrorProtocol, 1002},
		{"ping in two frames", []byte{0x09, 0x80, 0, 0, 0, 0}, mediastream.ErrorProtocol, 1002},
		{"forbidden close code", []byte{0x88, 0x82, 0, 0, 0, 0, 1005 >> 8, 1005 & 0xff}, mediastream.ErrorProtocol, 1002},
		{"flood of pings", bytes.Repeat([]byte{0x89, 0x80, 0, 0, 0, 0}, 2000), mediastream.ErrorProtocol, 1008},
		{"flood of pongs", bytes.Repeat([]byte{0x8a, 0x80, 0, 0, 0, 0}, 2000), mediastream.ErrorProtocol, 1008},
		{"empty frames of one message", append([]byte{0x01, 0x80, 0, 0, 0, 0}, bytes.Repeat([]byte{0x00, 0x80, 0, 0, 0, 0}, 2000)...), mediastream.ErrorProtocol, 1008},
		{"a message byte by byte", append([]byte{0x01, 0x81, 0, 0, 0, 0, '{'}, bytes.Repeat([]byte{0x00, 0x81, 0, 0, 0, 0, ' '}, 2000)...), mediastream.ErrorProtocol, 1008},
		{"empty frames and pings", append([]byte{0x01, 0x80, 0, 0, 0, 0}, bytes.Repeat([]byte{0x00, 0x80, 0, 0, 0, 0, 0x89, 0x80, 0, 0, 0, 0}, 1000)...), mediastream.ErrorProtocol, 1008},
		{"empty messages", bytes.Repeat([]byte{0x81, 0x80, 0, 0, 0, 0}, 2000), mediastream.ErrorProtocol, 1008},
		{"half a frame", []byte{0x81, 0x85, 0}, mediastream.ErrorDisconnect, 1006},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, reports := record(t, mediastream.Options{})
			conn := upgraded(t, url)
			_, _ = conn.Write(c.bytes)
			_ = conn.(*net.TCPConn).CloseWrite() // the server need not wait for an answer, if it is there still
			r := next(t, reports)
			var e *mediastream.Error
			require.ErrorAs(t, r.err, &e)
			require.Equal(t, c.want, e.Type, e.Error())
			require.Equal(t, c.code, e.Code)
			told, _ := io.ReadAll(conn) // a flood may be reset
			require.NoError(t, conn.Close())
			if c.code == 1002 {
				require.Equal(t, []byte{byte(c.code >> 8), byte(c.code)}, closeFrame(told), "the peer is told")
			}
		})
	}
}

// closeFrame returns the code in the close frame that ends what a server sent.
func closeFrame(frames []byte) (code []byte) {
	for len(frames) >= 2 && len(frames) >= 2+int(frames[1]) { // they are all short
		if frames[0] == 0x88 {
			code = frames[2:min(4, len(frames))]
		}
		frames = frames[2+int(frames[1]):]
	}
	return code
}

// upgraded is a connection on which frames can be sent byte by byte.
func upgraded(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	require.NoError(t, err)
	var answer []byte
	for b := make([]byte, 1); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); answer = append(answer, b...) {
		_, err = conn.Read(b) // and nothing that comes behind it
		require.NoError(t, err)
	}
	require.Contains(t, string(answer), "101")
	return conn
}

// TestPeerThatDoesNotRead fills the socket's buffers until writes stall.
func TestPeerThatDoesNotRead(t *testing.T) {
	errs := make(chan error, 2)
	opts := &mediastream.Options{Queue: 32 << 20, Lead: time.Hour, WriteTimeout: 100 * time.Millisecond}
	url := serve(t, opts, func(c *mediastream.Conn) {
		for e, err := range c.Events(context.Background()) {
			if err != nil {
				errs <- err
			} else if e.Type == mediastream.EventStart {
				errs <- c.SendMedia(make([]byte, 24<<20))
			}
		}
		_ = c.Close(1000, "")
	})
	tw := dial(t, url)
	begin(t, tw)
	require.NoError(t, next(t, errs), "the send does not wait")
	var e *mediastream.Error
	require.ErrorAs(t, next(t, errs), &e)
	require.Equal(t, mediastream.ErrorWrite, e.Type)
}

// TestAHangUpWhileTheHostSpeaks has a peer that says stop and is gone while the
// host is busy, so that the host finds out by sending.
func TestAHangUpWhileTheHostSpeaks(t *testing.T) {
	var reported []error
	var mu sync.Mutex
	opts := &mediastream.Options{OnError: func(e *mediastream.Error) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, e)
	}}
	last := make(chan mediastream.EventType, 1)
	failed := make(chan error, 1)
	url := serve(t, opts, func(c *mediastream.Conn) {
		var e mediastream.Event
		var err error
		for e, err = range c.Events(context.Background()) {
			for e.Type == mediastream.EventDTMF && c.Clear() == nil {
				time.Sleep(time.Millisecond)
			}
		}
		_ = c.Close(1000, "")
		failed <- err
		last <- e.Type
	})
	conn := upgraded(t, url)
	var all []byte // in one piece, so that it is read in one
	for _, m := range []string{
		`{"event":"start","start":{"streamSid":"MZ1"}}`,
		`{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"1"}}`,
		`{"event":"stop","streamSid":"MZ1"}`,
	} {
		all = append(append(all, 0x81, 0x80|byte(len(m)), 0, 0, 0, 0), m...)
	}
	_, err := conn.Write(all)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, next(t, failed))
	require.Equal(t, mediastream.EventStop, next(t, last))
	require.Empty(t, reported, "a hang-up is no error")
}
