package stttest_test

import (
	"testing"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// A host's own engine is tested in front of a fake of its service, which hears the texts
// in turn.
func ExampleSuite() {
	var t *testing.T // of TestEngine
	stttest.Suite{Bubble: true, New: func(t *testing.T, texts []string) stt.Engine {
		service := &stttest.Recognizer{Texts: texts}
		return stt.Segmented(service, stt.Segmentation{})
	}}.Run(t)
}
