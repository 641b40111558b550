package assemblyai

import (
	"testing"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/live/livetest"
)

func FuzzMessages(f *testing.F) {
	livetest.Fuzz(f, func() live.Session { return &session{o: Options{FormatTurns: true}, c: stt.Config{Interim: true}} })
}
