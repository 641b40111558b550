package browser

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/console"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestConsole: who has the token sees the calls of a running server, and what is said in them.
func TestConsole(t *testing.T) {
	apt.Need(t, "flite", "flite")
	speaks, err := local.New(local.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { tts.Close(speaks) })
	watch := console.New()
	server, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL,
		Handler: waiter(nil), STT: bookARoom(), TTS: speaks, Trace: watch.Trace(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	token := admin.Generate()
	tokens, err := admin.ParseTokens(token, false)
	require.NoError(t, err)
	guard := admin.NewGuard(admin.GuardOptions{Tokens: tokens})
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", server)
	mux.Handle("GET /admin/console/", watch.Page())
	mux.Handle("GET /admin/console/events", guard.Require("calls:read")(watch.Events(server)))
	mux.Handle("GET /admin/console/words", guard.Require("calls:listen")(watch.Words(server)))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	site := "http://" + listener.Addr().String()
	serve(t, listener, mux)
	twilio, err := voicetest.Start(voicetest.Config{Target: site})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, twilio.Close()) })

	ctx := open(t, site+"/admin/console/", microphone(t, time.Second, time.Second))
	require.NoError(t, chromedp.Do(ctx,
		chromedp.SendKeys("#token", admin.Generate()+"\r"),
		shows("#refused", "does not know this token"),
		chromedp.SendKeys("#token", token+"\r"),
		shows("#stats", "places taken"),
		until(`!document.querySelector("#calls-empty").hidden`),
	))
	picture(t, ctx, "console-empty")
	call := twilio.Dial("+14155550100", "+14155550199")
	other := twilio.Dial("+14155550123", "+14155550199")
	require.NoError(t, chromedp.Do(ctx,
		until(`document.querySelectorAll("#calls li").length == 2`),
		until(`(document.querySelector("#calls li[data-sid='`+call.SID+`'] button").click(), true)`),
		shows("#turns .service", "Welcome to the Lantern."),
		shows("#facts", call.SID),
	))
	said := make(chan error, 1)
	go func() { said <- call.SpeakAudio(spoken(t)) }()
	require.NoError(t, chromedp.Do(ctx, until(`document.querySelector("#calls li[data-sid='`+call.SID+`'] meter").value > 0.05`)))
	require.NoError(t, <-said)
	require.NoError(t, chromedp.Do(ctx, shows("#turns .you", "book a room"), shows("#turns .service s", "How can I help you?"), shows("#latency-summary", "median")))
	looks(t, ctx, "console")
	other.HangUp()
	call.HangUp()
	require.NoError(t, chromedp.Do(ctx, until(`document.querySelectorAll("#ended li").length == 2`), chromedp.Click("#leave"),
		until(`!document.querySelector("#enter").hidden && !document.querySelector("#turns li")`)))
}
