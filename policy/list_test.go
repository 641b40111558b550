package policy

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNumbersAsTheyComeFromElsewhere: what editors, spreadsheets and telephones put
// around entries.
func TestNumbersAsTheyComeFromElsewhere(t *testing.T) {
	for name, list := range map[string]string{
		"byte order mark":            "\ufeff+14155550100\n+1900*\n",
		"Windows":                    "\ufeff+14155550100\r\n+1900*\r\n\r\n",
		"old Mac":                    "+14155550100\r+1900*\r",
		"trailing separators":        "+14155550100,+1900*,,\n,\n",
		"no-break spaces":            "\u00a0+14155550100\u00a0,\u202f+1900*",
		"directional marks":          "\u202a+14155550100\u202c, \u200e+1900*",
		"zero-width spaces":          "+14155550100\u200b\n\u2060+1900*",
		"comments":                   "# list of 2026\n+14155550100 # Mallory, of Acme\n+1900* # dear",
		"blanks before and behind":   "   +14155550100   \n\t+1900*\t",
		"a mark on every line":       "\ufeff+14155550100\n\ufeff+1900*",
		"the same twice":             "+14155550100 +1900* tel:+14155550100 +14155550100",
		"a telephone's own spelling": "tel:+1-415-555-0100 tel:+1900*",
	} {
		n, err := ParseNumbers(list)
		require.NoError(t, err, name)
		require.Equal(t, []string{"+14155550100", "+1900*"}, slices.Sorted(n.All()), name)
	}
	for _, empty := range []string{"", "\ufeff", " \n,,\r\n# nothing\n"} {
		n, err := ParseNumbers(empty)
		require.NoError(t, err)
		require.Zero(t, n.Len())
	}

	file := filepath.Join(t.TempDir(), "blocked.txt")
	require.NoError(t, os.WriteFile(file, []byte("\ufeff+14155550100\r\n"), 0o600))
	b := Blocked(nil)
	b.reload(file, fileState{}, func(err error) { require.NoError(t, err) })
	require.Equal(t, ReasonBlocked, b.Decide(ctx, Call{From: "+14155550100"}).Reason)
}

// TestNumbersMistakes: what is not understood is named with its line, and a number
// written to please the eye is one mistake that says how to write it.
func TestNumbersMistakes(t *testing.T) {
	for list, want := range map[string]string{
		"+14155550100\nbob\n":                    `line 2: policy: "bob" is not a number`,
		"bob":                                    `policy: "bob" is not a number`,
		"+1 (415) 555-0100":                      `policy: "+1 (415) 555-0100": write +14155550100,`,
		"+44 20 7946 0000, +1-415-555-0101":      "write +442079460000",
		"\n\n+1900*\n+1.415.555.0100 # Mallory":  `line 4: policy: "+1.415.555.0100": write +14155550100`,
		"+14155550100 4155550101":                `"4155550101" is not a number`,
		"+1(900)*":                               "want only digits between + and *",
		"sip:*@pbx.example.com:5060":             "want a whole host",
		"sip:*@*.example.com":                    "want a whole host",
		"sip:*@":                                 "want a whole host",
		"sip:bob@pbx.example.com:5060*":          "compared without password, port",
		"sip:bob;user=phone*":                    "compared without password, port",
		"bob*":                                   "want a prefix such as",
		"client:" + strings.Repeat("a", 600):     "longer than 512 bytes",
		"\ufeff" + strings.Repeat("bob\n", 1000): "and 900 more",
	} {
		_, err := ParseNumbers(list)
		require.ErrorContains(t, err, want, list[:min(40, len(list))])
		require.Less(t, len(err.Error()), 20_000)
	}
	_, err := ParseNumbers("+1 (415) 555-0100")
	require.Len(t, strings.Split(err.Error(), "\n"), 1)
	_, err = NewNumbers("+1 415 555 0100")
	require.ErrorContains(t, err, "write +14155550100")
}

// TestListsOfSIP: entries are compared as callers are, and hosts can be listed.
func TestListsOfSIP(t *testing.T) {
	n, err := ParseNumbers("sip:Bob@Pbx.example.com:5060;transport=tcp, sips:*@evil.example., sip:spam*, sip:*@[2001:DB8::1], SIP:*@203.0.113.5")
	require.NoError(t, err)
	require.Equal(t, []string{"sip:*@203.0.113.5", "sip:*@[2001:db8::1]", "sip:*@evil.example", "sip:bob@pbx.example.com", "sip:spam*"}, slices.Sorted(n.All()))
	for from, want := range map[string]Reason{
		"sip:bob@pbx.example.com":                 ReasonBlocked,
		"<sips:BOB@pbx.example.com:9999;lr>":      ReasonBlocked,
		"sip:alice@pbx.example.com":               "",
		"sip:whoever@evil.example:5060":           ReasonPrefix,
		"sip:anonymous@evil.example":              ReasonPrefix,
		"sip:%61nonymous@EVIL.example;x=y":        ReasonPrefix,
		"sip:evil.example":                        ReasonPrefix,
		"sip:whoever@notevil.example":             "",
		"sip:spammer9@example.com":                ReasonPrefix,
		"sip:SPAM@example.com":                    ReasonPrefix,
		"sip:spa@example.com":                     "",
		"sip:x@[2001:db8:0::1]:5060":              ReasonPrefix,
		"sip:x@203.0.113.5:5080":                  ReasonPrefix,
		"sip:x@[::ffff:203.0.113.5]":              ReasonPrefix,
		"sip:anonymous@anonymous.invalid":         "",
		"anonymous":                               "",
		"sip:" + strings.Repeat("a", 99) + "@h.i": "",
	} {
		require.Equal(t, want, Blocked(n).Decide(ctx, Call{From: from}).Reason, "%q", from)
	}
	all, err := ParseNumbers("sip:*")
	require.NoError(t, err)
	for _, from := range []string{"sip:anonymous@anonymous.invalid", "sips:x@y", `"A" <SIP:x@y>`, "sip:" + strings.Repeat("a", 64<<10)} {
		require.True(t, all.Contains(from), "withholding the name is no way around a list")
	}
	require.False(t, all.Contains("anonymous"))
	clients, err := ParseNumbers("client:*")
	require.NoError(t, err)
	require.True(t, clients.Contains("client:Anonymous"))
	anonymous, err := ParseNumbers("Anonymous")
	require.NoError(t, err)
	for _, from := range []string{"", "sip:anonymous@anonymous.invalid:5060", "client:Anonymous", "+266696687"} {
		require.Equal(t, ReasonAnonymous, Blocked(anonymous).Decide(ctx, Call{From: from}).Reason, "%q", from)
	}
}

// TestOverridesThatDisagree: two spellings of one caller cannot have two limits, of
// which chance would choose one.
func TestOverridesThatDisagree(t *testing.T) {
	for _, overrides := range []map[string]int{
		{"sip:x@h": 1, "sip:x@h:5060": 2},
		{"client:Bob": 1, "client:bob": 2},
		{"+1900*": 1, "tel:+1900*": 2},
		{"sip:*@h": 1, "sips:*@H": 2},
	} {
		err := PerCaller(0, time.Hour, CallerLimitOptions{Overrides: overrides}).Validate()
		require.ErrorContains(t, err, "in another spelling")
		for entry := range overrides {
			overrides[entry] = 3
		}
		err = PerCaller(0, time.Hour, CallerLimitOptions{Overrides: overrides}).Validate()
		require.NoError(t, err)
	}
}

// TestPrefixesAgainstReference: the longest prefix is found among many that begin with
// each other.
func TestPrefixesAgainstReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 13))
	word := func(most int) string {
		b := make([]byte, rng.IntN(most+1))
		for i := range b {
			b[i] = "abc"[rng.IntN(3)]
		}
		return string(b)
	}
	for range 200 {
		overrides := make(map[string]int)
		for i := range 1 + rng.IntN(60) {
			overrides["client:"+word(5)+"*"] = i
		}
		l := PerCaller(99, time.Hour, CallerLimitOptions{Overrides: overrides})
		require.NoError(t, l.Validate())
		for range 200 {
			caller, longest, want := "client:x"+word(9), -1, 99
			caller = strings.Replace(caller, ":x", ":", 1)
			if caller == "client:" {
				continue
			}
			for entry, limit := range overrides {
				if prefix := strings.TrimSuffix(entry, "*"); strings.HasPrefix(caller, prefix) && len(prefix) > longest {
					longest, want = len(prefix), limit
				}
			}
			require.Equal(t, want, l.Limit(caller), "%s in %v", caller, overrides)
		}
	}
}

// TestManyPrefixes: a list of 100,000 texts is made and searched without going through
// it each time.
func TestManyPrefixes(t *testing.T) {
	entries := make([]string, 0, 100_000)
	for i := range cap(entries) {
		switch i % 3 {
		case 0:
			entries = append(entries, fmt.Sprintf("sip:user%d*", i*7))
		case 1:
			entries = append(entries, fmt.Sprintf("sip:*@host%d.example", i))
		default:
			entries = append(entries, fmt.Sprintf("client:name%d", i))
		}
	}
	n, err := NewNumbers(entries...)
	require.NoError(t, err)
	require.Equal(t, len(entries), n.Len())
	steps := 0
	for at := range n.rules.sorted {
		depth := 0
		for ; at >= 0; at = n.rules.sorted[at].within {
			depth++
		}
		steps = max(steps, depth)
	}
	require.LessOrEqual(t, steps, 6, "prefixes that begin with each other")
	b := Blocked(n)
	for from, want := range map[string]bool{"sip:user21x@h": true, "sip:user22@h": false, "sip:user0@h": true, "sip:x@host1.example": true, "client:name2": true, "sip:zz@h": false, "client:name": false} {
		require.Equal(t, want, n.Contains(from), from)
		require.Equal(t, want, !b.Decide(ctx, Call{From: from}).Allowed(), from)
	}
	c := Call{From: "sip:user700001@nowhere.example"}
	require.Zero(t, testing.AllocsPerRun(100, func() { b.Decide(ctx, c) }))
}

func FuzzParseNumbers(f *testing.F) {
	for _, list := range []string{"\ufeff+14155550100, +1900* # dear\r\nsip:*@h", "anonymous client:Bob sips:x@[::1]:5060", "tel:+1900* +1 415 555 0100", "sip:%*"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		n, err := ParseNumbers(list)
		if err != nil {
			return
		}
		entries := slices.Sorted(n.All())
		again, err := NewNumbers(entries...)
		if err != nil {
			t.Fatalf("%q yields %q: %v", list, entries, err)
		}
		if got := slices.Sorted(again.All()); !slices.Equal(got, entries) || again.Len() != len(entries) {
			t.Fatalf("%q: %q, again %q", list, entries, got)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e, "*") && !strings.HasPrefix(e, hostEntry) && !n.Contains(e) {
				t.Fatalf("%q: %q is in the list and not in it", list, e)
			}
		}
	})
}

// TestHoursAsTheyComeFromElsewhere: blanks, line ends and dashes of word processors.
func TestHoursAsTheyComeFromElsewhere(t *testing.T) {
	want, err := ParseHours("Mon-Fri 09:00-12:30, 13:30-17:00; Sat,Sun 10:00-14:00; 2026-12-25 closed", "UTC")
	require.NoError(t, err)
	for _, spec := range []string{
		"\ufeffMon-Fri 09:00-12:30, 13:30-17:00; Sat,Sun 10:00-14:00; 2026-12-25 closed;",
		"Mon-Fri\t09:00-12:30,13:30-17:00;;Sat, Sun  10:00-14:00; 2026-12-25\u00a0closed ; ",
		"Mon–Fri 09:00–12:30, 13:30—17:00\r\nSat,Sun 10:00 – 14:00,\r\n2026-12-25 closed\r\n",
		"mon - fri 09:00 - 12:30 , 13:30 - 17:00,; sat,sun 10:00-14:00; 2026-12-25 Closed",
	} {
		got, err := ParseHours(spec, "UTC")
		require.NoError(t, err, spec)
		require.Equal(t, want, got, spec)
	}
}
