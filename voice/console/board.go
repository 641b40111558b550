package console

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
)

const (
	// mostTurns is how many turns of a call are kept, and mostEnded how many calls that have ended.
	mostTurns = 60
	mostEnded = 20
	// mostShown is how many calls are shown at once.
	mostShown = 500
)

// board keeps what is said in the calls that are up, in memory, for the console.
type board struct {
	mu    sync.Mutex
	calls map[boardKey]*boardCall
	ended []*boardCall // the latest last
}

// boardKey tells a call from one that is listened to, as a call may be beside it.
type boardKey struct {
	sid            string
	unidirectional bool
}

// boardCall is a call as the board has it.
type boardCall struct {
	info      voice.Info
	began     time.Time
	lasted    time.Duration // once it has ended
	reason    voice.Reason
	turns     []*boardTurn
	interim   *boardTurn // the last turn, while it is not final
	next      int        // number of the next turn
	latencies []int64    // from the end of speech to the transcript, ms
}

// boardTurn is what was said, by one side.
type boardTurn struct {
	id       int
	at       time.Time
	track    string
	text     string // of the caller
	final    bool
	playback *voice.Playback // of the server; nil once it is over
	said     saidTurn        // then
}

// saidTurn is what became of a playback.
type saidTurn struct {
	text, heard, state string
	seconds            float64
}

// trace returns the hooks that fill the board.
func (b *board) trace() *voice.Trace {
	return &voice.Trace{
		StreamStarted: func(i voice.Info, _ time.Duration) { b.begin(i) },
		StreamEnded:   b.end,
		STTEvent:      b.heard,
		Playback: func(i voice.Info, p *voice.Playback) {
			b.turn(i, func(c *boardCall) { c.add(&boardTurn{playback: p}) })
		},
	}
}

func keyOf(i voice.Info) boardKey { return boardKey{i.SID, i.Unidirectional} }

func (b *board) begin(i voice.Info) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := slices.IndexFunc(b.ended, func(c *boardCall) bool { return keyOf(c.info) == keyOf(i) }); n >= 0 { // it goes on
		c := b.ended[n]
		b.ended = slices.Delete(b.ended, n, n+1)
		c.info, c.reason = i, ""
		b.calls[keyOf(i)] = c
		return
	}
	if b.calls[keyOf(i)] == nil {
		b.calls[keyOf(i)] = &boardCall{info: i, began: time.Now()}
	}
}

func (b *board) end(i voice.Info, end voice.End) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.calls[keyOf(i)]
	if c == nil || c.info.Leg != i.Leg { // another stream has taken it over
		return
	}
	delete(b.calls, keyOf(i))
	c.settle()
	c.reason, c.lasted = end.Reason, time.Since(c.began)
	if b.ended = append(b.ended, c); len(b.ended) > mostEnded {
		b.ended = slices.Delete(b.ended, 0, 1)
	}
}

// turn changes what is said in a call that is up.
func (b *board) turn(i voice.Info, change func(*boardCall)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.calls[keyOf(i)]; c != nil {
		change(c)
	}
}

func (b *board) heard(i voice.Info, e stt.Event) {
	if e.Kind != stt.Interim && e.Kind != stt.Final {
		return
	}
	b.turn(i, func(c *boardCall) {
		final := e.Kind == stt.Final
		if final && e.Timing.Valid {
			if c.latencies = append(c.latencies, e.Timing.Latency.Milliseconds()); len(c.latencies) > mostTurns {
				c.latencies = c.latencies[1:]
			}
		}
		if c.interim == nil {
			if e.Transcript.Text == "" {
				return
			}
			c.interim = &boardTurn{track: e.Transcript.Track}
			c.add(c.interim)
		}
		c.interim.text, c.interim.final = e.Transcript.Text, final
		if final {
			c.interim = nil
		}
	})
}

// add adds a turn, in the place of the oldest where there are too many.
func (c *boardCall) add(t *boardTurn) {
	c.next++
	t.id, t.at = c.next, time.Now()
	if c.turns = append(c.turns, t); len(c.turns) > mostTurns {
		c.turns = slices.Delete(c.turns, 0, 1)
	}
	c.settleOver()
}

// settle lets go of all playbacks, and settleOver of those that are over.
func (c *boardCall) settle() {
	for _, t := range c.turns {
		if t.playback != nil {
			t.said, t.playback = becameOf(t.playback), nil
		}
	}
}

func (c *boardCall) settleOver() {
	for _, t := range c.turns {
		if t.playback == nil {
			continue
		}
		select {
		case <-t.playback.Done():
			t.said, t.playback = becameOf(t.playback), nil
		default:
		}
	}
}

// becameOf returns what is known of a playback.
func becameOf(p *voice.Playback) saidTurn {
	t := saidTurn{text: p.Text(), heard: p.HeardText(), seconds: p.Heard().Seconds(), state: "playing"}
	select {
	case <-p.Done():
	default:
		return t
	}
	var failure *tts.Error
	switch err := p.Wait(context.Background()); {
	case err == nil:
		t.state = "heard"
	case errors.As(err, &failure):
		t.state = "failed"
	default:
		t.state = "interrupted"
	}
	return t
}

// boardView is what the console draws. Words are only there for who may listen.
type boardView struct {
	Stats statsView  `json:"stats"`
	Calls []callView `json:"calls"`
	Ended []callView `json:"ended"`
	Turns []turnView `json:"turns"` // of the call that was asked for
	// Latencies of that call: from the end of speech to the transcript, ms.
	Latencies []int64 `json:"latencies"`
}

type statsView struct {
	Active     int    `json:"active"`
	Streams    int    `json:"streams"`
	Most       int    `json:"most"`
	Draining   bool   `json:"draining"`
	Lacking    string `json:"lacking"`
	LogDropped uint64 `json:"log_dropped"`
}

type callView struct {
	SID       string  `json:"sid"`
	From      string  `json:"from"`
	To        string  `json:"to"`
	Direction string  `json:"direction"`
	Leg       int     `json:"leg"`
	Listening bool    `json:"listening"` // nothing can be said in it
	Seconds   float64 `json:"seconds"`
	Reason    string  `json:"reason,omitempty"` // why it has ended
	Speaking  bool    `json:"speaking"`
	Level     float64 `json:"level"` // dBov
	Playbacks int     `json:"playbacks"`
	Queued    int64   `json:"queued_ms"`
	Lost      uint64  `json:"lost"`
	Dropped   uint64  `json:"dropped"`
	Gaps      uint64  `json:"gaps"`
	Skipped   uint64  `json:"skipped"` // messages that were none
	Backlog   int64   `json:"backlog_ms"`
	Turns     int     `json:"turns"`
}

type turnView struct {
	ID      int     `json:"id"`
	At      float64 `json:"at"`
	Who     string  `json:"who"` // caller, server, or a track of what is listened to
	Text    string  `json:"text"`
	Heard   string  `json:"heard"`
	Words   int     `json:"words"`
	State   string  `json:"state"`
	Final   bool    `json:"final"`
	Seconds float64 `json:"seconds"`
}

// show returns what there is to see of a server; of the call with the SID the turns too, with
// their words if listens.
func (b *board) show(server *voice.Server, sid string, listens bool) boardView {
	stats := server.Stats()
	all := boardView{
		Stats: statsView{Active: stats.ActiveCalls, Streams: stats.Streams, Most: stats.MaxStreams, Draining: stats.Draining, Lacking: stats.Lacking, LogDropped: stats.LogDropped},
		Calls: []callView{}, Ended: []callView{}, Turns: []turnView{}, Latencies: []int64{},
	}
	now := time.Now()
	progress := server.Progress()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range progress {
		c := callViewOf(p.Info)
		c.Seconds, c.Speaking, c.Level, c.Playbacks = now.Sub(p.Started).Seconds(), p.Speaking, math.Round(p.Level), p.Playbacks
		s := p.Stream
		c.Queued, c.Lost, c.Dropped, c.Gaps, c.Backlog = (s.Queued + s.Unplayed).Milliseconds(), s.Lost, s.Dropped, s.Gaps, s.Backlog.Milliseconds()
		c.Skipped = s.Malformed + s.WrongStream + s.Unknown
		if on := b.calls[keyOf(p.Info)]; on != nil {
			c.Turns = on.next
		}
		all.Calls = append(all.Calls, c)
	}
	slices.SortFunc(all.Calls, func(x, y callView) int {
		if x.Seconds != y.Seconds {
			return int(math.Copysign(1, y.Seconds-x.Seconds))
		}
		return strings.Compare(x.SID, y.SID)
	})
	all.Calls = all.Calls[:min(len(all.Calls), mostShown)]
	for _, on := range slices.Backward(b.ended) {
		c := callViewOf(on.info)
		c.Seconds, c.Reason, c.Turns, c.Level = on.lasted.Seconds(), string(on.reason), on.next, -127
		all.Ended = append(all.Ended, c)
	}
	if on := b.find(sid); on != nil {
		all.Latencies = append(all.Latencies, on.latencies...)
		for _, t := range on.turns {
			all.Turns = append(all.Turns, t.show(on, listens))
		}
	}
	return all
}

// find returns a call that is up, or has ended lately.
func (b *board) find(sid string) *boardCall {
	for _, unidirectional := range []bool{false, true} {
		if c := b.calls[boardKey{sid, unidirectional}]; c != nil {
			return c
		}
	}
	for _, c := range slices.Backward(b.ended) {
		if c.info.SID == sid {
			return c
		}
	}
	return nil
}

func callViewOf(i voice.Info) callView {
	return callView{SID: i.SID, From: i.From, To: i.To, Direction: i.Direction, Leg: i.Leg, Listening: i.Unidirectional}
}

func (t *boardTurn) show(c *boardCall, listens bool) turnView {
	s := turnView{ID: t.id, At: t.at.Sub(c.began).Seconds(), Who: "caller", Text: t.text, Final: t.final}
	if c.info.Unidirectional && t.track != "" {
		s.Who = t.track
	}
	said := t.said
	if t.playback != nil {
		said = becameOf(t.playback)
	}
	if said.state != "" {
		s.Who, s.Text, s.Heard, s.State, s.Seconds, s.Final = "server", said.text, said.heard, said.state, said.seconds, true
	}
	s.Words = len(strings.Fields(s.Text))
	if !listens {
		s.Text, s.Heard = "", ""
	}
	return s
}
