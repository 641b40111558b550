package mediastream

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
)

// Command is one message of the server, parsed.
type Command struct {
	Type  CommandType
	Audio []byte // for CommandMedia: raw bytes
	Mark  string // for CommandMark: its name
}

// CommandType is the kind of a [Command].
type CommandType string

// The commands, by their names on the wire.
const (
	CommandMedia CommandType = "media"
	CommandMark  CommandType = "mark"
	CommandClear CommandType = "clear"
)

// Parse reads a message of the server as strictly as Twilio does: exactly the documented fields,
// of this stream. Otherwise it returns an [*Error] of type [ErrorProtocol]; Twilio ignores such a
// message and warns with 31951 (31950 if it is binary).
func (c *Carrier) Parse(m Message) (Command, error) {
	if m.Binary {
		return Command{}, &Error{Type: ErrorProtocol, Offset: -1, Err: errBinary}
	}
	return parseCommand(m.Data, c.stream.StreamSID)
}

var (
	errNoCommand    = errors.New("is neither media nor mark nor clear")
	errUndocumented = errors.New("is not a documented field")
)

func parseCommand(msg []byte, streamSID string) (Command, error) {
	r := &jsonReader{msg: msg}
	top := r.object("", msg, 0)
	r.event = top.text("event", true)
	cmd := Command{Type: CommandType(r.event)}
	switch cmd.Type {
	case CommandMedia:
		top.only("event", "streamSid", "media")
		media := top.object("media")
		media.only("payload")
		var err error
		if cmd.Audio, err = base64.StdEncoding.Strict().DecodeString(media.text("payload", true)); err != nil {
			media.fail("payload", err)
		}
	case CommandMark:
		top.only("event", "streamSid", "mark")
		mark := top.object("mark")
		mark.only("name")
		cmd.Mark = mark.text("name", true)
	case CommandClear:
		top.only("event", "streamSid")
	default:
		top.fail("event", errNoCommand)
	}
	if top.text("streamSid", true) != streamSID {
		top.fail("streamSid", errOtherSID)
	}
	if r.err != nil {
		return Command{}, r.err
	}
	return cmd, nil
}

// only blames every member that has none of the names.
func (o jsonObject) only(names ...string) {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		if !slices.Contains(names, name) {
			o.fail(name, errUndocumented)
		}
	}
}
