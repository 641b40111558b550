package openai

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
)

// form writes the request's body.
func (e *Engine) form(audio []byte, c stt.Config) (body []byte, contentType string, err error) {
	pcm, rate := c.Format.AppendPCM(nil, audio), c.Format.SampleRate()
	if e.o.Dialect == WhisperCPP && rate != 16000 {
		r, err := codec.NewResampler(rate, 16000)
		if err != nil {
			return nil, "", &stt.Error{Engine: name, Op: "recognize", Kind: stt.ErrBadAudio, Err: err}
		}
		pcm, rate = r.Resample(nil, pcm), 16000
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	file, err := w.CreateFormFile("file", "audio.wav") // servers go by the name's ending
	if err != nil {
		return nil, "", err
	}
	sound, err := codec.AppendWAV(nil, codec.Format{Encoding: codec.PCM16, Rate: rate}, codec.AppendPCM(nil, pcm))
	if err != nil {
		return nil, "", err
	}
	file.Write(sound)
	for _, field := range e.fields(c) {
		w.WriteField(field[0], field[1])
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// fields returns the form's fields beside the file.
func (e *Engine) fields(c stt.Config) [][2]string {
	whisper := e.o.Dialect != VLLM && !strings.HasPrefix(e.o.Model, "gpt-")
	format := "json" // all that other models know
	if whisper {
		format = "verbose_json"
	}
	fields := [][2]string{{"response_format", format}, {"temperature", "0"}}
	if e.o.Model != "" && e.o.Dialect != WhisperCPP {
		fields = append(fields, [2]string{"model", e.o.Model})
	}
	if language, _, _ := strings.Cut(c.Language, "-"); language != "" {
		fields = append(fields, [2]string{"language", language})
	}
	if len(c.Phrases) > 0 {
		field := "prompt"
		if e.o.Dialect == Speaches {
			field = "hotwords"
		}
		fields = append(fields, [2]string{field, strings.Join(c.Phrases, ", ")})
	}
	if e.o.Words && whisper && e.o.Dialect != WhisperCPP {
		fields = append(fields, [2]string{"timestamp_granularities[]", "segment"}, [2]string{"timestamp_granularities[]", "word"})
	}
	return fields
}

// String returns the dialect's name.
func (d Dialect) String() string {
	names := [...]string{"openai", "whisper.cpp", "speaches", "localai", "vllm"}
	if int(d) < len(names) {
		return names[d]
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}
