package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// The server starts when its speech service accepts the key and answers, and says
// what is wrong otherwise.
func TestStreamingEngines(t *testing.T) {
	for name, fake := range map[string]func(testing.TB, []string, ...stttest.Fault) *stttest.Live{
		"deepgram": stttest.NewDeepgram, "assemblyai": stttest.NewAssemblyAI, "openairealtime": stttest.NewOpenAIRealtime, "vosk": stttest.NewVosk,
	} {
		t.Run(name, func(t *testing.T) {
			c := config{stt: name, sttURL: fake(t, nil).URL, sttKey: "very-secret"}
			engine, err := newEngine(t.Context(), c)
			require.NoError(t, err)
			require.True(t, engine.(stt.Reporter).Status().Ready)
			closeEngine(engine)

			c.sttURL = fake(t, nil, stttest.Fault{Status: 401}).URL
			_, err = newEngine(t.Context(), c)
			require.ErrorIs(t, err, stt.ErrAuth)
			require.NotContains(t, err.Error(), c.sttKey)
		})
	}
}
