package stt

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCleanRemovesWhatNobodySaid(t *testing.T) {
	for text, want := range map[string]string{
		// Remarks about sound, alone and beside words.
		"[Music]":                         "",
		"[Music] book a room":             "book a room",
		"book [Music] a room":             "book a room",
		"Book a room, please. (applause)": "Book a room, please.",
		"[Applause], yes":                 "yes",
		"Yes, [laughs].":                  "Yes",
		"*laughs* no":                     "no",
		"**coughs** no":                   "no",
		"♪ yes":                           "yes",
		"♪♪ yes ♪":                        "",
		"♪ la la ♪":                       "",
		"♪ la la ♪ book a room":           "book a room",
		"book a room ♫ na, na na! ♫":      "book a room",
		"♪ la la":                         "la la", // not closed: perhaps somebody speaks over it
		"♪ la la ♪ yes ♪ la ♪":            "yes",
		"🎵 la la 🎶️ yes":                  "yes",
		"♪la la♪yes":                      "yes",
		"yes ♪ ♪ please":                  "yes please",
		"🎼 yes 😊 please 👏":                "yes please", // SenseVoice's, which stand alone
		"[♪♪♪] yes":                       "yes",
		"(♪ ♪) yes":                       "yes",
		"(music)":                         "",
		"(upbeat music) yes":              "yes",
		"[MUSIC PLAYING] yes":             "yes",
		"*coughs* Room [1] please":        "Room [1] please",
		"♪ hm ♪ Room [1] please":          "Room [1] please",
		"[Müzik] evet":                    "evet",
		"[Muzyka] tak":                    "tak",
		"[hudba] ano":                     "ano",
		"[موسيقى] نعم":                    "نعم",
		"[संगीत] हाँ":                     "हाँ",
		"%HESITATION yes %HESITATION":     "yes", // IBM's
		"yes ⁇":                           "yes", // SentencePiece's unknown
		"!SIL yes":                        "yes",
		"50% of %20":                      "50% of %20",
		"♪ upbeat music ♪ yes":            "yes",
		"🎵️ yes":                          "yes",
		"🎼👏":                              "",
		"(phone ringing) hello":           "hello",
		"(speaking in foreign language)":  "",
		"(birds tweeting)":                "", // alone, whatever it tells of
		"[door slams] yes":                "yes",
		"[Music]yes":                      "yes",
		"（音乐）你好":                          "你好",
		"[Musik] ja bitte":                "ja bitte",
		"[SPEAKER_00] hello":              "hello",
		"(Speaker 1): hello":              "hello",
		"[00:00.000 --> 00:02.000] yes":   "yes",
		"[ Silence ] ...":                 "",
		"[...] yes":                       "yes",
		"{laughter} yes":                  "yes",

		// Control tokens.
		"<|nospeech|>": "",
		"<|startoftranscript|><|en|><|0.00|> yes<|endoftext|>": "yes",
		"yes <|endofte":              "yes",
		"[BLANK_AUDIO] yes":          "yes",
		"[_BEG_] yes [_TT_50]":       "yes",
		"<unk> yes <unk>":            "yes",
		"<s> yes </s>":               "yes",
		"[unk]":                      "",
		"[unk] yes [unk]":            "yes",
		"[NOISE] yes":                "yes",
		"[vocalized-noise] yes":      "yes",
		"SIL yes SIL":                "yes",
		"SIL":                        "",
		"++NOISE++ yes":              "yes",
		"<sil> ++BREATH++ <sos/eos>": "",
		"▁book▁a▁room":               "book a room",

		// Thanks to an audience.
		"Thank you for watching!":                   "",
		"thanks for watching":                       "",
		"I need a taxi. Thanks for watching!":       "I need a taxi.",
		"Subtitles by the Amara.org community":      "",
		"Yes. Subtitles by the Amara.org community": "Yes.",
		"...":   "",
		"- – —": "",

		// What the caller said stays.
		"Room [1] please":            "Room [1] please",
		"*yes*":                      "*yes*", // emphasis of models that write Markdown
		"(No, thank you.)":           "(No, thank you.)",
		"[1]":                        "[1]",
		"press [star]":               "press [star]",
		"[star]":                     "[star]",
		"yes (of course)":            "yes (of course)",
		"[laughs] yes (of course)":   "yes (of course)",
		"(415) 555-0100":             "(415) 555-0100",
		"[PHONE_NUMBER_1]":           "[PHONE_NUMBER_1]", // blacked out by the service
		"my name is [PERSON_NAME]":   "my name is [PERSON_NAME]",
		"####":                       "####",
		"****":                       "****",
		"dial *67 and *":             "dial *67 and *",
		"5 < 6 and 7 > 3":            "5 < 6 and 7 > 3",
		"*really* soon":              "*really* soon",
		"room(s)":                    "room(s)",
		"Thank you.":                 "Thank you.",
		"thanks for watching my dog": "thanks for watching my dog",
		"silence please":             "silence please",
		"music":                      "music",
		"I like music.":              "I like music.",
		"C++ and C++":                "C++ and C++",
		"yes - no":                   "yes - no",
		"silly":                      "silly",
		"#":                          "#",
		"$20":                        "$20",
		"Straße nach Łódź, пожалуйста": "Straße nach Łódź, пожалуйста",
		"नमस्ते":                       "नमस्ते",

		// Characters.
		"  book \n a\troom ":    "book a room",
		"yes\x00\x1b[31m":       "yes [31m",
		"yes\u202e\u200b\ufeff": "yes",
		"caf\xe9":               "caf\uFFFD",
	} {
		got, err := Clean(Transcript{Text: text}, nil)
		require.NoError(t, err)
		assert.Equal(t, want, got.Text, "%q", text)
		again, err := Clean(got, nil)
		require.NoError(t, err)
		assert.Equal(t, got.Text, again.Text, "%q, twice", text)
	}
}

func TestCleanRemovesThePrompt(t *testing.T) {
	for _, test := range []struct {
		prompt     []string
		text, want string
	}{
		{[]string{"book a room", "yes"}, "Book a room, yes.", ""},
		{[]string{"book a room", "yes"}, "book a room, yes, book a room, yes", ""},
		{[]string{"book a room", "yes"}, "Book a room, yes. I need a taxi.", "I need a taxi."},
		{[]string{"book a room", "yes"}, "I need a taxi. Book a room, yes.", "I need a taxi."},
		{[]string{"book a room", "yes"}, "Book a room.", "Book a room."},
		{[]string{"book a room", "yes"}, "Yes, book a room.", "Yes, book a room."},
		{[]string{"book a room"}, "Book a room.", "Book a room."},
		{[]string{"Zimmer 12", "nein"}, "zimmer 12 nein", ""},
		{nil, "yes", "yes"},
	} {
		got, err := Clean(Transcript{Text: test.text}, test.prompt)
		require.NoError(t, err)
		assert.Equal(t, test.want, got.Text, "%q", test.text)
	}
}

func TestCleanRemovesTheSameFromWords(t *testing.T) {
	words := func(texts ...string) (words []Word) {
		for i, text := range texts {
			words = append(words, Word{Text: text, Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second, Confidence: 0.5})
		}
		return words
	}
	for _, test := range []struct {
		text  string
		words []string
		want  []string
	}{
		{"[Music playing] yes", []string{"[Music", "playing]", "yes"}, []string{"yes"}},
		{"yes <unk>", []string{"yes", "<unk>"}, []string{"yes"}},
		{"Yes. Thanks for watching!", []string{"yes", "thanks", "for", "watching"}, []string{"yes"}},
		{"Book a room, no. Yes.", []string{" Book", " a", " room", " no", " Yes"}, []string{"Yes"}},
		{"[BLANK_AUDIO]", []string{"BLANK", "AUDIO"}, nil},
		{"yes", nil, nil},
	} {
		got, err := Clean(Transcript{Text: test.text, Words: words(test.words...)}, []string{"book a room", "no"})
		require.NoError(t, err)
		var texts []string
		for _, w := range got.Words {
			texts = append(texts, w.Text)
			assert.Equal(t, 0.5, w.Confidence)
		}
		assert.Equal(t, test.want, texts, test.text)
	}
}

func TestCleanBoundsTimesAndConfidences(t *testing.T) {
	got, err := Clean(Transcript{Text: "a b c", Confidence: 7, Start: -1, End: math.MaxInt64, Language: "english", Words: []Word{
		{Text: "a", Start: -time.Second, End: math.MinInt64, Confidence: math.Inf(1)},
		{Text: "b", Start: 3 * time.Second, End: time.Second, Confidence: -1},
		{Text: "c", Start: time.Second, End: 1000 * time.Hour, Confidence: 1.0000001},
	}}, nil)
	require.NoError(t, err)
	assert.True(t, math.IsNaN(got.Confidence))
	assert.Zero(t, got.Start)
	assert.Zero(t, got.End)
	assert.Empty(t, got.Language)
	require.Len(t, got.Words, 3)
	assert.Equal(t, []time.Duration{0, 0, 3 * time.Second, 3 * time.Second, 3 * time.Second, 3 * time.Second},
		[]time.Duration{got.Words[0].Start, got.Words[0].End, got.Words[1].Start, got.Words[1].End, got.Words[2].Start, got.Words[2].End})
	assert.True(t, math.IsNaN(got.Words[0].Confidence))
	assert.True(t, math.IsNaN(got.Words[1].Confidence))
	assert.Equal(t, 1.0, got.Words[2].Confidence)

	got, err = Clean(Transcript{Text: "ja", Language: "de_at"}, nil)
	require.NoError(t, err)
	assert.Equal(t, "de-AT", got.Language)
}

func TestCleanRefusesWhatNobodyCanHaveSaid(t *testing.T) {
	for name, tr := range map[string]Transcript{
		"bytes":         {Text: strings.Repeat("a", MaxText+1)},
		"words in text": {Text: strings.Repeat("a ", MaxWords+1)},
		"words":         {Text: "a", Words: make([]Word, MaxWords+1)},
	} {
		_, err := Clean(tr, nil)
		require.ErrorIs(t, err, ErrUnavailable, name)
	}
	_, err := Clean(Transcript{Text: strings.Repeat("a ", MaxWords)}, nil)
	require.NoError(t, err)
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"[Music] yes", "*laughs* ♪ no ♪", "<|en|> yes", "yes, no, yes. Thanks for watching!", "((((", "[[[[]]]]", "++A++", "**", "<|"} {
		f.Add(s, "yes, no")
	}
	f.Fuzz(func(t *testing.T, text, prompt string) {
		in := Transcript{Text: text}
		for _, w := range strings.Split(text, " ") {
			in.Words = append(in.Words, Word{Text: w})
		}
		got, err := Clean(in, strings.Split(prompt, ","))
		if err != nil {
			return
		}
		if !utf8.ValidString(got.Text) || strings.Join(strings.Fields(got.Text), " ") != got.Text {
			t.Fatalf("%q", got.Text)
		}
		if len(got.Text) > 3*len(text) { // an invalid byte becomes three
			t.Fatalf("%q grew to %q", text, got.Text)
		}
		if got.Text == "" && got.Words != nil {
			t.Fatalf("words of nothing: %v", got.Words)
		}
		for _, w := range got.Words {
			if w.Text == "" {
				t.Fatal("empty word")
			}
		}
	})
}

// Text that opens brackets and never closes them costs no more than other text.
func BenchmarkClean(b *testing.B) {
	for name, text := range map[string]string{
		"speech":   strings.Repeat("book a room for two people, please. ", 200),
		"brackets": strings.Repeat("[ ( * < { ", 800)[:MaxWords*2-2],
		"notes":    strings.Repeat("♪", MaxText/3),
		"tokens":   strings.Repeat("<|", MaxText/2),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Clean(Transcript{Text: text}, []string{"book a room", "yes"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
