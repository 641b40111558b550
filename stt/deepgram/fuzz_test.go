package deepgram

import (
	"testing"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/live/livetest"
)

func FuzzMessages(f *testing.F) {
	livetest.Fuzz(f, func() live.Session { return &session{interim: true} })
}

func FuzzTurnInfo(f *testing.F) {
	for _, script := range fluxScripts {
		f.Add([]byte(script.messages))
	}
	livetest.Fuzz(f, func() live.Session { return &fluxSession{c: stt.Config{Interim: true}} })
}
