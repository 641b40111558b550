package voice

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/outbound"
)

// TestPlaceOfALongCall: a call keeps its place for as long as its stream is up, and not for
// longer than a lease when its server is gone.
func TestPlaceOfALongCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		places := policy.Concurrent(1)
		srv, err := New(Config{
			AuthTokens: []string{strings.Repeat("a", 32)}, PublicURL: "https://calls.example.com", Policy: places, MaxDuration: 2 * time.Hour,
			Handler: HandlerFunc(func(context.Context, *Call) error { return nil }),
		})
		require.NoError(t, err)
		long := Info{Call: policy.Call{SID: "CA" + strings.Repeat("1", 32), From: "+14155550100", Direction: "inbound"}}
		ask := func(n int) bool {
			return places.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", n)}).Allowed()
		}
		require.True(t, places.Decide(t.Context(), long.Call).Allowed())
		require.True(t, srv.register(&liveCall{Call: &Call{Info: long}, server: srv}))
		for minute := range 119 {
			time.Sleep(time.Minute)
			require.False(t, ask(minute), "%d minutes into the call", minute+1)
		}
		srv.mu.Lock()
		clear(srv.calls) // as a server that is killed
		srv.rest()
		srv.mu.Unlock()
		time.Sleep(policy.RunningLease + time.Second)
		require.True(t, ask(1000))
	})
}

// TestTransferKeepsItsPlace: a call that is left to a transfer while it is said which calls are
// up keeps its place for as long as calls may last, and not for a minute.
func TestTransferKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var leases []time.Duration
		srv, err := New(Config{
			AuthTokens: []string{strings.Repeat("a", 32)}, PublicURL: "https://calls.example.com", MaxDuration: 2 * time.Hour,
			Handler: HandlerFunc(func(context.Context, *Call) error { return nil }),
			Observers: []policy.Observer{policy.ObserverFunc(func(_ context.Context, c policy.Call, _ policy.Outcome) {
				if c.Lease == 0 {
					time.Sleep(5 * time.Second)
				}
				leases = append(leases, c.Lease)
			})},
		})
		require.NoError(t, err)
		call := &liveCall{Call: &Call{Info: Info{Call: policy.Call{SID: "CA" + strings.Repeat("1", 32)}}}, server: srv}
		require.True(t, srv.register(call))
		time.Sleep(runningEvery + time.Second)
		srv.leaves(t.Context(), call.Info)
		require.Equal(t, []time.Duration{0, 2 * time.Hour}, leases)
		srv.mu.Lock()
		clear(srv.calls)
		srv.rest()
		srv.mu.Unlock()
	})
}

// TestMinutesAreTwilios: of a placed call count the minutes that Twilio bills, not those of its
// stream, which begins later and may end after the callback has come, here or elsewhere.
func TestMinutesAreTwilios(t *testing.T) {
	streamed := policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed", Duration: 59 * time.Second}
	billed := policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed", Duration: 61 * time.Second, Billed: true}
	info := Info{Call: policy.Call{SID: "CA" + strings.Repeat("1", 32), From: "+14155550199", To: "+14155550100", Direction: "outbound-api"}}
	stream := func(s *Server) { s.finish(info, streamed, up, true) }
	callback := func(s *Server) { s.over(info, billed) }
	for name, test := range map[string]struct {
		happens func(a, b *Server)
		minutes int64
	}{
		"a stream, no callback":            {func(a, _ *Server) { stream(a) }, 5},
		"stream, callback":                 {func(a, _ *Server) { stream(a); callback(a) }, 2},
		"callback, stream":                 {func(a, _ *Server) { callback(a); stream(a) }, 2},
		"stream here, callback there":      {func(a, b *Server) { stream(a); callback(b) }, 2},
		"callback there, then stream here": {func(a, b *Server) { callback(b); stream(a) }, 2},
		"callback while the stream is up": {func(a, _ *Server) {
			call := &liveCall{Call: &Call{Info: info}, server: a, lasted: streamed.Duration, reason: ReasonHungUp, said: -1, settled: make(chan struct{})}
			close(call.settled)
			call.ended.Do(func() {})
			require.True(t, a.register(call))
			callback(a)
			a.finish(info, call.outcome(), over, true)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			engine := policy.NewMemory(policy.MemoryOptions{})
			var servers []*Server
			var gates []*outbound.Gate
			for range 2 {
				store, err := policy.NewStore(engine, policy.StoreOptions{})
				require.NoError(t, err)
				defer store.Close()
				where, err := outbound.NewDestinations(outbound.DestinationsOptions{Countries: []string{"US"}})
				require.NoError(t, err)
				gate, err := outbound.NewGate(outbound.GateOptions{Destinations: where, Caps: []outbound.Cap{{To: "*", Calls: policy.Unlimited, Minutes: 100}}, Store: store})
				require.NoError(t, err)
				srv, err := New(Config{
					AuthTokens: []string{strings.Repeat("a", 32)}, PublicURL: "https://calls.example.com", Store: store, Observers: []policy.Observer{gate},
					Handler: HandlerFunc(func(context.Context, *Call) error { return nil }),
				})
				require.NoError(t, err)
				servers, gates = append(servers, srv), append(gates, gate)
			}
			permit, err := gates[0].Decide(t.Context(), info.To, 0)
			require.NoError(t, err)
			permit.Placed(info.SID)
			test.happens(servers[0], servers[1])
			counted := []policy.Op{{Kind: policy.OpAdd, Space: "outbound:minutes", Name: "*", Keep: 24 * time.Hour}}
			engine.Do(t.Context(), counted)
			require.Equal(t, test.minutes, counted[0].Total)
		})
	}
}

// TestEndOfAKilledInstance: the end of a call whose instance is killed at any moment of telling
// it is counted once, by the instance that gets the status callback, before that is answered
// for good.
func TestEndOfAKilledInstance(t *testing.T) {
	ended := policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"}
	for name, test := range map[string]struct {
		die    func(engine policy.Engine, one *Server) // how far the instance gets
		status string                                  // by which the other counts
	}{
		"before it learns of the end": {func(policy.Engine, *Server) {}, "failed"},
		"after its claim": {func(engine policy.Engine, one *Server) {
			engine.Do(context.Background(), []policy.Op{{Kind: policy.OpWrite, Space: "ended", Name: someInfo.SID, Keep: 3 * time.Second, Value: []byte(one.id + " claim")}})
		}, "failed"},
		"after its count": {func(_ policy.Engine, one *Server) {
			one.finishNoted(&untold{info: someInfo, outcome: ended, wasHere: true, mine: true}, ending{})
		}, "completed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := policy.NewMemory(policy.MemoryOptions{})
				one, two := instanceOn(t, engine), instanceOn(t, engine)
				counted := counting(one, two)
				o, _ := ownerFor(one, 1, 0)
				_, ok := o.take(t.Context())
				require.True(t, ok)
				o.close()
				test.die(engine, one)
				two.over(someInfo, ended)
				select {
				case <-two.ends.settled(someInfo.SID):
				case <-time.After(holdStatus):
					t.Error("the callback is answered before the call is counted")
				}
				time.Sleep(20 * time.Second)
				require.Equal(t, []string{test.status}, counted())
			})
		})
	}
}

// TestLateEndIsNotMine: an instance learns by the stream's own clock how late it hears of the
// end, after which others may have told it.
func TestLateEndIsNotMine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &liveCall{Call: &Call{}, server: instanceOn(t, policy.NewMemory(policy.MemoryOptions{})), began: time.Now(), audioBegan: time.Now()}
		frame := func(at time.Duration) { c.hear(mediastream.Frame{Timestamp: at}) }
		time.Sleep(time.Second)
		require.Equal(t, time.Second, c.late(), "no audio has come")
		for at := 5 * time.Second; at < 8*time.Second; at += 20 * time.Millisecond { // its clock began earlier
			frame(at)
			time.Sleep(20 * time.Millisecond)
		}
		require.Equal(t, 20*time.Millisecond, c.late())
		time.Sleep(10 * time.Second)
		for at := 8 * time.Second; at < 12*time.Second; at += 20 * time.Millisecond { // at once, after a pause
			frame(at)
		}
		require.InDelta(t, 6, c.late().Seconds(), 0.1)
	})
}

// TestLastToTellWaitsForAClaim: a server that has shut down tells an end that an instance which
// was killed had claimed, before the callback is answered.
func TestLastToTellWaitsForAClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := policy.NewMemory(policy.MemoryOptions{})
		s := instanceOn(t, engine)
		counted := counting(s)
		engine.Do(t.Context(), []policy.Op{{Kind: policy.OpWrite, Space: "ended", Name: someInfo.SID, Keep: 3 * time.Second, Value: []byte("gone claim")}})
		require.NoError(t, s.Shutdown(t.Context()))
		s.over(someInfo, policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"})
		require.Equal(t, []string{"completed"}, counted())
		require.Nil(t, s.ends.settled(someInfo.SID))
	})
}
