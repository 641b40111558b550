package voicetest

import (
	"context"
	"iter"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// murmur says words as its fake does, each as a tone, with a person's voice over them: so an
// echo of it is speech to a host.
type murmur struct{ fake ttstest.Fake }

// Synthesize implements tts.Synthesizer.
func (m *murmur) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		person := codec.AppendDecodeMulaw(nil, stttest.Speech(1, codec.Format{Encoding: codec.Mulaw, Rate: sampleRate}))
		const from, to = 3520, 6800 // where he speaks
		person = person[from:min(to, len(person))]
		at := 0
		for chunk, err := range m.fake.Synthesize(ctx, text, c) {
			pcm := codec.AppendDecodeMulaw(nil, chunk.Audio)
			for block := range (len(pcm) + blockSize - 1) / blockSize {
				part, sounds := pcm[block*blockSize:min((block+1)*blockSize, len(pcm))], false
				for _, v := range part {
					sounds = sounds || v != 0
				}
				for i, v := range part {
					if sounds {
						part[i] = v/4 + person[(at+i)%len(person)]/2
					}
				}
				at += len(part)
			}
			chunk.Audio = codec.AppendEncodeMulaw(nil, pcm)
			if !yield(chunk, err) || err != nil {
				return
			}
		}
	}
}

// blockSize is 10 ms.
const blockSize = 80
