package voice_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// speak plays what a speech synthesiser sends, 16-bit PCM at 24 kHz, while it
// comes. The last playback tells when the caller has heard all of it.
func speak(ctx context.Context, call *voice.Call, speech io.Reader) (*voice.Playback, error) {
	resampler, err := codec.NewResampler(24000, codec.Rate)
	if err != nil {
		return nil, err
	}
	var last *voice.Playback
	for piece := make([]byte, 9600); ; { // 200 ms
		n, end := io.ReadFull(speech, piece)
		samples := make([]int16, n/2)
		codec.DecodePCM(samples, piece[:n])
		if len(samples) > 0 {
			if last, err = call.Play(ctx, codec.AppendEncodeMulaw(nil, resampler.Resample(nil, samples))); err != nil {
				return last, err
			}
		}
		switch end {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return last, nil
		default:
			return last, end
		}
	}
}

// What Play takes is mu-law at 8000 Hz. A WAV file, which would be noise as it
// is, and the output of a speech synthesiser are converted.
func ExampleCall_Play() {
	file, err := os.Open("testdata/book_a_room.wav")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	recording, err := codec.ReadMulaw(file)
	if err != nil {
		log.Fatal(err)
	}
	synthesised := make([]byte, 2*24000) // a second

	mux := http.NewServeMux()
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			if _, err := call.Play(ctx, recording); err != nil {
				return err
			}
			_, err := speak(ctx, call, bytes.NewReader(synthesised))
			return err // nil hangs up once everything has been heard
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/api/voice/", srv)

	tw, err := voicetest.Start(voicetest.Config{Handler: mux})
	if err != nil {
		log.Fatal(err)
	}
	call := tw.Dial("+14155550100", "+14155550199")
	call.Wait(context.Background())
	fmt.Println("heard all of it:", len(call.Heard()) == len(recording)+codec.Rate)
	fmt.Println(tw.Close(), srv.Shutdown(context.Background()))
	// Output:
	// heard all of it: true
	// <nil> <nil>
}
