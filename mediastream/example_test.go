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
			if e.Type == mediastream.DTMF {
				_ = c.SendMedia(make([]byte, 4000))
				_ = c.SendMark("pressed " + e.Digit)
			}
		}
	}))
	defer srv.Close()

	ctx := context.Background()
	call, err := mediastream.Dial(ctx, srv.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = call.SendConnected()
	_ = call.SendStart(mediastream.Stream{StreamSID: "MZ1", AccountSID: "AC1", CallSID: "CA1"})
	_ = call.SendDTMF("7")
	audio := 0
	for {
		command, err := call.Receive(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		if command.Type == mediastream.SetMark {
			fmt.Println(command.Mark, "after", audio, "bytes")
			break
		}
		audio += len(command.Audio)
	}
	_ = call.SendStop("AC1", "CA1")
	_, err = call.Receive(ctx)
	fmt.Println(err)
	// Output:
	// pressed 7 after 4000 bytes
	// EOF
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
	_, err := mediastream.Dial(context.Background(), srv.URL, &mediastream.DialOptions{
		Header: http.Header{"Origin": {"https://example.com"}}, // a browser
	})
	fmt.Println(err.(*mediastream.Error).Code)
	// Output:
	// twilio_websocket_errors_total{error_type="handshake"}
	// 403
}
