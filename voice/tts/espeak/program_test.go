package espeak

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/tts"
)

// script is an espeak-ng that does as the test wants.
func script(t *testing.T, body string, timeout time.Duration) *Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "espeak-ng")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nif [ \"$1\" = --voices ]; then echo ' 2  en-us  --/M  English_(America)  gmw/en-US  (en 3)'; exit; fi\n"+body), 0o700))
	e, err := New(Options{Binary: path, Workers: 2, Timeout: timeout})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

func say(ctx context.Context, e *Engine, text string, c tts.Config) (audio []byte, err error) {
	for chunk, err := range e.Synthesize(ctx, text, c) {
		if err != nil {
			return audio, err
		}
		audio = append(audio, chunk.Audio...)
	}
	return audio, nil
}

func TestBadPrograms(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		kind error
	}{
		"hangs":        {"sleep 1000", tts.ErrTimeout},
		"hangs later":  {"printf 'RIFF\\44\\0\\0\\200WAVEfmt \\20\\0\\0\\0\\1\\0\\1\\0\\42\\126\\0\\0\\104\\254\\0\\0\\2\\0\\20\\0data\\0\\0\\0\\200ab' >&3; sleep 1000", tts.ErrTimeout},
		"dies":         {"read x; exit 3", tts.ErrUnavailable},
		"says nothing": {"cat >/dev/null", tts.ErrUnavailable},
		"nonsense":     {"cat >/dev/null; echo nonsense >&3", tts.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			timeout := time.Minute
			if test.kind == tts.ErrTimeout {
				timeout = 300 * time.Millisecond
			}
			_, err := say(t.Context(), script(t, test.body, timeout), "Hello there.", tts.Config{})
			require.ErrorIs(t, err, test.kind)
		})
	}
}

func TestNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, err := range []error{Available(), func() error { _, err := New(Options{}); return err }()} {
		require.ErrorIs(t, err, tts.ErrUnavailable)
		assert.ErrorContains(t, err, "apt-get install espeak-ng")
	}
}

// A language is spoken by its own voice, or by that of the language it is a kind of.
func TestVoices(t *testing.T) {
	e := engine(t, Options{Workers: 1})
	for c, voice := range map[tts.Config]string{
		{}: "en-us", {Language: "en"}: "en-us", {Language: "en-US"}: "en-us", {Language: "en-GB"}: "en-gb", {Language: "de-CH"}: "de", {Language: "pt-BR"}: "pt-br",
		{Language: "zh-CN"}: "cmn", {Language: "es-419"}: "es-419", {Language: "nb-NO"}: "nb", {Voice: "German"}: "de", {Voice: "fr-be", Language: "de"}: "fr-be",
	} {
		got, err := e.voice(c)
		require.NoError(t, err)
		assert.Equal(t, voice, got, "%+v", c)
	}
	for _, c := range []tts.Config{{Language: "xx"}, {Language: "-"}, {Voice: "us-mbrola-2"}, {Voice: "en-us+f3"}, {Voice: "-f/etc/passwd"}} {
		_, err := e.voice(c)
		assert.Error(t, err, "%+v", c)
	}
	german, err := New(Options{Workers: 1, Language: "de-AT"})
	require.NoError(t, err)
	defer german.Close()
	assert.Equal(t, "de", german.Status().Model)
	_, err = New(Options{Language: "xx"})
	require.ErrorContains(t, err, "espeak-ng --voices")
	_, err = New(Options{Voice: "../x"})
	require.Error(t, err)
}

// Nothing in a text is a command, and whatever it is, the error is typed.
func TestText(t *testing.T) {
	for text, want := range map[string]string{"[[h@loU]] you": "  h@loU   you", "a\x01b\nc": "a b c", "<b>x</b>": " b x /b ", "...": "", "": "", "\xff": ""} {
		assert.Equal(t, want, plain(text), "%q", text)
	}
	e := engine(t, Options{Workers: 2, MaxWait: time.Minute, Timeout: time.Minute})
	for text, language := range map[string]string{"Guten Tag, wie geht es?": "de", "你好。": "zh", "Привет.": "ru", "مرحبا": "ar", "Bonjour à tous.": "fr", "$(id) `id` -v xx": "", "100 % of 3/4": ""} {
		audio, err := say(t.Context(), e, text, tts.Config{Language: language})
		require.NoError(t, err, text)
		assert.Greater(t, len(audio), 5000, text)
	}
	for _, text := range []string{"", "?!", "\x00", strings.Repeat("word ", 2000)} {
		_, err := say(t.Context(), e, text, tts.Config{})
		require.ErrorIs(t, err, tts.ErrBadText, "%q", text)
	}
	for _, c := range []tts.Config{{Language: "xx"}, {Voice: "none"}, {Speed: 9}} {
		_, err := say(t.Context(), e, "Hello.", c)
		require.ErrorIs(t, err, tts.ErrRefused, "%+v", c)
	}
}
