package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCaller(t *testing.T) {
	for from, want := range map[string]string{
		"+14155550100": "+14155550100", "+6834002": "+6834002",
		"client:Alice": "client:alice", "client:alice?room=1": "client:alice", "whatsapp:+14155550100": "whatsapp:+14155550100",
		"14155550100": "14155550100", "+0415555010": "+0415555010", "+1415555010x": "+1415555010x",
		"+1 (415) 555-0100": "+14155550100", "+1.415.555.0100 ": "+14155550100", "+1415 +555": "+1415 +555", "10.0.0.1": "10.0.0.1",
		"tel:+14155550100": "+14155550100", "TEL:+1-415-555-0100;ext=9": "+14155550100", "<tel:+1(415)5550100>": "+14155550100",
		"tel:911;phone-context=+1": "tel:911", "tel:%2B14155550100": "tel:%2b14155550100",
		"ip:2001:db8::/64": "ip:2001:db8::/64", "\u202a+14155550100\u202c": "+14155550100",
		"Bob@Example.com": "sip:bob@example.com", "bob@example.com:5060;transport=tcp": "sip:bob@example.com", "sip:b\u200bob@example.com": "sip:bob@example.com",
	} {
		require.Equal(t, want, Call{From: from}.Caller(), "%q", from)
	}
	for number, ok := range map[string]bool{
		"+14155550100": true, "+123456": false, "+1234567": true, "+123456789012345": true,
		"+1234567890123456": false, "+1 415 555 0100": false, "+٤١٥٥٥٥٠١٠٠": false, "0014155550100": false,
	} {
		require.Equal(t, ok, IsE164(number), number)
	}
}

// TestWithheldNumbers: whoever is named by none of these is nobody in particular.
func TestWithheldNumbers(t *testing.T) {
	for _, from := range []string{
		"", " ", "+", "Anonymous", "RESTRICTED", "unavailable", "blocked", "private", "unknown", "Withheld",
		"+266696687", "266696687", "+1266696687", "+7378742833", "+7378742883", "+2562533", "+8656696", "+86282452253", "+7748283", "+464",
		"+266-696-687", "tel:+266696687", "tel:anonymous", "tel:",
		"client:Anonymous", "client:", "client:anonymous?x=1",
		"sip:anonymous@anonymous.invalid", "SIP:ANONYMOUS@ANONYMOUS.INVALID", "sips:anonymous@anonymous.invalid", "Sip:Anonymous@Anonymous.Invalid:5060",
		"sip:anonymous@anonymous.invalid:5061;transport=tls", "sip:anonymous@anonymous.invalid?X-A=1", "sip:anonymous@anonymous.invalid.",
		"<sip:anonymous@anonymous.invalid>", "<sip:anonymous@anonymous.invalid>;tag=76fa8", `"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1`,
		`Anonymous <sip:anonymous@anonymous.invalid>`, `"a \" <sip:bob@b.example> b" <sip:anonymous@anonymous.invalid>`, " sip:anonymous@anonymous.invalid ",
		"sip:%61nonymous@anonymous.invalid", "sip:%41%4E%4F%4E%59%4D%4F%55%53@anonymous.invalid", "sip:anonymous@%61nonymous.invalid", "sip:anonymous@anonymous%2Einvalid",
		"sip:anonymous:secret@anonymous.invalid", "sip:anonymous;user=phone@anonymous.invalid", "sip:thisis@anonymous.invalid", "sip:x@invalid",
		"sip:unavailable@unknown.invalid", "sip:anonymous@203.0.113.5:5060", "sip:anonymous@[2001:db8::1]:5060", "sip:Restricted@carrier.example",
		"sip:unknown@carrier.example", "sip:+266696687@carrier.example;user=phone", "sip:anonymous.invalid", "sip:anonymous", "sip:", "sip:@", "<sip:>",
		"anonymous@anonymous.invalid", "Anonymous <anonymous@anonymous.invalid>", "+anonymous", "\ufeffanonymous", "anonymous\u200b",
		"sip:bob@a1@example.com", "sip:bob@example.com;x=@a2.example", "bob@a3@example.com",
	} {
		require.Equal(t, anonymousCaller, Call{From: from}.Caller(), "%q", from)
	}
	for _, from := range []string{
		"sip:anonymousity@example.com", "sip:bob@anonymous.invalid.example.com", "sip:464@pbx.example.com", `"Anonymous" <sip:bob@example.com>`,
		"+17378742833", "+12666966870", "client:unknown", "client:private", "sip:bob@xinvalid", "sip:anonymous%00@example.com",
	} {
		require.NotEqual(t, anonymousCaller, Call{From: from}.Caller(), "%q", from)
	}
}

// TestSIPAddresses: spellings of one address are one caller, on one host.
func TestSIPAddresses(t *testing.T) {
	for want, spellings := range map[string][]string{
		"sip:x@h.example": {
			"sip:x@h.example", "sip:x@h.example:5060", "sip:x@h.example;transport=udp", "sip:x@h.example:49152;transport=tcp;lr",
			"sips:x@h.example", "SIP:X@H.EXAMPLE", "<sip:x@h.example>", "<sip:x@h.example;transport=tls>;tag=9", `"X" <sip:x@h.example>`, `"X <y>" <sip:x@h.example>`,
			"sip:%78@h.example", "sip:%58@h.example", "sip:x:secret@h.example", "sip:x;isub=1@h.example", "sip:x@h.example.", "sip:x@h.example?Subject=a%40b",
			"sip:x@h.example;maddr=203.0.113.1", " sip:x@h.example\r\n", "sip:x@h%2eexample:5060",
		},
		"sip:+14155550100@carrier.example": {
			"sip:+14155550100@carrier.example", "sip:+1-415-555-0100@carrier.example;user=phone", "sip:+14155550100;npdi;rn=+14155550199@carrier.example", "sip:+1(415)555.0100@carrier.example",
		},
		"sip:x@203.0.113.5":   {"sip:x@203.0.113.5", "sip:x@203.0.113.5:5080", "sip:x@[::ffff:203.0.113.5]"},
		"sip:x@[2001:db8::1]": {"sip:x@[2001:db8::1]", "sip:x@[2001:DB8:0:0::1]:5060", "sip:x@[2001:db8::1];transport=udp", "sip:x@[2001:db8::1%25eth0]"},
		"sip:h.example":       {"sip:h.example", "sip:h.example:5060", "sips:h.example;lr", "sip:@h.example"},
		"sip:az09-@h.example": {"sip:%61%7A%30%39%2D@h.example", "sip:%41%5A09-@h.example"},
		"sip:%2a@h.example":   {"sip:*@h.example", "sip:%2a@h.example"},
		"sip:a%40b@h.example": {"sip:a%40b@h.example", "sip:a%40B@h.example:5060"},
		"sip:%2541@h.example": {"sip:%2541@h.example", "sip:%4%31@h.example"}, // no escape grows out of two
	} {
		for _, from := range spellings {
			i := Call{From: from}.Identity()
			require.Equal(t, want, i.Caller, "%q", from)
			_, host, ok := strings.Cut(want, "@")
			if !ok {
				host = strings.TrimPrefix(want, "sip:")
			}
			require.Equal(t, host, i.Host, "%q", from)
		}
	}
	require.NotEqual(t, Call{From: "sip:x@h.example"}.Caller(), Call{From: "sip:y@h.example"}.Caller())
	require.NotEqual(t, Call{From: "sip:x@h.example"}.Caller(), Call{From: "sip:x@i.example"}.Caller())
	require.NotEqual(t, Call{From: "sip:+14155550100@h.example"}.Caller(), Call{From: "+14155550100"}.Caller(), "whoever may call by SIP can write that")
	require.Equal(t, "evil.example", Call{From: "sip:anonymous@evil.example"}.Identity().Host, "a name withheld hides no host")
	require.Empty(t, Call{From: "sip:anonymous@anonymous.invalid"}.Identity().Host)
}

func TestStanding(t *testing.T) {
	for verstat, want := range map[string]Standing{
		"": StandingUnattested, "NULL": StandingUnattested, "No-TN-Validation": StandingUnattested,
		"TN-Validation-Passed-A": StandingAttested, "TN-Validation-Passed-B": StandingUnattested, "TN-Validation-Passed-C": StandingUnattested,
		"TN-Validation-Passed-A-Diverted": StandingUnattested, "TN-Validation-Passed-A-Passthrough": StandingUnattested,
		"TN-Validation-Failed": StandingForged, "TN-Validation-Failed-A": StandingForged, "TN-Validation-Failed-C-Diverted": StandingForged,
		"TN-Validation-Failed-D": StandingUnattested, " TN-Validation-Passed-A": StandingUnattested, "tn-validation-passed-a": StandingUnattested, "TN-Validation-Passed-A,TN-Validation-Passed-A": StandingUnattested,
	} {
		i := Call{From: "+14155550100", StirVerstat: verstat}.Identity()
		require.Equal(t, want, i.Standing, verstat)
		require.Equal(t, want == StandingUnattested, i.String() == i.Caller)
		for _, from := range []string{"anonymous", "sip:x@h.example", "client:alice"} {
			require.Equal(t, StandingUnattested, Call{From: from, StirVerstat: verstat}.Identity().Standing, "attestations speak for numbers")
		}
	}
}

// TestHostileFrom: 64 KiB of anything name a caller of bounded length, and the host is
// not lost among them.
func TestHostileFrom(t *testing.T) {
	long := strings.Repeat("a", 64<<10)
	limit := PerCaller(10, time.Hour)
	allowed := 0
	for i := range 100 {
		from := "sip:" + long + fmt.Sprint(i) + "@evil.example"
		c := Call{SID: fmt.Sprint("CA", i), From: from}
		require.Equal(t, "evil.example", c.Identity().Host)
		if limit.Decide(ctx, c).Allowed() {
			allowed++
		}
	}
	require.Equal(t, 10, allowed, "they are one user")
	evil, err := NewNumbers("sip:*@evil.example")
	require.NoError(t, err)
	for _, from := range []string{
		long, "+" + strings.Repeat("1", 64<<10), "sip:" + strings.Repeat("%61", 20<<10), strings.Repeat("<", 64<<10), `"` + strings.Repeat(`\"`, 30<<10),
		"sip:x@" + long, "tel:+1" + strings.Repeat("-", 64<<10) + "4155550100", "client:" + long, strings.Repeat("sip:", 16<<10), "sip:" + strings.Repeat("%", 64<<10) + "@h",
	} {
		require.LessOrEqual(t, len(Call{From: from}.Caller()), 3*maxAddress)
		require.False(t, evil.Contains(from))
	}
	require.True(t, evil.Contains("sip:"+long+"@evil.example"))

	h := NewHistory(limit, HistoryOptions{})
	h.Decide(ctx, Call{SID: long, AccountSID: long, From: long, To: long, Direction: long, Country: long, ForwardedFrom: long, StirVerstat: long})
	e := h.Recent("", time.Now(), 1)[0].Call
	for _, s := range []string{e.SID, e.AccountSID, e.From, e.To, e.Direction, e.Country, e.ForwardedFrom, e.StirVerstat} {
		require.LessOrEqual(t, len(s), maxAddress)
	}
	require.Len(t, h.Recent(long, time.Now(), 1), 1)
}

// TestAttestedByOtherRules: a host may trust other attestations, or none.
func TestAttestedByOtherRules(t *testing.T) {
	l := PerCaller(1, time.Hour, CallerLimitOptions{Attested: func(c Call) bool { return c.StirVerstat == "TN-Validation-Passed-B" }})
	require.NoError(t, Validate(l))
	for i, tt := range []struct {
		verstat string
		want    bool
	}{{"", true}, {"TN-Validation-Passed-A", false}, {"TN-Validation-Passed-B", true}, {"TN-Validation-Passed-B", false}, {"TN-Validation-Failed", true}} {
		require.Equal(t, tt.want, l.Decide(ctx, Call{SID: fmt.Sprint(i), From: "+14155550100", StirVerstat: tt.verstat}).Allowed(), "%d", i)
	}
	calls, limit, _ := l.Used(ctx, "+1 415 555 0100")
	require.Equal(t, []int{1, 1}, []int{calls, limit})
}

func TestLimitOfHosts(t *testing.T) {
	for _, tt := range []struct {
		limit int
		o     CallerLimitOptions
		want  int // of 200 calls from users of one host
	}{
		{10, CallerLimitOptions{}, 30},
		{10, CallerLimitOptions{HostFactor: 5}, 50},
		{10, CallerLimitOptions{HostFactor: Unlimited}, 200},
		{Unlimited, CallerLimitOptions{}, 200},
		{0, CallerLimitOptions{}, 0},
		{10, CallerLimitOptions{Overrides: map[string]int{"sip:*": 4}}, 12},
		{10, CallerLimitOptions{Overrides: map[string]int{"sip:*": Unlimited}}, 200},
		{10, CallerLimitOptions{Overrides: map[string]int{"sip:*@h.example": Unlimited}}, 200},
		{10, CallerLimitOptions{Overrides: map[string]int{"sips:*@H.example.": 7}}, 7},
		{10, CallerLimitOptions{Overrides: map[string]int{"sip:*@i.example": 7}}, 30},
	} {
		l := PerCaller(tt.limit, time.Hour, tt.o)
		require.NoError(t, l.Validate())
		n := 0
		for i := range 200 {
			if l.Decide(ctx, Call{SID: fmt.Sprint(i), From: fmt.Sprintf("sip:%d@h.example:%d", i, 1024+i)}).Allowed() {
				n++
			}
		}
		require.Equal(t, tt.want, n, "%+v", tt)
		used, limit, _ := l.Used(ctx, "sip:*@h.example")
		if limit >= 0 {
			require.Equal(t, []int{tt.want, tt.want}, []int{used, limit}, "%+v", tt)
		}
	}

	one := PerCaller(5, time.Hour, CallerLimitOptions{Key: func(Call) string { return "everybody" }})
	require.NoError(t, Validate(one))
	n := 0
	for i, verstat := range []string{"", "TN-Validation-Passed-A", "TN-Validation-Failed", "", "", "TN-Validation-Passed-A", "", ""} {
		if one.Decide(ctx, Call{SID: fmt.Sprint(i), From: "+14155550100", StirVerstat: verstat}).Allowed() {
			n++
		}
	}
	require.Equal(t, 5, n, "a key of the host's own knows neither hosts nor attestation")
	require.Zero(t, testing.AllocsPerRun(100, func() { one.Decide(ctx, Call{From: "sip:x@h.example"}) }))
}

// TestIdentityDoesNotAllocate: whoever calls as Caller spells it.
func TestIdentityDoesNotAllocate(t *testing.T) {
	l := PerCaller(10, time.Hour)
	for _, from := range []string{"+14155550100", "sip:alice@pbx.example.com", "sip:alice@203.0.113.5:5060", "client:alice", "anonymous", ""} {
		c := Call{SID: "CA1", From: from, StirVerstat: "TN-Validation-Passed-A", At: time.Now()}
		l.Decide(ctx, c)
		require.Zero(t, testing.AllocsPerRun(100, func() { l.Decide(ctx, c) }), from)
	}
}

// FuzzIdentity: reading a caller again changes nothing, and what decorates an address
// does not make another caller of it.
func FuzzIdentity(f *testing.F) {
	for _, from := range []string{"+14155550100", "sip:anonymous@anonymous.invalid", `"A" <sips:%61:b@[::1]:5060;x=y>;tag=1`, "tel:+1-415-555-0100", "client:Bob?x", "sip:*@h", "sip:%4%31@h", "+266696687", "\xff\u212a"} {
		f.Add(from)
	}
	f.Fuzz(func(t *testing.T, from string) {
		i := Call{From: from}.Identity()
		if i.Caller == "" || len(i.Caller) > 3*maxAddress+len("sip:") {
			t.Fatalf("%q: caller of %d bytes", from, len(i.Caller))
		}
		if (i.number != 0) != IsE164(i.Caller) {
			t.Fatalf("%q: number %d, caller %q", from, i.number, i.Caller)
		}
		if len(i.Caller) > maxAddress || len(from) > maxAddress {
			return
		}
		again := Call{From: i.Caller}.Identity()
		if again.Caller != i.Caller || i.Caller != anonymousCaller && again != i {
			t.Fatalf("%q: %+v, again %+v", from, i, again)
		}
		if !strings.HasPrefix(i.Caller, "sip:") || len(i.Caller) > maxAddress-60 || strings.ContainsFunc(i.Caller, func(r rune) bool { return r == '<' || r == '>' || r > '~' }) {
			return
		}
		for _, same := range []string{i.Caller + ":5060", i.Caller + ";transport=udp", "<" + i.Caller + ":5061;lr>;tag=1", `"\"<x>" <sips` + i.Caller[3:] + ">", strings.ToUpper(i.Caller)} {
			if got := (Call{From: same}).Identity(); got.Caller != i.Caller || got.Host != i.Host {
				t.Fatalf("%q: %+v, but %q: %+v", from, i, same, got)
			}
		}
	})
}
