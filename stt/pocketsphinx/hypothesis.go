package pocketsphinx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
)

// hypothesis is one answer of pocketsphinx_batch.
type hypothesis struct {
	segments []segment
	acoustic int // log likelihood of the audio
	frames   int // of 10 ms
	skipped  int // frames of silence before them
}

// maxFrames is an hour, more than any utterance has.
const maxFrames = 360_000

// segment is one word, or one phone, of a hypothesis.
type segment struct {
	word       string
	start, end int // frames
	acoustic   int // log likelihood of its audio
}

// frame is how much audio has one feature vector.
const frame = 10 * time.Millisecond

// parseHypothesis reads a line of -hypseg, without its id:
//
//	S scale T total A acoustic L language (frame acoustic language word)... last
//
// Frames count from where speech was detected, and half a second and more of inner
// silence is left out, so the times of words are approximate. The decoder's silence,
// and noise, have no segment.
func parseHypothesis(line string) (hypothesis, error) {
	f := strings.Fields(line)
	if len(f) == 0 {
		return hypothesis{}, nil
	}
	bad := &stt.Error{Engine: name, Op: "recognize", Kind: stt.ErrUnavailable, Err: fmt.Errorf("unexpected answer %.80q", line)}
	if len(f) < 9 || f[0] != "S" || f[2] != "T" || f[4] != "A" || f[6] != "L" || (len(f)-9)%4 != 0 {
		return hypothesis{}, bad
	}
	failed := false
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		failed = failed || err != nil
		return n
	}
	h := hypothesis{acoustic: number(f[5]), frames: number(f[len(f)-1])}
	for i := 8; i+4 < len(f); i += 4 {
		word, _, _ := strings.Cut(f[i+3], "(") // the(2) is the second pronunciation
		s := segment{word, number(f[i]), number(f[i+4]), number(f[i+1])}
		if word != "" && !strings.ContainsAny(word, "<[+") {
			h.segments = append(h.segments, s)
		}
	}
	if failed || h.frames < 0 || h.frames > maxFrames {
		return hypothesis{}, bad
	}
	return h, nil
}

// then returns what the phone loop heard in h and in audio that begins at a time after
// it began, as if it had heard both in one piece. Where they overlap, h counts.
func (h hypothesis) then(at time.Duration, next hypothesis) hypothesis {
	by := int(at/frame) - h.skipped + next.skipped
	all := h
	all.segments, all.frames = slices.Clone(h.segments), max(h.frames, next.frames+by)
	all.acoustic += next.acoustic
	for _, s := range next.segments {
		begin, end := max(s.start+by, h.frames), s.end+by
		kept := s.acoustic * max(0, end-begin) / max(s.end-s.start, 1)
		all.acoustic -= s.acoustic - kept
		if begin < end {
			all.segments = append(all.segments, segment{s.word, begin, end, kept})
		}
	}
	return all
}

// from returns the part of h from a time on, in the frames of audio that begins there
// with skipped frames of silence.
func (h hypothesis) from(at time.Duration, skipped int) hypothesis {
	return hypothesis{skipped: skipped}.then(-at, h)
}

// transcript has no bounds of its own: the segmenter knows them better.
func (h hypothesis) transcript() stt.Transcript {
	t := stt.Transcript{Final: true, Confidence: math.NaN(), Language: "en-US", Engine: name}
	var texts []string
	for _, s := range h.segments {
		texts = append(texts, s.word)
		t.Words = append(t.Words, stt.Word{
			Text:       s.word,
			Start:      time.Duration(s.start) * frame,
			End:        time.Duration(s.end) * frame,
			Confidence: math.NaN(),
		})
	}
	t.Text = strings.Join(texts, " ")
	return t
}

// samples16k returns samples at a rate as the little-endian PCM at 16 kHz that the
// model was made for.
func samples16k(pcm []int16, from int) ([]byte, error) {
	const rate = 16000
	switch from {
	case rate:
	case rate / 2:
		pcm = newDoubler().double(pcm)
	default:
		r, err := codec.NewResampler(from, rate)
		if err != nil {
			return nil, &stt.Error{Engine: name, Op: "recognize", Kind: stt.ErrBadAudio, Err: err}
		}
		tail := int(r.Latency()*time.Duration(from)/time.Second) + 1
		pcm = r.Resample(r.Resample(make([]int16, 0, (len(pcm)+tail)*rate/from+1), pcm), make([]int16, tail))
	}
	out := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out, nil
}
