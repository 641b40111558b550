package voice

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/journal"
)

// listener has the speech on one track of a call recognised: the reader sends audio, and
// what is heard goes to the inbox, from whichever goroutine hears it. Whatever the engine
// does, a panic included, the call stays up.
type listener struct {
	track   mediastream.Track
	paced   bool          // silence stands for what does not come of the track, by the stream's clock
	others  *atomic.Int32 // listeners of the call that hear, and this one
	info    Info
	trace   *Trace
	log     *slog.Logger
	inbox   *inbox
	hearing *hearing
	stream  stt.Stream      // nil when there is no recogniser, or none that works
	speaks  atomic.Bool     // the caller, as the recogniser hears
	closing atomic.Bool     // the call is over: what ends now is no failure
	audio   []byte          // the reader's scratch: one frame of mu-law
	played  []byte          // what the caller hears during audio
	meter   *meter          // nil unless the log wants to know
	gauge   gauge           // of who looks at the call
	page    *journal.Stream // nil unless the call is recorded
	judge   *judge          // nil where nothing is said, or Twilio judges
	still   *stillness      // nil where nothing is said
	farEnd  farEnd          // nil where nothing is said to the caller

	ear stt.Ear // of the stream; nil if it has none, or nobody judges

	sent   time.Duration // audio, by the reader
	pieces atomic.Int64  // of it, of which everybody was told
	waits  atomic.Int64  // up to when of it speech has been answered, in ns and one; 0: none waits
}

// farEnd is mediastream.Conn.FarEnd.
type farEnd func(dst []byte, at time.Duration) (sent bool)

// open starts to listen.
func (l *listener) open(ctx context.Context, engine stt.Engine, c stt.Config) {
	c.Emit = l.heard
	var err error
	if l.stream, err = stt.Open(ctx, engine, c); err != nil {
		l.failed(err)
		return
	}
	ear, ok := l.stream.(stt.Ear)
	if !ok || l.judge == nil {
		return
	}
	if l.ear = ear; l.page != nil {
		l.ear = &pagedEar{listener: l, ear: ear}
	}
}

// heard moves an event to the inbox.
func (l *listener) heard(e stt.Event) {
	defer contain(l.log)
	if e.Kind == stt.Ended {
		if !l.closing.Load() {
			l.failed(fmt.Errorf("voice: the recogniser ended early: %w", e.Err))
		}
		return
	}
	e.Transcript.Track = string(l.track)
	l.observe(e)
	if l.judge != nil {
		var tell bool
		if e, tell = l.judge.hear(e); !tell {
			return
		}
	}
	l.still.heard(e)
	if !l.inbox.put(Event{Event: e}) {
		l.log.Warn("event dropped: the handler does not read its events")
	}
}

// observe counts and logs what the recogniser reports.
func (l *listener) observe(e stt.Event) {
	if l.page != nil {
		l.page.Heard(heardOf(e, l.pieces.Load()))
	}
	l.trace.STTEvent(l.info, e)
	l.hearing.heard(e)
	switch e.Kind {
	case stt.SpeechStart:
		l.speaks.Store(true)
		l.waits.CompareAndSwap(0, int64(e.Transcript.Start)+1)
	case stt.Final:
		l.speaks.Store(false)
		if l.waits.Load() != 0 {
			l.waits.Store(int64(e.Transcript.End) + 1)
		}
	case stt.UtteranceEnd:
		l.speaks.Store(false)
		l.waits.Store(0)
	}
	switch {
	case e.Kind == stt.Degraded:
		l.trace.STTError(l.info, stt.Reason(e.Err))
		l.log.Warn("speech recognition degraded", "error", e.Err)
	case e.Kind == stt.Final && e.Timing.Valid:
		ms := e.Timing.Latency.Milliseconds()
		l.log.Info("STT latency latency="+strconv.FormatInt(ms, 10)+"ms", "latency_ms", ms,
			"queue_ms", e.Timing.Queue.Milliseconds(), "recognition_ms", e.Timing.Recognition.Milliseconds(), "engine", e.Transcript.Engine)
	}
}

// hear takes one frame of the stream's audio.
func (l *listener) hear(media mediastream.Frame) {
	watched := l.gauge.watched()
	if l.stream == nil && l.meter == nil && !watched {
		return
	}
	if l.paced {
		l.catchUp(media.Timestamp)
	}
	if media.Track != l.track {
		return
	}
	if n := base64.StdEncoding.DecodedLen(len(media.Payload)); cap(l.audio) < n {
		l.audio = make([]byte, n)
	}
	n, err := strictBase64.Decode(l.audio[:cap(l.audio)], media.Payload)
	if err != nil {
		l.trace.TranscodingError("base64")
		return
	}
	if l.meter != nil {
		l.meter.add(l.audio[:n])
	}
	if watched {
		l.gauge.add(l.audio[:n])
	}
	l.send(l.audio[:n], l.plays(n, media.Timestamp))
}

// plays returns what the caller hears while he speaks n bytes; nil is silence.
func (l *listener) plays(n int, at time.Duration) []byte {
	if l.farEnd == nil {
		return nil
	}
	if cap(l.played) < n {
		l.played = make([]byte, n)
	}
	if !l.farEnd(l.played[:n], at) {
		return nil
	}
	return l.played[:n]
}

// send gives the recogniser audio, and what is played meanwhile. An error of the stream comes
// as an event as well.
func (l *listener) send(audio, played []byte) {
	l.sent += audioLength(len(audio))
	switch stream := l.stream.(type) {
	case nil:
	case stt.Duplex:
		stream.SendOver(audio, played)
	default:
		stream.Send(audio)
	}
	if l.ear != nil {
		l.judge.frame(l.ear, l.sent)
	}
	l.pieces.Add(1)
}

const (
	// paceSlack is how much later than the other track's one track's audio may come.
	paceSlack = 200 * time.Millisecond
	// paceMost bounds the silence that one frame makes up for.
	paceMost = 10 * time.Second
)

// mulawSilence is 100 ms.
var mulawSilence = bytes.Repeat([]byte{0xff}, 800)

// catchUp hears silence where the stream's clock is ahead of the track: so utterances end
// when its audio stops coming, and the times of both tracks are on one clock.
func (l *listener) catchUp(now time.Duration) {
	if behind := now - l.sent; behind > paceSlack {
		for until := l.sent + min(behind, paceMost); l.sent < until; {
			l.send(mulawSilence, nil)
		}
	}
}

var strictBase64 = base64.StdEncoding.Strict()

// expect passes an Expectation on to the recogniser.
func (l *listener) expect(e stt.Expectation) error {
	if x, ok := l.stream.(stt.Expecter); ok {
		return x.Expect(e)
	}
	return nil
}

// unanswered returns how many frames of speech the recogniser has heard without an answer.
func (l *listener) unanswered() int {
	const frame = 20 * time.Millisecond
	open := l.waits.Load()
	if open == 0 {
		return 0
	}
	return int(max(0, l.sent-time.Duration(open-1)) / frame)
}

// flushTimeout is how long the last words may take after a hang-up.
const flushTimeout = time.Second

// close ends listening. With lastWords it waits for what was just said.
func (l *listener) close(lastWords bool) {
	l.closing.Store(true)
	if l.stream == nil {
		return
	}
	if lastWords {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		if err := l.stream.Flush(ctx); err != nil {
			l.log.Warn("the last words were not recognised", "error", err)
		}
	}
	if err := l.stream.Close(); err != nil {
		l.log.Warn("closing the recogniser failed", "error", err)
	}
}

// failed tells everyone that the call goes on without transcripts, or without those of one
// side.
func (l *listener) failed(err error) {
	l.waits.Store(0)
	if l.page != nil {
		l.page.Heard(heardOf(stt.Event{Kind: stt.Ended, Err: err, Transcript: stt.Transcript{Track: string(l.track)}}, l.pieces.Load()))
	}
	l.hearing.failed()
	l.trace.STTError(l.info, stt.Reason(err))
	logFailure(l.log, "speech recognition failed", l.info.SID, "speech_recognition_failed", "error", err)
	if l.others.Add(-1) > 0 {
		l.inbox.put(Event{Event: stt.Event{Kind: stt.Degraded, Err: err, Transcript: stt.Transcript{Track: string(l.track)}, At: time.Now()}})
		return
	}
	l.inbox.fail(err)
}

// pagedEar is an ear whose answers to the judge are recorded.
type pagedEar struct {
	listener *listener
	ear      stt.Ear
	asked    bool
	speaks   bool // by the last answer
}

// Voiced implements stt.Ear.
func (e *pagedEar) Voiced(last time.Duration) (speech time.Duration, speaking bool) {
	speech, speaking = e.ear.Voiced(last)
	if last > 0 || !e.asked || speaking != e.speaks {
		e.asked, e.speaks = true, speaking
		e.listener.page.Ear(journal.Ear{Frame: e.listener.pieces.Load() + 1, Speaking: speaking, Last: last.Microseconds(), Speech: speech.Microseconds()})
	}
	return speech, speaking
}

// heardOf returns the journal entry for an event of the recogniser, with the number of audio pieces before it.
func heardOf(e stt.Event, pieces int64) journal.Heard {
	t := e.Transcript
	h := journal.Heard{
		Frame: pieces, Kind: e.Kind.String(), Text: t.Text, Track: t.Track, Language: t.Language, Engine: t.Engine,
		Start: t.Start.Microseconds(), End: t.End.Microseconds(), Music: t.Music, OnHold: e.OnHold, Error: textOf(e.Err),
	}
	if e.Kind == stt.Interim || e.Kind == stt.Final {
		h.Confidence = known01(t.Confidence)
	}
	for _, w := range t.Words {
		h.Words = append(h.Words, journal.Word{Text: w.Text, Start: w.Start.Microseconds(), End: w.End.Microseconds(), Confidence: known01(w.Confidence)})
	}
	if e.Kind == stt.Turn {
		h.Turn, h.TurnOver = e.Turn.State.String(), known01(e.Turn.Confidence)
	}
	if e.Timing.Valid {
		h.Latency = e.Timing.Latency.Microseconds()
	}
	return h
}

// known01 returns a confidence, nil if the engine does not tell.
func known01(c float64) *float64 {
	if math.IsNaN(c) || math.IsInf(c, 0) {
		return nil
	}
	return &c
}

func (l *listener) tellAudio() {
	frames, level := l.meter.take()
	what := "audio arrives"
	switch {
	case frames == 0:
		what = "no audio arrives"
	case level.DBov() < quietLevel:
		what = "silence arrives"
	}
	l.log.Debug(what, "frames", frames, "level_dbov", math.Round(level.DBov()), "peak_dbov", math.Round(level.PeakDBov()),
		"speech", l.speaks.Load(), "recognised", l.stream != nil)
}
