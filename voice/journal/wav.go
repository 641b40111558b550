package journal

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"agentos.dev/dialtone/codec"
)

// ErrNoAudio is the error of a record without audio: see Options.Audio.
var ErrNoAudio = errors.New("journal: the record has no audio")

// errTooLong is the error of audio that is more than a WAV file holds.
var errTooLong = errors.New("journal: the audio is longer than 30 hours")

const maxWAV = 30 * time.Hour

// piece is audio on the timeline of the record, in samples.
type piece struct {
	at    int64
	mulaw []byte
}

func (p *piece) end() int64 { return p.at + int64(len(p.mulaw)) }

// WriteWAV writes the call as a WAV file of 16 bits and 8000 Hz: on the left what the caller
// said, on the right what the caller heard, from the beginning of the file on, with silence
// where there is no audio. What was said is placed by the stream's clock; what was heard as
// Twilio plays it, from when it was sent, one piece behind the other, until it is cleared.
// The errors are [ErrNoAudio], one for more than 30 hours, and those of w.
func (r *Record) WriteWAV(w io.Writer) error {
	said, heard := r.tracks()
	if len(said)+len(heard) == 0 {
		return ErrNoAudio
	}
	for _, track := range [][]piece{said, heard} {
		if n := len(track); n > 0 && track[n-1].end() > samples(maxWAV) {
			return errTooLong
		}
	}
	out, err := codec.NewWAVWriter(w, codec.Format{Encoding: codec.PCM16, Channels: 2})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	left, right := reader{rest: said}, reader{rest: heard}
	var a, b [1600]int16
	var both [2 * len(a)]int16
	for at := int64(0); !left.done() || !right.done(); at += int64(len(a)) {
		left.read(at, a[:])
		right.read(at, b[:])
		for i := range a {
			both[2*i], both[2*i+1] = a[i], b[i]
		}
		if err := out.WritePCM(both[:]); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// reader reads pieces in order.
type reader struct{ rest []piece }

func (r *reader) done() bool { return len(r.rest) == 0 }

// read fills dst with what is at a time, which is where the last read ended.
func (r *reader) read(at int64, dst []int16) {
	clear(dst)
	end := at + int64(len(dst))
	for len(r.rest) > 0 && r.rest[0].at < end {
		p := &r.rest[0]
		if behind := at - p.at; behind > 0 {
			n := min(behind, int64(len(p.mulaw)))
			p.at, p.mulaw = p.at+n, p.mulaw[n:]
		}
		if p.at >= at {
			n := codec.DecodeMulaw(dst[p.at-at:], p.mulaw)
			p.at, p.mulaw = p.at+int64(n), p.mulaw[n:]
		}
		if len(p.mulaw) > 0 {
			return
		}
		r.rest = r.rest[1:]
	}
}

// media is what is read of a message of Media Streams.
type media struct {
	Event string `json:"event"`
	Start struct {
		StreamSID string `json:"streamSid"`
	} `json:"start"`
	Media struct {
		Track     string          `json:"track"`
		Timestamp json.RawMessage `json:"timestamp"`
		Payload   string          `json:"payload"`
		Bytes     int             `json:"bytes"`
	} `json:"media"`
}

// timestamp returns that of a media message, which is a text or, with some, a number; false
// if it has none.
func (m *media) timestamp() (time.Duration, bool) {
	raw := m.Media.Timestamp
	if len(raw) > 1 && raw[0] == '"' {
		raw = raw[1 : len(raw)-1]
	}
	ms, err := strconv.ParseInt(string(raw), 10, 64)
	d := time.Duration(ms) * time.Millisecond
	return d, err == nil && ms >= 0 && ms <= maxTime.Milliseconds()
}

const rate = 8000

func samples(d time.Duration) int64 { return int64(d) * rate / int64(time.Second) }

// clock is a stream's: when its start came, and what is being played in it.
type clock struct {
	start time.Duration
	ends  int64 // the last piece that was sent
	mine  []int // its pieces in the track of what was heard
}

// tracks returns the audio of both sides.
func (r *Record) tracks() (said, heard []piece) {
	streams := map[int]*clock{}
	for _, l := range r.Lines {
		if l.Kind != KindIn && l.Kind != KindOut || l.Message == nil {
			continue
		}
		var m media
		if json.Unmarshal(l.Message, &m) != nil {
			continue
		}
		s := streams[l.Stream]
		if s == nil {
			s = &clock{start: l.At}
			streams[l.Stream] = s
		}
		now := samples(l.At)
		switch m.Event {
		case "start":
			s.start = l.At
		case "clear":
			if l.Kind == KindOut {
				for _, i := range s.mine {
					heard[i].mulaw = heard[i].mulaw[:max(0, min(int64(len(heard[i].mulaw)), now-heard[i].at))]
				}
				s.mine, s.ends = nil, now
			}
		case "media":
			audio, err := base64.StdEncoding.DecodeString(m.Media.Payload)
			if err != nil || len(audio) == 0 {
				continue
			}
			if l.Kind == KindOut {
				at := max(now, s.ends)
				s.ends = at + int64(len(audio))
				s.mine = append(s.mine, len(heard))
				heard = append(heard, piece{at, audio})
				continue
			}
			at := now
			if ts, ok := m.timestamp(); ok {
				at = samples(s.start + ts)
			}
			if m.Media.Track == "outbound" {
				heard = append(heard, piece{at, audio})
			} else {
				said = append(said, piece{at, audio})
			}
		}
	}
	return inOrder(said), inOrder(heard)
}

// inOrder sorts pieces by time, and cuts what overlaps: a track that two streams bring.
func inOrder(pieces []piece) []piece {
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.at, b.at) })
	var end int64
	kept := pieces[:0]
	for _, p := range pieces {
		if over := end - p.at; over > 0 {
			n := min(over, int64(len(p.mulaw)))
			p.at, p.mulaw = p.at+n, p.mulaw[n:]
		}
		if len(p.mulaw) == 0 {
			continue
		}
		end = p.end()
		kept = append(kept, p)
	}
	return kept
}
