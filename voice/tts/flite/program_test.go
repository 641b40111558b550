package flite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/tts"
)

// script is a flite that does as the test wants.
func script(t *testing.T, body string, timeout time.Duration) *Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flite")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nif [ \"$1\" = -lv ]; then echo 'Voices available: rms slt'; exit; fi\n"+body), 0o700))
	e, err := New(Options{Binary: path, Workers: 2, Timeout: timeout})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

func say(ctx context.Context, e *Engine, text string, c tts.Config) (audio []byte, words []tts.Word, err error) {
	for chunk, err := range e.Synthesize(ctx, text, c) {
		if err != nil {
			return audio, words, err
		}
		audio, words = append(audio, chunk.Audio...), append(words, chunk.Words...)
	}
	return audio, words, nil
}

func TestBadPrograms(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		kind error
	}{
		"hangs":           {"sleep 1000", tts.ErrTimeout},
		"runs wild":       {"while :; do :; done", tts.ErrTimeout},
		"dies":            {"read x; exit 3", tts.ErrUnavailable},
		"says nothing":    {"cat >/dev/null", tts.ErrUnavailable},
		"writes no sound": {"cat >/dev/null; echo 'pau:0.2 hh:0.3'; echo nonsense >&3", tts.ErrUnavailable},
		"prints nonsense": {"cat >/dev/null; echo ':: x:y pau:-1 aa:9e99 hh:NaN'; printf 'RIFF\\44\\0\\0\\0WAVEfmt ' >&3", tts.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			timeout := time.Minute
			if test.kind == tts.ErrTimeout {
				timeout = 300 * time.Millisecond
			}
			e := script(t, test.body, timeout)
			_, _, err := say(t.Context(), e, "Hello there.", tts.Config{})
			require.ErrorIs(t, err, test.kind)
		})
	}
}

// What is to be said and what the host keeps secret is in no command line and in no
// environment.
func TestNothingIsShown(t *testing.T) {
	t.Setenv("TWILIO_AUTH_TOKEN", "very-secret")
	seen := filepath.Join(t.TempDir(), "seen") // by each process: a spare is killed at any moment
	e := script(t, fmt.Sprintf("exec 4>%s.$$; env >&4; echo \"$@\" >&4; tr '\\0' ' ' </proc/$$/cmdline >&4; cat >/dev/null", seen), time.Minute)
	_, _, err := say(t.Context(), e, "Private words.", tts.Config{})
	require.Error(t, err)
	files, err := filepath.Glob(seen + ".*")
	require.NoError(t, err)
	var content strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		content.Write(b)
	}
	assert.Contains(t, content.String(), "-voice rms")
	assert.NotContains(t, content.String(), "very-secret")
	assert.NotContains(t, content.String(), "Private")
}

func TestClosed(t *testing.T) {
	e := script(t, "sleep 1000", time.Minute)
	done := make(chan error, 1)
	go func() {
		_, _, err := say(context.Background(), e, "Hello there.", tts.Config{})
		done <- err
	}()
	require.NoError(t, e.Close())
	require.Error(t, <-done)
	_, _, err := say(t.Context(), e, "Hello.", tts.Config{})
	require.ErrorIs(t, err, tts.ErrClosed)
	require.ErrorIs(t, e.Check(t.Context()), tts.ErrClosed)
}

func TestNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, err := range []error{Available(), func() error { _, err := New(Options{}); return err }()} {
		require.ErrorIs(t, err, tts.ErrUnavailable)
		assert.ErrorContains(t, err, "apt-get install flite")
	}
}

func TestOptions(t *testing.T) {
	apt.Need(t, "flite", "flite")
	for _, voice := range []string{"none", "awb_time", "http://127.0.0.1/x", "/tmp/x.flitevox"} {
		_, err := New(Options{Voice: voice})
		require.ErrorContains(t, err, "kal16", "what there is")
	}
	_, err := New(Options{Workers: -1, MaxWait: 5, Timeout: -time.Second})
	for _, name := range []string{"Workers", "MaxWait", "Timeout"} {
		require.ErrorContains(t, err, name)
	}
}

// Whatever the text is, flite says it or the error is typed.
func TestText(t *testing.T) {
	e := engine(t, Options{Voice: "kal16", Workers: 2, Timeout: time.Minute})
	for _, text := range []string{"café naïve", "it’s “fine”", "x < y > z & a", strings.Repeat("a", 1500), strings.Repeat("1", 200), "100% of 5", "A-B-C", "hello\x00world",
		"first\n\nsecond. Third", "(voice.select 'x)", "`id` $(id) ; rm -rf /", "-o /tmp/x", "😀 ok", "e.g. this"} {
		audio, words, err := say(t.Context(), e, text, tts.Config{})
		require.NoError(t, err, "%q", text)
		assert.NotEmpty(t, audio, text)
		for i, w := range words {
			require.Less(t, w.From, w.To, text)
			require.LessOrEqual(t, w.To, len(text), text)
			if i > 0 {
				require.GreaterOrEqual(t, w.From, words[i-1].To, text)
			}
		}
	}
	for _, text := range []string{"", "你好", "привет", "!?", "\xff\xfe", strings.Repeat("word ", 1000)} {
		_, _, err := say(t.Context(), e, text, tts.Config{})
		require.ErrorIs(t, err, tts.ErrBadText, "%q", text)
	}
	_, _, err := say(t.Context(), e, "Guten Tag", tts.Config{Language: "de"})
	require.ErrorIs(t, err, tts.ErrRefused)
}

func FuzzAlign(f *testing.F) {
	f.Add("hello there", "pau:0.164 hh:0.233 ax:0.282 l:0.381 ow:0.492 dh:0.531 eh:0.714 r:0.767 pau:0.9\n")
	f.Add("a 1 b2", "pau:0.1\npau:0.2 ey:0.4")
	f.Fuzz(func(t *testing.T, text, printed string) {
		if len(text) > longestText || len(printed) > 4000 {
			return
		}
		phones := parsePhones(printed)
		end := time.Duration(0)
		if len(phones) > 0 {
			end = phones[len(phones)-1].end
		}
		to := 0
		for _, w := range times(readable(text), phones, lead(phones)) {
			if w.From < to || w.From >= w.To || w.To > len(text) || w.Start > w.End || w.End > end {
				t.Fatalf("%+v of %q", w, text)
			}
			to = w.To
		}
	})
}
