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

	end  atomic.Pointer[error] // why the stream ended: errHungUp, errClosed or a failure; nil while it is up
	done chan struct{}         // closed when the reader has returned

	mu      sync.Mutex // of the writer's state below
	frames  uint64     // media messages sent
	seq     uint64
	json    []byte
	out     []byte
	pinged  time.Time
	limited time.Time // when the write deadline was last moved
	marks   []mark    // to return to the service, in order
	spoke   time.Time // when the caller finished speaking; zero once the service has answered

	// State of the reader.
	plays    time.Time // when all audio received will have been played
	answered bool      // the first sound has come
}

// Why a stream ended, unless it failed.
var (
	errHungUp = errors.New("the caller has hung up")
	errClosed = errors.New("the service has closed the stream")
)

// Failures that are the service's.
var (
	errBroke = errors.New("the connection ended without a close frame")
	errFrame = errors.New("the service sent a frame that RFC 6455 forbids, or that is too large")
)

// finish ends a stream that is up, and reports whether it was.
func (s *stream) finish(why error) bool { return s.end.CompareAndSwap(nil, &why) }

// fail ends a stream that is up, and its connection, which ends the reader.
func (s *stream) fail(err error) {
	if s.finish(err) {
		s.conn.Close()
	}
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
	if s.end.Load() != nil { // the worker has other streams, and does not wait for a close frame to be written
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end.Load() != nil { // while it waited
		return false
	}
	now := time.Now()
	if now.Sub(s.limited) >= time.Second { // not for each frame: a deadline costs a timer
		s.limited = now
		s.conn.SetWriteDeadline(now.Add(writeWithin))
	}
	err := s.returnMarks(now)
	if err == nil {
		err = s.ping(now)
	}
	if err == nil {
		err = s.media()
	}
	if err != nil {
		s.fail(err)
		return false
	}
	w.wrote(due)
	return true
}

// returnMarks returns the marks whose audio has been played. The caller holds the lock.
func (s *stream) returnMarks(now time.Time) error {
	for len(s.marks) > 0 && !s.marks[0].at.After(now) {
		s.meter.marks.add(now.Sub(s.marks[0].at))
		s.seq++
		m := append(s.json[:0], `{"event":"mark","sequenceNumber":"`...)
		m = strconv.AppendUint(m, s.seq, 10)
		m = append(m, `","streamSid":"`...)
		m = append(m, s.sid...)
		m = append(m, `","mark":{"name":"`...)
		m = append(m, s.marks[0].name...)
		s.json = append(m, `"}}`...)
		s.marks = s.marks[1:]
		if err := s.send(opText, s.json); err != nil {
			return err
		}
	}
	return nil
}

// ping sends a ping each pingEvery, with the time in it. The caller holds the lock.
func (s *stream) ping(now time.Time) error {
	if now.Sub(s.pinged) < pingEvery {
		return nil
	}
	s.pinged = now
	return s.send(opPing, binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano())))
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

// hangUp ends the stream as a caller who hangs up does, unless it has ended, and returns why it
// ended. It waits up to two seconds for the service to close, and then for the reader.
func (s *stream) hangUp() (why error) {
	if s.finish(errHungUp) {
		s.sendStop()
	}
	late := time.AfterFunc(2*time.Second, func() { s.conn.Close() })
	<-s.done
	late.Stop()
	s.conn.Close()
	return *s.end.Load()
}

// sendStop sends the last message and the close frame, if the service takes them.
func (s *stream) sendStop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	s.seq++
	if s.send(opText, fmt.Appendf(nil, `{"event":"stop","sequenceNumber":"%d","streamSid":"%s","stop":{"accountSid":"%s","callSid":"%s"}}`, s.seq, s.sid, s.load.service.account, s.call)) == nil {
		_ = s.send(opClose, []byte{3, 0xe8}) // 1000
	}
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

// read handles the service's WebSocket frames until the stream ends.
func (s *stream) read(in *bufio.Reader) {
	defer close(s.done)
	var message []byte
	for {
		opcode, err := readFrame(in, &message)
		if err == nil {
			err = s.handle(opcode, message)
		}
		if err != nil {
			s.fail(err)
			return
		}
	}
}

// readFrame reads a frame, into message, which grows as it must.
func readFrame(in *bufio.Reader, message *[]byte) (opcode byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, errBroke
	}
	n := uint64(head[1] & 0x7f)
	var long [8]byte
	switch n {
	case 126:
		_, err = io.ReadFull(in, long[6:])
		n = binary.BigEndian.Uint64(long[:])
	case 127:
		_, err = io.ReadFull(in, long[:])
		n = binary.BigEndian.Uint64(long[:])
	}
	switch {
	case err != nil:
		return 0, errBroke
	case head[1]&0x80 != 0 || n > maxMessage:
		return 0, errFrame
	}
	if uint64(cap(*message)) < n {
		*message = make([]byte, n)
	}
	*message = (*message)[:n]
	if _, err := io.ReadFull(in, *message); err != nil {
		return 0, errBroke
	}
	return head[0] & 0xf, nil
}

// handle handles a frame of the service. The error is why the stream ends.
func (s *stream) handle(opcode byte, message []byte) error {
	switch opcode {
	case opText:
		s.message(message)
	case opPong:
		if len(message) == 8 {
			s.meter.trips.add(time.Duration(time.Now().UnixNano() - int64(binary.BigEndian.Uint64(message))))
		}
	case opPing:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.end.Load() == nil { // nothing may follow a close frame
			return s.send(opPong, message)
		}
	case opClose:
		if s.finish(errClosed) {
			s.mu.Lock()
			defer s.mu.Unlock()
			_ = s.send(opClose, message[:min(len(message), 2)])
		}
		return errClosed
	}
	return nil
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
	if !s.answered {
		s.answered = true
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
