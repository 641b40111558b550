package metrics

import (
	"errors"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
)

// Trace returns the hooks that fill the series; give it to [voice.Config].
func (m *Metrics) Trace() *voice.Trace {
	return &voice.Trace{
		Signature: func(r signature.Result) {
			m.signatures.WithLabelValues(result(r), m.key(r)).Inc()
		},
		Decision: func(c voice.Info, d policy.Decision) {
			m.country(c.Country)
			m.decisions.WithLabelValues(d.Verdict.String(), m.reason(d.Reason)).Inc()
		},
		StreamStarted: func(c voice.Info, took time.Duration) {
			m.country(c.Country) // the webhook may have been another instance's
			m.wsConnect.Observe(took.Seconds())
		},
		StreamEnded: func(c voice.Info, e voice.End) {
			if !e.Resumes && !c.Unidirectional { // or the call's last stream counts all of it; listening ends before the call
				m.duration.Observe(max(e.Call, e.Duration).Seconds())
			}
			m.cost.add(c, e.Duration)
		},
		CallResumed: func(_ voice.Info, r voice.Resumed) {
			m.resumed.inc(string(r.Cause))
			m.gap.Observe(r.Gap.Seconds())
		},
		CallCut: func(_ voice.Info, why voice.Reason) { m.cut.inc(string(why)) },
		CallFinished: func(c voice.Info, status string) {
			m.country(c.Country).inc(status)
		},
		FrameReceived:    m.chunks.Inc,
		FramesDropped:    func(reason string, n int) { m.dropped.WithLabelValues(reason).Add(float64(n)) },
		TranscodingError: m.transcoding.inc,
		WebSocketError:   func(kind mediastream.ErrorType) { m.wsErrors.inc(string(kind)) },
		STTEvent:         m.sttEvent,
		STTError:         func(_ voice.Info, kind string) { m.sttErrors.inc(kind) },
		Spoken:           m.spoken,
		Answered:         func(c voice.Info, gap time.Duration) { m.observe(m.answerGap, c, gap) },
		BargeIn:          func(_ voice.Info, b voice.BargeIn) { m.bargeIns.WithLabelValues(string(b.Step), string(b.Cause)).Inc() },
		Silent:           func(voice.Info, voice.Silent) { m.silences.Inc() },
	}
}

func (m *Metrics) spoken(_ voice.Info, s voice.Spoken) {
	m.utterances.Inc()
	for _, kind := range s.Survived {
		m.ttsSurvived.inc(kind)
	}
	if s.Failed != "" {
		m.ttsErrors.inc(s.Failed)
	}
}

func (m *Metrics) sttEvent(c voice.Info, e stt.Event) {
	switch {
	case e.Kind == stt.Final:
		m.sttLength.Observe(float64(utf8.RuneCountInString(e.Transcript.Text)))
		if e.Timing.Valid {
			latency := e.Timing.Latency
			m.observe(m.sttLatency, c, latency)
			if !e.At.IsZero() {
				latency += time.Since(e.At)
			}
			m.observe(m.e2eLatency, c, latency)
		}
	case e.Kind == stt.Degraded && errors.Is(e.Err, stt.ErrOverrun):
		m.dropped.WithLabelValues("overrun").Inc()
	}
}

// observe adds a latency of a call, with the call's exemplar if it has a usable
// one: a label set that Prometheus does not take would panic.
func (m *Metrics) observe(h prometheus.Histogram, c voice.Info, latency time.Duration) {
	if m.exemplar != nil {
		if labels := m.exemplar(c); usable(labels) {
			h.(prometheus.ExemplarObserver).ObserveWithExemplar(latency.Seconds(), labels)
			return
		}
	}
	h.Observe(latency.Seconds())
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// usable reports whether labels can be an exemplar.
func usable(labels prometheus.Labels) bool {
	runes := 0
	for name, value := range labels {
		if !labelName.MatchString(name) || !utf8.ValidString(value) {
			return false
		}
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
	}
	return len(labels) > 0 && runes <= prometheus.ExemplarMaxRunes
}

// maxSharedKeys is how many shared keys have series of their own: as many as an
// account can have at Twilio.
const maxSharedKeys = 50

// key returns the id of the shared key that a request named, "other" beyond the
// first fifty, or else the index of the auth token that signed it, -1 when none did.
func (m *Metrics) key(r signature.Result) string {
	if r.SharedKey == "" {
		return strconv.Itoa(r.Key)
	}
	return m.keys.label(r.SharedKey)
}

// result returns why a signature was refused, or "valid".
func result(r signature.Result) string {
	if r.Reason == "" {
		return "valid"
	}
	return string(r.Reason)
}
