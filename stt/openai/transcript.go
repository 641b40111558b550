package openai

import (
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
)

// response is json and verbose_json of all the dialects. Times are in seconds.
type response struct {
	Error    json.RawMessage      `json:"error"`
	Text     *string              `json:"text"`
	Language answer.Text          `json:"language"`
	Segments answer.List[segment] `json:"segments"`
	Words    answer.List[word]    `json:"words"`
}

type segment struct {
	Start            answer.Number     `json:"start"`
	End              answer.Number     `json:"end"`
	Text             answer.Text       `json:"text"`
	AverageLogProb   answer.Number     `json:"avg_logprob"`
	NoSpeech         answer.Number     `json:"no_speech_prob"`
	CompressionRatio answer.Number     `json:"compression_ratio"`
	Words            answer.List[word] `json:"words"` // where a server has no list of all
}

type word struct {
	Word        answer.Text   `json:"word"`
	Text        answer.Text   `json:"text"` // LocalAI's name for it
	Start       answer.Number `json:"start"`
	End         answer.Number `json:"end"`
	Probability answer.Number `json:"probability"`
}

// read makes a transcript of an answer, which may be an error whatever its status.
func read(a reply, c stt.Config, d Dialect) (stt.Transcript, error) {
	var r response
	body := decoded(a)
	if err := answer.Decode(body, &r); err != nil {
		e := failure.Unclear(name, "recognize", err)
		e.Status = a.status
		return stt.Transcript{}, e
	}
	fault, failed := answer.FaultIn(r.Error)
	if !failed && (r.Text == nil || *r.Text == "") {
		fault, failed = answer.ReadFault(body)
		failed = failed && (r.Text == nil || fault.Status != 0)
	}
	switch {
	case failed: // whisper.cpp, with status 200
		return stt.Transcript{}, failure.Of(fault, name, "recognize")
	case r.Text == nil:
		e := failure.Missing(name, "recognize", "text")
		e.Status = a.status
		return stt.Transcript{}, e
	}
	return r.transcript(c, d)
}

// healthy returns nil for the answer of a working server: a list of models, or
// whisper.cpp's status.
func healthy(a reply, d Dialect) error {
	var r struct {
		Error  json.RawMessage `json:"error"`
		Data   json.RawMessage `json:"data"`
		Status answer.Text     `json:"status"`
	}
	if len(a.body) == 0 { // some local servers say no more
		return nil
	}
	if err := answer.Decode(a.body, &r); err != nil {
		return failure.Unclear(name, "check", err)
	}
	fault, failed := answer.FaultIn(r.Error)
	switch {
	case failed:
		return failure.Of(fault, name, "check")
	case d == WhisperCPP && r.Status != "ok":
		return failure.Unclear(name, "check", fmt.Errorf("its status is %.40q", r.Status))
	case d != WhisperCPP && r.Data == nil:
		return failure.Missing(name, "check", "data")
	}
	return nil
}

// decoded returns a body in UTF-8.
func decoded(a reply) []byte {
	_, params, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if charset := strings.ToLower(params["charset"]); err != nil || charset != "iso-8859-1" && charset != "latin1" || utf8.Valid(a.body) {
		return a.body
	}
	runes := make([]rune, len(a.body))
	for i, b := range a.body {
		runes[i] = rune(b)
	}
	return []byte(string(runes))
}

// imagined reports whether Whisper invented a segment in silence, by OpenAI's own
// thresholds.
func (s segment) imagined() bool {
	return s.NoSpeech.Float() > 0.6 && (s.AverageLogProb.Float() < -1 || s.CompressionRatio.Float() > 2.4)
}

// transcript returns the transcript without imagined segments.
func (r response) transcript(c stt.Config, d Dialect) (stt.Transcript, error) {
	if n := max(len(r.Words), len(r.Segments)); n > stt.MaxWords {
		return stt.Transcript{}, failure.Unclear(name, "recognize", fmt.Errorf("it has %d words or segments", n))
	}
	t := stt.Transcript{Text: *r.Text, Final: true, Confidence: math.NaN(), Language: language(string(r.Language)), Engine: name}
	var kept []segment
	for _, s := range r.Segments {
		if !s.imagined() {
			kept = append(kept, s)
		}
	}
	all := len(kept) == len(r.Segments)
	if !all {
		texts := make([]string, len(kept))
		for i, s := range kept {
			texts[i] = string(s.Text)
		}
		t.Text = strings.Join(texts, " ")
	}
	sum, n := 0.0, 0
	for _, s := range kept {
		if p := s.AverageLogProb.Float(); !math.IsNaN(p) {
			sum, n = sum+p, n+1
		}
	}
	if n > 0 {
		t.Confidence = math.Exp(min(sum/float64(n), 0))
	}
	for _, w := range r.Words {
		if all || w.in(kept) {
			t.Words = append(t.Words, w.word())
		}
	}
	for _, s := range kept {
		if len(r.Words) == 0 {
			t.Words = append(t.Words, s.words(d)...)
		}
	}
	t, err := stt.Clean(t, c.Phrases)
	if err != nil {
		return stt.Transcript{}, err
	}
	if n := len(t.Words); n > 0 {
		t.Start, t.End = t.Words[0].Start, t.Words[n-1].End
	}
	return t, nil
}

// bound puts times into audio of length d.
func bound(t *stt.Transcript, d time.Duration) {
	t.Start, t.End = min(t.Start, d), min(t.End, d)
	for i := range t.Words {
		t.Words[i].Start, t.Words[i].End = min(t.Words[i].Start, d), min(t.Words[i].End, d)
	}
}

// in reports whether the middle of the word is in one of the segments.
func (w word) in(segments []segment) bool {
	middle := (w.Start.Seconds() + w.End.Seconds()) / 2
	return slices.ContainsFunc(segments, func(s segment) bool { return s.Start.Seconds() <= middle && middle <= s.End.Seconds() })
}

// words returns the words inside the segment. Those of whisper.cpp are tokens: one
// that begins with a blank begins a word.
func (s segment) words(d Dialect) []stt.Word {
	var words []stt.Word
	for _, w := range s.Words {
		text := string(w.Word + w.Text)
		if strings.HasPrefix(text, "[_") || strings.HasPrefix(text, "<|") {
			continue // a control token
		}
		next := w.word()
		if n := len(words); d == WhisperCPP && n > 0 && !strings.HasPrefix(text, " ") {
			last := &words[n-1]
			last.Text += next.Text
			last.End = max(last.End, next.End)
			last.Confidence = min(last.Confidence, next.Confidence)
			continue
		}
		words = append(words, next)
	}
	if d == WhisperCPP { // tokens end inside of characters: the text does not
		if texts := strings.Fields(string(s.Text)); len(texts) == len(words) {
			for i := range words {
				words[i].Text = texts[i]
			}
		}
	}
	return words
}

func (w word) word() stt.Word {
	return stt.Word{Text: strings.TrimSpace(string(w.Word + w.Text)), Start: w.Start.Seconds(), End: w.End.Seconds(), Confidence: w.Probability.Float()}
}
