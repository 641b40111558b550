package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// stream is Twilio's end of a Media Stream, made for load: it allocates little and decodes no
// audio. The pacer calls frame every 20 ms; a goroutine of the stream reads what the service
// sends.
type stream struct {
	conn  net.Conn
	call  string // CallSid
	sid   string
	load  *loading
	meter *meters
	due   time.Time // when its call was due

	over atomic.Bool // the pacer sends nothing more

	mu     sync.Mutex // of the writer's state below
	frames uint64     // media messages sent
	seq    uint64
	json   []byte
	out    []byte
	pinged time.Time
	lasts  time.Time // when the write deadline was last moved
	marks  []mark    // to return to the service, in order
	spoke  time.Time // when the caller finished speaking; zero once the service has answered
	end    error     // why the stream ended; nil while it is up

	// State of the reader.
	plays  time.Time // when all audio received will have been played
	first  bool      // the first sound has come
	closed bool      // the service has ended the stream
	done   chan struct{}
}

// mark is a mark of the service, to be returned when the audio before it has been played.
type mark struct {
	name []byte
	at   time.Time // when that is
}

const (
	maxMarks    = 4096
	maxMessage  = 16 << 20
	pingEvery   = 5 * time.Second
	writeWithin = 10 * time.Second // after which a service that reads nothing ends the stream
)

// newSID returns a fresh identifier.
func newSID(prefix string) string {
	return fmt.Sprintf("%s%016x%016x", prefix, rand.Uint64(), rand.Uint64())
}

// open sends the stream's first two messages and starts its reader. The handshake is done.
func (s *stream) open(in *bufio.Reader, account string) error {
	s.sid, s.done = newSID("MZ"), make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq = 1
	err := s.send(opText, fmt.Appendf(nil, `{"event":"connected","protocol":"Call","version":"1.0.0"}`))
	if err == nil {
		err = s.send(opText, fmt.Appendf(nil, `{"event":"start","sequenceNumber":"1","start":{"accountSid":"%s","streamSid":"%s","callSid":"%s","tracks":["inbound"],`+
			`"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{}},"streamSid":"%s"}`, account, s.sid, s.call, s.sid))
	}
	go s.read(in)
	return err
}

// frame sends the frame of audio that was due at a time, after the marks and the ping that
// are due by now. It returns false when the stream is over.
func (s *stream) frame(w *worker, due time.Time) bool {
	if s.over.Load() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.lasts) >= time.Second { // not for each frame: a deadline costs a timer
		s.lasts = now
		s.conn.SetWriteDeadline(now.Add(writeWithin))
	}
	for len(s.marks) > 0 && !s.marks[0].at.After(now) && s.end == nil {
		s.meter.marks.add(now.Sub(s.marks[0].at))
		s.seq++
		s.json = append(strconv.AppendUint(append(s.json[:0], `{"event":"mark","sequenceNumber":"`...), s.seq, 10), `","streamSid":"`...)
		s.json = append(append(append(append(append(s.json, s.sid...), `","mark":{"name":"`...), s.marks[0].name...), `"}`...), '}')
		s.marks = s.marks[1:]
		s.end = s.send(opText, s.json)
	}
	if now.Sub(s.pinged) >= pingEvery && s.end == nil {
		s.pinged = now
		s.end = s.send(opPing, binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano())))
	}
	if s.end == nil {
		s.end = s.media()
	}
	if s.end != nil {
		s.over.Store(true)
		s.conn.Close() // ends the reader, which closes done
		return false
	}
	w.wrote(due)
	return true
}

var silentFrame = bytes.Repeat([]byte{0xff}, 160)

// media sends the next frame. The caller holds the lock.
func (s *stream) media() error {
	s.seq++
	m := append(s.json[:0], `{"event":"media","sequenceNumber":"`...)
	m = strconv.AppendUint(m, s.seq, 10)
	m = append(m, `","media":{"track":"inbound","chunk":"`...)
	m = strconv.AppendUint(m, s.frames+1, 10)
	m = append(m, `","timestamp":"`...)
	m = strconv.AppendUint(m, s.frames*uint64(frame/time.Millisecond), 10)
	m = append(m, `","payload":"`...)
	m = base64.StdEncoding.AppendEncode(m, s.audio())
	m = append(m, `"},"streamSid":"`...)
	m = append(m, s.sid...)
	s.json = append(m, `"}`...)
	s.frames++
	return s.send(opText, s.json)
}

// audio returns the audio of the next frame: a second of silence, then the speech, which
// begins again each load.every.
func (s *stream) audio() []byte {
	if len(s.load.speech) == 0 {
		return silentFrame
	}
	at := time.Duration(s.frames)*frame - time.Second
	if at < 0 {
		return silentFrame
	}
	from := int(at%s.load.every*8/time.Millisecond) / 160 * 160
	rest := s.load.speech[min(from, len(s.load.speech)):]
	if len(rest) == 0 {
		return silentFrame
	}
	if len(rest) <= 160 {
		s.spoke = time.Now()
	}
	if len(rest) < 160 {
		return append(bytes.Clone(rest), silentFrame[len(rest):]...)
	}
	return rest[:160]
}

// hangUp ends the stream as a caller who hangs up does. It waits up to two seconds for the
// service to close, and then for the reader.
func (s *stream) hangUp() {
	s.over.Store(true)
	s.mu.Lock()
	s.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	if s.end == nil {
		s.seq++
		s.end = s.send(opText, fmt.Appendf(nil, `{"event":"stop","sequenceNumber":"%d","streamSid":"%s","stop":{"accountSid":"%s","callSid":"%s"}}`, s.seq, s.sid, s.load.service.account, s.call))
		if s.end == nil {
			s.end = s.send(opClose, []byte{3, 0xe8}) // 1000
		}
	}
	s.mu.Unlock()
	late := time.AfterFunc(2*time.Second, func() { s.conn.Close() })
	<-s.done
	late.Stop()
	s.conn.Close()
}

// The opcodes of RFC 6455, section 11.8.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// send writes a WebSocket frame, masked. The caller holds the lock.
func (s *stream) send(opcode byte, message []byte) error {
	f := append(s.out[:0], 0x80|opcode)
	if n := len(message); n < 126 {
		f = append(f, 0x80|byte(n))
	} else {
		f = append(f, 0x80|126, byte(n>>8), byte(n))
	}
	key := rand.Uint32()
	f = binary.LittleEndian.AppendUint32(f, key)
	start := len(f)
	f = append(f, message...)
	body, wide := f[start:], uint64(key)*(1<<32+1)
	for ; len(body) >= 8; body = body[8:] {
		binary.LittleEndian.PutUint64(body, binary.LittleEndian.Uint64(body)^wide)
	}
	for i := range body {
		body[i] ^= byte(key >> (8 * (i & 3)))
	}
	s.out = f
	_, err := s.conn.Write(f)
	return err
}

var errFrame = errors.New("the service sent a frame that RFC 6455 forbids, or that is too large")

// read handles the service's WebSocket frames until the stream ends.
func (s *stream) read(in *bufio.Reader) {
	defer close(s.done)
	var buf []byte
	for {
		var head [2]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		n := uint64(head[1] & 0x7f)
		var long [8]byte
		switch n {
		case 126:
			if _, err := io.ReadFull(in, long[:2]); err != nil {
				return
			}
			n = uint64(binary.BigEndian.Uint16(long[:]))
		case 127:
			if _, err := io.ReadFull(in, long[:]); err != nil {
				return
			}
			n = binary.BigEndian.Uint64(long[:])
		}
		if head[1]&0x80 != 0 || n > maxMessage {
			s.fail(errFrame)
			return
		}
		if uint64(cap(buf)) < n {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(in, buf); err != nil {
			return
		}
		switch head[0] & 0xf {
		case opText:
			s.message(buf)
		case opPong:
			if n == 8 {
				s.meter.trips.add(time.Duration(time.Now().UnixNano() - int64(binary.BigEndian.Uint64(buf))))
			}
		case opPing:
			s.mu.Lock()
			if s.end == nil {
				s.end = s.send(opPong, buf)
			}
			s.mu.Unlock()
		case opClose:
			s.mu.Lock()
			s.closed = s.end == nil && !s.over.Load()
			if s.closed {
				_ = s.send(opClose, buf[:min(len(buf), 2)])
			}
			s.mu.Unlock()
			return
		}
	}
}

// fail notes why the stream ended, unless a reason is known already.
func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil {
		s.end = err
	}
}

var (
	mediaEvent = []byte(`"media"`)
	markEvent  = []byte(`"mark"`)
	clearEvent = []byte(`"clear"`)
	payloadKey = []byte(`"payload":`)
	nameKey    = []byte(`"name":`)
)

// value returns the JSON string behind a key, escapes as they are; nil if there is none.
func value(message, key []byte) []byte {
	i := bytes.Index(message, key)
	if i < 0 {
		return nil
	}
	rest := bytes.TrimLeft(message[i+len(key):], " ")
	if len(rest) == 0 || rest[0] != '"' {
		return nil
	}
	if end := bytes.IndexByte(rest[1:], '"'); end >= 0 {
		return rest[1 : 1+end]
	}
	return nil
}

// message handles a message of the service: it counts media, and keeps marks until their
// audio has been played or cleared.
func (s *stream) message(m []byte) {
	now := time.Now()
	switch {
	case bytes.Contains(m, payloadKey) && bytes.Contains(m, mediaEvent):
		s.meter.received.Add(1)
		s.plays = s.played(now, base64.StdEncoding.DecodedLen(len(value(m, payloadKey))))
	case bytes.Contains(m, markEvent):
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.marks) < maxMarks {
			at := s.plays
			if at.Before(now) {
				at = now
			}
			s.marks = append(s.marks, mark{bytes.Clone(value(m, nameKey)), at})
		}
	case bytes.Contains(m, clearEvent):
		s.plays = now
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := range s.marks {
			s.marks[i].at = now
		}
	}
}

// played counts n bytes of audio received now. It returns when all audio received will have
// been played, and measures the first answer, each reply and each gap.
func (s *stream) played(now time.Time, n int) time.Time {
	if !s.first {
		s.first = true
		s.meter.answer.add(now.Sub(s.due))
	}
	begins := s.plays
	if dry := now.Sub(s.plays); dry > 0 {
		begins = now
		if !s.plays.IsZero() && dry < 200*time.Millisecond && dry > frame {
			s.meter.gaps.Add(1)
		}
		s.mu.Lock()
		if !s.spoke.IsZero() {
			s.meter.reply.add(now.Sub(s.spoke))
			s.spoke = time.Time{}
		}
		s.mu.Unlock()
	}
	return begins.Add(mulawLength(n))
}
