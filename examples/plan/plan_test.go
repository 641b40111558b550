package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy/capacity"
)

var update = flag.Bool("update", false, "write testdata")

func TestMain(m *testing.M) { leak.Main(m) }

func runbookPlan() plan {
	return plan{
		demand:  capacity.Demand{CallsPerDay: 10_000, MeanCall: 3 * time.Minute, BusyHour: 0.17, Blocking: 0.01},
		machine: capacity.Machine{SpeechDuty: 0.4, RealTimeFactor: 0.25, Waiting: 0.05, MemoryPerCall: 50},
		rates:   capacity.USRates(),
		limit:   100,
	}
}

func TestPlan(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, runbookPlan().print(&out))
	golden(t, "testdata/plan.txt", out.Bytes())
}

func TestChart(t *testing.T) {
	svg := runbookPlan().svg()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	golden(t, "testdata/plan.svg", svg)
}

func TestCheck(t *testing.T) {
	require.NoError(t, runbookPlan().check())
	for want, change := range map[string]func(p *plan){
		"-busy 17":    func(p *plan) { p.demand.BusyHour = 17 },
		"-blocking 1": func(p *plan) { p.demand.Blocking = 1 },
		"-waiting 0":  func(p *plan) { p.machine.Waiting = 0 },
		"-duty NaN":   func(p *plan) { p.machine.SpeechDuty = math.NaN() },
		"-mean":       func(p *plan) { p.demand.MeanCall = 0 },
		"-calls":      func(p *plan) { p.demand.CallsPerDay = math.Inf(1) },
		"-limit":      func(p *plan) { p.limit = -1 },
		"-inbound":    func(p *plan) { p.rates.Inbound = -0.01 },
	} {
		p := runbookPlan()
		change(&p)
		require.ErrorContains(t, p.check(), want)
	}
}

// TestCheckAllAtOnce: one run tells every mistake.
func TestCheckAllAtOnce(t *testing.T) {
	err := plan{}.check()
	for _, flag := range []string{"-busy", "-blocking", "-duty", "-waiting", "-calls", "-mean", "-rtf", "-memory", "-limit"} {
		require.ErrorContains(t, err, flag)
	}
}

// TestNamesDoNotTouch: the curves' names stand apart, however close the curves end.
func TestNamesDoNotTouch(t *testing.T) {
	name := regexp.MustCompile(fmt.Sprintf(`<text x="%g" y="([0-9.]+)"`, right+10))
	for _, calls := range []float64{10, 500, 10_000, 50_000} {
		p := runbookPlan()
		p.demand.CallsPerDay, p.limit, p.demand.Blocking = calls, int(calls/50), 0.05
		p.rates.Outbound = p.rates.Inbound
		lines, costs, _ := bytes.Cut(p.svg(), []byte("<g transform"))
		for half, want := range map[string]int{string(lines): 3, string(costs): 5} {
			last := 0.0
			found := name.FindAllStringSubmatch(half, -1)
			require.Len(t, found, want)
			for _, at := range found {
				y, err := strconv.ParseFloat(at[1], 64)
				require.NoError(t, err)
				require.GreaterOrEqual(t, y-last, lineHeight-0.1)
				last = y
			}
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go test -update writes it anew")
}
