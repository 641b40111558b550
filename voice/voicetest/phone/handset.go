package phone

import (
	"sync"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt/vad"
)

const (
	frameSize = 160 // bytes of mu-law in 20 ms
	frameMS   = 20
	// jitter is how much of the microphone is kept before it is said, so that frames that
	// come unevenly are said evenly.
	jitter = 3 * frameSize
	// tooLate is how much of it may wait: what is more is left out while nobody speaks, as the
	// clocks of two machines differ.
	tooLate = 15 * frameSize
	// mostWaiting is how much of it waits at most.
	mostWaiting = 50 * frameSize

	speech   = 0.5 // probability from which a frame is speech
	sound    = 500 // peak from which a frame is sound
	pause    = 10  // frames of silence that are an end
	syllable = 3   // frames of speech that are a beginning
)

// handset is the caller's telephone: the microphone of the browser, and what it plays. It takes
// the times of a conversation as the caller hears them, by frames of the call.
type handset struct {
	session *session

	mu       sync.Mutex
	waiting  []byte // from the microphone
	ready    bool   // there was enough of it
	speaking bool   // somebody speaks into the handset, or a recording does

	// The call's clock alone uses what follows.
	detector *vad.Detector
	pcm      [frameSize]int16
	turns    turns
}

func (h *handset) begin(s *session) { h.session, h.detector = s, vad.NewDetector() }

// take keeps what the microphone has heard.
func (h *handset) take(audio []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting = append(h.waiting, audio...)
	if n := len(h.waiting) - mostWaiting; n > 0 {
		h.waiting = h.waiting[n:]
	}
}

// speak is voicetest.Handset.Speak.
func (h *handset) speak(frame []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ready = h.ready && len(h.waiting) >= frameSize || len(h.waiting) >= jitter; !h.ready {
		return h.speaking
	}
	if len(h.waiting) > tooLate && !h.speaking {
		h.waiting = h.waiting[frameSize:]
	}
	h.waiting = h.waiting[copy(frame, h.waiting):]
	return h.speaking
}

// hear is voicetest.Handset.Hear.
func (h *handset) hear(said, heard []byte) {
	codec.DecodeMulaw(h.pcm[:], said)
	level := peak(h.pcm[:])
	probability := h.detector.Probability(h.pcm[:])
	codec.DecodeMulaw(h.pcm[:], heard)
	h.turns.frame(probability >= speech, peak(h.pcm[:]) >= sound, h.session)
	h.mu.Lock()
	h.speaking = h.turns.speaks()
	speaking := h.speaking
	h.mu.Unlock()

	frame := make([]byte, 2, 2+frameSize)
	if frame[0] = byte(level >> 7); speaking {
		frame[1] = 1
	}
	h.session.play(append(frame, heard...))
}

// peak returns the largest amplitude.
func peak(pcm []int16) (most int) {
	for _, v := range pcm {
		most = max(most, int(v), -int(v))
	}
	return most
}

// turns takes the times of a conversation. Its clock is the frames of a call.
type turns struct {
	now int // frames so far

	run     int  // frames of speech in a row
	spoken  int  // when there was speech last
	began   int  // when the caller began to speak
	talking bool // the caller speaks
	waits   bool // the caller has spoken and has no answer yet; at the start of a call, too

	sounded  int  // when there was sound last
	sounding bool // the caller hears something
	barged   int  // when the caller began to speak into it; 0 = did not
}

func (t *turns) speaks() bool { return t.talking }

// frame is the next 20 ms: whether the caller speaks, and hears something.
func (t *turns) frame(speech, sound bool, s *session) {
	if t.now == 0 {
		t.waits = true
	}
	t.now++
	switch {
	case speech:
		if t.run++; t.run == syllable && !t.talking {
			t.talking, t.began = true, t.now-syllable
			if t.sounding {
				t.barged = t.began
			}
			s.spoke(true, 0)
		}
		t.spoken = t.now
	case t.talking && t.now-t.spoken >= pause:
		t.talking, t.waits, t.run = false, true, 0
		s.spoke(false, (t.spoken-t.began)*frameMS)
	default:
		t.run = 0
	}
	switch {
	case sound:
		if !t.sounding {
			t.sounding = true
			if t.waits && t.now > t.spoken {
				t.waits = false
				s.tell(map[string]any{"type": "latency", "at": s.now(), "ms": (t.now - t.spoken) * frameMS, "greeting": t.spoken == 0})
			}
		}
		t.sounded = t.now
	case t.sounding && t.now-t.sounded >= pause:
		t.sounding = false
		if t.barged > 0 {
			s.tell(map[string]any{"type": "barge", "ms": max(0, t.sounded-t.barged) * frameMS})
			t.barged = 0
		}
	}
}
