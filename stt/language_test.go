package stt

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
)

func TestParseLanguage(t *testing.T) {
	for tag, want := range map[string]string{
		"": "", " ": "", "en": "en", "EN": "en", "en-GB": "en-GB", "EN-GB": "en-GB", "en_GB": "en-GB", "en_gb.UTF-8": "en-GB",
		"de_DE@euro": "de-DE", " en-us\n": "en-US", "en-UK": "en-GB", "zh-hant-tw": "zh-Hant-TW", "ES-419": "es-419", "yue": "yue",
		"sl-rozaj-biske-1994": "sl-rozaj-biske-1994", "de-1996": "de-1996", "zh-yue-HK": "zh-yue-HK", "en-x-Phone": "en-x-phone", "de-u-co-PHONEBK": "de-u-co-phonebk",
	} {
		got, err := ParseLanguage(tag)
		require.NoError(t, err, tag)
		assert.Equal(t, want, got, tag)
	}
	for _, tag := range []string{"english", "auto", "e", "C", "en-", "-en", "en--GB", "en GB", "en/GB", "12", "en-a", "deutsch-DE", "en-GB-toolongsubtag", "é", "en,de", "x-phone"} {
		_, err := ParseLanguage(tag)
		assert.ErrorIs(t, err, ErrRefused, tag)
	}
}

func FuzzParseLanguage(f *testing.F) {
	f.Add("en_GB.UTF-8")
	f.Add("zh-Hant-x-a")
	f.Fuzz(func(t *testing.T, tag string) {
		got, err := ParseLanguage(tag)
		if err != nil {
			return
		}
		if again, err := ParseLanguage(got); err != nil || again != got {
			t.Fatalf("%q is %q and then %q, %v", tag, got, again, err)
		}
	})
}

func TestNormalize(t *testing.T) {
	got, err := Config{Language: "EN_gb", Phrases: []string{" yes\n", "", "\t", "book\na  room"}}.Normalize()
	require.NoError(t, err)
	assert.Equal(t, Config{Language: "en-GB", Phrases: []string{"yes", "book a room"}}, got)
	_, err = Config{Language: "english"}.Normalize()
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, "english")
	_, err = Config{Format: codec.Format{Rate: 1}}.Normalize()
	require.ErrorIs(t, err, ErrBadAudio)
}
