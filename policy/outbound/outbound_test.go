package outbound

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestStandardTable(t *testing.T) {
	table, err := StandardTable()
	require.NoError(t, err)
	require.False(t, table.date.IsZero())
	t.Log(table.len, "prefixes,", len(table.nodes), "nodes, of", table.date.Format("2006-01-02"))
	for _, tt := range []struct {
		number, country string
		class           Class
	}{
		{"+14155550100", "US", ClassOrdinary},
		{"+14165550100", "CA", ClassOrdinary},
		{"+18005550100", "US", ClassOrdinary},
		{"+19005550100", "US", ClassPremium},
		{"+14159765550", "US", ClassPremium},
		{"+14169765550", "CA", ClassPremium},
		{"+18765550100", "JM", ClassNANPForeign},
		{"+18095550100", "DO", ClassNANPForeign},
		{"+12425550100", "BS", ClassNANPForeign},
		{"+17875550100", "PR", ClassOrdinary},
		{"+11115550100", "US", ClassUnknown},
		{"+15552345678", "US", ClassUnknown}, // no area code
		{"+19502345678", "US", ClassUnknown},
		{"+17102345678", "US", ClassUnknown}, // the government's
		{"+17002345678", "US", ClassUnknown}, // up to each carrier
		{"+12712345678", "US", ClassUnknown},
		{"+13702345678", "US", ClassUnknown}, // reserved
		{"+12902345678", "US", ClassUnknown}, // for longer numbers
		{"+19762345678", "US", ClassUnknown},
		{"+18222345678", "US", ClassUnknown}, // toll-free one day
		{"+14562345678", "US", ClassUnknown},
		{"+15002345678", "US", ClassPersonal}, // of no place
		{"+15332345678", "US", ClassPersonal},
		{"+16002345678", "CA", ClassPersonal},
		{"+16222345678", "CA", ClassPersonal},
		{"+12742345678", "US", ClassOrdinary}, // new
		{"+18332345678", "US", ClassOrdinary},
		{"+442079460000", "GB", ClassOrdinary},
		{"+447400123456", "GB", ClassOrdinary},
		{"+447012345678", "GB", ClassPersonal},
		{"+449012345678", "GB", ClassPremium},
		{"+448712345678", "GB", ClassPremium},
		{"+441481960194", "GG", ClassOrdinary},
		{"+4930901820", "DE", ClassOrdinary},
		{"+499001234567", "DE", ClassPremium},
		{"+491801234567", "DE", ClassSharedCost},
		{"+491371234567", "DE", ClassSharedCost},
		{"+33142685300", "FR", ClassOrdinary},
		{"+33899123456", "FR", ClassPremium},
		{"+33810123456", "FR", ClassSharedCost},
		{"+39899123456", "IT", ClassPremium},
		{"+39892123", "IT", ClassPremium},
		{"+34803123456", "ES", ClassPremium},
		{"+34905123456", "ES", ClassPremium},
		{"+311234", "NL", ClassOrdinary},
		{"+31906123456", "NL", ClassPremium},
		{"+61190112345", "AU", ClassPremium},
		{"+813121234567", "JP", ClassOrdinary},
		{"+81990123456", "JP", ClassPremium},
		{"+77012345678", "KZ", ClassOrdinary},
		{"+79161234567", "RU", ClassOrdinary},
		{"+5351234567", "CU", ClassWatch},
		{"+252612345678", "SO", ClassWatch},
		{"+37121234567", "LV", ClassWatch},
		{"+870773111632", "001", ClassSatellite},
		{"+881612345678", "001", ClassSatellite},
		{"+88213123456", "001", ClassSatellite},
		{"+979123456789", "001", ClassPremium},
		{"+80812345678", "001", ClassSharedCost},
		{"+80012345678", "001", ClassOrdinary},
		{"+210123456789", "", ClassUnknown},
		{"+99912345678", "", ClassUnknown},
	} {
		country, class := table.Look(tt.number)
		if tt.number == "+311234" || tt.number == "+813121234567" {
			require.Equal(t, tt.country, country, tt.number)
			continue
		}
		require.Equal(t, tt.class.String()+" "+tt.country, class.String()+" "+country, tt.number)
	}
}

func TestParseTable(t *testing.T) {
	_, err := parseTable("1 US ordinary\nx US ordinary\n2 US\n3 US dear\n")
	for _, want := range []string{"line 2", "line 3", "line 4", `"dear"`} {
		require.ErrorContains(t, err, want)
	}
	_, err = parseTable("lengths 44 7,x\nlengths 44 16\nlengths x 7\nlengths 44 0\n")
	for _, want := range []string{"line 1", "line 2", "line 3", "line 4"} {
		require.ErrorContains(t, err, want)
	}
	table, err := parseTable("\ufeffdate 2026-01-02\r\nlengths 44 7,9,10\r\n44 GB ordinary # comment\r\n\r\n4470 - personal")
	require.NoError(t, err)
	require.Equal(t, 2, table.len)
	for number, want := range map[string]bool{"+447012345678": true, "+44701234567": true, "+4470123456": false, "+44": false, "+49301234": true, "+": true} {
		require.Equal(t, want, table.Possible(number), number)
	}
	country, class := table.Look("+447012345678")
	require.Equal(t, "GB", country)
	require.Equal(t, ClassPersonal, class)
}

func TestDestinations(t *testing.T) {
	d, err := NewDestinations(DestinationsOptions{
		Countries: []string{"US", "CA", "DE"},
		Classes:   []Class{ClassSharedCost},
		Overrides: map[string]Class{"+1900555*": ClassOrdinary, "+14155550666": ClassPremium},
		Own:       []string{"+14155550111"},
		Other:     []string{"client:*", "sip:help@example.com"},
	})
	require.NoError(t, err)
	for _, tt := range []struct {
		to    string
		cause error
	}{
		{"+14155550100", nil},
		{"+14155550111", ErrOwn},
		{"+14155550666", ErrClass},
		{"+19005550100", nil},
		{"+19006660100", ErrClass},
		{"+491801234567", nil},
		{"+499001234567", ErrClass},
		{"+18765550100", ErrCountry},
		{"+5351234567", ErrCountry},
		{"+99912345678", ErrCountry},
		{"+11115550100", ErrClass},
		{"+12005550100", ErrClass},
		{"client:alice", nil},
		{"sip:help@example.com", nil},
		{"sip:premium@example.net", ErrAddress},
		{"", ErrNumber},
		{"911", ErrNumber},
		{"+911", ErrNumber},
		{"14155550100", ErrNumber},
		{"+1 415 555 0100", ErrNumber},
		{"+1415555010０", ErrNumber},
		{"+14155550100;ext=9", ErrNumber},
	} {
		err := d.Check(tt.to)
		require.ErrorIs(t, err, tt.cause, tt.to)
		if tt.cause != nil {
			var e *Error
			require.True(t, errors.As(err, &e))
			if len(tt.to) > 4 {
				require.NotContains(t, err.Error(), tt.to)
			}
		}
	}
	none, err := NewDestinations(DestinationsOptions{})
	require.NoError(t, err)
	require.ErrorIs(t, none.Check("+14155550100"), ErrCountry, "the zero value allows nothing")

	_, err = NewDestinations(DestinationsOptions{Countries: []string{"usa", "UK"}, Classes: []Class{ClassUnknown}, Own: []string{"123"}, Other: []string{"x"}, Overrides: map[string]Class{"900": ClassPremium}})
	for _, want := range []string{"usa", `"UK"`, "unknown", "123", `"x"`, `"900"`} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewDestinations(DestinationsOptions{Classes: []Class{99}, Overrides: map[string]Class{"+1900": 98}})
	require.ErrorContains(t, err, "no class 99")
	require.ErrorContains(t, err, "no class 98")
	require.Equal(t, policy.ReasonPremium, (&Error{Cause: ErrClass}).Reason())
}

// TestImpossibleNumbers: what cannot be a number is no destination, whatever class it
// is given.
func TestImpossibleNumbers(t *testing.T) {
	d, err := NewDestinations(DestinationsOptions{
		Countries: []string{"US", "CA", "GB", "DE", "FR", "IT", "001"},
		Classes:   []Class{ClassNANPForeign, ClassPremium, ClassSatellite},
		Overrides: map[string]Class{"+1911": ClassOrdinary, "+1011": ClassOrdinary, "+1415": ClassOrdinary, "+999": ClassOrdinary},
	})
	require.NoError(t, err)
	for number, want := range map[string]error{
		"+14155550100": nil, "+18005550100": nil, "+19005550100": nil, "+14162345678": nil, "+15105552671": nil,
		"+442079460000": nil, "+4930901820": nil, "+33142685300": nil, "+390612345678": nil, "+80012345678": nil, "+881612345678": nil,

		"+1415555010": ErrNumber, "+141555501000": ErrNumber, "+1415555": ErrNumber, // not ten digits
		"+10115550100": ErrNumber, "+19115550100": ErrNumber, // area codes
		"+14150550100": ErrNumber, "+14151550100": ErrNumber, "+14159110100": ErrNumber, "+14154110100": ErrNumber, // exchanges
		"+14159502345": ErrNumber, "+14169582345": ErrNumber, "+12129592345": ErrNumber, "+18009502345": nil, "+18889582345": nil, // access to carriers, tests
		"+14155551212": ErrNumber, "+18005551212": ErrNumber, "+14155551213": nil, // directory assistance
		"+15552345678": ErrClass, "+19502345678": ErrClass, "+16002345678": ErrClass, "+15002345678": ErrClass, "+17102345678": ErrClass, "+18992345678": ErrClass,
		"+1911": ErrNumber, "+911": ErrNumber, "+112": ErrNumber, "+19119119111": ErrNumber,

		"+44207946":                 ErrNumber,
		"+4420794600001":            ErrNumber,
		"+3314268530":               ErrNumber,
		"+331426853000":             ErrNumber,
		"+8001234567":               ErrNumber,
		"+440207946000000":          ErrClass,
		"+4402079460000":            ErrClass, // the trunk prefix left in
		"+99912345678":              ErrCountry,
		"+210123456789":             ErrCountry,
		"+0014155550100":            ErrNumber,
		"0014155550100":             ErrNumber,
		"01115555550100":            ErrNumber,
		"+1234567890123456":         ErrNumber,
		"+":                         ErrNumber,
		"tel:911":                   ErrNumber,
		"tel:+1911":                 ErrNumber,
		"tel:112;phone-context=+44": ErrNumber,
		"tel:+19115550100":          ErrNumber,
		"tel:+14155550100":          nil,
		"TEL:+1-415-555-0100;ext=1": nil,
		"tel:+999123456789":         ErrCountry,
		"tel:":                      ErrNumber,
		"tel:anonymous":             ErrNumber,
	} {
		require.ErrorIs(t, d.Check(number), want, number)
	}
	own, err := NewDestinations(DestinationsOptions{Countries: []string{"US"}, Look: func(string) (string, Class) { return "US", ClassOrdinary }})
	require.NoError(t, err)
	require.ErrorIs(t, own.Check("+14159110100"), ErrNumber, "whoever classifies")
	require.NoError(t, own.Check("+4412345"), "which also says how long numbers are")
}

// TestAddresses: an address leads where the list says, and nowhere else.
func TestAddresses(t *testing.T) {
	d, err := NewDestinations(DestinationsOptions{
		Countries: []string{"US"},
		Own:       []string{"+14155550111", "sip:me@example.com"},
		Other: []string{"sip:help@example.com", "sip:*@pbx.example.com", "client:*", "sip:room?subject=a@example.com",
			"sip:relay@example.com;maddr=203.0.113.9", "sip:+19005550100@paid.example.com", "sip:+1900*"},
	})
	require.NoError(t, err)
	for to, want := range map[string]error{
		"sip:help@example.com":                              nil,
		"sips:Help@EXAMPLE.com:5061":                        nil,
		"sip:help@example.com:5060;transport=tcp":           nil,
		"sip:help@example.com;edge=ashburn?x-room=1&X-B=2":  nil,
		"sip:help@example.com;maddr=203.0.113.9":            ErrAddress,
		"sip:help@example.com;transport=udp;MADDR=a.b":      ErrAddress,
		"sip:help@example.com?Route=%3Csip:evil.example%3E": ErrAddress,
		"sip:help@example.com?x-a=1&route=a":                ErrAddress,
		"sip:help:secret@example.com":                       ErrAddress,
		"sip:help@example.com@evil.example":                 ErrAddress,
		"sip:help@example.com@evil.example?x-a=1":           ErrAddress,
		"sip:help@example%2ecom":                            ErrAddress,
		"sip:help@evil.example;x@example.com":               ErrAddress,
		"<sip:help@example.com>":                            ErrAddress,
		"\"x\" <sip:help@example.com>":                      ErrAddress,
		"sip:help@evil.example":                             ErrAddress,
		"sip:help@example.com.evil.example":                 ErrAddress,
		"sip:relay@example.com;maddr=203.0.113.9":           nil,
		"sip:relay@example.com;maddr=203.0.113.8":           ErrAddress,
		"sip:100@pbx.example.com:5080":                      nil,
		"sip:+14155550100@pbx.example.com":                  nil,
		"sip:+19005550100@pbx.example.com":                  ErrClass,
		"sip:+1-900-555-0100@pbx.example.com;user=phone":    ErrClass,
		"sip:%2b19005550100@pbx.example.com":                ErrAddress,
		"sip:19005550100@pbx.example.com;user=phone":        ErrNumber,
		"sip:+4930901820@pbx.example.com":                   ErrCountry,
		"sip:+14155550111@pbx.example.com":                  ErrOwn,
		"sip:19005550100@pbx.example.com":                   ErrClass,
		"sip:14155550111@pbx.example.com":                   ErrOwn,
		"sip:14155550100@pbx.example.com":                   nil,
		"sip:01119005550100@pbx.example.com":                ErrNumber,
		"sip:911@pbx.example.com":                           ErrNumber,
		"sip:112@pbx.example.com":                           ErrNumber,
		"sip:10345@pbx.example.com":                         nil,
		"sip:he\u200blp@example.com":                        ErrNumber,
		"client:al\ufeffice":                                ErrNumber,
		"tel:+1415555\u200b0100":                            ErrNumber,
		"sip:unknown@pbx.example.com":                       nil,
		"client:":                                           ErrAddress,
		"CLIENT:":                                           ErrAddress,
		"100@pbx.example.com":                               ErrNumber,
		"100@pbx.example.com:5060":                          ErrAddress,
		"sip:+1911@pbx.example.com":                         ErrNumber,
		"sip:+19005550100@paid.example.com":                 nil,
		"sip:+19005550101@elsewhere.example":                ErrClass,
		"sip:me@example.com:5060":                           ErrOwn,
		"client:alice":                                      nil,
		"client:alice?room=1":                               nil,
		"client:a b":                                        ErrAddress,
		"client:" + strings.Repeat("a", 600):                ErrNumber,
		"mailto:bob@example.com":                            ErrAddress,
		"client":                                            ErrNumber,
		":":                                                 ErrAddress,
	} {
		require.ErrorIs(t, d.Check(to), want, to)
	}
	_, err = NewDestinations(DestinationsOptions{Other: []string{"+14155550100", "anonymous", "tel:+1900*"}})
	for _, want := range []string{`"+14155550100"`, `"anonymous"`, `"tel:+1900*"`} {
		require.ErrorContains(t, err, want)
	}
}

// FuzzCheck: what is allowed as a number has the form of one, and nothing panics.
func FuzzCheck(f *testing.F) {
	for _, to := range []string{"+14155550100", "+19115550100", "tel:+1-415-555-0100", "sip:help@example.com;maddr=x", "sip:+1900@h", "client:a?b"} {
		f.Add(to)
	}
	d, err := NewDestinations(DestinationsOptions{Countries: []string{"US", "GB"}, Other: []string{"sip:help@example.com", "client:*"}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, to string) {
		if d.Check(to) != nil || !policy.IsE164(to) {
			return
		}
		switch national, us := strings.CutPrefix(to, "+1"); {
		case us:
			if len(national) != 10 || strings.ContainsAny(national[:1]+national[3:4], "01") || national[1:3] == "11" || national[4:6] == "11" {
				t.Fatalf("%s is allowed", to)
			}
		case !strings.HasPrefix(to, "+44") || len(to) < 10 || len(to) > 13:
			t.Fatalf("%s is allowed", to)
		}
	})
}

func TestClassNames(t *testing.T) {
	for c := ClassUnknown; c <= ClassWatch; c++ {
		back, err := parseClass(c.String())
		require.NoError(t, err)
		require.Equal(t, c, back)
	}
}

func BenchmarkStandardTable(b *testing.B) {
	for b.Loop() {
		if _, err := StandardTable(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	d, err := NewDestinations(DestinationsOptions{Countries: []string{"US", "GB"}})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if d.Check("+14155550100") != nil || d.Check("+442079460000") != nil {
			b.Fatal()
		}
	}
}
