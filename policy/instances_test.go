package policy_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/outbound"
)

// link is an instance's way to the engine that all share.
type link struct {
	policy.Engine
	away, deaf atomic.Bool // questions do not arrive; or arrive, and the answers get lost
}

func (l *link) Do(ctx context.Context, ops []policy.Op) {
	away := l.away.Load()
	if !away {
		l.Engine.Do(ctx, ops)
	}
	if away || l.deaf.Load() {
		for i := range ops {
			ops[i].Err = errors.New("no route to host")
		}
	}
}

// member is one instance of a service: it does what package voice does.
type member struct {
	name   string
	link   *link
	healed time.Time // when its link is good again; zero when it is
	store  *policy.Store
	limit  *policy.CallerLimit
	places *policy.Concurrency
	all    policy.Policy
	gate   *outbound.Gate
	calls  map[string]*simCall // with a stream here
	untold map[string]ended
	alone  int64 // minutes of calls that it placed while it was cut off
}

type ended struct {
	call    policy.Call
	outcome policy.Outcome
}

// simCall is a call as Twilio knows it.
type simCall struct {
	policy.Call
	on       *member // that has its stream
	begun    time.Time
	end      time.Time
	over     bool
	informed []*member // of its end
}

// service is a number of instances that share an engine, and their callers.
type service struct {
	t       *testing.T
	r       *rand.Rand
	engine  *policy.Memory
	o       policy.StoreOptions
	members []*member
	stores  []*policy.Store
	born    int
	deaths  int
	calls   map[string]*simCall // that were let in
	up      []*simCall          // of these, as they came
	heard   map[string]int      // ends, by CallSid
	starts  map[string][]time.Time
	minutes int64 // of placed calls that are over
	placed  int
	slack   int64 // minutes of calls placed by an instance that was cut off
	lost    int64 // of those, what the engine was not told before the instance died
}

const (
	simLimit  = 9
	simPlaces = 30
	maxOut    = 5 * time.Minute
)

func (s *service) member() *member {
	s.born++
	m := &member{name: fmt.Sprint("instance ", s.born), link: &link{Engine: s.engine}, calls: make(map[string]*simCall), untold: make(map[string]ended)}
	var err error
	m.store, err = policy.NewStore(m.link, s.o)
	require.NoError(s.t, err)
	s.stores = append(s.stores, m.store)
	m.limit = policy.PerCaller(simLimit, time.Hour, policy.CallerLimitOptions{Store: m.store})
	require.NoError(s.t, policy.Validate(m.limit))
	m.places = policy.Concurrent(simPlaces, policy.ConcurrencyOptions{Store: m.store})
	m.all = policy.All(m.limit, m.places)
	where, err := outbound.NewDestinations(outbound.DestinationsOptions{Countries: []string{"US"}})
	require.NoError(s.t, err)
	m.gate, err = outbound.NewGate(outbound.GateOptions{
		Destinations: where, Caps: []outbound.Cap{{To: "*", Calls: policy.Unlimited, Minutes: 100_000}}, Pacer: outbound.NewPacer(1000), TimeLimit: maxOut, Store: m.store,
	})
	require.NoError(s.t, err)
	return m
}

// healthy reports whether the member decides together with the others.
func (m *member) healthy() bool { return m.healed.IsZero() && m.store.Up() }

func (s *service) any() *member { return s.members[s.r.IntN(len(s.members))] }

// dial has a caller call one of the instances.
func (s *service) dial(n int) {
	c := policy.Call{SID: fmt.Sprint("CA", n), From: fmt.Sprintf("+1415555%04d", s.r.IntN(200)), Direction: "inbound"}
	m := s.any()
	if !m.all.Decide(context.Background(), c).Allowed() {
		return
	}
	if again := s.any(); s.r.IntN(10) == 0 && m.healthy() && again.healthy() {
		require.True(s.t, again.all.Decide(context.Background(), c).Allowed(), "delivered twice")
	}
	s.starts[c.From] = append(s.starts[c.From], time.Now())
	call := &simCall{Call: c, on: s.any(), begun: time.Now(), end: time.Now().Add(time.Duration(1+s.r.IntN(300)) * time.Second)}
	if s.r.IntN(5) == 0 {
		call.on = nil // hangs up before its stream
		call.end = time.Now().Add(2 * time.Second)
	} else {
		call.on.calls[c.SID] = call
	}
	s.calls[c.SID], s.up = call, append(s.up, call)
}

// place has one of the instances call out.
func (s *service) place(n int) {
	c := policy.Call{SID: fmt.Sprint("CO", n), From: "+14155550199", To: fmt.Sprintf("+1415556%04d", s.r.IntN(200)), Direction: "outbound-api"}
	m := s.any()
	permit, err := m.gate.Decide(context.Background(), c.To, 0)
	if err != nil {
		return
	}
	if permit.Placed(c.SID); !m.healed.IsZero() || !m.store.Up() {
		m.alone += int64(maxOut / time.Minute)
		s.slack += int64(maxOut / time.Minute)
	}
	s.placed++
	call := &simCall{Call: c, on: s.any(), begun: time.Now(), end: time.Now().Add(time.Duration(1+s.r.IntN(290)) * time.Second)}
	if s.r.IntN(3) == 0 {
		call.on = nil // it has no stream
	} else {
		call.on.calls[c.SID] = call
	}
	s.calls[c.SID], s.up = call, append(s.up, call)
}

// over ends a call: its stream ends, and the callback reaches an instance once or twice.
func (s *service) over(c *simCall) {
	c.over, c.end = true, time.Now()
	lasted := c.end.Sub(c.begun)
	if c.Outbound() {
		s.minutes += int64((lasted + time.Minute - 1) / time.Minute)
	}
	billed := policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed", Duration: lasted, Billed: true}
	tell := func(m *member, o policy.Outcome) {
		c.informed = append(c.informed, m)
		if known, waits := m.untold[c.SID]; !waits || !known.outcome.Billed {
			m.untold[c.SID] = ended{c.Call, o}
		}
	}
	for range s.r.IntN(3) { // some before the stream has ended
		tell(s.any(), billed)
	}
	if c.on != nil {
		delete(c.on.calls, c.SID)
		streamed := billed
		streamed.Duration, streamed.Billed = lasted/2, false // it began late
		tell(c.on, streamed)
	}
	tell(s.any(), billed)
}

// work is what an instance does each second.
func (s *service) work(m *member, second int) {
	watcher := []policy.Observer{m.gate, policy.ObserverFunc(func(_ context.Context, c policy.Call, o policy.Outcome) {
		if o.Kind == policy.OutcomeEnded {
			s.heard[c.SID]++
		}
	})}
	for _, sid := range slices.Sorted(maps.Keys(m.untold)) {
		e := m.untold[sid]
		if _, err := policy.TellOnce(context.Background(), m.store, m.name, e.outcome, m.all, watcher, e.call); err == nil {
			delete(m.untold, sid)
		}
	}
	if second%int(policy.RunningLease/time.Second/3) == 0 {
		var up []policy.Call
		for _, c := range m.calls {
			up = append(up, c.Call)
		}
		policy.Tell(context.Background(), policy.Outcome{Kind: policy.OutcomeRunning}, m.all, nil, up...)
	}
}

// die ends an instance with its calls, of which Twilio tells another one.
func (s *service) die(i int) {
	m := s.members[i]
	if !m.healed.IsZero() || m.store.Stats().Late > 0 {
		s.lost += m.alone
	}
	m.link.away.Store(true)
	s.members[i] = s.member()
	s.deaths++
	for _, sid := range slices.Sorted(maps.Keys(m.calls)) {
		c := m.calls[sid]
		c.on = nil
		s.over(c)
	}
	m.untold = nil
}

// trouble cuts an instance off for less than its calls' leases, or loses its answers.
func (s *service) trouble(m *member) {
	if m.healed.IsZero() {
		m.link.away.Store(s.r.IntN(2) == 0)
		m.link.deaf.Store(true)
		m.healed = time.Now().Add(time.Duration(5+s.r.IntN(30)) * time.Second)
	}
}

// check looks at what must hold at each moment.
func (s *service) check() {
	live := 0
	for _, c := range s.calls {
		if !c.over && !c.Outbound() {
			live++
		}
		held := []policy.Op{{Kind: policy.OpHold, Space: "places", Name: "", ID: c.SID, Keep: time.Nanosecond, Limit: 0}}
		if !c.over || time.Since(c.end) <= policy.DefaultLease+time.Second || c.Outbound() {
			continue
		}
		s.engine.Do(context.Background(), held) // finds one that is there
		require.False(s.t, held[0].OK, "%s has its place %v after it has ended", c.SID, time.Since(c.end))
	}
	most := simPlaces
	if s.o.Fallback == policy.FallbackLocal {
		most *= 2 // as many again by instances alone
	}
	require.LessOrEqual(s.t, live, most)
}

// TestInstances: three instances, callers of 200 numbers, instances that die or are cut off,
// callbacks that come twice and to anybody. Nobody gets more calls than the limit, no place is
// held for longer than a call lasts and one lease, no minute of a call is lost unless the
// instance that placed it died while it was cut off, and each end is told once: never twice,
// and always if who learned of it lived to tell it.
func TestInstances(t *testing.T) {
	for _, fallback := range []policy.Fallback{policy.FallbackClosed, policy.FallbackLocal} {
		for seed := range uint64(2) {
			for _, deaths := range []bool{false, true} {
				t.Run(fmt.Sprintf("fallback %d, seed %d, deaths %v", fallback, seed, deaths), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { instances(t, policy.StoreOptions{Fallback: fallback, Instances: 3}, seed, deaths) })
				})
			}
		}
	}
}

func instances(t *testing.T, o policy.StoreOptions, seed uint64, deaths bool) {
	s := &service{
		t: t, r: rand.New(rand.NewPCG(seed, 15)), engine: policy.NewMemory(policy.MemoryOptions{}), o: o,
		calls: make(map[string]*simCall), heard: make(map[string]int), starts: make(map[string][]time.Time),
	}
	defer func() {
		for _, store := range s.stores {
			store.Close()
		}
	}()
	for range 3 {
		s.members = append(s.members, s.member())
	}
	for second := range 3 * 3600 / 2 {
		time.Sleep(time.Second)
		synctest.Wait()
		calm := second > 3*3600/2-600 // the last ten minutes, for what is late to arrive
		for _, m := range s.members {
			if !m.healed.IsZero() && (calm || !time.Now().Before(m.healed)) {
				m.link.away.Store(false)
				m.link.deaf.Store(false)
				m.healed = time.Time{}
			}
			if !calm && s.r.IntN(120) == 0 {
				s.trouble(m)
			}
		}
		if !calm {
			s.dial(second)
			if s.r.IntN(10) == 0 {
				s.place(second)
			}
			if deaths && s.r.IntN(400) == 0 {
				s.die(s.r.IntN(len(s.members)))
			}
		}
		for _, c := range s.up { // in an order that a seed repeats
			if !c.over && !time.Now().Before(c.end) {
				s.over(c)
			}
		}
		s.up = slices.DeleteFunc(s.up, func(c *simCall) bool { return c.over })
		for _, m := range s.members {
			s.work(m, second)
		}
		if second%30 == 0 {
			s.check()
		}
	}
	limit := simLimit
	if o.Fallback == policy.FallbackLocal {
		limit *= 2 // as many again by instances alone
	}
	for from, starts := range s.starts {
		for i := range starts {
			if i+limit < len(starts) {
				require.GreaterOrEqual(t, starts[i+limit].Sub(starts[i]), time.Hour, "%s: more than %d calls in an hour", from, limit)
			}
		}
	}
	for sid, c := range s.calls {
		require.True(t, c.over, sid)
		survived := true // all; else one that died may have claimed it
		for _, m := range c.informed {
			survived = survived && slices.Contains(s.members, m)
		}
		require.LessOrEqual(t, s.heard[sid], 1, "%s: told more than once", sid)
		if survived {
			require.Equal(t, 1, s.heard[sid], "%s: its end was not told", sid)
		}
	}
	n, err := s.members[0].places.InUse(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	counted := []policy.Op{{Kind: policy.OpAdd, Space: "outbound:minutes", Name: "*", Keep: 24 * time.Hour}}
	s.engine.Do(t.Context(), counted)
	require.Greater(t, len(s.calls), 500)
	require.Greater(t, s.placed, 50)
	require.GreaterOrEqual(t, counted[0].Total+s.lost, s.minutes, "minutes got lost")
	if !deaths {
		require.LessOrEqual(t, counted[0].Total, s.minutes+s.slack, "minutes were not given back")
	}
}
