package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/voicetest"
)

// TestRelayCallsMove kills three processes of the server with SIGKILL, one after the other, in
// the middle of calls over ConversationRelay with applicationReconnect, behind nginx and with
// Redis in common. The caller says one word, and when that has been answered two, and so on. No
// prompt that an instance logged is lost, none is answered twice. The gate runs six calls; the
// whole, forty at a time, is
//
//	DIALTONE_RELAY_MOVE=1000 go test -run TestRelayCallsMove -timeout 120m -v ./examples/server
func TestRelayCallsMove(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: short")
	}
	const wave = 40
	calls := 6
	if n, err := strconv.Atoi(os.Getenv("DIALTONE_RELAY_MOVE")); err == nil {
		calls = n
	}
	m := startMachines(t, 3, "RELAY=1")
	tw, err := voicetest.Start(voicetest.Config{Target: m.nginx, Pace: 3})
	require.NoError(t, err)
	var all []*talk
	kills := 0
	for left := calls; left > 0; left -= wave {
		var talks []*talk
		var talking sync.WaitGroup
		var killed atomic.Bool
		for range min(wave, left) {
			k := &talk{Call: tw.Dial(fmt.Sprintf("+1415%07d", len(all)), "+14155550199")}
			all, talks = append(all, k), append(talks, k)
			talking.Go(func() { k.talk(&killed) })
		}
		for i := range m.procs {
			time.Sleep(time.Second + rand.N(2*time.Second))
			m.kill(i)
			kills++
		}
		time.Sleep(time.Second)
		killed.Store(true)
		talking.Wait()
		for _, k := range talks {
			talking.Go(func() { k.HangUp() })
		}
		talking.Wait()
	}
	require.NoError(t, tw.Close())
	read := make(map[string]map[int]int) // by call and number of words: how often an instance says that it read that
	for _, e := range m.events() {
		if e.Msg == "caller said" {
			if read[e.SID] == nil {
				read[e.SID] = make(map[int]int)
			}
			read[e.SID][e.Words]++
		}
	}
	prompts, unread, lost, twice, cut, shown := 0, 0, 0, 0, 0, 0
	var silences []time.Duration
	for _, k := range all {
		prompts += k.said
		unread += len(k.unanswered)
		wrong := ""
		for _, n := range k.unanswered {
			if read[k.SID][n] > k.tries[n]-1 { // it is answered when it is said again
				lost++
				wrong = fmt.Sprint("lost ", n)
			}
		}
		if heard := k.heard(); heard > k.said {
			twice += heard - k.said
			wrong = fmt.Sprint("heard ", heard, " answers to ", k.said)
		}
		if k.ended {
			cut++
			wrong = "ended"
		}
		silences = append(silences, k.Silences()...)
		if wrong == "" {
			continue
		}
		if shown++; shown <= 5 {
			m.tell(k.Call, "%s", wrong)
		}
	}
	t.Logf("%d calls, %d kills, %d reconnections, %d prompts: %d not answered at first, of which %d were read and lost; %d answered twice; %d calls ended",
		len(all), kills, len(silences), prompts, unread, lost, twice, cut)
	require.Zero(t, lost)
	require.Zero(t, twice)
	require.Zero(t, cut)
	require.NotEmpty(t, silences)
}

// talk is a caller who says one word, two words, and so on, and again what is not answered.
type talk struct {
	*voicetest.Call
	said       int         // prompts that were answered
	tries      map[int]int // of prompts that were not answered at first
	unanswered []int
	ended      bool
}

const answer = "i have noted that what else can i do for you"

// heard returns how many answers the caller has heard.
func (k *talk) heard() int { return strings.Count(strings.Join(k.Words(), " "), answer) }

// talk talks until every instance was killed.
func (k *talk) talk(killed *atomic.Bool) {
	k.tries = make(map[int]int)
	for !killed.Load() {
		k.Says(strings.TrimSpace(strings.Repeat("go ", k.said+1)))
		if k.answered(k.said + 1) {
			k.said++
			time.Sleep(rand.N(500 * time.Millisecond))
			continue
		}
		if k.Status() != "in-progress" {
			k.ended = true
			return
		}
		if k.tries[k.said+1]++; k.tries[k.said+1] == 1 {
			k.unanswered = append(k.unanswered, k.said+1)
		}
	}
}

// answered waits for the nth answer.
func (k *talk) answered(n int) bool {
	for giveUp := time.Now().Add(2 * patience); time.Now().Before(giveUp) && k.Status() == "in-progress"; time.Sleep(tick) {
		if k.heard() >= n {
			return true
		}
	}
	return false
}
