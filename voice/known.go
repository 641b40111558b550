package voice

import (
	"context"
	"time"

	"agentos.dev/dialtone/policy"
)

// standing is what is known of a call when its webhook comes.
type standing uint8

const (
	isNewCall  standing = iota
	isAdmitted          // by the policy, for another webhook
	isOver              // it has ended
)

// knownCall is a policy before the host's that refuses calls that have ended on another
// instance, and finds out whether one has admitted the call. It asks the store along with
// the host's first, whom it does no harm to be asked twice about a call.
type knownCall struct {
	server   *Server
	status   string
	standing standing
}

func (p *knownCall) Store() *policy.Store { return p.server.config.Store }

func (p *knownCall) Decide(ctx context.Context, c policy.Call) policy.Decision {
	return policy.DecideStored(ctx, p, c)
}

func (p *knownCall) Ask(c policy.Call, ops []policy.Op) []policy.Op {
	ended, _ := known(c.SID, p.status)
	return append(ops, ended, policy.Op{Kind: policy.OpRead, Space: admittedSpace, Name: c.SID})
}

func (p *knownCall) Judge(_ policy.Call, answers []policy.Op) policy.Decision {
	switch {
	case answers[0].OK:
		p.standing = isOver
		return policy.Decision{}
	case answers[1].OK:
		p.standing = isAdmitted
	}
	return policy.Decision{Verdict: policy.Allow}
}

// admittedSpace is where the instances note in the store which calls the policy has
// admitted.
const admittedSpace = "admitted"

// admitOnce notes for all instances that the policy has admitted a call.
func (s *Server) admitOnce(ctx context.Context, info Info) {
	s.admitted.note(idOf(info.SID), time.Now(), func(bool) bool { return true })
	if s.config.Store.Shared() {
		s.config.Store.Do(context.WithoutCancel(ctx), []policy.Op{{
			Kind: policy.OpWrite, Space: admittedSpace, Name: info.SID, Generation: policy.AnyGeneration, Keep: rememberAdmitted,
		}})
	}
}

// wasAdmitted reports whether an instance has noted it.
func (s *Server) wasAdmitted(ctx context.Context, info Info) bool {
	if known := s.admitted.get(idOf(info.SID), time.Now()); known || !s.config.Store.Shared() {
		return known
	}
	ops := []policy.Op{{Kind: policy.OpRead, Space: admittedSpace, Name: info.SID}}
	s.config.Store.Do(ctx, ops)
	return ops[0].OK
}
