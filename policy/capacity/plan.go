package capacity

import (
	"math"
	"time"
)

// Demand is what callers want. The zero value of a field has the default it names.
type Demand struct {
	CallsPerDay float64
	MeanCall    time.Duration // 0 means 3 minutes
	BusyHour    float64       // the busiest hour's share of the day's calls; 0 means 0.17
	Blocking    float64       // the share of calls that may be lost in it; 0 means 0.01
}

func (d Demand) defaults() Demand {
	if d.MeanCall == 0 {
		d.MeanCall = 3 * time.Minute
	}
	if d.BusyHour == 0 {
		d.BusyHour = 0.17
	}
	if d.Blocking == 0 {
		d.Blocking = 0.01
	}
	return d
}

// Erlangs returns the traffic of the busiest hour: how many calls are in progress on
// average.
func (d Demand) Erlangs() float64 {
	d = d.defaults()
	return d.CallsPerDay * d.BusyHour * d.MeanCall.Hours()
}

// Lines returns how many calls at once the busiest hour needs. Twilio's limit is the
// account's and depends on it: make it a setting, and compare.
func (d Demand) Lines() int { return linesFor(d.Erlangs(), d.defaults().Blocking) }

// CallsPerDayOn returns how many calls a day the lines carry at d's other values.
func (d Demand) CallsPerDayOn(lines int) float64 {
	d = d.defaults()
	return traffic(lines, d.Blocking) / d.BusyHour / d.MeanCall.Hours()
}

// Machine is what a call costs a machine. The zero value of a field has the default
// it names; the real figures come from measuring one's own.
type Machine struct {
	SpeechDuty       float64 // share of a call in which somebody speaks; 0 means 0.4
	RealTimeFactor   float64 // seconds a worker needs for a second of speech; 0 means 0.25
	Waiting          float64 // share of utterances that may wait for a worker; 0 means 0.05
	CoresPerWorker   float64 // 0 means 1
	CallsPerCore     float64 // calls' streams that a core handles besides; 0 means 500
	MemoryPerCall    float64 // MB; 0 means 50, the runbook's figure
	MemoryBase       float64 // MB of an instance without calls; 0 means 500
	CallsPerInstance int     // 0 means 1000
}

func (m Machine) defaults() Machine {
	set := func(v *float64, to float64) {
		if *v == 0 {
			*v = to
		}
	}
	set(&m.SpeechDuty, 0.4)
	set(&m.RealTimeFactor, 0.25)
	set(&m.Waiting, 0.05)
	set(&m.CoresPerWorker, 1)
	set(&m.CallsPerCore, 500)
	set(&m.MemoryPerCall, 50)
	set(&m.MemoryBase, 500)
	if m.CallsPerInstance == 0 {
		m.CallsPerInstance = 1000
	}
	return m
}

// Resources is what a number of calls at once needs.
type Resources struct {
	Workers   int     // speech-to-text at the same time
	Cores     int     // of all instances together
	MemoryMB  float64 // likewise
	Instances int
}

// For returns what calls at once need.
func (m Machine) For(calls int) Resources {
	m = m.defaults()
	r := Resources{Workers: workersFor(m.speechErlangs(calls), m.Waiting)}
	r.Instances = (calls + m.CallsPerInstance - 1) / m.CallsPerInstance
	r.Cores = int(math.Ceil(float64(r.Workers)*m.CoresPerWorker + float64(calls)/m.CallsPerCore))
	r.MemoryMB = float64(calls)*m.MemoryPerCall + float64(r.Instances)*m.MemoryBase
	return r
}

// speechErlangs returns how many workers calls at once keep busy on average.
func (m Machine) speechErlangs(calls int) float64 {
	m = m.defaults()
	return float64(calls) * m.SpeechDuty * m.RealTimeFactor
}

// CallsOn returns how many calls at once the workers can transcribe.
func (m Machine) CallsOn(workers int) int {
	m = m.defaults()
	return int(work(workers, m.Waiting)/(m.SpeechDuty*m.RealTimeFactor) + 1e-9)
}
