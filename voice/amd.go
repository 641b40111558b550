package voice

import (
	"context"
	"net/http"
	"time"

	"agentos.dev/dialtone/policy"
)

const (
	// amdWithin is how long after its stream began a call waits for the result. Detection
	// takes 59 s at most, from when the call was picked up (MachineDetectionTimeout).
	amdWithin = 75 * time.Second
	amdEvery  = 500 * time.Millisecond // the store is asked, for all calls at once
	amdKeep   = 10 * time.Minute       // the store knows
)

// serveAMD takes the callback of asynchronous machine detection, on whichever instance it
// lands: the one that has the call finds it in the store.
func (s *Server) serveAMD(w http.ResponseWriter, r *http.Request) {
	info, ok := s.call(w, r)
	switch {
	case !ok:
		return
	case info.AnsweredBy == "":
		http.Error(w, "AnsweredBy is missing", http.StatusBadRequest)
		return
	}
	r, end := s.step(r, info, StepStatus)
	defer end()
	now := time.Now()
	by := s.detected.note(idOf(info.SID), now, func(before string) string {
		if before != "" {
			return before // it was repeated
		}
		return info.AnsweredBy
	})
	if by == "" {
		by = info.AnsweredBy
	}
	for _, call := range s.streamsOf(info.SID) {
		call.hearDetected(by)
	}
	if s.config.Store.Shared() { // also for the next stream of a call that is here
		s.write(r.Context(), policy.Op{Kind: policy.OpWrite, Space: amdSpace, Name: info.SID, Generation: policy.AnyGeneration, Keep: amdKeep, Value: []byte(by)})
	}
	w.WriteHeader(http.StatusNoContent)
}

// awaitDetected gives the handler of a placed call the result of machine detection, if the
// webhook did not bring it.
func (c *liveCall) awaitDetected() {
	if !c.Outbound() || c.AnsweredBy != "" {
		return
	}
	s := c.server
	ask := s.askDetectedSoon
	if !s.config.Store.Shared() {
		ask = nil
	}
	s.awaited.add(c, c.began.Add(amdWithin), ask)
	if by := s.detected.get(idOf(c.SID), time.Now()); by != "" { // it came before the stream
		c.hearDetected(by)
	}
}

// askDetectedSoon has the store asked in a while.
func (s *Server) askDetectedSoon() *time.Timer {
	s.enter()
	return time.AfterFunc(amdEvery, s.askDetected)
}

// askDetected asks the store for the results that calls wait for, and again in a while as
// long as there are any.
func (s *Server) askDetected() {
	defer s.exit()
	defer s.awaited.again(s.askDetectedSoon)
	defer contain(s.config.Logger)
	calls, ops := s.awaited.questions(time.Now())
	ctx, cancel := context.WithTimeout(context.Background(), decideTimeout)
	defer cancel()
	s.config.Store.Do(ctx, ops)
	for i, call := range calls {
		if ops[i].Err == nil && len(ops[i].Value) > 0 {
			call.hearDetected(string(ops[i].Value))
		}
	}
}

// hearDetected gives the handler the result, once.
func (c *liveCall) hearDetected(by string) {
	if c.stopAwaiting() {
		c.log.Info("machine detection", "answered_by", by, "leg", c.Leg)
		c.inbox.put(Event{AnsweredBy: by})
	}
}

// stopAwaiting has a call wait no longer, and reports whether it did.
func (c *liveCall) stopAwaiting() bool {
	waited, stopped := c.server.awaited.remove(c)
	if stopped {
		c.server.exit()
	}
	return waited
}
