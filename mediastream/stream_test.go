package mediastream_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
)

// serve runs a server that accepts streams with opts and hands them to handle.
func serve(t *testing.T, opts *mediastream.Options, handle func(*mediastream.Conn)) (url string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := mediastream.Accept(w, r, opts)
		if err != nil {
			return
		}
		handle(c)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// dial opens the carrier's side.
func dial(t *testing.T, url string) *mediastream.Carrier {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := mediastream.Dial(ctx, url, stream, &mediastream.DialOptions{Transport: &http.Transport{DisableKeepAlives: true}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Abort() })
	return c
}

// begin sends what every stream begins with.
func begin(t *testing.T, tw *mediastream.Carrier) {
	t.Helper()
	require.NoError(t, tw.Send(tw.Connected()))
	require.NoError(t, tw.Send(tw.Start()))
}

// patience is how long a test waits for what is about to happen: long enough for
// a slow machine, as only a failure takes it.
const patience = 20 * time.Second

// next returns what comes over a channel, or fails the test where nothing does.
func next[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		require.Failf(t, "nothing happens", "no %T came within %v", *new(T), patience)
		return *new(T)
	}
}

// receive returns the server's next command.
func receive(t *testing.T, tw *mediastream.Carrier) mediastream.Command {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := tw.Receive(ctx)
	require.NoError(t, err)
	cmd, err := tw.Parse(m)
	require.NoError(t, err)
	return cmd
}

// ended returns the code with which the server closes the stream, now.
func ended(t *testing.T, tw *mediastream.Carrier) (code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := tw.Receive(ctx)
	var closed *mediastream.CloseError
	require.ErrorAs(t, err, &closed)
	return closed.Code
}

var stream = mediastream.Stream{
	StreamSID:  "MZ18ad3ab5a668481ce02b83e7395059f0",
	AccountSID: "AC123",
	CallSID:    "CA123",
	Tracks:     []mediastream.Track{mediastream.TrackInbound},
	Parameters: map[string]string{"token": "a \"quoted\" \u00e9"},
}

func TestCall(t *testing.T) {
	type result struct {
		events []mediastream.Event
		err    error
		stats  mediastream.Stats
	}
	done := make(chan result, 1)
	url := serve(t, nil, func(c *mediastream.Conn) {
		var r result
		for e, err := range c.Events(context.Background()) {
			if err != nil {
				r.err = err
				break
			}
			switch e.Type {
			case mediastream.EventStart:
				_ = c.SendMedia(bytes.Repeat([]byte{0x55}, 1000))
				_ = c.SendMark("said")
			case mediastream.EventMedia:
				e.Media.Payload = bytes.Clone(e.Media.Payload)
			}
			r.events = append(r.events, e)
		}
		r.stats = c.Stats()
		_ = c.Close(1000, "done")
		done <- r
	})
	tw := dial(t, url)
	begin(t, tw)
	audio := bytes.Repeat([]byte{0xff}, 160)
	require.NoError(t, tw.Send(tw.Media(mediastream.TrackInbound, audio)))
	require.NoError(t, tw.Send(tw.DTMF("#")))

	var heard []byte
	for {
		cmd := receive(t, tw)
		if cmd.Type == mediastream.CommandMark {
			require.Equal(t, "said", cmd.Mark)
			break
		}
		heard = append(heard, cmd.Audio...)
	}
	require.Equal(t, bytes.Repeat([]byte{0x55}, 1000), heard)
	require.NoError(t, tw.Send(tw.Mark("said")))
	require.NoError(t, tw.Send(tw.Stop()))
	require.Equal(t, 1000, ended(t, tw))

	r := next(t, done)
	require.NoError(t, r.err)
	require.Len(t, r.events, 6)
	want := stream
	want.Format = mediastream.Mulaw()
	require.Equal(t, mediastream.EventConnected, r.events[0].Type)
	require.Equal(t, &want, r.events[1].Start)
	require.Equal(t, base64.StdEncoding.EncodeToString(audio), string(r.events[2].Media.Payload))
	require.Equal(t, uint64(2), r.events[2].Sequence)
	require.Equal(t, "#", r.events[3].Digit)
	require.Equal(t, "said", r.events[4].Mark)
	require.Equal(t, mediastream.EventStop, r.events[5].Type)
	require.EqualValues(t, 6, r.stats.MessagesIn)
	require.Zero(t, r.stats.Lost)
}

// TestAStalledHostOverASocket has a consumer that holds one event until the
// connection has read on without it.
func TestAStalledHostOverASocket(t *testing.T) {
	const pieces = 200
	done := make(chan []uint64, 1)
	url := serve(t, nil, func(c *mediastream.Conn) {
		var got []uint64
		for e, err := range c.Events(context.Background()) {
			if err != nil {
				break
			}
			got = append(got, e.Sequence)
			for e.Sequence == 5 && c.Stats().MessagesIn < pieces {
				time.Sleep(10 * time.Millisecond)
			}
		}
		_ = c.Close(1000, "")
		done <- got
	})
	tw := dial(t, url)
	listen(tw)
	begin(t, tw)
	require.NoError(t, media(pieces)(tw))
	require.NoError(t, tw.Send(tw.Stop()))
	got := next(t, done)
	require.Equal(t, pieces+3, len(got))
	for i, n := range got {
		require.EqualValues(t, i, n)
	}
}

// TestTheHostEndsTheCall has a context that ends while nothing comes in; the
// host still says why it closes.
func TestTheHostEndsTheCall(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	url := serve(t, nil, func(c *mediastream.Conn) {
		for e, err := range c.Events(ctx) {
			if err != nil {
				failed <- err
			} else if e.Type == mediastream.EventStart {
				_ = c.SendMark("up")
			}
		}
		_ = c.Close(1001, "draining")
	})
	tw := dial(t, url)
	begin(t, tw)
	require.Equal(t, "up", receive(t, tw).Mark)
	cancel()
	require.Equal(t, 1001, ended(t, tw))
	require.ErrorIs(t, next(t, failed), context.Canceled)
}
