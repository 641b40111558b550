package policy

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/policy"
)

// TestListSize measures what a call costs against lists of prefixes of addresses, of
// hosts and of numbers, of which none fits, by how many there are.
func TestListSize(t *testing.T) {
	ctx := context.Background()
	var contestants []bench.Contestant
	for _, kind := range []struct{ name, entry, from string }{
		{"prefixes", "sip:user%d*", "sip:someone%d@pbx.example.com"},
		{"hosts", "sip:*@host%d.example.com", "sip:someone%d@pbx.example.com"},
		{"number prefixes", "+4%d*", "+1415%07d"},
	} {
		calls := make([]policy.Call, batch)
		for i := range calls {
			calls[i].From = fmt.Sprintf(kind.from, i)
		}
		for _, size := range []int{100, 100_000} {
			entries := make([]string, size)
			for i := range entries {
				entries[i] = fmt.Sprintf(kind.entry, 1_000_000+i*7)
			}
			numbers, err := policy.NewNumbers(entries...)
			require.NoError(t, err)
			p := policy.Blocked(numbers)
			contestants = append(contestants, bench.Contestant{Name: fmt.Sprintf("%d %s", size, kind.name), Run: func(n int) {
				for range n {
					for _, c := range calls {
						p.Decide(ctx, c)
					}
				}
			}})
		}
	}
	bench.Report(t, "1000 calls against a list", contestants...)
}

// TestCallersByAddress measures the caller limit for SIP addresses, which have two
// counts, and for addresses of 64 KiB, against numbers.
func TestCallersByAddress(t *testing.T) {
	ctx := context.Background()
	long := string(make([]byte, 64<<10))
	var contestants []bench.Contestant
	for _, kind := range []struct{ name, from string }{
		{"numbers", "+1415%07d"},
		{"SIP addresses", "sip:%d@pbx.example.com"},
		{"SIP addresses with port and parameters", "<sip:%d@pbx.example.com:5060;transport=tls>;tag=1"},
		{"SIP addresses of 64 KiB", "sip:%d" + long + "@pbx.example.com"},
	} {
		l := policy.PerCaller(10, time.Hour)
		calls := make([]policy.Call, batch)
		for i := range calls {
			calls[i] = policy.Call{From: fmt.Sprintf(kind.from, i%100), At: time.Now()}
		}
		contestants = append(contestants, bench.Contestant{Name: kind.name, Run: func(n int) {
			for range n {
				for _, c := range calls {
					l.Decide(ctx, c)
				}
			}
		}})
	}
	bench.Report(t, "1000 calls", contestants...)
}
