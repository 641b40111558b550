package capacity

import (
	"crypto/rand"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// Rates are prices in dollars. They change and differ by country and number: take
// them from your own bill.
type Rates struct {
	Inbound, Outbound float64 // a minute, each call rounded up to whole ones
	Recording         float64 // a minute recorded
	Stream            float64 // a minute of media stream
	Transcription     float64 // a minute of speech-to-text
	Number            float64 // a number for a month
}

// USRates are the prices in the operations runbook, for local numbers in the
// United States. The runbook has none for streams and transcription. Twilio's page
// of 2026 has 0.014 outbound.
func USRates() Rates {
	return Rates{Inbound: 0.0085, Outbound: 0.013, Recording: 0.0025, Number: 1}
}

// ParseRates reads rates such as "inbound=0.0085,outbound=0.014,stream=0.004"; the
// others are called recording, stt and number. What is not named is as in [USRates].
func ParseRates(text string) (Rates, error) {
	r := USRates()
	named := map[string]*float64{
		"inbound": &r.Inbound, "outbound": &r.Outbound, "recording": &r.Recording,
		"stream": &r.Stream, "stt": &r.Transcription, "number": &r.Number,
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		rate, known := named[strings.TrimSpace(name)]
		dollars, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if !known || err != nil || !(dollars >= 0) || math.IsInf(dollars, 1) {
			return Rates{}, fmt.Errorf("capacity: %q is not a rate such as inbound=0.0085", part)
		}
		*rate = dollars
	}
	return r, nil
}

// BilledMinutes returns the minutes that Twilio bills for a call: begun ones count.
func BilledMinutes(call time.Duration) int {
	if call <= 0 {
		return 0
	}
	return int((call + time.Minute - 1) / time.Minute)
}

// meanBilledMinutes returns the billed minutes of an average call when the lengths
// of calls are exponentially distributed, as they about are.
func meanBilledMinutes(mean time.Duration) float64 {
	if mean <= 0 {
		return 0
	}
	return 1 / (1 - math.Exp(-1/mean.Minutes()))
}

// Usage is a month's calls.
type Usage struct {
	CallsPerDay   float64
	Days          float64       // 0 means 30
	MeanCall      time.Duration // 0 means 3 minutes
	OutboundShare float64       // of the calls
	RecordedShare float64       // of the calls
	Streamed      bool
	Transcribed   bool
	Numbers       int
}

// Bill is what a month costs, in dollars.
type Bill struct {
	TalkMinutes, BilledMinutes                                   float64
	Inbound, Outbound, Recording, Stream, Transcription, Numbers float64
}

// Total returns the sum.
func (b Bill) Total() float64 {
	return b.Inbound + b.Outbound + b.Recording + b.Stream + b.Transcription + b.Numbers
}

// Month returns what the usage costs. Calls are billed by whole minutes; the rest is
// counted by the minutes talked.
func (r Rates) Month(u Usage) Bill {
	if u.Days == 0 {
		u.Days = 30
	}
	if u.MeanCall == 0 {
		u.MeanCall = 3 * time.Minute
	}
	calls := u.CallsPerDay * u.Days
	b := Bill{TalkMinutes: calls * u.MeanCall.Minutes(), BilledMinutes: calls * meanBilledMinutes(u.MeanCall)}
	b.Outbound = b.BilledMinutes * u.OutboundShare * r.Outbound
	b.Inbound = b.BilledMinutes * (1 - u.OutboundShare) * r.Inbound
	b.Recording = b.TalkMinutes * u.RecordedShare * r.Recording
	if u.Streamed {
		b.Stream = b.TalkMinutes * r.Stream
	}
	if u.Transcribed {
		b.Transcription = b.TalkMinutes * r.Transcription
	}
	b.Numbers = float64(u.Numbers) * r.Number
	return b
}

// Budget adds up what the calls of a month cost: a gauge, and a brake before the
// bill comes. It begins anew with each calendar month. It counts the calls that were
// passed to Add since it was made and, after [Budget.Join], those that were passed to the
// other instances', also before this one began. NewBudget makes it; the zero value is not
// usable. All methods are safe for concurrent use.
type Budget struct {
	rates Rates
	limit float64
	zone  *time.Location
	mu    sync.Mutex
	month int // of the last call, as year*12 + month
	spent float64
	id    string  // among the instances
	rest  float64 // what the others have spent in the month
}

// NewBudget makes a budget of dollars a month; zone nil means UTC, in which
// Twilio bills.
func NewBudget(dollars float64, rates Rates, zone *time.Location) *Budget {
	if zone == nil {
		zone = time.UTC
	}
	return &Budget{rates: rates, limit: dollars, zone: zone}
}

// sumLog is the log of the store of what the instances have spent in a month, in cents.
const sumLog = "budget"

// Join adds up with the other instances of a shared store, about once a second, from
// here on. What an instance has spent since the last time is lost when it is killed.
func (b *Budget) Join(s *policy.Store) {
	b.id = rand.Text()
	s.Watch(func() policy.Op {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.turn(b.monthOf(time.Now()))
		return policy.Op{
			Kind: policy.OpAdd, Space: sumLog, Name: strconv.Itoa(b.month), ID: b.id, Limit: policy.Unlimited, Keep: 40 * 24 * time.Hour,
			Amount: int64(math.Ceil(min(b.spent*100, 1<<24-1))),
		}
	}, func(op policy.Op) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if op.Name == strconv.Itoa(b.month) {
			b.rest = float64(op.Total-op.Amount) / 100
		}
	})
}

// turn begins a new month.
func (b *Budget) turn(month int) {
	if month > b.month {
		b.month, b.spent, b.rest = month, 0, 0
	}
}

// Ended is a call that is over.
type Ended struct {
	At          time.Time // when it ended; zero means now
	Length      time.Duration
	Outbound    bool
	Recorded    bool
	Streamed    bool
	Transcribed bool
}

// Add adds what the call cost and returns that, in dollars.
func (b *Budget) Add(c Ended) float64 {
	if c.At.IsZero() {
		c.At = time.Now()
	}
	perMinute := b.rates.Inbound
	if c.Outbound {
		perMinute = b.rates.Outbound
	}
	c.Length = max(c.Length, 0)
	cost := float64(BilledMinutes(c.Length)) * perMinute
	for _, extra := range []struct {
		yes  bool
		rate float64
	}{{c.Recorded, b.rates.Recording}, {c.Streamed, b.rates.Stream}, {c.Transcribed, b.rates.Transcription}} {
		if extra.yes {
			cost += c.Length.Minutes() * extra.rate
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(b.monthOf(c.At))
	b.spent += cost
	return cost
}

// Spent returns the dollars spent in the month of at; zero means now. Of an earlier
// month than the last call's nothing is known: it stands for that one, so that a clock
// that is set back brings no money back.
func (b *Budget) Spent(at time.Time) float64 {
	if at.IsZero() {
		at = time.Now()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.monthOf(at) > b.month {
		return 0
	}
	return b.spent + b.rest
}

// Share returns which part of the budget is spent: 1 is all of it. A budget of nothing
// is spent from the start, and so is one whose limit or rates are not numbers.
func (b *Budget) Share(at time.Time) float64 {
	share := b.Spent(at) / b.limit
	if !(b.limit > 0) || math.IsNaN(share) {
		return 1
	}
	return share
}

// Limit returns the dollars for a month.
func (b *Budget) Limit() float64 { return b.limit }

func (b *Budget) monthOf(at time.Time) int {
	year, month, _ := at.In(b.zone).Date()
	return year*12 + int(month)
}
