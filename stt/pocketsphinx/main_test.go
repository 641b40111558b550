package pocketsphinx

import (
	"fmt"
	"os"
	"testing"

	"agentos.dev/dialtone/internal/leak"
)

// waitsToBeKilled is set in a process that starts an engine, has an utterance under
// way, says where, and waits to be killed.
const waitsToBeKilled = "DIALTONE_TEST_ENGINE"

func TestMain(m *testing.M) {
	if os.Getenv(waitsToBeKilled) == "" {
		leak.Main(m)
		return
	}
	e, err := New(Options{Phrases: []string{"yes"}, Workers: 1})
	if err == nil {
		err = os.WriteFile(e.dir.path+"/u99.raw", nil, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(e.dir.path)
	select {}
}
