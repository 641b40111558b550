package mediastream_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"agentos.dev/dialtone/mediastream"
)

// A server that returns each pressed key as a mark, behind half a second of
// silence, and the carrier that calls it.
func Example() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := mediastream.Accept(w, r, nil)
		if err != nil {
			return // the response has been written
		}
		defer func() { _ = c.Close(1000, "") }()
		for e, err := range c.Events(r.Context()) {
			if err != nil {
				return
			}
			if e.Type == mediastream.EventDTMF {
				_ = c.SendMedia(make([]byte, 4000))
				_ = c.SendMark("pressed " + e.Digit)
			}
		}
	}))
	defer srv.Close()

	ctx := context.Background()
	call, err := mediastream.Dial(ctx, srv.URL, mediastream.Stream{StreamSID: "MZ1", AccountSID: "AC1", CallSID: "CA1"}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range []mediastream.Message{call.Connected(), call.Start(), call.DTMF("7")} {
		_ = call.Send(m)
	}
	audio := 0
	for {
		m, err := call.Receive(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		command, err := call.Parse(m)
		if err != nil {
			fmt.Println("Twilio would warn:", err)
			continue
		}
		if command.Type == mediastream.CommandMark {
			fmt.Println(command.Mark, "after", audio, "bytes")
			break
		}
		audio += len(command.Audio)
	}
	_ = call.Send(call.Stop())
	_, err = call.Receive(ctx)
	fmt.Println(err)
	// Output:
	// pressed 7 after 4000 bytes
	// mediastream: closed with code 1000
}

// A carrier that misbehaves: one piece of audio is lost, one comes broken.
func ExampleCarrier() {
	stats := make(chan mediastream.Stats)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := mediastream.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.Close(1000, "") }()
		for range c.Events(r.Context()) {
		}
		stats <- c.Stats()
	}))
	defer srv.Close()

	call, err := mediastream.Dial(context.Background(), srv.URL, mediastream.Stream{StreamSID: "MZ1"}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = call.Abort() }()
	_ = call.Send(call.Connected())
	_ = call.Send(call.Start())
	frame := make([]byte, 160)
	for n := range 5 {
		m := call.Media(mediastream.TrackInbound, frame)
		switch n {
		case 1:
			continue // lost on the way
		case 3:
			m.Data = m.Data[:len(m.Data)/2]
		}
		_ = call.Send(m)
	}
	_ = call.Send(call.Stop())
	s := <-stats
	fmt.Println(s.Malformed, "malformed,", s.Lost, "lost,", s.Silence, "of silence")
	// Output:
	// 1 malformed, 2 lost, 40ms of silence
}

// What a host does with the errors a stream survives: it counts them.
func ExampleOptions() {
	opts := &mediastream.Options{
		OnError: func(e *mediastream.Error) {
			fmt.Printf("twilio_websocket_errors_total{error_type=%q}\n", e.Type)
		},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = mediastream.Accept(w, r, opts)
	}))
	defer srv.Close()
	_, err := mediastream.Dial(context.Background(), srv.URL, mediastream.Stream{StreamSID: "MZ1"}, &mediastream.DialOptions{
		Header: http.Header{"Origin": {"https://example.com"}}, // a browser
	})
	fmt.Println(err.(*mediastream.Error).Code)
	// Output:
	// twilio_websocket_errors_total{error_type="handshake"}
	// 403
}
