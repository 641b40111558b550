// Package codec compares dialtone's codec with its peers. Run the tests with -v to
// see the tables; GODEBUG=cpu.avx512vbmi=off makes the AVX2 kernels run, the build
// tag purego the portable ones.
package codec

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	zaf "github.com/zaf/g711"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/bench"
)

// speech is noise with an envelope: it visits all segments as speech does.
func speech(n int) []int16 {
	rng := rand.New(rand.NewPCG(1, 2))
	pcm := make([]int16, n)
	for i := range pcm {
		envelope := 4000 * (1 + math.Sin(float64(i)/4000))
		pcm[i] = int16(max(min(rng.NormFloat64()*envelope, 32767), -32768))
	}
	return pcm
}

// repeat turns one job into a contestant.
func repeat(name string, job func()) bench.Contestant {
	return bench.Contestant{Name: name, Run: func(n int) {
		for range n {
			job()
		}
	}}
}

var sink []byte // keeps what the peers allocate alive

func TestG711(t *testing.T) {
	for _, n := range []int{160, 1 << 20} {
		pcm := speech(n)
		mulaw, alaw := codec.AppendEncodeMulaw(nil, pcm), codec.AppendEncodeAlaw(nil, pcm)
		raw, rawTo := codec.AppendPCM(nil, pcm), make([]byte, 2*n)
		to, codes := make([]int16, n), make([]byte, n)
		memory := repeat("copy() of the PCM bytes", func() { copy(rawTo, raw) })

		bench.Report(t, fmt.Sprintf("mu-law decode, %d samples", n),
			repeat("codec.DecodeMulaw", func() { codec.DecodeMulaw(to, mulaw) }),
			repeat("zaf/g711.DecodeUlaw", func() { sink = zaf.DecodeUlaw(mulaw) }),
			repeat("zaf/g711.DecodeUlawFrame, into a buffer", func() {
				for i, c := range mulaw {
					to[i] = zaf.DecodeUlawFrame(c)
				}
			}), memory)
		bench.Report(t, fmt.Sprintf("mu-law encode, %d samples", n),
			repeat("codec.EncodeMulaw", func() { codec.EncodeMulaw(codes, pcm) }),
			repeat("zaf/g711.EncodeUlaw", func() { sink = zaf.EncodeUlaw(raw) }), memory)
		bench.Report(t, fmt.Sprintf("A-law decode, %d samples", n),
			repeat("codec.DecodeAlaw", func() { codec.DecodeAlaw(to, alaw) }),
			repeat("zaf/g711.DecodeAlaw", func() { sink = zaf.DecodeAlaw(alaw) }), memory)
		bench.Report(t, fmt.Sprintf("A-law encode, %d samples", n),
			repeat("codec.EncodeAlaw", func() { codec.EncodeAlaw(codes, pcm) }),
			repeat("zaf/g711.EncodeAlaw", func() { sink = zaf.EncodeAlaw(raw) }), memory)
	}
}

func TestPayload(t *testing.T) {
	pcm := speech(160)
	to, bytesTo := make([]int16, 160), make([]byte, 0, 256)
	floats := make([]float32, 160)
	mulaw := codec.AppendEncodeMulaw(nil, pcm)
	payload := codec.AppendPayload(nil, pcm)
	raw, rawTo := codec.AppendPCM(nil, pcm), make([]byte, 320)
	scratch := make([]byte, 256)
	memory := repeat("copy() of the PCM bytes", func() { copy(rawTo, raw) })
	bench.Report(t, "payload to PCM, one frame of 160 samples",
		repeat("codec.DecodePayload", func() { _, _ = codec.DecodePayload(to, payload) }),
		repeat("encoding/base64, then zaf/g711.DecodeUlaw", func() {
			n, _ := base64.StdEncoding.Decode(scratch, payload)
			sink = zaf.DecodeUlaw(scratch[:n])
		}),
		repeat("encoding/base64 alone", func() { _, _ = base64.StdEncoding.Decode(scratch, payload) }), memory)
	bench.Report(t, "PCM to payload, one frame of 160 samples",
		repeat("codec.AppendPayload", func() { bytesTo = codec.AppendPayload(bytesTo[:0], pcm) }),
		repeat("zaf/g711.EncodeUlaw, then encoding/base64", func() {
			bytesTo = base64.StdEncoding.AppendEncode(bytesTo[:0], zaf.EncodeUlaw(raw))
		}), memory)
	bench.Report(t, "mu-law to float32, one frame of 160 samples",
		repeat("codec.DecodeMulawFloat32", func() { codec.DecodeMulawFloat32(floats, mulaw) }),
		repeat("zaf/g711.DecodeUlawFrame and a division", func() {
			for i, c := range mulaw {
				floats[i] = float32(zaf.DecodeUlawFrame(c)) / 32768
			}
		}))
	var level codec.Level
	bench.Report(t, "level of one frame of 160 samples",
		repeat("codec.Level.AddMulaw", func() { level.AddMulaw(mulaw) }),
		repeat("codec.Level.AddPCM", func() { level.AddPCM(pcm) }))
}
