package text

import (
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tokens returns the parts as a stream, which ends with err if it is not nil.
func tokens(err error, parts ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, p := range parts {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// collect returns the pieces of a stream and its error.
func collect(seq iter.Seq2[Piece, error]) (pieces []Piece, err error) {
	for p, e := range seq {
		if e != nil {
			err = e
			continue
		}
		pieces = append(pieces, p)
	}
	return pieces, err
}

// sane checks what holds for the pieces of every text.
func sane(tb testing.TB, source string, o Options, pieces []Piece) {
	tb.Helper()
	if o.Max == 0 {
		o.Max = 250
	}
	start, end := 0, 0
	for _, p := range pieces {
		require.NotEmpty(tb, p.Words, "%q", source)
		require.True(tb, utf8.ValidString(p.Text), "%q", p.Text)
		require.Equal(tb, strings.Join(strings.Fields(p.Text), " "), p.Text, "%q", source)
		require.Equal(tb, -1, strings.IndexFunc(p.Text, func(r rune) bool { return unicode.IsControl(r) || pictograph(r) || invisible(r) }), "%q", p.Text)
		require.NotContains(tb, strings.ToLower(p.Text), "://", "%q", source)
		require.LessOrEqual(tb, weight(p.Text), 4*o.Max+8, "%q", p.Text)
		require.Equal(tb, p.Words[0].Start, p.Start)
		require.Equal(tb, p.Words[len(p.Words)-1].End, p.End)
		to := 0
		for _, w := range p.Words {
			require.LessOrEqual(tb, to, w.From)
			require.Less(tb, w.From, w.To)
			require.LessOrEqual(tb, w.To, len(p.Text))
			require.NotContains(tb, p.Text[w.From:w.To], " ")
			to = w.To
			require.LessOrEqual(tb, start, w.Start, "%q %+v", source, p)
			require.LessOrEqual(tb, end, w.End, "%q %+v", source, p)
			require.Less(tb, w.Start, w.End)
			require.LessOrEqual(tb, w.End, len(source))
			start, end = w.Start, w.End
		}
	}
}

// However a text is cut into tokens, its pieces are the same.
func TestTokens(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range corpusFiles(t) {
		list, o := corpus(t, file)
		for range 2 { // texts of several lines
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			var source strings.Builder
			for _, line := range list {
				source.WriteString(unescape(t, line.source))
				source.WriteString([]string{" ", "\n", "\n\n", ""}[random.IntN(4)])
			}
			text := source.String()
			want := Split(text, o)
			sane(t, text, o, want)
			for _, longest := range []int{1, 5, 40} {
				var parts []string
				for rest := text; rest != ""; {
					n := min(len(rest), 1+random.IntN(longest))
					parts = append(parts, rest[:n])
					rest = rest[n:]
				}
				got, err := collect(Prepare(tokens(nil, parts...), o))
				require.NoError(t, err)
				require.Equal(t, want, got, file)
			}
		}
	}
}

// The first clause is there before the rest of the text is made.
// No piece ends inside of what is one thing, wherever a long sentence has to be cut.
func TestCutBetweenWords(t *testing.T) {
	for n := range 60 {
		for _, one := range []string{"+1 415 555 2671", "$1,234,567.89", "anna.smith@mail.example.com", "March 15, 2024"} {
			before := strings.Repeat("word ", n)
			source := before + one + strings.Repeat(" word", 80)
			in := 0
			for _, p := range Split(source, Options{}) {
				if p.Start < len(before)+len(one) && p.End > len(before) {
					in++
				}
			}
			require.Equal(t, 1, in, source)
		}
	}
}

func TestFirstClause(t *testing.T) {
	p := newPreparer(Options{})
	for _, step := range []struct{ token, piece string }{
		{"Cert", ""}, {"ainly", ""}, {",", ""}, {" I", "Certainly,"}, {" have a table at 10", ""}, {":30", ""}, {" p", ""}, {".m", ""}, {".", ""},
		{" Sh", ""}, {"all I book it?", "I have a table at ten thirty P M."}, {" ", "Shall I book it?"}, {"Yes", ""}, {". ", "Yes."},
	} {
		assert.Equal(t, step.piece, joined(p.add(step.token)), step.token)
	}
	assert.Empty(t, p.end())
}

// What was complete when a stream breaks off is said, the rest is not.
func TestBrokenStream(t *testing.T) {
	broken := errors.New("model gone")
	for source, want := range map[string]string{
		"":                                   "",
		"I have":                             "",
		"It is booked.":                      "It is booked.",
		"It is booked. Your na":              "It is booked.",
		"Your table is ready, and the wai":   "Your table is ready,",
		"Yes, your table is ready, Mr":       "Yes, your table is ready,",
		"It costs 4.":                        "",
		"It costs 4,":                        "",
		"Please ask for Dr.":                 "",
		"Come at 5 p.m.":                     "",
		"One.\nTwo":                          "One.",
		"Call 415-555-":                      "",
		"See https://example.com. And the r": "See.",
	} {
		got, err := collect(Prepare(tokens(broken, source), Options{}))
		assert.ErrorIs(t, err, broken)
		assert.Equal(t, want, joined(got), source)
	}
}

// Megabytes without a boundary take a bounded amount of memory.
func TestBoundedMemory(t *testing.T) {
	for _, pattern := range []string{"a", "aa ", "1", "1 ", "好", "[", "](", "![", "`", "``a` ", "<a ", "<!", "<!--", "```", "https://a", "- ", "|", ">",
		"\n", " ", "\x00", "\xff", ".", "...", "$", "&amp", "*", "_", "a.b", "a@", "1-", "1.", "1:", "e\u0301", "\u0301", "😀", "(", "#", "\\", "~", "'", "1,000,", "A. ", "+1 "} {
		p := newPreparer(Options{})
		part := strings.Repeat(pattern, 1+1000/len(pattern))
		for size := 0; size < 1<<15; size += len(part) {
			p.add(part)
			require.LessOrEqual(t, len(p.markup.in.cells)+len(p.lexer.in.cells), 6000, pattern)
			require.LessOrEqual(t, len(p.pieces.words), 400, pattern)
			require.LessOrEqual(t, len(p.decoder.half), 4, pattern)
		}
		p.end()
	}
}

// A host may leave the loop.
func TestLeaving(t *testing.T) {
	for p, err := range Prepare(tokens(nil, "One. Two. ", "Three. Four."), Options{}) {
		require.NoError(t, err)
		assert.Equal(t, "One.", p.Text)
		break
	}
}

// Every word knows what it says.
func TestSource(t *testing.T) {
	const source = "**Dr.** Smith's fee is $4.50,\nat 10:30 p.m. on March 3, 2024 & [here](https://x.y): 555-0100."
	var got []string
	for _, p := range Split(source, Options{}) {
		for _, w := range p.Words {
			got = append(got, p.Text[w.From:w.To]+"="+source[w.Start:w.End])
		}
	}
	assert.Equal(t, []string{"Doctor=Dr.", "Smith's=Smith's", "fee=fee", "is=is", "four=$4.50", "dollars=$4.50", "and=$4.50", "fifty=$4.50", "cents=$4.50",
		"at=at", "ten=10:30", "thirty=10:30", "P= p.m.", "M= p.m.", "on=on", "March=March", "third=3", "twenty=2024", "twenty-four=2024", "and=&", "here=here",
		"five=5", "five=5", "five=5", "zero=0", "one=1", "zero=0", "zero=0"}, got)
}

func TestOptions(t *testing.T) {
	long := strings.Repeat("word and word, ", 40)
	for _, p := range Split(long, Options{Max: 1}) {
		assert.LessOrEqual(t, len(p.Text), 40+1)
	}
	assert.Equal(t, "One, two, three, four, five, | six, seven.", joined(Split("One, two, three, four, five, six, seven.", Options{First: 17})))
}

func FuzzPrepare(f *testing.F) {
	for _, file := range corpusFiles(f) {
		list, _ := corpus(f, file)
		for i := 0; i < len(list); i += 9 {
			f.Add(unescape(f, list[i].source), uint64(i), uint8(i))
		}
	}
	if old, err := os.ReadFile("testdata/corpus/hostile.txt"); err == nil {
		f.Add(string(old), uint64(1), uint8(0))
	}
	f.Fuzz(func(t *testing.T, source string, seed uint64, kind uint8) {
		o := Options{Language: []string{"", "de", "zh", "en-GB"}[kind%4], AsWritten: kind&4 != 0}
		want := Split(source, o)
		sane(t, source, o, want)
		random := rand.New(rand.NewPCG(seed, 0))
		var parts []string
		for rest := source; rest != ""; {
			n := min(len(rest), 1+random.IntN(5))
			parts = append(parts, rest[:n])
			rest = rest[n:]
		}
		got, err := collect(Prepare(tokens(nil, parts...), o))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}
