package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/codec"
)

// loading is what a load consists of.
type loading struct {
	service *service
	to      target
	rate    float64       // calls a second
	calls   int           // in all
	length  time.Duration // of each
	most    int           // at once
	even    bool          // arrivals at even intervals
	speech  []byte        // mu-law that each caller says; nil = silence
	every   time.Duration // from the beginning of one utterance to the next
	pid     int           // of the service; 0 = not known
}

// Bounds of a load.
const (
	maxRate   = 10_000
	maxCalls  = 10_000_000
	maxAtOnce = 50_000
)

// load is the command for many calls at once.
func (p *program) load(ctx context.Context, args []string) error {
	l := loading{service: &service{}}
	f := p.flags("load", l.service)
	f.Float64Var(&l.rate, "rate", 10, "calls that begin in a second, whether or not those before have")
	f.IntVar(&l.calls, "calls", 100, "calls in all")
	f.DurationVar(&l.length, "length", 30*time.Second, "how long a caller stays")
	f.IntVar(&l.most, "most", 5000, "calls at once; one more is not made, and counted")
	f.BoolVar(&l.even, "even", false, "calls at even intervals, not at random ones")
	speech := f.String("speech", "", "WAV file that each caller says again and again; silence if empty")
	f.DurationVar(&l.every, "every", 8*time.Second, "from the beginning of one utterance to that of the next")
	f.IntVar(&l.pid, "pid", 0, "process of the service on this machine, whose CPU and memory is told")
	out := f.String("json", "", "file for the results; the standard output if empty")
	quiet := f.Bool("q", false, "tell no progress")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return misused("load takes one URL: load -h lists the flags")
	}
	var err error
	if l.to, err = l.service.target(p, f.Arg(0)); err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
	if *speech != "" {
		file, err := os.Open(*speech)
		if err != nil {
			return misused("%v", err)
		}
		l.speech, err = codec.ReadMulaw(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return misused("%s: %v", *speech, err)
		}
		if lasts := mulawLength(len(l.speech)); l.every < lasts+time.Second {
			return misused("-every %v is less than a second more than the %v of %s", l.every, lasts, *speech)
		}
	}
	if l.pid != 0 {
		if _, err := usedBy(l.pid); err != nil {
			return misused("-pid: %v", err)
		}
	}
	progress := p.stderr
	if *quiet {
		progress = io.Discard
	}
	report := l.run(ctx, progress)
	text, _ := json.MarshalIndent(report, "", "  ") // cannot fail
	if text = append(text, '\n'); *out == "" {
		_, err = p.stdout.Write(text)
	} else {
		err = os.WriteFile(*out, text, 0o644)
	}
	switch {
	case err != nil:
		return err
	case report.Calls.Failed+report.Calls.EndedEarly > 0:
		return fmt.Errorf("%d of %d %w", report.Calls.Failed+report.Calls.EndedEarly, report.Calls.Arrived, errFailed)
	}
	return nil
}

func (l *loading) check() error {
	switch {
	case !(l.rate > 0) || l.rate > maxRate:
		return misused("-rate is %v: want more than 0, and %d at most", l.rate, maxRate)
	case l.calls < 1 || l.calls > maxCalls:
		return misused("-calls is %d: want 1 to %d", l.calls, maxCalls)
	case l.most < 1 || l.most > maxAtOnce:
		return misused("-most is %d: want 1 to %d", l.most, maxAtOnce)
	case l.length < 100*time.Millisecond || l.length > maxStep:
		return misused("-length is %v: want 100ms to %v", l.length, maxStep)
	case l.every < time.Second:
		return misused("-every is %v: want 1s or more", l.every)
	}
	return nil
}

func mulawLength(n int) time.Duration { return time.Duration(n) * time.Second / 8000 }

// report is what was measured. Times are in milliseconds.
type report struct {
	Trusted bool     `json:"trusted"` // the generator kept its own times
	Doubts  []string `json:"doubts,omitempty"`

	Rate    float64  `json:"rate"` // asked for
	Seconds float64  `json:"seconds"`
	Calls   calls    `json:"calls"`
	Errors  []string `json:"errors,omitempty"` // the first ones

	Frames  frames   `json:"frames"`
	Webhook quantile `json:"webhook_ms"`         // from when the call was due until its TwiML was there
	Open    quantile `json:"open_ms"`            // from then until its stream was accepted
	Answer  quantile `json:"answer_ms,omitzero"` // from when the call was due until the first sound
	Reply   quantile `json:"reply_ms,omitzero"`  // from the end of what the caller says until the next sound
	Marks   quantile `json:"mark_ms,omitzero"`   // how late a mark was returned, from the end of the audio before it
	Trip    quantile `json:"ping_ms,omitzero"`   // from a ping until its pong
	Gaps    int64    `json:"gaps"`               // times at which what the caller heard stopped for less than 200 ms

	Process   *process `json:"process,omitempty"`
	Generator float64  `json:"generator_cpu_cores,omitzero"` // that this command used itself
}

type calls struct {
	Arrived    int64 `json:"arrived"`
	Answered   int64 `json:"answered"` // a stream was open
	Completed  int64 `json:"completed"`
	EndedEarly int64 `json:"ended_by_service"`
	Failed     int64 `json:"failed"`
	NotMade    int64 `json:"not_made"` // beyond -most
	AtOnce     int64 `json:"at_once"`
}

type frames struct {
	Sent     int64    `json:"sent"`
	Late     int64    `json:"late"` // written more than 20 ms after they were due
	LateOf   float64  `json:"late_share"`
	Lateness quantile `json:"lateness_ms"`
	Received int64    `json:"received"` // media messages
}

type process struct {
	CPU          float64 `json:"cpu_cores"`
	CPUPerCall   float64 `json:"cpu_percent_per_call"` // of a core
	Memory       float64 `json:"memory_mb"`            // at most
	MemoryCall   float64 `json:"memory_kb_per_call"`   // more than before the first call
	CallSeconds  float64 `json:"call_seconds"`
	AtBegin      float64 `json:"memory_mb_before"`
	NotAvailable string  `json:"not_available,omitempty"`
}

// meters are what is measured.
type meters struct {
	calls struct{ arrived, answered, completed, early, failed, notMade, active, atOnce atomic.Int64 }

	received, gaps                             atomic.Int64
	webhook, open, answer, reply, marks, trips histogram
	arrivals                                   histogram // how late a call was begun

	mu     sync.Mutex
	errors []string
}

// failed notes a call that went wrong.
func (m *meters) failed(err error) {
	m.calls.failed.Add(1)
	m.note(err)
}

// note keeps an error to be told, if it is one of the first.
func (m *meters) note(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.errors) < 10 {
		m.errors = append(m.errors, err.Error())
	}
}

// run makes the calls.
func (l *loading) run(ctx context.Context, progress io.Writer) *report {
	m := &meters{}
	paced := newPacer(max(1, runtime.GOMAXPROCS(0)))
	g := newGenerator(l, m, paced)
	began := time.Now()
	watch, own := newWatch(l.pid), newWatch(os.Getpid())
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				watch.look(m.calls.active.Load())
				l.tell(progress, began, m, paced)
			case <-stop:
				return
			}
		}
	})

	var under sync.WaitGroup
	at := began
	for n := 0; n < l.calls && ctx.Err() == nil; n++ {
		gap := 1 / l.rate
		if !l.even {
			gap = rand.ExpFloat64() / l.rate
		}
		if n > 0 {
			at = at.Add(time.Duration(gap * float64(time.Second)))
		}
		if !sleep(ctx, at) {
			break
		}
		m.calls.arrived.Add(1)
		m.arrivals.add(time.Since(at))
		if m.calls.active.Load() >= int64(l.most) {
			m.calls.notMade.Add(1)
			continue
		}
		active := m.calls.active.Add(1)
		for most := m.calls.atOnce.Load(); active > most && !m.calls.atOnce.CompareAndSwap(most, active); most = m.calls.atOnce.Load() {
		}
		due := at
		under.Go(func() {
			defer m.calls.active.Add(-1)
			g.call(ctx, n, due)
		})
	}
	under.Wait()
	close(stop)
	watching.Wait()
	paced.close()
	watch.look(0)
	own.look(0)
	r := l.report(m, paced, watch, time.Since(began))
	r.Generator = own.process().CPU
	return r
}

// sleep waits until a time; false if ctx ends before.
func sleep(ctx context.Context, at time.Time) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// tell prints one line of progress.
func (l *loading) tell(w io.Writer, began time.Time, m *meters, p *pacer) {
	sent, late, lateness := p.counts()
	fmt.Fprintf(w, "%5.0fs  %d up, %d arrived, %d failed, %d frames, %.3f %% late, p99 %.1f ms\n", time.Since(began).Seconds(),
		m.calls.active.Load(), m.calls.arrived.Load(), m.calls.failed.Load(), sent, 100*share(late, sent), lateness.quantiles().P99)
}

func share(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// What the generator may be late itself without its figures being doubted.
const (
	lateShare   = 0.001
	lateArrival = 100 * time.Millisecond
)

// report puts together what was measured.
func (l *loading) report(m *meters, p *pacer, w *watch, took time.Duration) *report {
	sent, late, lateness := p.counts()
	r := &report{
		Rate: l.rate, Seconds: took.Seconds(), Errors: m.errors,
		Calls: calls{
			Arrived: m.calls.arrived.Load(), Answered: m.calls.answered.Load(), Completed: m.calls.completed.Load(), EndedEarly: m.calls.early.Load(),
			Failed: m.calls.failed.Load(), NotMade: m.calls.notMade.Load(), AtOnce: m.calls.atOnce.Load(),
		},
		Frames:  frames{Sent: sent, Late: late, LateOf: share(late, sent), Lateness: lateness.quantiles(), Received: m.received.Load()},
		Webhook: m.webhook.quantiles(), Open: m.open.quantiles(), Answer: m.answer.quantiles(), Reply: m.reply.quantiles(),
		Marks: m.marks.quantiles(), Trip: m.trips.quantiles(), Gaps: m.gaps.Load(),
		Process: w.process(),
	}
	if s := share(p.overslept.Load(), p.slots.Load()); s > lateShare {
		r.Doubts = append(r.Doubts, fmt.Sprintf("the generator itself came too late to %.2f %% of its times: its machine has too little CPU for this load", 100*s))
	}
	if r.Frames.LateOf > lateShare {
		r.Doubts = append(r.Doubts, fmt.Sprintf("%.2f %% of the frames were written late: the generator, or a service that takes nothing, held them up", 100*r.Frames.LateOf))
	}
	if late := m.arrivals.quantiles(); late.P99 > float64(lateArrival.Milliseconds()) {
		r.Doubts = append(r.Doubts, fmt.Sprintf("calls began late, 1 %% of them by more than %.0f ms", late.P99))
	}
	if r.Calls.NotMade > 0 {
		r.Doubts = append(r.Doubts, fmt.Sprintf("%d calls were not made: there were -most at once, so the load was less than -rate", r.Calls.NotMade))
	}
	if r.Calls.Arrived < int64(l.calls) {
		r.Doubts = append(r.Doubts, fmt.Sprintf("it was interrupted: %d of %d calls arrived", r.Calls.Arrived, l.calls))
	}
	r.Trusted = r.Doubts == nil
	return r
}

// histogram counts durations, to about 2 %. All methods may be called from any goroutine.
type histogram struct {
	mu     sync.Mutex
	counts [64 * buckets]int64
	n      int64
	most   time.Duration
}

// buckets is into how many a doubling of time is cut.
const buckets = 32

// bucket returns the place of a duration, in microseconds.
func bucket(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	if us < buckets {
		return int(us)
	}
	shift := 0
	for us>>shift >= 2*buckets {
		shift++
	}
	return shift*buckets + int(us>>shift)
}

// start returns where a bucket begins, in microseconds.
func start(i int) float64 {
	if i < 2*buckets {
		return float64(i)
	}
	shift := i/buckets - 1
	return math.Ldexp(float64(i-shift*buckets), shift)
}

func (h *histogram) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[bucket(d)]++
	h.n++
	h.most = max(h.most, d)
}

// join adds what another one has counted.
func (h *histogram) join(o *histogram) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.most = max(h.most, o.most)
}

// quantile are quantiles in milliseconds.
type quantile struct {
	N    int64   `json:"n"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

func (h *histogram) quantiles() quantile {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := quantile{N: h.n, Max: ms(h.most)}
	if h.n == 0 {
		return q
	}
	for _, want := range []struct {
		to *float64
		of float64
	}{{&q.P50, 0.5}, {&q.P90, 0.9}, {&q.P99, 0.99}, {&q.P999, 0.999}} {
		rank, seen := int64(math.Ceil(want.of*float64(h.n))), int64(0)
		for i, n := range h.counts {
			if seen += n; seen >= rank {
				*want.to = min(start(i+1)/1000, q.Max)
				break
			}
		}
	}
	return q
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
