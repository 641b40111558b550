package metrics

import (
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice"
)

// Values of the label error_type, by metric.
var (
	transcodingErrors = []string{"base64", "json", "length", "codec", "resample", "other"}
	sttErrors         = []string{"timeout", "unavailable", "rate_limited", "auth", "bad_audio", "canceled", "panic", "other"}
	ttsErrors         = []string{"timeout", "unavailable", "rate_limited", "auth", "bad_text", "bad_audio", "canceled", "panic", "other"}
	webSocketErrors   = []string{"handshake", "auth", "timeout", "disconnect", "protocol", "oversize", "slow_consumer", "write", "other"}
)

// Values of the labels cause and reason.
var (
	resumeCauses = []string{string(voice.ReasonDisconnect), string(voice.ReasonShutdown)}
	cutReasons   = []string{string(voice.ReasonDisconnect), string(voice.ReasonShutdown), string(voice.ReasonCrash), string(voice.ReasonRefused)}
)

// statuses are the terminal states of a call.
var statuses = []string{"completed", "failed", "busy", "no-answer", "canceled"}

const other = "other"

// closedSet is a counter per value of one label, all created in advance; what is
// not among them counts as "other", if there is one.
type closedSet struct {
	counters map[string]prometheus.Counter
}

func newClosedSet(vec *prometheus.CounterVec, values []string) *closedSet {
	s := &closedSet{counters: make(map[string]prometheus.Counter, len(values))}
	for _, value := range values {
		s.counters[value] = vec.WithLabelValues(value)
	}
	return s
}

func (s *closedSet) inc(value string) {
	c, ok := s.counters[value]
	if !ok {
		c, ok = s.counters[other]
	}
	if ok {
		c.Inc()
	}
}

// openSet is the values of a label that are not all known in advance: the first ones
// stand for themselves, as many as are allowed, and all others are "other".
type openSet struct {
	most int
	mu   sync.Mutex
	set  map[string]bool
}

// newOpenSet returns a set that most values may be added to.
func newOpenSet(most int, known []string) *openSet {
	s := &openSet{most: most + len(known), set: make(map[string]bool, len(known))}
	for _, value := range known {
		s.set[value] = true
	}
	return s
}

func (s *openSet) label(value string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.set[value] {
		if len(s.set) >= s.most {
			return other
		}
		s.set[value] = true
	}
	return value
}

// maxReasons is how many reasons of a host's own policies have series of their own.
const maxReasons = 20

// reasonNames are the reasons that always have series, and none.
func reasonNames() []string {
	names := []string{"", other}
	for _, reason := range policy.Reasons() {
		names = append(names, string(reason))
	}
	return names
}

// reason returns the label of a decision's reason. One of the host's own that does not
// look like a name, or has more than three digits, may hold what the caller can choose.
func (m *Metrics) reason(r policy.Reason) string {
	digits := 0
	for _, c := range []byte(r) {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '-':
		default:
			return other
		}
	}
	if len(r) > 40 || digits > 3 {
		return other
	}
	return m.reasons.label(string(r))
}

// createAtZero creates the series that are known in advance. Those of the
// countries that a host did not name appear when a call from there comes in or its
// stream starts, which is before it can fail.
func (m *Metrics) createAtZero(countries []string) {
	m.countries = map[string]*countryCalls{other: {code: other}}
	set := countries
	if set == nil {
		set = iso3166
	}
	for _, code := range set {
		m.countries[code] = &countryCalls{code: code}
	}
	for _, code := range append(slices.Clone(countries), other) {
		m.country(code)
	}
	for _, reason := range []string{"overrun", "slow_consumer", "moved"} {
		m.dropped.WithLabelValues(reason)
	}
	m.decisions.WithLabelValues(policy.Allow.String(), "")
	for _, verdict := range []policy.Verdict{policy.Reject, policy.Challenge} {
		for _, reason := range policy.Reasons() {
			m.decisions.WithLabelValues(verdict.String(), string(reason))
		}
	}
}

// countryCalls counts the calls from one country, by status.
type countryCalls struct {
	code     string
	once     sync.Once
	statuses *closedSet
}

// country returns the counters of a country, all of which exist from then on.
func (m *Metrics) country(code string) *closedSet {
	c, ok := m.countries[code]
	if !ok {
		c = m.countries[other]
	}
	c.once.Do(func() {
		c.statuses = newClosedSet(m.calls.MustCurryWith(prometheus.Labels{"from_country": c.code}), statuses)
	})
	return c.statuses
}
