package capacity

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestErlangB(t *testing.T) {
	// Published tables.
	require.InDelta(t, 0.01838, erlangB(5, 10), 5e-6)
	require.InDelta(t, 0.0100, erlangB(84.06, 100), 5e-5)
	require.InDelta(t, 0.5, erlangB(1, 1), 1e-12)
	require.InDelta(t, 0.2, erlangB(1, 2), 1e-12)
	require.Equal(t, 1.0, erlangB(3, 0))
	require.Zero(t, erlangB(0, 3))

	require.Equal(t, 101, linesFor(85, 0.01))
	require.Equal(t, 112, linesFor(85, 0.001))
	require.Equal(t, 0, linesFor(0, 0.01))
	for _, lines := range []int{1, 10, 100, 1000} {
		for _, blocking := range []float64{0.001, 0.01, 0.1} {
			a := traffic(lines, blocking)
			require.InDelta(t, blocking, erlangB(a, lines), 1e-9)
			require.Equal(t, lines, linesFor(a*0.9999, blocking))
			require.Equal(t, lines+1, linesFor(a*1.0001, blocking))
		}
	}
}

func TestErlangC(t *testing.T) {
	require.InDelta(t, 0.5, erlangC(0.5, 1), 1e-12, "M/M/1: the load itself")
	require.InDelta(t, 1.0/3, erlangC(1, 2), 1e-12)
	require.Equal(t, 1.0, erlangC(4, 4))
	require.Equal(t, 17, workersFor(10, 0.05))
	require.Equal(t, 0, workersFor(0, 0.05))
	for _, workers := range []int{1, 4, 17, 200} {
		a := work(workers, 0.05)
		require.InDelta(t, 0.05, erlangC(a, workers), 1e-9)
		require.Equal(t, workers, workersFor(a*0.9999, 0.05))
	}
}

// TestErlangBBySimulation plays calls against a number of lines.
func TestErlangBBySimulation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const erlangs, lines, calls = 8.0, 10, 200_000
	var ends []float64
	now, lost := 0.0, 0
	for range calls {
		now += rng.ExpFloat64() / erlangs
		busy := ends[:0]
		for _, e := range ends {
			if e > now {
				busy = append(busy, e)
			}
		}
		ends = busy
		if len(ends) == lines {
			lost++
			continue
		}
		ends = append(ends, now+rng.ExpFloat64())
	}
	require.InDelta(t, erlangB(erlangs, lines), float64(lost)/calls, 0.005)
}

func TestDemand(t *testing.T) {
	d := Demand{CallsPerDay: 10_000}
	require.InDelta(t, 85, d.Erlangs(), 1e-9)
	require.Equal(t, 101, d.Lines(), "more than the 100 it is priced for")
	d.Blocking = 0.001
	require.Equal(t, 112, d.Lines())
	require.InDelta(t, 9890, Demand{}.CallsPerDayOn(100), 5)
	require.InDelta(t, 7690, Demand{}.CallsPerDayOn(80), 5)
}

func TestMachine(t *testing.T) {
	r := Machine{}.For(100)
	require.Equal(t, 17, r.Workers, "the runbook has 4")
	require.Equal(t, 18, r.Cores)
	require.Equal(t, 1, r.Instances)
	require.InDelta(t, 5500, r.MemoryMB, 0)
	require.Equal(t, 2, Machine{}.For(1001).Instances)
	calls := Machine{}.CallsOn(17)
	require.GreaterOrEqual(t, calls, 100)
	require.LessOrEqual(t, Machine{}.For(calls).Workers, 17)
	require.Equal(t, 18, Machine{}.For(calls+1).Workers)
}

func TestBilledMinutes(t *testing.T) {
	for call, want := range map[time.Duration]int{
		-1: 0, 0: 0, time.Nanosecond: 1, time.Minute: 1, time.Minute + 1: 2, 3 * time.Minute: 3, 299 * time.Second: 5,
	} {
		require.Equal(t, want, BilledMinutes(call), call)
	}
	require.InDelta(t, 3.53, meanBilledMinutes(3*time.Minute), 0.005)
	rng := rand.New(rand.NewPCG(3, 4))
	total := 0
	for range 200_000 {
		total += BilledMinutes(time.Duration(rng.ExpFloat64() * float64(3*time.Minute)))
	}
	require.InDelta(t, meanBilledMinutes(3*time.Minute), float64(total)/200_000, 0.03)
	require.InDelta(t, 1, meanBilledMinutes(time.Second), 1e-9)
	require.Zero(t, meanBilledMinutes(0))
}

// TestMonth: the runbook's minutes at the runbook's rates.
func TestMonth(t *testing.T) {
	r := USRates()
	for _, tt := range []struct{ calls, minutes, inbound, outbound float64 }{
		{10, 900, 7.65, 11.70}, {100, 9000, 76.50, 117}, {1000, 90000, 765, 1170}, {10000, 900000, 7650, 11700},
	} {
		in := r.Month(Usage{CallsPerDay: tt.calls, Numbers: 1})
		require.InDelta(t, tt.minutes, in.TalkMinutes, 1e-6)
		rounding := in.BilledMinutes / in.TalkMinutes
		require.InDelta(t, 1.176, rounding, 0.001)
		require.InDelta(t, tt.inbound*rounding, in.Inbound, 1e-6)
		require.InDelta(t, tt.inbound*rounding+1, in.Total(), 1e-6)
		out := r.Month(Usage{CallsPerDay: tt.calls, OutboundShare: 1})
		require.InDelta(t, tt.outbound*rounding, out.Total(), 1e-6)
	}
	recorded := Rates{Recording: 0.0025, Stream: 0.004, Transcription: 0.006}.
		Month(Usage{CallsPerDay: 1000.0 / 90, RecordedShare: 1, Streamed: true, Transcribed: true})
	require.InDelta(t, 2.50, recorded.Recording, 1e-9, "1000 minutes")
	require.InDelta(t, 4, recorded.Stream, 1e-9)
	require.InDelta(t, 6, recorded.Transcription, 1e-9)
}

func TestParseRates(t *testing.T) {
	r, err := ParseRates("\ufeff outbound = 0.014, stream=0.004,stt=0.02,recording=0,number=2 ")
	require.NoError(t, err)
	require.Equal(t, Rates{Inbound: 0.0085, Outbound: 0.014, Stream: 0.004, Transcription: 0.02, Number: 2}, r)
	r, err = ParseRates("")
	require.NoError(t, err)
	require.Equal(t, USRates(), r)
	for _, text := range []string{"inbound", "inbound=", "inbound=cheap", "inbound=-1", "inbound=NaN", "inbound=Inf", "fax=1", "=1"} {
		_, err := ParseRates(text)
		require.ErrorContains(t, err, "capacity: ", text)
	}
}

func TestBudget(t *testing.T) {
	b := NewBudget(0.1, Rates{Inbound: 0.0085, Outbound: 0.013, Recording: 0.0025, Stream: 0.004, Transcription: 0.006}, nil)
	nov := time.Date(2026, time.November, 30, 23, 59, 0, 0, time.UTC)
	require.InDelta(t, 0.017, b.Add(Ended{At: nov, Length: 61 * time.Second}), 1e-12, "two minutes begun")
	require.InDelta(t, 0.013+0.5*0.0125, b.Add(Ended{At: nov, Length: 30 * time.Second, Outbound: true, Recorded: true, Streamed: true, Transcribed: true}), 1e-12)
	require.Zero(t, b.Add(Ended{At: nov, Length: -time.Minute, Streamed: true}))
	require.InDelta(t, 0.03625, b.Spent(nov), 1e-12)
	require.InDelta(t, 0.3625, b.Share(nov), 1e-12)
	require.Zero(t, b.Spent(nov.Add(time.Minute)), "a new month")
	require.InDelta(t, 0.03625, b.Spent(nov), 1e-12, "who asks changes nothing")
	b.Add(Ended{At: nov.Add(time.Minute), Length: time.Minute})
	b.Add(Ended{At: nov, Length: time.Minute}) // reported late: counts now
	require.InDelta(t, 0.017, b.Spent(nov.Add(time.Hour)), 1e-12)
	require.InDelta(t, 0.017, b.Spent(nov), 1e-12, "a clock that is set back does not bring the money back")
	require.Equal(t, 0.1, b.Limit())
	require.False(t, math.IsNaN(b.Share(time.Time{})))
	require.Equal(t, 1.0, NewBudget(0, USRates(), nil).Share(time.Time{}), "nothing may be spent")
	unpriced := NewBudget(1, Rates{Inbound: math.NaN()}, nil)
	unpriced.Add(Ended{Length: time.Minute})
	require.Equal(t, 1.0, unpriced.Share(time.Time{}), "nor if the rates are none")
	require.Equal(t, 1.0, NewBudget(math.NaN(), USRates(), nil).Share(time.Time{}), "nor if the sum is none")
}
