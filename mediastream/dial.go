package mediastream

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// DialOptions says how [Dial] connects. The zero value connects plainly.
type DialOptions struct {
	Header http.Header  // of the handshake: X-Twilio-Signature, User-Agent
	Client *http.Client // its Transport may hold a TLS configuration; nil = http.DefaultClient
}

// Carrier is Twilio's end of a stream, for tests and load generators. Sends may
// come from any goroutine, [Carrier.Receive] from one.
//
// The sends number and time the messages as Twilio does; SendText and SendBinary
// send whatever they are given, so that tests can misbehave.
type Carrier struct {
	ws *websocket.Conn

	mu       sync.Mutex
	sid      string
	rate     int
	sequence uint64
	chunk    uint64
	played   map[Track]time.Duration
	message  []byte
}

// Dial opens a stream to a server, as Twilio does to the url of <Stream>: ws,
// wss, http and https are understood. It sends no message yet. A server that
// refuses is an [*Error] of type [Handshake] whose Code is the HTTP status.
func Dial(ctx context.Context, url string, opts *DialOptions) (*Carrier, error) {
	var o websocket.DialOptions
	if opts != nil {
		o.HTTPHeader, o.HTTPClient = opts.Header, opts.Client
	}
	ws, resp, err := websocket.Dial(ctx, url, &o)
	if err != nil {
		e := &Error{Type: Handshake, Offset: -1, Err: err}
		if resp != nil {
			e.Code = resp.StatusCode
		}
		return nil, e
	}
	ws.SetReadLimit(1 << 20)
	return &Carrier{ws: ws, rate: Mulaw().bytesPerSecond(), played: make(map[Track]time.Duration)}, nil
}

// SendConnected sends the first message of every stream.
func (c *Carrier) SendConnected() error {
	return c.SendText([]byte(`{"event":"connected","protocol":"Call","version":"1.0.0"}`))
}

// SendStart sends the start message. The zero Format stands for mu-law.
func (c *Carrier) SendStart(s Stream) error {
	if s.Format == (Format{}) {
		s.Format = Mulaw()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sid, c.rate = s.StreamSID, s.Format.bytesPerSecond()
	c.begin("start")
	m := c.message
	m = append(m, `"start":{"accountSid":`...)
	m = appendString(m, s.AccountSID)
	m = append(m, `,"streamSid":`...)
	m = appendString(m, s.StreamSID)
	m = append(m, `,"callSid":`...)
	m = appendString(m, s.CallSID)
	m = append(m, `,"tracks":[`...)
	for i, t := range s.Tracks {
		if i > 0 {
			m = append(m, ',')
		}
		m = appendString(m, string(t))
	}
	m = append(m, `],"mediaFormat":{"encoding":`...)
	m = appendString(m, s.Format.Encoding)
	m = append(m, `,"sampleRate":`...)
	m = strconv.AppendInt(m, int64(s.Format.SampleRate), 10)
	m = append(m, `,"channels":`...)
	m = strconv.AppendInt(m, int64(s.Format.Channels), 10)
	m = append(m, `},"customParameters":{`...)
	sep := ""
	for k, v := range s.Parameters {
		m = append(m, sep...)
		m = appendString(m, k)
		m = append(m, ':')
		m = appendString(m, v)
		sep = ","
	}
	c.message = append(m, "}}"...)
	return c.end()
}

// SendMedia sends a piece of a track, in raw bytes. Its timestamp is where the
// track's pieces before it ended.
func (c *Carrier) SendMedia(track Track, audio []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("media")
	c.chunk++
	m := c.message
	m = append(m, `"media":{"track":`...)
	m = appendString(m, string(track))
	m = append(m, `,"chunk":"`...)
	m = strconv.AppendUint(m, c.chunk, 10)
	m = append(m, `","timestamp":"`...)
	m = strconv.AppendInt(m, c.played[track].Milliseconds(), 10)
	m = append(m, `","payload":"`...)
	m = base64.StdEncoding.AppendEncode(m, audio)
	c.message = append(m, `"}`...)
	c.played[track] += time.Duration(len(audio)) * time.Second / time.Duration(c.rate)
	return c.end()
}

// Lose pretends that a piece of a track got lost on the way to the server.
func (c *Carrier) Lose(track Track, length time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sequence++
	c.chunk++
	c.played[track] += length
}

// SendDTMF sends a pressed key.
func (c *Carrier) SendDTMF(digit string) error {
	return c.send("dtmf", `"dtmf":{"track":"inbound_track","digit":`, digit)
}

// SendMark returns a mark.
func (c *Carrier) SendMark(name string) error {
	return c.send("mark", `"mark":{"name":`, name)
}

// SendStop sends the last message of a stream.
func (c *Carrier) SendStop(accountSID, callSID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin("stop")
	m := append(c.message, `"stop":{"accountSid":`...)
	m = appendString(m, accountSID)
	m = append(m, `,"callSid":`...)
	m = appendString(m, callSID)
	c.message = append(m, '}')
	return c.end()
}

// SendText sends any text message, whatever it says.
func (c *Carrier) SendText(message []byte) error {
	return c.ws.Write(context.Background(), websocket.MessageText, message)
}

// SendBinary sends a binary message, which Twilio never does.
func (c *Carrier) SendBinary(message []byte) error {
	return c.ws.Write(context.Background(), websocket.MessageBinary, message)
}

func (c *Carrier) send(event, body, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin(event)
	c.message = append(c.message, body...)
	c.message = appendString(c.message, value)
	c.message = append(c.message, '}')
	return c.end()
}

// begin and end write what frames a numbered message. The caller holds the lock.
func (c *Carrier) begin(event string) {
	c.sequence++
	m := append(c.message[:0], `{"event":"`...)
	m = append(m, event...)
	m = append(m, `","sequenceNumber":"`...)
	m = strconv.AppendUint(m, c.sequence, 10)
	c.message = append(m, `",`...)
}

func (c *Carrier) end() error {
	m := append(c.message, `,"streamSid":`...)
	m = appendString(m, c.sid)
	c.message = append(m, '}')
	return c.SendText(c.message)
}

// Command is a message of the server to the carrier.
type Command struct {
	Type      CommandType
	StreamSID string
	Audio     []byte // for Play: raw bytes
	Mark      string // for SetMark
}

// CommandType says what a [Command] asks for.
type CommandType string

// The commands, by their names on the wire.
const (
	Play    CommandType = "media"
	SetMark CommandType = "mark"
	Clear   CommandType = "clear"
)

// Receive returns the server's next command. It is as strict as Twilio: a
// message with a field too many or too few, or of another stream, is an [*Error]
// of type [Protocol] and Receive can be called again (Twilio's warnings 31950
// and 31951). When the server closes, the error is io.EOF for a normal close,
// else an [*Error] whose Code is the close code. ctx ending closes the socket.
func (c *Carrier) Receive(ctx context.Context) (Command, error) {
	typ, msg, err := c.ws.Read(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return Command{}, ctx.Err()
		}
		if code := websocket.CloseStatus(err); code == codeNormal {
			return Command{}, io.EOF
		} else if code > 0 {
			return Command{}, &Error{Type: Disconnect, Offset: -1, Code: int(code), Err: err}
		}
		return Command{}, closedWith(err)
	}
	if typ != websocket.MessageText {
		return Command{}, &Error{Type: Protocol, Offset: -1, Err: errBinary}
	}
	cmd, err := parseCommand(msg)
	if err != nil {
		return Command{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cmd.StreamSID != c.sid {
		return Command{}, &Error{Type: Protocol, Event: string(cmd.Type), Offset: -1, Err: errOtherSID}
	}
	return cmd, nil
}

// parseCommand accepts exactly the documented fields.
func parseCommand(msg []byte) (Command, error) {
	r := &jsonReader{msg: msg}
	top := r.object("", msg, 0)
	r.event = top.text("event", true)
	cmd := Command{Type: CommandType(r.event), StreamSID: top.text("streamSid", true)}
	fields, members := 3, 1
	var body jsonObject
	switch cmd.Type {
	case Play:
		body = top.object("media")
		audio, err := base64.StdEncoding.Strict().DecodeString(body.text("payload", true))
		if err != nil {
			body.fail("payload", err)
		}
		cmd.Audio = audio
	case SetMark:
		body = top.object("mark")
		cmd.Mark = body.text("name", true)
	case Clear:
		fields, members = 2, 0
	default:
		r.fail(0, "", errUnknown)
	}
	if len(top.members) != fields || len(body.members) != members {
		r.fail(0, "", errExtra)
	}
	if r.err != nil {
		return Command{}, r.err
	}
	return cmd, nil
}

var (
	errExtra   = errors.New("has another set of fields than documented")
	errUnknown = errors.New("is not a command")
)

// Close closes the stream properly, with a close code. It waits a few seconds
// at most for the server's answer.
func (c *Carrier) Close(code int, reason string) error {
	return c.ws.Close(websocket.StatusCode(code), reason)
}

// Abort drops the connection without a word.
func (c *Carrier) Abort() error { return c.ws.CloseNow() }
