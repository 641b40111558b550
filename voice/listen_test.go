package voice

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/stt"
)

// duplex keeps what it is sent.
type duplex struct {
	stt.Stream
	said, played [][]byte
}

func (d *duplex) SendOver(frame, played []byte) error {
	d.said, d.played = append(d.said, bytes.Clone(frame)), append(d.played, bytes.Clone(played))
	return nil
}

// TestTheEarKnowsWhatIsPlayed while each frame of the caller is spoken, by its timestamp; and
// that nothing is, where nothing is.
func TestTheEarKnowsWhatIsPlayed(t *testing.T) {
	d := &duplex{}
	var asked []time.Duration
	l := &listener{track: mediastream.TrackInbound, stream: d, farEnd: func(dst []byte, at time.Duration) bool {
		asked = append(asked, at)
		for i := range dst {
			dst[i] = byte(len(asked))
		}
		return len(asked) != 2
	}}
	said := bytes.Repeat([]byte{0x55}, 160)
	payload := []byte(base64.StdEncoding.EncodeToString(said))
	for i := range 3 {
		l.hear(mediastream.Frame{Track: mediastream.TrackInbound, Timestamp: time.Duration(100+20*i) * time.Millisecond, Payload: payload})
	}
	require.Equal(t, [][]byte{said, said, said}, d.said)
	require.Equal(t, [][]byte{bytes.Repeat([]byte{1}, 160), nil, bytes.Repeat([]byte{3}, 160)}, d.played)
	require.Equal(t, []time.Duration{100 * time.Millisecond, 120 * time.Millisecond, 140 * time.Millisecond}, asked)
}
