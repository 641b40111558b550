package fakestt

import (
	"math"
	"sync"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt/stttest"
)

// peaks are those of the utterances of [stttest.Speech] that differ.
var peaks = sync.OnceValue(func() (list [4]float64) {
	f := codec.Format{Encoding: codec.PCM16, Rate: 8000}
	pcm := f.AppendPCM(nil, stttest.Speech(len(list), f))
	for i := range list {
		list[i] = peak(pcm[i*len(pcm)/len(list) : (i+1)*len(pcm)/len(list)])
	}
	return list
})

// Which returns the index of the utterance of [stttest.Speech] that is in pcm, modulo 4,
// by its peak.
func Which(pcm []int16) int {
	best, distance := 0, math.Inf(1)
	loud := peak(pcm)
	for i, p := range peaks() {
		if d := math.Abs(math.Log(loud / p)); d < distance {
			best, distance = i, d
		}
	}
	return best
}

func peak(pcm []int16) float64 {
	most := 1.0
	for _, v := range pcm {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}
