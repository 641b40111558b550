package vad_test

import (
	"fmt"
	"os"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt/vad"
)

// A call's audio comes in frames of 160 mu-law bytes. Here the caller says three
// groups of digits, with pauses between.
func ExampleSegmenter() {
	wav, err := os.Open("testdata/vosk_digits.8k.ulaw.wav")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer wav.Close()
	codes, err := codec.ReadMulaw(wav)
	if err != nil {
		fmt.Println(err)
		return
	}
	at := func(sample int64) time.Duration {
		return (time.Duration(sample) * time.Second / vad.SampleRate).Round(100 * time.Millisecond)
	}
	segmenter := vad.NewSegmenter(vad.Options{})
	var frame [vad.FrameSize]int16
	for ; len(codes) > 0; codes = codes[min(len(codes), len(frame)):] {
		n := codec.DecodeMulaw(frame[:], codes)
		for _, e := range segmenter.Write(frame[:n]) {
			if e.Kind == vad.Utterance {
				fmt.Printf("speech from %v to %v\n", at(e.Onset), at(e.VoicedEnd))
			}
		}
	}
	// Output:
	// speech from 900ms to 2.6s
	// speech from 4s to 5s
	// speech from 6.3s to 7.9s
}

func ExampleDetector() {
	detector := vad.NewDetector()
	silence := make([]int16, vad.FrameSize)
	fmt.Println(detector.Probability(silence) > 0.5)
	// Output: false
}
