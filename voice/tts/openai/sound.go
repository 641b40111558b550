package openai

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts"
)

func badAudio(err error) error {
	return &tts.Error{Engine: name, Op: "synthesize", Kind: tts.ErrBadAudio, Err: err}
}

// sound yields bare PCM or a WAV file as it comes.
func (e *Engine) sound(body io.Reader, rate int, yield func(tts.Chunk, error) bool) error {
	r := bufio.NewReaderSize(body, 8<<10)
	begin, err := r.Peek(4)
	switch {
	case string(begin) == "RIFF":
		return e.wav(r, yield)
	case string(begin) == "OggS", string(begin) == "fLaC", bytes.HasPrefix(begin, []byte("ID3")):
		return badAudio(errors.New("the server sends a compressed file and was asked for pcm"))
	case len(begin) == 0 && err != io.EOF:
		return e.failure("synthesize", err)
	}
	buf := make([]byte, 8<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 && !yield(tts.Chunk{Audio: buf[:n], Encoding: codec.PCM16, Rate: rate}, nil) {
			return nil
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return e.failure("synthesize", err)
		}
	}
}

// wav yields the sound of a WAV file, which some servers send whatever they are asked
// for. A streamed one states an arbitrary size.
func (e *Engine) wav(r io.Reader, yield func(tts.Chunk, error) bool) error {
	whole := &toEnd{r: r}
	w, err := codec.NewWAVReader(whole)
	if err != nil && whole.err != nil && whole.err != io.EOF {
		return e.failure("synthesize", whole.err)
	}
	if err != nil {
		return badAudio(e.quiet.Error(err))
	}
	if w.Format().Channels > 1 {
		return badAudio(errors.New("it has several channels"))
	}
	samples := make([]int16, 2048)
	chunk := tts.Chunk{Encoding: codec.PCM16, Rate: w.Format().Rate}
	for {
		n, err := w.Read(samples)
		if n > 0 {
			if chunk.Audio = codec.AppendPCM(chunk.Audio[:0], samples[:n]); !yield(chunk, nil) {
				return nil
			}
		}
		switch {
		case err == io.EOF, err != nil && whole.err == io.EOF:
			return nil
		case err != nil:
			return e.failure("synthesize", whole.err)
		}
	}
}

// toEnd remembers how a reader ended.
type toEnd struct {
	r   io.Reader
	err error
}

func (t *toEnd) Read(p []byte) (n int, err error) {
	n, err = t.r.Read(p)
	t.err = err
	return n, err
}

// maxEvent bounds an event, in bytes: some seconds of sound.
const maxEvent = 4 << 20

// event is a server-sent event.
type event struct {
	Type  string          `json:"type"`
	Audio string          `json:"audio"`
	Delta string          `json:"delta"` // the audio, to some servers
	Error json.RawMessage `json:"error"`
}

// events yields the sound of server-sent events: speech.audio.delta with audio in
// base64, then speech.audio.done.
func (e *Engine) events(body io.Reader, rate int, yield func(tts.Chunk, error) bool) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 16<<10), maxEvent)
	for lines.Scan() && lines.Err() == nil { // the rest of a line before a broken connection is not an event
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !ok { // a comment, an event's name, the end of an event
			continue
		}
		if data = bytes.TrimSpace(data); string(data) == "[DONE]" {
			return nil
		}
		var ev event
		if err := json.Unmarshal(data, &ev); err != nil {
			return badAudio(errors.New("an event is not JSON, or not all of it"))
		}
		switch {
		case ev.Type == "speech.audio.done":
			return nil
		case ev.Type == "error" || len(ev.Error) > 0 && string(ev.Error) != "null":
			return e.refused("synthesize", 0, nil, bytes.NewReader(data))
		case ev.Type != "speech.audio.delta" && ev.Type != "":
			continue
		}
		text := ev.Audio
		if text == "" {
			text = ev.Delta
		}
		audio, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return badAudio(errors.New("an event's audio is not base64"))
		}
		if len(audio) > 0 && !yield(tts.Chunk{Audio: audio, Encoding: codec.PCM16, Rate: rate}, nil) {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return badAudio(errors.New("an event is too long"))
		}
		return e.failure("synthesize", err)
	}
	return e.failure("synthesize", errors.New("the events ended without speech.audio.done"))
}
