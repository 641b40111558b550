package voice_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// many is how many calls TestRelayFleet has of each kind: 1,000 of them take minutes.
//
//	DIALTONE_RELAY=1000 go test ./voice -run TestRelayFleet -v
func many() int {
	if n, err := strconv.Atoi(os.Getenv("DIALTONE_RELAY")); err == nil {
		return n
	}
	return 8
}

// TestRelayFleet: calls over three instances, each of which ends and is replaced, in whatever
// moment that is for a call. No prompt that an instance has read is lost, none is dealt with
// twice, and no answer is said twice or not at all.
func TestRelayFleet(t *testing.T) {
	for name, ends := range map[string]func(f *fleet, k int){
		"connections reset": func(f *fleet, k int) { f.Kill(k) },
		"killed":            func(f *fleet, k int) { f.crash(k) },
		"shut down": func(f *fleet, k int) {
			f.Remove(k)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			require.NoError(f.t, f.servers[k].Shutdown(ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relayFleet(t, name, ends)
		})
	}
}

func relayFleet(t *testing.T, name string, ends func(f *fleet, k int)) {
	n := many()
	var mu sync.Mutex
	read := make(map[string][]int)     // by call and prompt: the instances that read it
	settled := make(map[string]string) // by call: what the handler has saved last
	answer := func(alive func() bool) voice.HandlerFunc {
		return func(ctx context.Context, call *voice.Call) error {
			var said []string
			if r, ok := call.Resumed(); ok {
				said = strings.Fields(string(r.State))
				for _, prompt := range said[max(0, len(said)-r.Unheard):] {
					if _, err := call.Say(ctx, "Got "+prompt+"."); err != nil {
						return err
					}
				}
			}
			for t, err := range call.Transcripts(ctx) {
				if err != nil {
					return err
				}
				if !t.Final {
					continue
				}
				said = append(said, t.Text)
				all := strings.Join(said, " ")
				if err := call.Save([]byte(all)); err != nil {
					return err
				}
				if mu.Lock(); alive() {
					settled[call.SID] = all
				}
				mu.Unlock()
				if _, err := call.Say(ctx, "Got "+t.Text+"."); err != nil {
					return err
				}
			}
			return nil
		}
	}
	f := newFleet(t, 0, policy.NewMemory(policy.MemoryOptions{}), voice.Config{MaxStreams: 2 * n, Relay: relayed(t, twiml.ConversationRelay{
		ApplicationReconnect: twiml.True, Interruptible: twiml.InterruptNone, ReportInputDuringAgentSpeech: twiml.ReportAny,
	})})
	defer func() {
		for _, m := range f.mortals {
			m.revive()
		}
	}()
	start := func() {
		var made atomic.Pointer[mortal]
		k, alive := len(f.servers), func() bool {
			m := made.Load()
			return m == nil || m.lives()
		}
		f.config.Handler = answer(alive)
		f.config.Trace = &voice.Trace{STTEvent: func(call voice.Info, e stt.Event) {
			if e.Kind == stt.Final && alive() {
				mu.Lock()
				defer mu.Unlock()
				read[call.SID+" "+e.Transcript.Text] = append(read[call.SID+" "+e.Transcript.Text], k)
			}
		}}
		f.start()
		made.Store(f.mortals[k])
	}
	for range 3 {
		start()
	}
	prompts := []string{"alpha", "bravo", "charlie", "delta"}
	calls := make([]*voicetest.Call, n)
	var talking sync.WaitGroup
	for i := range calls {
		calls[i] = f.tw.Dial(caller, callee)
		talking.Go(func() {
			for turn, prompt := range prompts {
				time.Sleep(time.Duration(100+(i*37+turn*61)%400) * time.Millisecond)
				calls[i].Says(prompt)
			}
		})
	}
	for k := range 3 {
		time.Sleep(500 * time.Millisecond)
		start()
		ends(f, k)
	}
	talking.Wait()
	inSockets, cutOff, lost, twice, unsaid := 0, 0, 0, 0, 0
	for _, call := range calls {
		had := func() (all []string) {
			mu.Lock()
			defer mu.Unlock()
			for _, prompt := range prompts {
				if len(read[call.SID+" "+prompt]) > 0 {
					all = append(all, prompt)
				}
			}
			return all
		}
		for giveUp := time.Now().Add(patience); time.Now().Before(giveUp); time.Sleep(10 * time.Millisecond) {
			if words := call.Words(); len(words) > 0 && words[len(words)-1] == prompts[3] {
				break
			}
		}
		said := strings.Join(call.Words(), " ")
		mu.Lock()
		saved := settled[call.SID]
		mu.Unlock()
		inSockets += len(prompts) - len(had())
		for _, prompt := range had() {
			mu.Lock()
			by := read[call.SID+" "+prompt]
			mu.Unlock()
			switch strings.Count(saved, prompt) {
			case 0:
				if f.mortals[by[0]].cutOff(call.SID) {
					cutOff++
					continue
				}
				lost++
				t.Errorf("%s: %s was read by %v and lost: %s", call.SID, prompt, by, saved)
			case 1:
			default:
				twice++
			}
			switch strings.Count(said, "got "+prompt) {
			case 0:
				unsaid++
			case 1:
			default:
				t.Errorf("%s: %s was said twice: %s", call.SID, prompt, said)
			}
		}
		talking.Go(func() { call.HangUp() })
	}
	talking.Wait()
	t.Logf("%s: %d calls, %d prompts: %d in sockets of what had ended, %d read in the moment before and not noted, %d lost, %d dealt with twice, %d answers not said",
		name, n, n*len(prompts), inSockets, cutOff, lost, twice, unsaid)
	require.Zero(t, lost)
	require.Zero(t, twice)
	require.Zero(t, unsaid)
	if name == "shut down" {
		require.Zero(t, inSockets)
	}
	if name != "killed" {
		require.Zero(t, cutOff)
		require.Len(t, f.finished(n), n, "each counted once")
	}
}
