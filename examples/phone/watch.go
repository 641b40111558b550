package main

import "time"

// watch looks at the process of the service.
type watch struct {
	pid         int
	begin, last used
	began, at   time.Time
	most        int64   // bytes
	calls       int64   // at once, when it had most
	callSeconds float64 // that it has served
	err         error
}

func newWatch(pid int) *watch {
	w := &watch{pid: pid, began: time.Now()}
	if pid != 0 {
		w.begin, w.err = usedBy(pid)
		w.last, w.at, w.most = w.begin, w.began, w.begin.memory
	}
	return w
}

// look measures the process while that many calls are up.
func (w *watch) look(calls int64) {
	if w.pid == 0 || w.err != nil {
		return
	}
	now, err := usedBy(w.pid)
	if err != nil {
		w.err = err
		return
	}
	w.callSeconds += time.Since(w.at).Seconds() * float64(calls)
	w.last, w.at = now, time.Now()
	if now.memory > w.most {
		w.most, w.calls = now.memory, calls
	}
}

// process returns what was seen; nil without a process.
func (w *watch) process() *process {
	const mb = 1 << 20
	if w.pid == 0 {
		return nil
	}
	p := &process{Memory: float64(w.most) / mb, AtBegin: float64(w.begin.memory) / mb, CallSeconds: w.callSeconds}
	cpu := (w.last.cpu - w.begin.cpu).Seconds()
	if took := w.at.Sub(w.began).Seconds(); took > 0 {
		p.CPU = cpu / took
	}
	if w.callSeconds > 0 {
		p.CPUPerCall = 100 * cpu / w.callSeconds
	}
	if w.calls > 0 {
		p.MemoryCall = float64(w.most-w.begin.memory) / 1024 / float64(w.calls)
	}
	if w.err != nil {
		p.NotAvailable = w.err.Error()
	}
	return p
}
