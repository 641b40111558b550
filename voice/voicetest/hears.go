package voicetest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"time"

	"agentos.dev/dialtone/codec"
)

const (
	// similar is how much of the sound's energy must match (correlation):
	// enough to tell recordings apart, little enough to allow for a resampler.
	similar = 0.9
	probe   = 800 // samples that find the place: the loudest 100 ms
)

// Hears waits until the caller has heard audio, 8 kHz mu-law, after whatever
// the last Hears found, and fails when it has not begun to be played within
// the given time. Besides the same bytes it accepts the same sound: what a
// host has resampled or made louder, but not what it has cut short.
func (c *Call) Hears(audio []byte, within time.Duration) error {
	c.helper()
	if len(audio) == 0 {
		return c.tw.fail(fmt.Errorf("voicetest: no audio to hear"))
	}
	length := time.Duration(len(audio)) * time.Second / sampleRate
	deadline := time.Now().Add(within + c.tw.clock(length))
	s := newSearch(audio)
	for {
		over := c.over() // first: what is heard after that is not looked at
		c.mu.Lock()
		heard, from, cuts := c.player.heard, c.cursor, c.player.cuts // only ever appended to
		c.mu.Unlock()
		found, end := s.find(heard, from)
		if !found {
			end, found = resumed(heard, from, cuts, audio)
		}
		if found {
			c.mu.Lock()
			c.cursor = max(c.cursor, end)
			c.mu.Unlock()
			return nil
		}
		if over || time.Now().After(deadline) {
			err := fmt.Errorf("voicetest: the caller did not hear the %v of audio within %v: %s", length.Round(time.Millisecond), within, s.diagnosis(len(heard)))
			if over {
				err = fmt.Errorf("%w; the call is over: %s", err, c.Status())
			}
			return c.tw.fail(withWarnings(err, c.Warnings()))
		}
		time.Sleep(frameMS * time.Millisecond / 2)
	}
}

// search looks for a sound in what is heard as that grows.
type search struct {
	mulaw []byte
	pcm   []float64
	probe int // where the loudest part of pcm begins
	next  int // the first place in heard where the probe was not tried
	best  float64
}

func newSearch(mulaw []byte) *search {
	s := &search{mulaw: mulaw, pcm: decode(mulaw)}
	loudest, energy := 0.0, 0.0
	for i, v := range s.pcm {
		energy += v * v
		if i >= probe {
			energy -= s.pcm[i-probe] * s.pcm[i-probe]
		}
		if energy > loudest {
			loudest, s.probe = energy, max(0, i+1-probe)
		}
	}
	return s
}

func decode(mulaw []byte) []float64 {
	pcm := make([]float64, len(mulaw))
	samples := codec.AppendDecodeMulaw(nil, mulaw)
	for i, v := range samples {
		pcm[i] = float64(v)
	}
	return pcm
}

// find looks for the sound in heard at or after from and returns where it ends.
func (s *search) find(heard []byte, from int) (found bool, end int) {
	if i := bytes.Index(heard[from:], s.mulaw); i >= 0 {
		return true, from + i + len(s.mulaw)
	}
	s.next = max(s.next, from+s.probe)
	begin := s.next - s.probe
	pcm := decode(heard[begin:])
	part := s.pcm[s.probe:min(s.probe+probe, len(s.pcm))]
	for at := begin; at+len(s.pcm) <= len(heard); at++ {
		s.next = at + s.probe + 1
		candidate := pcm[at-begin:]
		if correlation(part, candidate[s.probe:s.probe+len(part)]) < similar {
			continue
		}
		r := correlation(s.pcm, candidate[:len(s.pcm)])
		s.best = max(s.best, r)
		if r >= similar {
			return true, at + len(s.pcm)
		}
	}
	return false, 0
}

// resumed looks for audio of which the host has stopped the playback and gone on, as often as
// it did, and returns where it ends: behind each cut a part may be heard again, and none may be
// missing.
func resumed(heard []byte, from int, cuts []int, audio []byte) (end int, found bool) {
	for len(cuts) > 0 && cuts[0] <= from {
		cuts = cuts[1:]
	}
	for start, left := from, cuts; len(left) > 0; left = left[1:] {
		first := min(len(audio), left[0]-start)
		if first >= frameSize {
			for at := start; at+frameSize <= left[0]; at++ {
				n := min(len(audio), left[0]-at)
				if n >= frameSize && bytes.Equal(heard[at:at+n], audio[:n]) {
					if end, found := continued(heard, at, left, audio); found {
						return end, true
					}
				}
			}
		}
		start = left[0]
	}
	return 0, false
}

// continued follows audio that begins at a place, over the cuts behind it, and returns where it
// ends. Behind a cut it goes on as late in the audio as it can: from there it can repeat all that
// it could from an earlier place.
func continued(heard []byte, at int, cuts []int, audio []byte) (end int, found bool) {
	done := 0
	for _, next := range append(slices.Clone(cuts), len(heard)) {
		from, n := done, 0
		for ; from >= 0; from-- {
			n = min(len(audio)-from, next-at)
			if bytes.Equal(heard[at:at+n], audio[from:from+n]) {
				break
			}
		}
		if from < 0 {
			return 0, false
		}
		if at, done = at+n, from+n; done == len(audio) {
			return at, true
		}
	}
	return 0, false
}

func (s *search) diagnosis(heard int) string {
	switch {
	case heard == 0:
		return "it heard nothing at all"
	case heard < len(s.mulaw):
		return fmt.Sprintf("it heard only %d ms of anything", heard*1000/sampleRate)
	case s.best > 0:
		return fmt.Sprintf("of the %d ms it heard, the most similar part correlates by %.2f", heard*1000/sampleRate, s.best)
	}
	return fmt.Sprintf("nothing of the %d ms it heard is similar", heard*1000/sampleRate)
}

// correlation returns the normalised correlation of two sounds, 0 for silence.
func correlation(a, b []float64) float64 {
	var ab, aa, bb float64
	for i, x := range a {
		y := b[i]
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
