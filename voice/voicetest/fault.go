package voicetest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// The primitives that all faults are made of.
type (
	// A RequestEdit changes a request after it was signed. It also sees the
	// handshakes of streams; of those only URL, Host and Header count.
	RequestEdit func(hop Hop, r *http.Request)

	// A MessageEdit replaces one message of a stream by any number of others.
	// The event is connected, start, media, dtmf, mark or stop.
	MessageEdit func(event string, m Message) []Message
)

// Message is one WebSocket message of the fake.
type Message = mediastream.Message

// Fields of messages that faults replace.
var (
	streamSidField = regexp.MustCompile(`"streamSid":"[^"]*"`)
	payloadField   = regexp.MustCompile(`"payload":"[^"]*"`)
)

// EditRequest applies edit to every request of the call.
func EditRequest(edit RequestEdit) Option {
	return func(p *plan) { p.requests = append(p.requests, edit) }
}

// EditMessage applies edit to every message of the call's streams.
func EditMessage(edit MessageEdit) Option {
	return func(p *plan) { p.messages = append(p.messages, edit) }
}

// OnFrame calls act when a stream of the call has sent n media messages
// (0: when start has been sent). It runs between two frames: while it runs,
// the call stands still.
func OnFrame(n int, act func(*Socket)) Option {
	return func(p *plan) {
		if p.frames == nil {
			p.frames = map[int][]func(*Socket){}
		}
		p.frames[n] = append(p.frames[n], act)
	}
}

// at reports whether hop is one of hops; no hops are all hops.
func at(hop Hop, hops []Hop) bool { return len(hops) == 0 || slices.Contains(hops, hop) }

// Unsigned leaves out the signature, at the given hops or at all.
func Unsigned(hops ...Hop) Option {
	return EditRequest(func(hop Hop, r *http.Request) {
		if at(hop, hops) {
			r.Header.Del("X-Twilio-Signature")
		}
	})
}

// WrongSignature sends a well-formed signature made with another token.
func WrongSignature(hops ...Hop) Option {
	return EditRequest(func(hop Hop, r *http.Request) {
		if at(hop, hops) {
			r.Header.Set("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		}
	})
}

// Repeated delivers every webhook and callback n more times with the same
// idempotency token, as Twilio does when answers are lost; the last answer
// counts. For a repeated handshake see [ReplayedStream].
func Repeated(n int, hops ...Hop) Option {
	return func(p *plan) {
		if p.repeats == nil {
			p.repeats = map[Hop]int{}
		}
		for _, hop := range []Hop{Webhook, Callback} {
			if at(hop, hops) {
				p.repeats[hop] += n
			}
		}
	}
}

// ReversedCallbacks holds back the callbacks chosen by [StatusEvents] until
// the call is over and delivers the last one first.
func ReversedCallbacks() Option { return func(p *plan) { p.reverse = true } }

// Drop never sends messages of the given event: Drop("start") or Drop("stop").
func Drop(event string) Option {
	return EditMessage(func(e string, m Message) []Message {
		if e == event {
			return nil
		}
		return []Message{m}
	})
}

// Twice sends messages of the given event twice: Twice("start").
func Twice(event string) Option {
	return EditMessage(func(e string, m Message) []Message {
		if e == event {
			return []Message{m, m}
		}
		return []Message{m}
	})
}

// MediaFirst sends a media message before start.
func MediaFirst() Option {
	return EditMessage(func(e string, m Message) []Message {
		if e != "start" {
			return []Message{m}
		}
		media := fmt.Appendf(nil, `{"event":"media","sequenceNumber":"1","media":{"track":"inbound","chunk":"1","timestamp":"0","payload":"%s"},%s}`,
			base64.StdEncoding.EncodeToString(silence[:]), streamSidField.Find(m.Data))
		return []Message{{Data: media}, m}
	})
}

// WrongStreamSid makes media messages name another stream than start did.
func WrongStreamSid() Option {
	other := []byte(`"streamSid":"` + newSID("MZ") + `"`)
	return EditMessage(func(e string, m Message) []Message {
		if e == "media" {
			m.Data = streamSidField.ReplaceAll(m.Data, other)
		}
		return []Message{m}
	})
}

// BadBase64 breaks the payload of the media message n, counted from 1.
func BadBase64(n int) Option {
	return editMedia(n, func(m Message) []Message {
		m.Data = payloadField.ReplaceAll(m.Data, []byte(`"payload":"!!!not base64!!!"`))
		return []Message{m}
	})
}

// Insert sends an extra message before the media message n, counted from 1:
// garbage, a binary frame, an unknown event.
func Insert(n int, extra Message) Option {
	return editMedia(n, func(m Message) []Message { return []Message{extra, m} })
}

// Garbage sends text that is not JSON before the media message n.
func Garbage(n int) Option { return Insert(n, Message{Data: []byte(`{"event":"media",`)}) }

// Oversized sends a syntactically correct media message of size bytes and more
// before the media message n.
func Oversized(n, size int) Option {
	return editMedia(n, func(m Message) []Message {
		big := m
		big.Data = payloadField.ReplaceAll(m.Data, fmt.Appendf(nil, `"payload":"%s"`, bytes.Repeat([]byte("/"), (size+3)/4*4)))
		return []Message{big, m}
	})
}

// editMedia applies edit to the nth media message of a call's streams.
func editMedia(n int, edit func(Message) []Message) Option {
	return func(p *plan) {
		seen := 0 // messages of one call are edited one after the other
		p.messages = append(p.messages, func(e string, m Message) []Message {
			if e == "media" {
				if seen++; seen == n {
					return edit(m)
				}
			}
			return []Message{m}
		})
	}
}

// Reset resets the TCP connection after n media messages.
func Reset(n int) Option { return OnFrame(n, (*Socket).Reset) }

// HalfOpen falls silent after n media messages: the connection stays open and
// nothing is sent or read any more, not even answers to pings.
func HalfOpen(n int) Option { return OnFrame(n, (*Socket).Freeze) }

// SlowReader makes the fake wait for d before it reads each message.
func SlowReader(d time.Duration) Option {
	return OnFrame(0, func(s *Socket) { s.ReadSlowly(d) })
}

// Flood sends extra media messages at once after n media messages.
func Flood(n, extra int) Option { return OnFrame(n, func(s *Socket) { s.Flood(extra) }) }

// ReplayedStream opens the stream at url, whatever the TwiML says: the URL of
// an earlier call, see [Call.StreamURL], with a correct signature.
func ReplayedStream(url string) Option {
	return func(p *plan) { p.streamURL = url }
}
