package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/stt/wer"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestScore(t *testing.T) {
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx pocketsphinx-en-us")
	manifest := copyRecordings(t, map[string]string{
		"google_book_a_room.8k.ulaw.wav":   "Book a room.",
		"flite_rms_2.8k.ulaw.wav":          "cancel",
		"cmu_cards_001.8k.ulaw.wav":        "ten of spades", // wrong on purpose: one word of three
		"neg_comfort_noise_3s.8k.ulaw.wav": "",
	})
	var out strings.Builder
	recordings, err := readRecordings([]string{manifest}, "", 0)
	require.NoError(t, err)
	total, err := run(t.Context(), &out, recordings, "testdata/phrases.txt", 4, false)
	require.NoError(t, err)
	assert.Equal(t, wer.Errors{Words: 7, Substitutions: 1}, total)

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 8, out.String())
	assert.Equal(t, []string{
		"cmu_cards_001.8k.ulaw.wav\tten of clubs",
		"flite_rms_2.8k.ulaw.wav\tcancel",
		"google_book_a_room.8k.ulaw.wav\tbook a room",
		"neg_comfort_noise_3s.8k.ulaw.wav\t",
		"exact\t2 of 3 recordings with speech (66.7 %)",
		"invented\t0 texts in 0 of 1 recordings without speech",
	}, lines[:6])
	assert.Contains(t, lines[6], "of 3 utterances")
	assert.Equal(t, "word errors\t14.3 %: 1 of 7 words (1 substituted, 0 deleted, 0 inserted)", lines[7])
}

// copyRecordings makes a manifest of recordings and texts, in the order of the names.
func copyRecordings(t *testing.T, texts map[string]string) string {
	dir := t.TempDir()
	var list []recording
	for _, file := range []string{"cmu_cards_001.8k.ulaw.wav", "flite_rms_2.8k.ulaw.wav", "google_book_a_room.8k.ulaw.wav", "neg_comfort_noise_3s.8k.ulaw.wav"} {
		wav, err := os.ReadFile(filepath.Join("../../stt/vad/testdata", file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), wav, 0o600))
		list = append(list, recording{File: file, Text: texts[file]})
	}
	data, err := json.Marshal(list)
	require.NoError(t, err)
	manifest := filepath.Join(dir, "manifest.json")
	require.NoError(t, os.WriteFile(manifest, data, 0o600))
	return manifest
}

func TestReport(t *testing.T) {
	var out strings.Builder
	total, err := report(&out, []recording{{File: "a.wav", Text: "yes"}, {File: "b.wav"}}, []answer{
		{texts: []string{"yes", "no"}, latencies: []time.Duration{300 * time.Millisecond, 400 * time.Millisecond}},
		{texts: []string{"no"}, lost: []error{errors.New("too busy")}},
	})
	require.NoError(t, err)
	assert.Equal(t, wer.Errors{Words: 1, Insertions: 2}, total)
	assert.Equal(t, `a.wav	yes no
b.wav	no
exact	0 of 1 recordings with speech (0.0 %)
invented	1 texts in 1 of 1 recordings without speech
lost	1 utterances, the first because: too busy
latency	from the last voiced sample: median 400 ms, p95 400 ms, longest 400 ms, of 2 utterances
word errors	200.0 %: 2 of 1 words (0 substituted, 0 deleted, 2 inserted)
`, out.String())
}

// Without words that were said there is no share of them.
func TestReportWithoutSpeech(t *testing.T) {
	for name, c := range map[string]struct {
		texts []string
		want  string
	}{
		"invented": {[]string{"hang up", "no"}, `music.wav	hang up no
exact	0 of 0 recordings with speech (0.0 %)
invented	2 texts in 1 of 1 recordings without speech
on hold	1 of 1 recordings sounded like music for a while
word errors	none can be told: 3 of 0 words (0 substituted, 0 deleted, 3 inserted)
`},
		"nothing": {nil, `music.wav	
exact	0 of 0 recordings with speech (0.0 %)
invented	0 texts in 0 of 1 recordings without speech
on hold	1 of 1 recordings sounded like music for a while
word errors	none can be told: 0 of 0 words (0 substituted, 0 deleted, 0 inserted)
`},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			_, err := report(&out, []recording{{File: "music.wav"}}, []answer{{texts: c.texts, held: true}})
			require.NoError(t, err)
			assert.Equal(t, c.want, out.String())
		})
	}
}

func TestReadRecordings(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	hold := write("hold.wav", "")
	write("sounds/hello.wav", "")
	write("sounds/letters/at.wav", "")
	write("sounds/beep.wav", "")
	prompts := "; Core sounds\n\nhello: Hello: you.\nletters/at: at [@]\nbeep: [this is a beep]\nmissing: Not here.\n"
	want := []recording{
		{File: "hold.wav", path: hold},
		{File: "hello.wav", Text: "Hello: you.", path: filepath.Join(dir, "sounds/hello.wav")},
		{File: "letters/at.wav", Text: "at", path: filepath.Join(dir, "sounds/letters/at.wav")},
		{File: "beep.wav", path: filepath.Join(dir, "sounds/beep.wav")},
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte(prompts))
	require.NoError(t, errors.Join(err, z.Close()))
	for _, list := range []string{write("prompts.txt", prompts), write("prompts.txt.gz", zipped.String())} {
		got, err := readRecordings([]string{hold, list}, filepath.Join(dir, "sounds"), 0)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	two, err := readRecordings([]string{hold, filepath.Join(dir, "prompts.txt")}, filepath.Join(dir, "sounds"), 2)
	require.NoError(t, err)
	require.Equal(t, []recording{want[0], want[2]}, two)
	phrases, err := readPhrases("", want)
	require.NoError(t, err)
	require.Equal(t, []string{"Hello: you.", "at"}, phrases)

	_, err = readRecordings([]string{filepath.Join(dir, "prompts.txt")}, dir+"/nowhere", 0)
	require.ErrorContains(t, err, "no prompt has a WAV file")
	_, err = readRecordings([]string{filepath.Join(dir, "nowhere.wav")}, "", 0)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = readRecordings([]string{write("broken.txt.gz", "no gzip")}, "", 0)
	require.ErrorContains(t, err, "broken.txt.gz")
}

func TestWhatIsMissing(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	read := func() error {
		_, err := readRecordings([]string{manifest}, "", 0)
		return err
	}
	require.ErrorIs(t, read(), os.ErrNotExist)
	require.NoError(t, os.WriteFile(manifest, []byte(`[{"file":"nowhere.wav"}]`), 0o600))
	require.ErrorContains(t, read(), "nowhere.wav")
	require.NoError(t, os.WriteFile(manifest, []byte(`{`), 0o600))
	require.ErrorContains(t, read(), "manifest.json")
}

func TestTextfileCounts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accuracy.prom")
	require.NoError(t, addToTextfile(file, wer.Errors{Words: 100, Substitutions: 2, Deletions: 1}))
	require.NoError(t, addToTextfile(file, wer.Errors{Words: 50, Insertions: 4}))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(text), "\ntwilio_stt_words_total 150\n")
	assert.Contains(t, string(text), "\ntwilio_stt_word_errors_total 7\n")
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, left, 1)

	require.Error(t, addToTextfile(filepath.Join(file, "nowhere"), wer.Errors{}))

	cmd := exec.Command(apt.Need(t, "promtool", "prometheus"), "check", "metrics")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

// TestCommandLine tells every mistake in it.
func TestCommandLine(t *testing.T) {
	require.NoError(t, checkFlags([]string{"manifest.json"}, 0, 1))
	err := checkFlags(nil, -1, 0)
	for _, want := range []string{"manifest", "-limit -1", "-calls 0"} {
		require.ErrorContains(t, err, want)
	}
	_, err = run(t.Context(), io.Discard, nil, "nowhere.txt", 1, false)
	require.ErrorContains(t, err, "nowhere.txt")
}
