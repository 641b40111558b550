package phonenumbers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy/outbound"
)

// TestTableAgainstOracle asks the table and libphonenumber about random numbers, of
// which some 10,000 are valid, always the same. The table may be stricter than
// the plans, never laxer: what costs extra there must not be ordinary here.
func TestTableAgainstOracle(t *testing.T) {
	table, err := outbound.StandardTable()
	require.NoError(t, err)
	numbers := 150_000
	if testing.Short() {
		numbers = 30_000
	}
	rng := rand.New(rand.NewPCG(8, 8))
	codes := slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes()))
	valid, dear, countries, stricter := 0, 0, 0, make(map[string]int)
	for range numbers {
		number := fmt.Sprint("+", codes[rng.IntN(len(codes))])
		digits := 6 + rng.IntN(6)
		for i := range digits {
			if i == 0 && rng.IntN(3) == 0 {
				number += []string{"9", "8", "7", "90", "89", "70"}[rng.IntN(6)]
				continue
			}
			number += fmt.Sprint(rng.IntN(10))
		}
		if !Valid(number) {
			continue
		}
		valid++
		require.True(t, table.Possible(number), number)
		country, class := table.Look(number)
		wantCountry, want := Look(number)
		if want != outbound.ClassOrdinary {
			dear++
			require.NotEqual(t, outbound.ClassOrdinary, class, "%s is %v in %s", number, want, wantCountry)
		}
		switch {
		case want == class:
		case want == outbound.ClassOrdinary && (class == outbound.ClassWatch || class == outbound.ClassNANPForeign):
		default:
			stricter[fmt.Sprintf("%v, not %v", class, want)]++
		}
		if country != wantCountry {
			countries++
		}
	}
	t.Logf("%d valid numbers, %d of them dear; classed otherwise, always stricter or as dear: %v; %d in another country of the same plan", valid, dear, stricter, countries)
	require.Greater(t, dear, valid/200)
	total := 0
	for _, n := range stricter {
		total += n
	}
	require.Less(t, total, valid/50)
	require.Less(t, countries, valid/50)
}

// TestTableIsCurrent: the committed table is what the program writes.
func TestTableIsCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program")
	}
	want, err := exec.Command("go", "run", "./cmd/prefixes").Output()
	require.NoError(t, err)
	got, err := os.ReadFile("../outbound/prefixes.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go run ./cmd/prefixes > ../outbound/prefixes.txt")
}
