package policy

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHours(t *testing.T) {
	const office = "Mon-Fri 09:00-12:30, 13:30-17:00; Sat, Sun 10:00-14:00; 2026-12-25 closed; 2026-12-24 09:00-12:00"
	const bar = "Fri-Sat 22:00-02:00; Sun 00:00-24:00; 2026-12-26 closed"
	for _, tt := range []struct {
		spec, zone, at string // at is the wall clock in the zone
		open           bool
	}{
		{office, "Europe/Berlin", "2026-11-23 08:59", false},
		{office, "Europe/Berlin", "2026-11-23 09:00", true},
		{office, "Europe/Berlin", "2026-11-23 12:29", true},
		{office, "Europe/Berlin", "2026-11-23 12:30", false},
		{office, "Europe/Berlin", "2026-11-23 13:30", true},
		{office, "Europe/Berlin", "2026-11-23 17:00", false},
		{office, "Europe/Berlin", "2026-11-28 13:59", true},
		{office, "Europe/Berlin", "2026-11-29 09:59", false},
		{office, "Europe/Berlin", "2026-12-24 11:59", true},
		{office, "Europe/Berlin", "2026-12-24 13:30", false},
		{office, "Europe/Berlin", "2026-12-25 10:00", false},
		{bar, "UTC", "2026-11-27 21:59", false},
		{bar, "UTC", "2026-11-27 22:00", true},
		{bar, "UTC", "2026-11-28 01:59", true},
		{bar, "UTC", "2026-11-28 02:00", false},
		{bar, "UTC", "2026-11-29 23:59", true},
		{bar, "UTC", "2026-11-30 00:00", false},
		{bar, "UTC", "2026-12-26 01:59", true}, // Friday's evening goes on into the closed day
		{bar, "UTC", "2026-12-26 22:30", false},
		{"Fri-Mon 10:00-11:00", "", "2026-11-29 10:30", true},
		{"Fri-Mon 10:00-11:00", "", "2026-11-24 10:30", false},
		{"daily 00:00-24:00", "Asia/Kolkata", "2026-11-24 23:59", true},
		{"monday 09:00-10:00", "", "2026-11-23 09:30", true},
	} {
		h, err := ParseHours(tt.spec, tt.zone)
		require.NoError(t, err)
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, h.zone)
		require.NoError(t, err)
		require.Equal(t, tt.open, h.Open(at), "%s in %s: %s", tt.spec, tt.zone, tt.at)
		require.Equal(t, tt.open, h.Open(at.UTC()), "whatever zone the time is in")
		want := Decision{Verdict: Allow}
		if !tt.open {
			want = Decision{Verdict: Reject, Reason: ReasonHours}
		}
		require.Equal(t, want, h.Decide(context.Background(), Call{At: at}))
	}
}

// TestHoursWhenClocksChange goes by instants, for which the wall clock is not.
func TestHoursWhenClocksChange(t *testing.T) {
	for _, tt := range []struct {
		spec, zone, utc string
		open            bool
	}{
		// New York, 2026-03-08: 01:59 EST is followed by 03:00 EDT.
		{"Sun 02:00-03:00", "America/New_York", "2026-03-08T06:59:00Z", false},
		{"Sun 02:00-03:00", "America/New_York", "2026-03-08T07:00:00Z", false}, // there is no 02:00
		{"Sun 02:30-04:00", "America/New_York", "2026-03-08T07:00:00Z", true},
		{"Sun 09:00-17:00", "America/New_York", "2026-03-08T12:59:00Z", false},
		{"Sun 09:00-17:00", "America/New_York", "2026-03-08T13:00:00Z", true},
		{"Sat 22:00-03:30", "America/New_York", "2026-03-08T07:29:00Z", true},
		{"Sat 22:00-03:30", "America/New_York", "2026-03-08T07:30:00Z", false},
		// New York, 2026-11-01: 01:00 to 01:59 comes twice.
		{"Sun 01:00-02:00", "America/New_York", "2026-11-01T04:59:00Z", false},
		{"Sun 01:00-02:00", "America/New_York", "2026-11-01T05:30:00Z", true},
		{"Sun 01:00-02:00", "America/New_York", "2026-11-01T06:30:00Z", true},
		{"Sun 01:00-02:00", "America/New_York", "2026-11-01T07:00:00Z", false},
		// London, 2026-03-29 and 2026-10-25.
		{"Sun 01:00-02:00", "Europe/London", "2026-03-29T01:30:00Z", false},
		{"Sun 01:30-01:45", "Europe/London", "2026-10-25T00:35:00Z", true},
		{"Sun 01:30-01:45", "Europe/London", "2026-10-25T01:35:00Z", true},
		// Kolkata is half an hour off, Apia a day ahead.
		{"Tue 09:00-17:00", "Asia/Kolkata", "2026-11-24T03:29:00Z", false},
		{"Tue 09:00-17:00", "Asia/Kolkata", "2026-11-24T03:30:00Z", true},
		{"Wed 09:00-17:00", "Pacific/Apia", "2026-11-24T20:00:00Z", true},
		{"Tue 09:00-17:00", "Pacific/Apia", "2026-11-24T20:00:00Z", false},
	} {
		h, err := ParseHours(tt.spec, tt.zone)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339, tt.utc)
		require.NoError(t, err)
		require.Equal(t, tt.open, h.Open(at), "%s in %s at %s, there %s", tt.spec, tt.zone, tt.utc, at.In(h.zone))
	}
}

func TestParseHoursMistakes(t *testing.T) {
	for spec, want := range map[string]string{
		"":                      "no rule",
		" ; ":                   "no rule",
		"Mon-Fri":               "want days and times",
		"Mon 9-17":              `"9" is not a time`,
		"Mon 9:00-17:00":        `"9:00" is not a time`,
		"Mon 09:00":             "not a list of times",
		"Mon 09:00-25:00":       `"25:00"`,
		"Mon 09:00-09:00":       "empty",
		"Mon 24:00-09:00":       "empty",
		"Mo 09:00-17:00":        `"Mo" is not a day`,
		"2026-13-01 closed":     `"2026-13-01" is not a day`,
		"Mon-Fry 09:00-17:00":   `"Mon-Fry" is not a day`,
		"Mon,Blue 09:00-17:00":  `"Blue"`,
		"Mon 09:00-17:00 extra": `"17:00 extra"`,
	} {
		_, err := ParseHours(spec, "")
		require.ErrorContains(t, err, want, "%q", spec)
	}
	_, err := ParseHours("Mon 9-17; Tue x", "Mars/Olympus")
	for _, want := range []string{"Mars/Olympus", `"Mon 9-17"`, `"Tue x"`} {
		require.ErrorContains(t, err, want)
	}
}

func FuzzParseHours(f *testing.F) {
	f.Add("Mon-Fri 09:00-12:30, 13:30-17:00; 2026-12-25 closed", int64(1_800_000_000))
	f.Fuzz(func(t *testing.T, spec string, at int64) {
		if h, err := ParseHours(spec, ""); err == nil {
			h.Open(time.Unix(at, 0))
		}
	})
}
