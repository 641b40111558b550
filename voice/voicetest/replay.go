package voicetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/journal"
)

// Difference is the first thing in which a replayed call differs from its record.
type Difference struct {
	SID  string        // of the call
	Line int           // of the record: where it was noticed
	At   time.Duration // in the record
	What string        // such as "answer", "status", "audio", "marks", "message" or "end"
	Want string        // in the record, around the place
	Got  string        // in the replay
}

// Error describes it.
func (d *Difference) Error() string {
	return fmt.Sprintf("voicetest: replay of %s differs: line %d, at %v: %s: want %s, got %s", d.SID, d.Line, d.At.Round(time.Millisecond), d.What, d.Want, d.Got)
}

// ErrIncomplete is the error of a record that cannot be replayed as it is, because lines are
// missing: see journal.Record.Dropped.
var ErrIncomplete = errors.New("voicetest: the record is incomplete: lines were dropped")

// replayGrace is how much later than in the record the host may do what it did.
const replayGrace = 5 * time.Second

// Replay runs recorded calls through a host, one after the other: it asks what Twilio asked,
// opens the streams for which the host's own answers ask, and sends what came in them, at the
// times of the record, or as soon as the host has done what it had done before that. It
// returns the first [*Difference] in what the host answers, says and sends and in who ends a
// stream; when the host does so is not compared, within five seconds. With [Config].InMemory
// and within testing/synctest it takes no time; Config.Pace makes it faster for a host
// elsewhere.
//
// Configure the host with the AuthToken of cfg, [Recognised] for its speech engine, and a
// synthesiser that says the same in the same way. Audio that an interruption cuts off is
// compared as far as both go. What the record does not keep is not compared: numbers and keys
// are those of the record, 0 for each digit; audio without sound is silence. Documents that a
// host gives by REST are not replayed, nor is a shutdown: their streams just end.
//
// Its other errors are [ErrIncomplete], that of ctx, and what keeps the fake from starting.
func Replay(ctx context.Context, cfg Config, records ...*journal.Record) error {
	t, err := Start(cfg)
	if err != nil {
		return err
	}
	for _, r := range records {
		if err = t.replay(ctx, r); err != nil {
			break
		}
	}
	return errors.Join(err, t.Close())
}

// replay is a call that is replayed.
type replay struct {
	*Call
	record  *journal.Record
	began   time.Time
	shift   time.Duration // how much later than in the record things are
	last    *twiml.Response
	tokens  map[string]string // by what stands before them in a path
	pending map[int]chan error
	streams map[int]*replayed
}

// step is something to do at a time of the record.
type step struct {
	at    time.Duration
	line  *journal.Line
	index int
	ask   bool // a request begins, which its line ends
}

func (t *Twilio) replay(ctx context.Context, record *journal.Record) error {
	if record.Dropped() > 0 || slices.ContainsFunc(record.Lines, func(l journal.Line) bool { return l.Kind == journal.KindFull }) {
		return ErrIncomplete
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &replay{
		Call:   &Call{SID: record.SID, From: record.From, To: record.To, tw: t, direction: "inbound", begun: time.Now(), ctx: ctx, changed: make(chan struct{}), done: make(chan struct{})},
		record: record, began: time.Now(), tokens: map[string]string{}, pending: map[int]chan error{}, streams: map[int]*replayed{},
	}
	var steps []step
	for i := range record.Lines {
		l := &record.Lines[i]
		if l.Kind == journal.KindRequest {
			steps = append(steps, step{max(0, l.At-micros(l.Request.Took)), l, i, true})
		}
		steps = append(steps, step{l.At, l, i, false})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	var err error
	for i := range steps {
		if err = r.wait(ctx, steps[i].at); err != nil {
			break
		}
		if err = r.take(ctx, &steps[i]); err != nil {
			break
		}
	}
	cancel()
	for _, s := range r.streams {
		s.abort()
	}
	for _, done := range r.pending {
		<-done
	}
	return err
}

// afterStreams waits until the host has ended the streams that it ends: Twilio asks for
// TwiML behind <Connect> when the stream is over.
func (r *replay) afterStreams(ctx context.Context, at *journal.Line) error {
	for n, s := range r.streams {
		for i := range r.record.Lines {
			l := &r.record.Lines[i]
			if l.Stream == n && l.Kind == journal.KindEnd && !s.listens && byHost(l.End.Reason) && l.At < at.At+replayGrace {
				if err := s.ended(ctx, l); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// byHost reports whether the host ended a stream that ended so.
func byHost(reason string) bool {
	switch reason {
	case "hung_up", "moved", "disconnect", "shutdown", "transfer":
		return false
	}
	return true
}

// wait waits for a time of the record.
func (r *replay) wait(ctx context.Context, at time.Duration) error {
	due := r.began.Add(r.tw.clock(at + r.shift))
	left := time.Until(due)
	if left <= 0 { // what came at once is sent at once
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *replay) take(ctx context.Context, s *step) error {
	l := s.line
	switch l.Kind {
	case journal.KindRequest:
		if s.ask {
			if strings.Contains(l.Request.Reply, "<Response") {
				if err := r.afterStreams(ctx, l); err != nil {
					return err
				}
			}
			done := make(chan error, 1)
			r.pending[s.index] = done
			to := r.pathOf(l.Request)
			go func() { done <- r.ask(ctx, l, to) }()
			return nil
		}
		done := r.pending[s.index]
		delete(r.pending, s.index)
		return <-done
	case journal.KindOpen:
		return r.open(ctx, l)
	}
	stream := r.streams[l.Stream]
	if stream == nil {
		return nil
	}
	switch l.Kind {
	case journal.KindIn:
		return stream.in(ctx, l)
	case journal.KindOut:
		stream.out(l)
	case journal.KindEnd:
		return stream.end(ctx, l)
	}
	return nil
}

// differs makes a Difference, around the place where two texts begin to differ.
func (r *replay) differs(l *journal.Line, what, want, got string) error {
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	around := func(s string) string {
		from, to := max(0, at-40), min(len(s), at+80)
		if from >= to {
			return fmt.Sprintf("%q", s)
		}
		return fmt.Sprintf("%q", s[from:to])
	}
	return &Difference{SID: r.SID, Line: l.Number, At: l.At, What: what, Want: around(want), Got: around(got)}
}

// ofToken is a path that has a token behind it.
var ofToken = regexp.MustCompile(`(?:[a-z]+://[^/"'<> ]+)?(/[A-Za-z0-9/_.-]*/twilio/(?:resume|challenge)/)([A-Za-z0-9_.~-]+)`)

// noToken stands for a token in a record.
const noToken = "{token}"

// pathOf returns the path of a request, with the token of the host's last answer that has one.
func (r *replay) pathOf(request *journal.Request) string {
	path := request.Path
	if before, rest, ok := strings.Cut(path, noToken); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		return before + r.tokens[before] + rest
	}
	return path
}

// ask sends a request, and compares the answer.
func (r *replay) ask(ctx context.Context, l *journal.Line, path string) error {
	ctx, cancel := context.WithTimeout(ctx, r.tw.link.webhook)
	defer cancel()
	base := r.tw.cfg.PublicURL
	if u, err := url.Parse(base); err == nil {
		base = u.Scheme + "://" + u.Host // the path of a request has the prefix
	}
	hop := Webhook
	if l.Request.Method == http.MethodGet {
		hop = Handshake // the form is in the path
	}
	got, err := r.send(ctx, hop, l.Request.Method, base+path, l.Request.Form)
	if err != nil {
		return r.differs(l, "answer", fmt.Sprint(l.Request.Status), err.Error())
	}
	if got.status != l.Request.Status {
		return r.differs(l, "status", fmt.Sprint(l.Request.Status), fmt.Sprint(got.status))
	}
	body := string(got.body)
	want, have := r.record.Normal(l.Request.Reply, r.record.PublicURL), r.record.Normal(body, r.tw.cfg.PublicURL)
	if want != have {
		return r.differs(l, "answer", want, have)
	}
	document, err := twiml.Parse(strings.NewReader(body))
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && len(document.Verbs) > 0 {
		r.last = document
	}
	for _, m := range ofToken.FindAllStringSubmatch(html.UnescapeString(body), -1) {
		r.tokens[m[1]] = m[2]
	}
	return nil
}

// streamURL returns where the host's last document has a stream.
func (r *replay) urlOf(o *journal.Open) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		return ""
	}
	for _, verb := range r.last.Verbs {
		switch v := verb.(type) {
		case *twiml.Connect:
			switch noun := v.Noun.(type) {
			case *twiml.Stream:
				if !o.Listens && o.Wire == journal.WireMedia {
					return noun.URL
				}
			case *twiml.ConversationRelay:
				if o.Wire == journal.WireRelay {
					return noun.URL
				}
			}
		case *twiml.Start:
			for _, noun := range v.Nouns {
				if stream, ok := noun.(*twiml.Stream); ok && o.Listens {
					return stream.URL
				}
			}
		}
	}
	return ""
}

// open opens a stream of the record.
func (r *replay) open(ctx context.Context, l *journal.Line) error {
	at := r.urlOf(l.Open)
	if at == "" {
		return r.differs(l, "stream", "the host's answer opens a stream", "it does not")
	}
	s := &replayed{replay: r, wire: l.Open.Wire, listens: l.Open.Listens}
	if err := s.dial(ctx, at); err != nil {
		return r.differs(l, "stream", "accepted", err.Error())
	}
	r.streams[l.Stream] = s
	for i := range r.record.Lines {
		if line := &r.record.Lines[i]; line.Stream == l.Stream && line.Kind == journal.KindOut {
			s.want.take(line)
		}
	}
	if late := time.Since(r.began) - r.tw.clock(l.At+r.shift); late > 0 {
		r.shift += time.Duration(float64(late) * r.tw.cfg.Pace)
	}
	return nil
}
