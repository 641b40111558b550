package outbound

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestStandardTable(t *testing.T) {
	table, err := StandardTable()
	require.NoError(t, err)
	require.False(t, table.Date().IsZero())
	t.Log(table.Len(), "prefixes,", len(table.nodes), "nodes, of", table.Date().Format("2006-01-02"))
	for _, tt := range []struct {
		number, country string
		class           Class
	}{
		{"+14155550100", "US", Ordinary},
		{"+14165550100", "CA", Ordinary},
		{"+18005550100", "US", Ordinary},
		{"+19005550100", "US", Premium},
		{"+14159765550", "US", Premium},
		{"+14169765550", "CA", Premium},
		{"+18765550100", "JM", NANPForeign},
		{"+18095550100", "DO", NANPForeign},
		{"+12425550100", "BS", NANPForeign},
		{"+17875550100", "PR", Ordinary},
		{"+11115550100", "US", Unknown},
		{"+442079460000", "GB", Ordinary},
		{"+447400123456", "GB", Ordinary},
		{"+447012345678", "GB", Personal},
		{"+449012345678", "GB", Premium},
		{"+448712345678", "GB", Premium},
		{"+441481960194", "GG", Ordinary},
		{"+4930901820", "DE", Ordinary},
		{"+499001234567", "DE", Premium},
		{"+491801234567", "DE", SharedCost},
		{"+491371234567", "DE", SharedCost},
		{"+33142685300", "FR", Ordinary},
		{"+33899123456", "FR", Premium},
		{"+33810123456", "FR", SharedCost},
		{"+39899123456", "IT", Premium},
		{"+39892123", "IT", Premium},
		{"+34803123456", "ES", Premium},
		{"+34905123456", "ES", Premium},
		{"+311234", "NL", Ordinary},
		{"+31906123456", "NL", Premium},
		{"+61190112345", "AU", Premium},
		{"+813121234567", "JP", Ordinary},
		{"+81990123456", "JP", Premium},
		{"+77012345678", "KZ", Ordinary},
		{"+79161234567", "RU", Ordinary},
		{"+5351234567", "CU", Watch},
		{"+252612345678", "SO", Watch},
		{"+37121234567", "LV", Watch},
		{"+870773111632", "001", Satellite},
		{"+881612345678", "001", Satellite},
		{"+88213123456", "001", Satellite},
		{"+979123456789", "001", Premium},
		{"+80812345678", "001", SharedCost},
		{"+80012345678", "001", Ordinary},
		{"+210123456789", "", Unknown},
		{"+99912345678", "", Unknown},
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
	_, err := ParseTable("1 US ordinary\nx US ordinary\n2 US\n3 US dear\n")
	for _, want := range []string{"line 2", "line 3", "line 4", `"dear"`} {
		require.ErrorContains(t, err, want)
	}
	table, err := ParseTable("date 2026-01-02\n44 GB ordinary # comment\n\n4470 - personal")
	require.NoError(t, err)
	require.Equal(t, 2, table.Len())
	country, class := table.Look("+447012345678")
	require.Equal(t, "GB", country)
	require.Equal(t, Personal, class)
}

func TestDestinations(t *testing.T) {
	d, err := New(Options{
		Countries: []string{"US", "CA", "DE"},
		Classes:   []Class{SharedCost},
		Overrides: map[string]Class{"+1900555*": Ordinary, "+14155550666": Premium},
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
	none, err := New(Options{})
	require.NoError(t, err)
	require.ErrorIs(t, none.Check("+14155550100"), ErrCountry, "the zero value allows nothing")

	_, err = New(Options{Countries: []string{"usa", "UK"}, Classes: []Class{Unknown}, Own: []string{"123"}, Other: []string{"x"}, Overrides: map[string]Class{"900": Premium}})
	for _, want := range []string{"usa", `"UK"`, "unknown", "123", `"x"`, `"900"`} {
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, policy.Premium, (&Error{Cause: ErrClass}).Reason())
}

func TestClassNames(t *testing.T) {
	for c := Unknown; c <= Watch; c++ {
		back, err := ParseClass(c.String())
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
	d, err := New(Options{Countries: []string{"US", "GB"}})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if d.Check("+14155550100") != nil || d.Check("+442079460000") != nil {
			b.Fatal()
		}
	}
}
