// Package codec converts telephone audio: G.711 mu-law and A-law to and from
// linear PCM, the base64 payload of a media message to and from PCM, sample
// rates, and WAV files. It also measures level.
//
// PCM is signed 16-bit, full scale 32768; G.711 runs at 8000 samples a second.
// G.711 results are those of the ITU-T G.191 reference for every code and every
// sample, on every processor: the assembly kernels (AVX2 and AVX-512 on amd64,
// NEON on arm64) only make them faster. Build with the tag purego to leave the
// assembly out.
//
// Functions that fill a buffer never allocate. Functions and types are safe for
// concurrent use only where they share no buffer and no value; [Resampler],
// [Level], [WAVReader] and [WAVWriter] belong to one goroutine at a time.
package codec

// Rate is the sample rate of telephone audio in Hz.
const Rate = 8000
