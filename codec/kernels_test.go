package codec

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func (k kernelSet) String() string {
	return [...]string{"portable", "neon", "avx2", "vbmi"}[k]
}

// eachKernelSet runs a test once with every kernel set of this processor.
func eachKernelSet(t *testing.T, test func(t *testing.T)) {
	best := kernels
	t.Cleanup(func() { kernels = best })
	for _, set := range kernelSets() {
		kernels = set
		t.Run(set.String(), test)
	}
}

// longest is the greatest length that the tests below convert.
const longest = 400

// checkLengths converts 0 to 400 values, in memory that borders on unreadable
// pages on both sides, and compares every result.
func checkLengths[D comparable, S any](t *testing.T, convert func([]D, []S) int, want func(S) D, value func(int) S) {
	dstEnd, dstStart := guarded[D](t, longest)
	srcEnd, srcStart := guarded[S](t, longest)
	for n := range longest + 1 {
		for _, at := range []struct {
			dst []D
			src []S
		}{
			{dstEnd[longest-n:], srcEnd[longest-n:]},
			{dstStart[:n], srcStart[:n]},
			{dstEnd[longest-n:], srcStart[:n]},
			{dstStart[:n], srcEnd[longest-n:]},
		} {
			for i := range at.src {
				at.src[i] = value(i*7919 + n*104729)
			}
			var none D
			for i := range at.dst {
				at.dst[i] = none
			}
			if got := convert(at.dst, at.src); got != n {
				t.Fatalf("converted %d of %d", got, n)
			}
			for i, v := range at.dst {
				if v != want(at.src[i]) {
					t.Fatalf("%d values: number %d is %v, want %v (from %v)", n, i, v, want(at.src[i]), at.src[i])
				}
			}
		}
	}
}

// checkMargins converts in the middle of larger buffers, at every alignment, and
// looks for writes outside the part that was passed.
func checkMargins[D comparable, S any](t *testing.T, convert func([]D, []S) int, canary D, value func(int) S) {
	dst, src := make([]D, 300), make([]S, 300)
	for i := range src {
		src[i] = value(i)
	}
	for _, n := range []int{1, 15, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 160, 191} {
		for offset := range 65 {
			for i := range dst {
				dst[i] = canary
			}
			require.Equal(t, n, convert(dst[offset:offset+n], src[65-offset:]))
			for i, v := range dst {
				if (i < offset || i >= offset+n) && v != canary {
					t.Fatalf("%d values at offset %d: wrote at %d", n, offset, i)
				}
			}
		}
	}
	require.Equal(t, 40, convert(dst[:40], src[:200]), "the shorter one counts")
	require.Equal(t, 40, convert(dst[:200], src[:40]), "the shorter one counts")
	require.Equal(t, 0, convert(nil, src))
	require.Equal(t, 0, convert(dst, nil))
}

func TestKernelsAtEveryLength(t *testing.T) {
	code := func(i int) byte { return byte(i >> 3) }
	sample := func(i int) int16 { return int16(i * 31) }
	toFloat := func(c byte) float32 { return float32(g191MulawExpand(c)) / 32768 }
	eachKernelSet(t, func(t *testing.T) {
		checkLengths(t, DecodeMulaw, g191MulawExpand, code)
		checkLengths(t, DecodeAlaw, g191AlawExpand, code)
		checkLengths(t, DecodeMulawFloat32, toFloat, code)
		checkLengths(t, EncodeMulaw, g191MulawCompress, sample)
		checkLengths(t, EncodeAlaw, g191AlawCompress, sample)

		checkMargins(t, DecodeMulaw, 12345, code)
		checkMargins(t, DecodeAlaw, 12345, code)
		checkMargins(t, DecodeMulawFloat32, 12345, code)
		zero := func(int) int16 { return 0 } // neither law encodes it as 0x77
		checkMargins(t, EncodeMulaw, 0x77, zero)
		checkMargins(t, EncodeAlaw, 0x77, zero)
	})
}

// TestFiltersBetweenUnreadablePages compares the vector filters with the portable
// ones, with input and output that end at an unreadable page.
func TestFiltersBetweenUnreadablePages(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for _, f := range []filter{designFilter(8000, 2, 8000), designFilter(48000, 1, 8000)} {
			p := &f.phases[0]
			beyond := len(p.split) / 2 // samples that may be read after the beginning of the last window
			inputs, _ := guarded[int16](t, longest+beyond)
			outputs, _ := guarded[int16](t, 2*longest)
			for i := range inputs {
				inputs[i] = int16(i * 31013)
			}
			for n := 1; n <= longest; n++ {
				x, dst, pairs := inputs[longest-n:], outputs[2*longest-n:], outputs[2*longest-2*n:]
				want, wantPairs := make([]int16, n), make([]int16, 2*n)
				firGeneric(want, x, p)
				fir(dst, x, p)
				require.True(t, slices.Equal(want, dst), "%d samples", n)
				firPairsGeneric(wantPairs, x, x[:n], p)
				firPairs(pairs, x, x[:n], p)
				require.True(t, slices.Equal(wantPairs, pairs), "%d samples", n)
			}
			last := inputs[longest:]
			require.Equal(t, dotGeneric(last, p), dot(last, p))
		}
	})
}

// TestKernelsMaskNoMemory finds no masked load or store in the assembly: beside an
// unmapped page each would take a hundred times as long, with the same result.
func TestKernelsMaskNoMemory(t *testing.T) {
	source, err := os.ReadFile("asm_amd64.s")
	require.NoError(t, err)
	require.NotEmpty(t, source)
	require.Nil(t, regexp.MustCompile(`(?m)^.*\(.*\bK[0-7]\b.*$|^.*\bK[0-7]\b.*\(.*$`).Find(source))
}

// TestKernelsAllocateNothing covers every function that fills a caller's buffer.
func TestKernelsAllocateNothing(t *testing.T) {
	pcm, codes, floats := make([]int16, 160), make([]byte, 160), make([]float32, 160)
	payload := AppendPayload(nil, pcm)
	up, err := NewResampler(8000, 16000)
	require.NoError(t, err)
	wide := make([]int16, 0, 320)
	bytes := make([]byte, 0, 320)
	var level Level
	eachKernelSet(t, func(t *testing.T) {
		for name, f := range map[string]func(){
			"DecodeMulaw":        func() { DecodeMulaw(pcm, codes) },
			"DecodeAlaw":         func() { DecodeAlaw(pcm, codes) },
			"DecodeMulawFloat32": func() { DecodeMulawFloat32(floats, codes) },
			"EncodeMulaw":        func() { EncodeMulaw(codes, pcm) },
			"EncodeAlaw":         func() { EncodeAlaw(codes, pcm) },
			"DecodePayload":      func() { _, _ = DecodePayload(pcm, payload) },
			"AppendPayload":      func() { payload = AppendPayload(payload[:0], pcm) },
			"AppendPCM":          func() { bytes = AppendPCM(bytes[:0], pcm) },
			"DecodePCM":          func() { DecodePCM(pcm, bytes) },
			"Resample":           func() { wide = up.Resample(wide[:0], pcm) },
			"AddMulaw":           func() { level.AddMulaw(codes) },
			"AddPCM":             func() { level.AddPCM(pcm) },
		} {
			require.Zero(t, testing.AllocsPerRun(20, f), name)
		}
	})
}

// TestKernelsOfThisProcessor logs which kernel sets this run has tested.
func TestKernelsOfThisProcessor(t *testing.T) {
	t.Log("kernel sets tested here:", fmt.Sprint(kernelSets()))
	require.Equal(t, portable, kernelSets()[0])
}
