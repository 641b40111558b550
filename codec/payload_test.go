package codec

import (
	"bytes"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// decodeReference is DecodePayload made of the standard library and G.191. It reports
// whether the payload is valid.
func decodeReference(payload []byte) ([]int16, bool) {
	if bytes.ContainsAny(payload, "\r\n") { // the library skips them
		return nil, false
	}
	codes, err := base64.StdEncoding.Strict().AppendDecode(nil, payload)
	if err != nil {
		return nil, false
	}
	pcm := make([]int16, len(codes))
	for i, c := range codes {
		pcm[i] = g191MulawExpand(c)
	}
	return pcm, true
}

// checkPayload compares DecodePayload with decodeReference.
func checkPayload(t *testing.T, payload []byte) {
	t.Helper()
	want, ok := decodeReference(payload)
	got := make([]int16, len(payload)/4*3)
	n, err := DecodePayload(got, payload)
	if !ok {
		var bad PayloadError
		require.ErrorAs(t, err, &bad, "%q", payload)
		require.Zero(t, n)
		require.GreaterOrEqual(t, int(bad), 0)
		require.LessOrEqual(t, int(bad), len(payload))
		return
	}
	if err != nil || n != len(want) {
		t.Fatalf("%q: %d samples, %v; want %d", payload, n, err, len(want))
	}
	for i, x := range want {
		if got[i] != x {
			t.Fatalf("%q: sample %d is %d, want %d", payload, i, got[i], x)
		}
	}
}

func someCodes(n int) []byte {
	codes := make([]byte, n)
	for i := range codes {
		codes[i] = byte(i*i + i*89 + n)
	}
	return codes
}

func TestPayloadOfEveryLength(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for n := range longest + 1 {
			codes := someCodes(n)
			checkPayload(t, base64.StdEncoding.AppendEncode(nil, codes))

			// All codes but 0x7f, the negative zero, come back from PCM.
			pcm := AppendDecodeMulaw(nil, codes)
			again := AppendEncodeMulaw(nil, pcm)
			require.Equal(t, base64.StdEncoding.EncodeToString(again), string(AppendPayload(nil, pcm)))
			require.Equal(t, "x"+base64.StdEncoding.EncodeToString(again), string(AppendPayload([]byte("x"), pcm)))
		}
	})
}

// TestPayloadBetweenUnreadablePages converts in memory between unreadable pages: one
// byte read or written outside of payload or samples crashes the test.
func TestPayloadBetweenUnreadablePages(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		room := base64Len(longest)
		payloadEnd, payloadStart := guarded[byte](t, room)
		pcmEnd, pcmStart := guarded[int16](t, longest)
		for n := range longest + 1 {
			want := make([]int16, n)
			codes := someCodes(n)
			for i, c := range codes {
				want[i] = g191MulawExpand(c)
				codes[i] = g191MulawCompress(want[i])
			}
			text := base64.StdEncoding.AppendEncode(nil, codes)
			for _, payload := range [][]byte{payloadEnd[room-len(text):], payloadStart[:len(text)]} {
				for _, pcm := range [][]int16{pcmEnd[longest-n:], pcmStart[:n]} {
					clear(pcm)
					copy(payload, text)
					got, err := DecodePayload(pcm, payload)
					require.NoError(t, err)
					require.Equal(t, n, got)
					require.True(t, slices.Equal(want, pcm), "%d samples", n)

					clear(payload)
					require.Len(t, AppendPayload(payload[:0:len(payload)], pcm), len(text))
					require.Equal(t, string(text), string(payload), "%d samples", n)
				}
			}
		}
	})
}

// TestPayloadOfEverySample encodes every sample at each of the three places of a base64
// group.
func TestPayloadOfEverySample(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for shift := range 3 {
			pcm := append(make([]int16, shift), allSamples()...)
			codes := make([]byte, len(pcm))
			for i, x := range pcm {
				codes[i] = g191MulawCompress(x)
			}
			require.True(t, base64.StdEncoding.EncodeToString(codes) == string(AppendPayload(nil, pcm)))
		}
	})
}

func TestAppendPayloadLeavesSpareCapacityAlone(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for n := range 200 {
			buf := bytes.Repeat([]byte{'#'}, 400)
			got := AppendPayload(buf[:0], make([]int16, n))
			require.Equal(t, bytes.Repeat([]byte{'#'}, 400-len(got)), buf[len(got):], "%d samples", n)
		}
	})
}

// TestPayloadWithAnyWrongByte puts every byte value at every place of a payload, in
// lengths that end at different places of the kernels' blocks.
func TestPayloadWithAnyWrongByte(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 23, 24, 25, 26, 47, 48, 49, 50, 97} {
			good := base64.StdEncoding.AppendEncode(nil, someCodes(n))
			for i := range good {
				for c := range 256 {
					bad := bytes.Clone(good)
					bad[i] = byte(c)
					want, ok := decodeReference(bad)
					got := make([]int16, len(bad)/4*3)
					m, err := DecodePayload(got, bad)
					if (err == nil) != ok || m != len(want) {
						t.Fatalf("%d codes, byte %#02x at %d: %d samples, %v; want %d, %v", n, c, i, m, err, len(want), ok)
					}
				}
			}
		}
	})
}

func TestPayloadErrorsNameTheByte(t *testing.T) {
	dst := make([]int16, 300)
	long := base64.StdEncoding.EncodeToString(make([]byte, 160))
	for payload, want := range map[string]PayloadError{
		"A":                            1,
		"AAA":                          3,
		"AA*A":                         2,
		"AA=A":                         2,
		"====":                         0,
		"A===":                         1,
		"AB==":                         1,
		"AAF=":                         2,
		"AAAA\nAAA":                    4,
		"AAAA\r\n":                     4,
		long[:100] + "-" + long[101:]:  100,
		long[:214] + "=A":              214,
		long[:212] + "\xc3\xa9" + "==": 212,
	} {
		eachKernelSet(t, func(t *testing.T) {
			n, err := DecodePayload(dst, []byte(payload))
			require.Zero(t, n)
			require.Equal(t, want, err, "%q", payload)
		})
	}
	require.EqualError(t, PayloadError(7), "codec: payload is not base64 at byte 7")

	_, err := DecodePayload(dst[:159], []byte(long))
	require.ErrorIs(t, err, ErrShortBuffer)
	n, err := DecodePayload(dst[:160], []byte(long))
	require.NoError(t, err)
	require.Equal(t, 160, n)
	n, err = DecodePayload(nil, nil)
	require.NoError(t, err)
	require.Zero(t, n)
}

func FuzzDecodePayload(f *testing.F) {
	f.Add([]byte("//8AfoA="))
	f.Add(base64.StdEncoding.AppendEncode(nil, someCodes(160)))
	f.Add([]byte("AAAA\nAAAA"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		best := kernels
		defer func() { kernels = best }()
		for _, kernels = range kernelSets() {
			checkPayload(t, payload)
		}
	})
}
