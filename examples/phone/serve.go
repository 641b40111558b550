package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"agentos.dev/dialtone/voice/voicetest"
)

// serve is the command that runs the fake Twilio as a process of its own.
func (p *program) serve(ctx context.Context, args []string) (err error) {
	var s service
	f := p.flags("serve", &s)
	at := f.String("target", "", "voice URL of the number at the service; required")
	rest := f.String("rest", "", "address of the REST API, as 127.0.0.1:8090; a free port of loopback if empty")
	calls := f.String("calls", "", "script of calls to make; then phone ends. Without it, it serves until it is interrupted")
	callee := f.String("callee", "", "script whose first call has the steps of whoever the service calls; they listen until it hangs up otherwise")
	parallel := f.Int("parallel", 1, "calls at once")
	patience := f.Duration("patience", 30*time.Second, "how long to wait for what is expected")
	junit := f.String("junit", "", "file for the results, as JUnit XML")
	results := f.String("json", "", "file for the results, as JSON")
	if err := parse(f, args); err != nil {
		return err
	}
	switch {
	case f.NArg() > 0:
		return misused("%q: serve takes flags alone", f.Arg(0))
	case *at == "":
		return misused("-target is missing")
	case *parallel < 1 || *parallel > maxParallel:
		return misused("-parallel is %d: want 1 to %d", *parallel, maxParallel)
	case *rest != "" && !s.remote && !isLoopbackAddr(*rest):
		return misused("-rest %s is not on loopback: -remote listens there all the same", *rest)
	}
	to, err := s.target(p, *at)
	if err != nil {
		return err
	}
	var all, picked []scenario
	if *calls != "" {
		if all, err = readScript(*calls); err != nil {
			return err
		}
	}
	if *callee != "" {
		if picked, err = readScript(*callee); err != nil {
			return err
		}
	}
	config := s.config(to)
	config.RESTAddr = *rest
	tw, err := voicetest.Start(config)
	if err != nil {
		return misused("%v", err)
	}
	defer func() { err = errors.Join(err, tw.Close()) }()
	started, _ := json.Marshal(map[string]string{"rest": tw.RESTURL(), "account": s.account, "api_key": voicetest.APIKey, "api_secret": voicetest.APISecret})
	fmt.Fprintf(p.stdout, "%s\n", started)

	outcome := &outcomes{}
	var answering sync.WaitGroup
	picking, enough := context.WithCancel(ctx)
	talking, stop := context.WithCancel(ctx)
	defer stop()
	answering.Go(func() { answer(picking, talking, tw, picked, *patience, outcome) })
	if all == nil {
		<-ctx.Done()
	} else {
		runAll(ctx, tw, &s, to, all, *parallel, *patience, outcome)
	}
	enough()
	late := time.AfterFunc(*patience, stop)
	defer late.Stop()
	answering.Wait()
	return errors.Join(outcome.write(*junit, *results), outcome.err())
}

const maxParallel = 1000

// answer picks up the calls that the service places, until picking ends. Each takes the steps
// of the script's first call, which may go on until ctx ends; without a script it waits until
// the service hangs up.
func answer(picking, ctx context.Context, tw *voicetest.Twilio, picked []scenario, patience time.Duration, out *outcomes) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		call, err := tw.Picked(picking)
		if err != nil {
			return
		}
		calls.Go(func() {
			began := time.Now()
			c := &caller{call: call, patience: patience}
			var failed error
			if len(picked) == 0 {
				failed = call.Wait(picking)
			} else {
				c.dir = picked[0].dir
				for i := range picked[0].steps {
					if failed = c.take(ctx, &picked[0].steps[i]); failed != nil {
						break
					}
				}
			}
			if errors.Is(failed, context.Canceled) { // phone is being stopped: the call has not failed
				failed = nil
			}
			out.add("placed to "+call.To, call, began, errors.Join(failed, c.settled(context.WithoutCancel(ctx))))
		})
	}
}

// runAll makes the calls of a script.
func runAll(ctx context.Context, tw *voicetest.Twilio, s *service, to target, all []scenario, parallel int, patience time.Duration, out *outcomes) {
	var calls sync.WaitGroup
	places := make(chan struct{}, parallel)
	for i := range all {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			out.add(all[i].name, nil, time.Now(), ctx.Err())
			continue
		}
		calls.Go(func() {
			defer func() { <-places }()
			one := &all[i]
			began := time.Now()
			call := tw.Dial(or(one.from, s.from), or(one.to, s.to), to.options()...)
			c := &caller{call: call, dir: one.dir, patience: patience}
			var err error
			for n := range one.steps {
				if err = c.take(ctx, &one.steps[n]); err != nil {
					break
				}
			}
			out.add(one.name, call, began, errors.Join(err, c.settled(ctx)))
		})
	}
	calls.Wait()
}

// outcomes collects the results of all calls.
type outcomes struct {
	mu  sync.Mutex
	all []result
}

// result is the outcome of one call, as the JSON file lists it.
type result struct {
	Name    string   `json:"name"`
	SID     string   `json:"call_sid,omitempty"`
	Status  string   `json:"status,omitempty"` // Twilio's CallStatus
	Passed  bool     `json:"passed"`
	Error   string   `json:"error,omitempty"`
	Seconds float64  `json:"seconds"`
	Said    []string `json:"said,omitempty"`
	Events  []string `json:"events,omitempty"`
}

// add notes how a call went. call is nil if it was never made.
func (o *outcomes) add(name string, call *voicetest.Call, began time.Time, err error) {
	r := result{Name: name, Passed: err == nil, Seconds: time.Since(began).Seconds()}
	if err != nil {
		r.Error = err.Error()
	}
	if call != nil {
		r.SID, r.Status, r.Said = call.SID, call.Status(), call.Said()
		for _, e := range call.Events() {
			r.Events = append(r.Events, e.String())
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, r)
}

// errFailed is wrapped by the error of a run in which calls failed.
var errFailed = errors.New("calls failed")

// err returns an error that names each failed call and its failure; nil if none failed.
func (o *outcomes) err() error {
	var errs []error
	for _, r := range o.all {
		if !r.Passed {
			errs = append(errs, fmt.Errorf("%s: %s", r.Name, r.Error))
		}
	}
	if errs == nil {
		return nil
	}
	return fmt.Errorf("%d of %d %w:\n%w", len(errs), len(o.all), errFailed, errors.Join(errs...))
}

// suite, one and failure are the elements of a JUnit file.
type suite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Time     string   `xml:"time,attr"`
	Cases    []one    `xml:"testcase"`
}

type one struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"`
	Failure *failure `xml:"failure,omitempty"`
	Output  string   `xml:"system-out,omitempty"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// write writes the results to the two files. An empty name means no file.
func (o *outcomes) write(junit, asJSON string) (err error) {
	seconds := func(s float64) string { return fmt.Sprintf("%.3f", s) }
	if junit != "" {
		s := suite{Name: "phone", Tests: len(o.all)}
		total := 0.0
		for _, r := range o.all {
			c := one{Name: r.Name, Class: "phone", Time: seconds(r.Seconds)}
			total += r.Seconds
			for _, e := range r.Events {
				c.Output += e + "\n"
			}
			if !r.Passed {
				s.Failures++
				c.Failure = &failure{Message: r.Error, Text: r.Error}
			}
			s.Cases = append(s.Cases, c)
		}
		s.Time = seconds(total)
		text, _ := xml.MarshalIndent(s, "", "  ") // cannot fail
		err = os.WriteFile(junit, append([]byte(xml.Header), append(text, '\n')...), 0o644)
	}
	if asJSON != "" {
		text, _ := json.MarshalIndent(map[string]any{"calls": o.all, "failed": o.err() != nil}, "", "  ")
		err = errors.Join(err, os.WriteFile(asJSON, append(text, '\n'), 0o644))
	}
	return err
}
