package ttstest_test

import (
	"testing"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// A host's own engine is tested in front of a fake of its service, which here is an
// engine itself.
func ExampleSuite() {
	var t *testing.T // of TestEngine
	ttstest.Suite{Words: true, New: func(testing.TB) tts.Synthesizer {
		return &ttstest.Fake{}
	}}.Run(t)
}
