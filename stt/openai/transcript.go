package openai

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"mime/multipart"
	"strings"
	"time"
	"unicode"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
)

// form writes the request's body.
func (e *Engine) form(audio []byte, c stt.Config) (body []byte, contentType string, err error) {
	if err := c.Format.Validate(); err != nil {
		return nil, "", err
	}
	pcm, rate := c.Format.AppendPCM(nil, audio), c.Format.Rate()
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
	file.Write(wav(pcm, rate))
	for _, field := range e.fields(c) {
		w.WriteField(field[0], field[1])
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// fields returns what goes with the file.
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

// wav returns samples as a WAV file of mono PCM16.
func wav(pcm []int16, rate int) []byte {
	b := make([]byte, 0, 44+2*len(pcm))
	le := binary.LittleEndian
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(36+2*len(pcm)))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1) // PCM
	b = le.AppendUint16(b, 1) // channel
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(2*rate))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(2*len(pcm)))
	for _, v := range pcm {
		b = le.AppendUint16(b, uint16(v))
	}
	return b
}

// response is json and verbose_json of all the dialects. Times are in seconds.
type response struct {
	Error    json.RawMessage `json:"error"`
	Text     *string         `json:"text"`
	Language string          `json:"language"`
	Segments []segment       `json:"segments"`
	Words    []word          `json:"words"`
}

type segment struct {
	Start            float64  `json:"start"`
	End              float64  `json:"end"`
	Text             string   `json:"text"`
	AverageLogProb   *float64 `json:"avg_logprob"`
	NoSpeech         float64  `json:"no_speech_prob"`
	CompressionRatio float64  `json:"compression_ratio"`
}

type word struct {
	Word        string   `json:"word"`
	Text        string   `json:"text"` // LocalAI's name for it
	Start       float64  `json:"start"`
	End         float64  `json:"end"`
	Probability *float64 `json:"probability"`
}

// imagined reports whether a segment is what Whisper makes of silence, by
// OpenAI's own thresholds.
func (s segment) imagined() bool {
	return s.NoSpeech > 0.6 && s.AverageLogProb != nil && *s.AverageLogProb < -1 ||
		s.CompressionRatio > 2.4 && s.NoSpeech > 0.6
}

// transcript leaves out what was not said.
func (r response) transcript() stt.Transcript {
	t := stt.Transcript{Final: true, Confidence: math.NaN(), Language: r.Language, Engine: name}
	if r.Text != nil {
		t.Text = *r.Text
	}
	var kept []segment
	for _, s := range r.Segments {
		if !s.imagined() {
			kept = append(kept, s)
		}
	}
	if len(kept) < len(r.Segments) {
		texts := make([]string, len(kept))
		for i, s := range kept {
			texts[i] = s.Text
		}
		t.Text = strings.Join(texts, " ")
	}
	t.Text = strings.Join(strings.Fields(t.Text), " ")
	if isNoise(t.Text) {
		t.Text = ""
	}
	if t.Text == "" {
		return t
	}
	sum, n := 0.0, 0
	for _, s := range kept {
		if s.AverageLogProb != nil {
			sum, n = sum+*s.AverageLogProb, n+1
		}
	}
	if n > 0 {
		t.Confidence = math.Exp(min(sum/float64(n), 0))
	}
	for _, w := range r.Words {
		if spoken(w, r.Segments, kept) {
			t.Words = append(t.Words, w.word())
		}
	}
	if n := len(t.Words); n > 0 {
		t.Start, t.End = t.Words[0].Start, t.Words[n-1].End
	}
	return t
}

// spoken reports whether a word is in a segment that was kept.
func spoken(w word, all, kept []segment) bool {
	if len(all) == len(kept) {
		return true
	}
	for _, s := range kept {
		if middle := (w.Start + w.End) / 2; s.Start <= middle && middle <= s.End {
			return true
		}
	}
	return false
}

func (w word) word() stt.Word {
	out := stt.Word{Text: strings.TrimSpace(w.Word + w.Text), Start: seconds(w.Start), End: seconds(w.End), Confidence: math.NaN()}
	if w.Probability != nil {
		out.Confidence = *w.Probability
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// isNoise reports whether a transcript stands for something else than speech:
// a remark in brackets, such as [BLANK_AUDIO] or (silence), or the thanks to an
// audience that Whisper, which learnt from subtitles, hears in silence.
func isNoise(text string) bool {
	plain := strings.ToLower(strings.TrimFunc(text, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.IsSymbol(r) }))
	switch plain {
	case "", "thank you for watching", "thanks for watching", "subtitles by the amara.org community":
		return true
	}
	for _, pair := range []string{"[]", "()", "**"} {
		if text[0] == pair[0] && strings.IndexByte(text[1:], pair[1]) == len(text)-2 {
			return true
		}
	}
	return false
}

// String returns the dialect's name.
func (d Dialect) String() string {
	names := [...]string{"openai", "whisper.cpp", "speaches", "localai", "vllm"}
	if int(d) < len(names) {
		return names[d]
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}
