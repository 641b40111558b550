package voice

import (
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
)

const (
	// deafAfter is how many utterances in a row, of all calls, go unrecognised until the
	// speech engine counts as not ready, whatever it says itself.
	deafAfter = 5
	// deafFor is for how long that holds after the last of them.
	deafFor = time.Minute
)

// hearing knows how the recognition of all calls goes.
type hearing struct {
	mu   sync.Mutex
	lost int       // utterances or recognisers in a row
	last time.Time // of these
}

// heard notes an event.
func (h *hearing) heard(e stt.Event) {
	switch {
	case e.Kind == stt.Degraded:
		h.failed()
	case e.Kind == stt.Final && e.Transcript.Text != "":
		h.mu.Lock()
		h.lost = 0
		h.mu.Unlock()
	}
}

// failed notes that a recogniser ended, or that an utterance was lost.
func (h *hearing) failed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.last) >= deafFor {
		h.lost = 0
	}
	h.lost, h.last = h.lost+1, time.Now()
}

// deaf reports whether nothing is recognised.
func (h *hearing) deaf() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost >= deafAfter && time.Since(h.last) < deafFor
}
