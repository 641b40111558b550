package live_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// One message that never comes costs one utterance, in a call that goes on as calls
// do, and whether or not the service does it again each time it is asked.
func TestOneLostMessageCostsOneUtterance(t *testing.T) {
	for name, kind := range map[string]string{
		"deepgram":       `"is_final":true`,
		"assemblyai":     `"end_of_turn":true`,
		"openairealtime": `.completed`,
		"vosk":           `"result"`,
	} {
		t.Run(name, func(t *testing.T) {
			texts := []string{"one", "two", "three", "four"}
			server := services[name].server(t, texts, slices.Repeat([]fakestt.Fault{{Lose: kind}}, 9)...)
			synctest.Test(t, func(t *testing.T) {
				e, err := services[name].engine(server.URL, server.Client(t))
				require.NoError(t, err)
				defer e.Close()
				s, err := stttest.Open(t.Context(), e, stt.Config{})
				require.NoError(t, err)
				audio := stttest.Speech(4, codec.Format{})
				audio = slices.Insert(audio, 10800, codec.Format{}.AppendSilence(nil, 80_000)...) // ten seconds after the first
				for ; len(audio) > 0; audio = audio[min(160, len(audio)):] {
					require.NoError(t, s.Send(audio[:min(160, len(audio))]))
					time.Sleep(20 * time.Millisecond)
				}
				require.NoError(t, s.Flush(t.Context()))
				require.NoError(t, s.Close())
				events := stttest.Drain(t, s)
				finals := stttest.Finals(events)
				require.Subset(t, texts, finals)
				require.GreaterOrEqual(t, len(finals), 3)
				require.Equal(t, texts[len(texts)-3:], finals[len(finals)-3:])
				if len(finals) < 4 {
					assert.True(t, slices.ContainsFunc(events, func(ev stt.Event) bool { return ev.Kind == stt.Degraded }), "it is reported")
				}
			})
			assert.Equal(t, 1, server.Connections(), "the connection is not to blame")
		})
	}
}
