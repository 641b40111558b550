package fakestt

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/vad"
)

// Twilio puts a fake of Twilio's real-time transcription in front of an engine that
// hears by its callbacks. The fake listens to the audio of the calls' streams, as
// Twilio listens to the call, hears the nth text in the nth utterance of [stttest.Speech], and
// posts to callbacks: the final text before the unfinished one, and a second time, as a
// retry that has overtaken may.
func Twilio(e stt.Engine, callbacks http.Handler, texts []string) stt.Engine {
	var mu sync.Mutex
	calls := 0
	return stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
		s, err := e.Open(ctx, c)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		calls++
		t := &transcribed{Stream: s, c: c, sid: fmt.Sprint("GT", calls), callbacks: callbacks, texts: texts, seg: vad.NewSegmenter(vad.Options{})}
		mu.Unlock()
		t.post("TranscriptionEvent", "transcription-started")
		return t, nil
	})
}

// transcribed is a call that the fake listens to.
type transcribed struct {
	stt.Stream
	c         stt.Config
	sid       string
	callbacks http.Handler
	texts     []string
	sequence  int
	seg       *vad.Segmenter
	pcm       []int16 // all that was heard
}

func (t *transcribed) Send(frame []byte) error {
	err := t.Stream.Send(frame)
	before := len(t.pcm)
	t.pcm = t.c.Format.AppendPCM(t.pcm, frame)
	for _, ev := range t.seg.Write(t.pcm[before:]) {
		if ev.Kind != vad.Utterance || len(t.texts) == 0 {
			continue
		}
		text := t.texts[Which(t.pcm[ev.Onset:ev.VoicedEnd])%len(t.texts)]
		first, _, _ := strings.Cut(text, " ")
		n := t.sequence
		for _, callback := range []struct {
			sequence int
			final    bool
			data     string
		}{
			{n + 2, true, fmt.Sprintf(`{"transcript":%q,"confidence":0.9}`, text)},
			{n + 1, false, fmt.Sprintf(`{"transcript":%q}`, first)},
			{n + 2, true, fmt.Sprintf(`{"transcript":%q,"confidence":0.9}`, text)},
		} {
			t.sequence = callback.sequence - 1
			t.post("TranscriptionEvent", "transcription-content", "Track", "inbound_track", "LanguageCode", "en-US",
				"Final", fmt.Sprint(callback.final), "TranscriptionData", callback.data)
		}
	}
	return err
}

// post sends the next callback.
func (t *transcribed) post(fields ...string) {
	t.sequence++
	form := url.Values{"CallSid": {t.c.CallSID}, "TranscriptionSid": {t.sid}, "SequenceId": {fmt.Sprint(t.sequence)}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/transcription", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	t.callbacks.ServeHTTP(httptest.NewRecorder(), r)
}
