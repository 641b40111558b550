package browser

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/voicetest"
	"agentos.dev/dialtone/voice/voicetest/phone"
)

var update = flag.Bool("update", false, "write the pictures of docs")

// patience is how long anything may take, on a machine that does much else.
const patience = 60 * time.Second

const (
	greeting = "Welcome to the Lantern. We are open from six to eleven this evening, the kitchen closes at ten, and tables by the window are still free. How can I help you?"
	noted    = "I have noted that. What else can I do for you?"
)

// waiter takes what callers say, lets them interrupt, and tells which keys they press.
func waiter(keys chan<- string) voice.HandlerFunc {
	return func(ctx context.Context, call *voice.Call) error {
		if _, err := call.Say(ctx, greeting); err != nil {
			return err
		}
		for event, err := range call.Events(ctx) {
			switch {
			case err != nil:
				return err
			case event.Kind == stt.SpeechStart:
				if err := call.Interrupt(); err != nil {
					return err
				}
			case event.Kind == stt.Final && event.Transcript.Text != "":
				if _, err := call.Say(ctx, noted); err != nil {
					return err
				}
			case event.Digit != "":
				keys <- event.Digit
			}
		}
		return nil
	}
}

// bookARoom hears the same whatever is said.
func bookARoom() stt.Engine {
	return stt.Segmented(stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
		return stt.Transcript{Text: "book a room", Final: true}, nil
	}), stt.Segmentation{})
}

// spoken returns the recording of somebody who says "book a room", as 8 kHz mu-law.
func spoken(t *testing.T) []byte {
	t.Helper()
	file, err := os.ReadFile("../../examples/server/recordings/book_a_room.wav")
	require.NoError(t, err)
	audio, err := codec.ReadMulaw(bytes.NewReader(file))
	require.NoError(t, err)
	return audio
}

// microphone writes what Chromium's fake microphone hears: a pause, the recording, and silence.
func microphone(t *testing.T, before, after time.Duration) string {
	t.Helper()
	const rate = 48000
	pcm := make([]int16, rate*before/time.Second)
	resampler, err := codec.NewResampler(8000, rate)
	require.NoError(t, err)
	pcm = resampler.Resample(pcm, codec.AppendDecodeMulaw(nil, spoken(t)))
	pcm = append(pcm, make([]int16, rate*after/time.Second)...)
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, v := range []any{uint32(36 + 2*len(pcm)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), uint32(2 * len(pcm)), pcm} {
		require.NoError(t, binary.Write(&b, binary.LittleEndian, v))
	}
	name := filepath.Join(t.TempDir(), "microphone.wav")
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

// open starts Chromium with a page and a fake microphone.
func open(t *testing.T, url, microphone string) context.Context {
	t.Helper()
	chromium := apt.Need(t, "chromium", "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.NoSandbox, // as root, and on machines without user namespaces
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-audio-capture", microphone+"%noloop"),
		chromedp.Flag("mute-audio", false),
		chromedp.Flag("disable-gpu", true),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WSURLReadTimeout(patience),
	)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 4*patience)
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(url), until(`document.documentElement.dataset.ready === "true"`)))
	return ctx
}

// until waits for a condition of the page.
func until(condition string) chromedp.Action[chromedp.Void] {
	poll := chromedp.Poll[bool](condition, chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(patience))
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := poll(ctx, t); err != nil {
			return chromedp.Void{}, fmt.Errorf("%s: %w", condition, err)
		}
		return chromedp.Void{}, nil
	}
}

// shows waits until an element's text holds part.
func shows(selector, part string) chromedp.Action[chromedp.Void] {
	return until(fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.textContent.includes(%q))`, selector, part))
}

// picture keeps what the page looks like, where DIALTONE_PICTURES names a folder.
func picture(t *testing.T, ctx context.Context, name string) []byte {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	if folder := os.Getenv("DIALTONE_PICTURES"); folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600))
	}
	return png
}

// dark has the page look as at night.
func dark(is bool) chromedp.Action[chromedp.Void] {
	value := "light"
	if is {
		value = "dark"
	}
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}})
		return err
	})
}

// TestPhone is a call by the page: it is answered, the caller interrupts the greeting by
// speaking, hears the answer, presses keys and hangs up.
func TestPhone(t *testing.T) {
	var speaks tts.Synthesizer
	var err error
	apt.Need(t, "flite", "flite")
	speaks, err = local.New(local.Options{})
	require.NoError(t, err)
	said := voicetest.NewVoice(speaks)
	t.Cleanup(func() { said.Close() })

	keys, ended := make(chan string, 10), make(chan voice.End, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	twilio, err := voicetest.Start(voicetest.Config{Target: "http://" + listener.Addr().String(), Voice: said})
	require.NoError(t, err)
	page, err := phone.New(phone.Config{
		Twilio: twilio, Service: "calls the Lantern, a restaurant of the tests",
		Recordings: []phone.Recording{{Name: "book a room", Audio: spoken(t)}}, Voice: said,
	})
	require.NoError(t, err)
	trace := page.Trace().Join(&voice.Trace{StreamEnded: func(_ voice.Info, end voice.End) { ended <- end }})
	server, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL,
		Handler: waiter(keys), STT: bookARoom(), TTS: said, Trace: trace,
	})
	require.NoError(t, err)
	serve(t, listener, server)
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	t.Cleanup(func() { require.NoError(t, twilio.Close()) })
	at, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, at, page)
	t.Cleanup(page.Close)

	ctx := open(t, page.URL(at.Addr()), microphone(t, 3*time.Second, 10*time.Second))
	picture(t, ctx, "ready")
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Click("#call"),
		shows("#state", "In the call"),
		until(`document.querySelector("#level").value > 0.02`), // the greeting is heard
		shows("#turns .you", "book a room"),                    // by the microphone
		shows("#turns .service s", "How can I help you?"),      // which has interrupted it
		shows("#turns .service:last-child", "What else can I do"),
		shows("#latency-summary", "median"),
		chromedp.Click(`.keypad [data-key="5"]`),
		shows("#turns .you:last-child", "5"),
	))
	require.Equal(t, "5", receive(t, keys))
	require.NoError(t, chromedp.Do(ctx,
		chromedp.KeyEvent("#"), // as one types
		chromedp.Click("#recordings button"),
		until(`document.querySelectorAll("#turns .you:not(:has(.key))").length == 2`),
		until(`[...document.querySelectorAll("#turns .service:last-child p")].some(p => p.textContent == "`+noted+`" && !p.querySelector("s, .coming:not(:empty)"))`),
	))
	require.Equal(t, "#", receive(t, keys))
	looks(t, ctx, "phone")
	require.NoError(t, chromedp.Do(ctx, chromedp.Click("#hangup"), shows("#state", "Call ended")))
	require.Equal(t, voice.ReasonHungUp, receive(t, ended).Reason)
	picture(t, ctx, "ended")
}

// looks takes the pictures of a call: that of the README, and for eyes one for each kind of
// screen.
func looks(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	png := picture(t, ctx, name+"-light")
	if *update && name == "phone" {
		require.NoError(t, os.WriteFile("../../docs/phone.png", png, 0o644))
	}
	if os.Getenv("DIALTONE_PICTURES") == "" {
		return
	}
	still := chromedp.Sleep(300 * time.Millisecond) // of colours that change
	require.NoError(t, chromedp.Do(ctx, dark(true), still))
	picture(t, ctx, name+"-dark")
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(900, 1400)))
	picture(t, ctx, name+"-middle-dark")
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(360, 2300)))
	picture(t, ctx, name+"-narrow-dark")
	require.NoError(t, chromedp.Do(ctx, dark(false), still))
	picture(t, ctx, name+"-narrow")
}

func serve(t *testing.T, listener net.Listener, handler http.Handler) {
	t.Helper()
	server := &http.Server{Handler: handler}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
}

func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
	}
	return v
}
