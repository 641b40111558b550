package stt_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vad"
)

var whole = flag.Bool("whole", false, "hear all sentences, not one in eight")

// speaker is one recording of a person.
type speaker struct {
	name     string
	audio    []byte
	texts    []string        // as it is cut at the pauses
	question stt.Expectation // that it may be the answer to
}

// read returns a recording with four seconds of silence behind it.
func read(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	audio, err := codec.ReadMulaw(file)
	require.NoError(t, err, path)
	return append(audio, silence(4*time.Second)...)
}

// recordings returns those of the repository. Two speakers pause.
func recordings(t *testing.T) (all []speaker) {
	pauses := map[string]string{
		"jfk":         "and so my fellow americans|ask not|what your country can do for you|ask what you can do for your country",
		"vosk_digits": "one zero zero zero one|nine oh two one oh|zero one eight zero three",
	}
	questions := map[string]stt.Expectation{"vosk_digits": {Digits: 15}, "flite_rms_5": {Digits: 4}, "flite_slt_0": {YesNo: true}, "flite_slt_1": {YesNo: true}}
	manifest, err := os.ReadFile(filepath.Join("vad", "testdata", "manifest.json"))
	require.NoError(t, err)
	var list []struct{ File, Text string }
	require.NoError(t, json.Unmarshal(manifest, &list))
	for _, r := range list {
		name := strings.TrimSuffix(r.File, ".8k.ulaw.wav")
		if r.Text == "" {
			continue
		}
		cut := r.Text
		if pause, ok := pauses[name]; ok {
			require.Equal(t, r.Text, strings.ReplaceAll(pause, "|", " "))
			cut = pause
		}
		all = append(all, speaker{name, read(t, filepath.Join("vad", "testdata", r.File)), strings.Split(cut, "|"), questions[name]})
	}
	return all
}

// sentences returns what a person said for an exchange, as far as it is whole
// sentences: their texts are known, and are cut at the pauses by the length of what
// is spoken between them, at a punctuation mark where there is one near.
func sentences(t *testing.T) (all []speaker) {
	n := 0
	for _, p := range apt.Prompts(t) {
		text := p.Text
		if strings.ContainsAny(text, "[(") || strings.HasSuffix(text, "...") || !strings.ContainsAny(text[max(0, len(text)-1):], ".?!") || strings.Count(text, " ") < 2 {
			continue
		}
		if n++; n%8 != 0 && !*whole {
			continue
		}
		audio := read(t, p.File)
		all = append(all, speaker{name: p.Name, audio: audio, texts: cutAtPauses(text, spoken(audio))})
	}
	return all
}

// spoken returns the length of each utterance in a recording.
func spoken(audio []byte) (lengths []int64) {
	detector, cut := vad.NewDetector(), vad.NewSegmenter(vad.Options{})
	for _, ev := range cut.Step(detector.Append(nil, codec.AppendDecodeMulaw(nil, audio))...) {
		if ev.Kind == vad.Utterance {
			lengths = append(lengths, ev.VoicedEnd-ev.Onset)
		}
	}
	return lengths
}

// cutAtPauses cuts a text into as many parts as there are lengths.
func cutAtPauses(text string, lengths []int64) (parts []string) {
	var whole, before int64
	for _, n := range lengths {
		whole += n
	}
	words := strings.Fields(text)
	from := 0
	for i, n := range lengths[:max(0, len(lengths)-1)] {
		before += n
		place := int64(len(text)) * before / whole
		best, least, at := from, int64(len(text)), int64(0)
		for j, word := range words {
			at += int64(len(word)) + 1
			distance := max(at-place, place-at)
			if !strings.ContainsAny(word[len(word)-1:], ".,?!;:") {
				distance += 12 // characters: people rather pause at a mark
			}
			if j >= from && j < len(words)-(len(lengths)-1-i) && distance < least {
				best, least = j, distance
			}
		}
		parts = append(parts, strings.Join(words[from:best+1], " "))
		from = best + 1
	}
	return append(parts, strings.Join(words[from:], " "))
}

// timed is what came of the turns of recordings.
type timed struct {
	gaps         []time.Duration            // from the last voiced sample of each to the end of its last turn
	by           map[string][]time.Duration // the same by rule
	ends, cutIns int                        // turns, and those after whose end the speaker went on within a second
}

// play has a recogniser that takes 150 ms for an utterance and makes no mistake hear a
// recording at the speed of speech.
func (sum *timed) play(t *testing.T, who speaker, withText, asked bool) {
	t.Helper()
	texts, question := who.texts, stt.Expectation{}
	if !withText {
		texts = []string{"word"}
	}
	if asked {
		question = who.question
	}
	synctest.Test(t, func(t *testing.T) {
		type end struct {
			at   time.Duration
			text string
		}
		var clock, voiced time.Duration
		var ends []end
		var starts []time.Duration
		var heard []string
		emit := func(ev stt.Event) {
			switch {
			case ev.Kind == stt.SpeechStart:
				starts = append(starts, ev.Transcript.Start)
			case ev.Kind == stt.UtteranceEnd && ev.Transcript.End > ev.Transcript.Start:
				voiced = max(voiced, ev.Transcript.End)
			case ev.Kind == stt.Turn && ev.Turn.State == stt.TurnEnd && ev.Transcript.Text != "":
				ends = append(ends, end{clock, ev.Transcript.Text})
				heard = append(heard, ev.Transcript.Text)
			}
		}
		engine := stt.Segmented(&stttest.Recognizer{Texts: texts, Delay: 150 * time.Millisecond}, stt.Segmentation{})
		s, err := stt.Open(t.Context(), engine, stt.Config{Language: "en", Expected: question, Emit: emit})
		require.NoError(t, err)
		for audio := who.audio; len(audio) >= 160; audio = audio[160:] {
			clock += 20 * time.Millisecond
			require.NoError(t, s.Send(audio[:160]))
			time.Sleep(20 * time.Millisecond)
			synctest.Wait()
		}
		require.NoError(t, s.Flush(context.Background()))
		require.NoError(t, s.Close())
		require.NotEmpty(t, ends, who.name)
		if withText {
			assert.Equal(t, strings.Join(who.texts, " "), strings.Join(heard, " "), who.name)
		}
		cutIns := 0
		for _, end := range ends {
			if slices.ContainsFunc(starts, func(onset time.Duration) bool {
				return onset > end.at-100*time.Millisecond && onset <= end.at+time.Second
			}) {
				cutIns++
			}
		}
		last := ends[len(ends)-1]
		gap := last.at - voiced
		rule := stt.EndingOf(last.text, "en", question)
		if cutIns > 0 || rule != "plain" {
			t.Logf("%-26s gap %4d ms, %-10s %d turns, %d cut in: %q", who.name, gap.Milliseconds(), rule+",", len(ends), cutIns, strings.Join(heard, " / "))
		}
		sum.gaps, sum.by[rule] = append(sum.gaps, gap), append(sum.by[rule], gap)
		sum.ends, sum.cutIns = sum.ends+len(ends), sum.cutIns+cutIns
	})
}

// percentile returns the nearest rank of a share of durations.
func percentile(of []time.Duration, percent int) time.Duration {
	slices.Sort(of)
	return of[max(0, (len(of)*percent+99)/100-1)]
}

// How soon a turn is over after the last word, and how often an answer would cut in:
//
//	go test -v -run TurnsOfRecordings ./stt -whole | grep '|'
func TestTurnsOfRecordings(t *testing.T) {
	t.Run("repository", func(t *testing.T) { measure(t, recordings(t), true) })
	t.Run("sentences", func(t *testing.T) { measure(t, sentences(t), false) })
}

func measure(t *testing.T, speakers []speaker, questions bool) {
	var alone timed
	t.Logf("| %d recordings | gap p50 | gap p95 | cut in |", len(speakers))
	for _, row := range []struct {
		name            string
		withText, asked bool
	}{{"0.7 s of silence, whatever was said", false, false}, {"with the rules of the text", true, false}, {"and with Expect", true, true}} {
		if row.asked && !questions {
			break
		}
		sum := timed{by: map[string][]time.Duration{}}
		for _, who := range speakers {
			sum.play(t, who, row.withText, row.asked)
		}
		p50, p95 := percentile(sum.gaps, 50), percentile(sum.gaps, 95)
		t.Logf("| %s | %d ms | %d ms | %d of %d turns |", row.name, p50.Milliseconds(), p95.Milliseconds(), sum.cutIns, sum.ends)
		for _, rule := range []string{"plain", "complete", "unfinished"} {
			if gaps := sum.by[rule]; len(gaps) > 0 {
				t.Logf("|   the last words are %s: %d | %d ms | %d ms | |", rule, len(gaps), percentile(gaps, 50).Milliseconds(), percentile(gaps, 95).Milliseconds())
			}
		}
		if row.name[0] == '0' {
			alone = sum
			continue
		}
		assert.LessOrEqual(t, p50, percentile(alone.gaps, 50), "the usual answer is no later")
		assert.LessOrEqual(t, p95, time.Second)
		assert.LessOrEqual(t, sum.cutIns, alone.cutIns)
		if row.asked {
			assert.Less(t, sum.cutIns, alone.cutIns)
		}
	}
}
