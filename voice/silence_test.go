package voice

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// TestSilence: who says nothing after he has heard everything is told of three times, and
// what is said to him meanwhile plays first.
func TestSilence(t *testing.T) {
	const s = time.Second
	turn := func(state stt.TurnState, text string) stt.Event {
		return stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: state}, Transcript: stt.Transcript{Text: text}}
	}
	inCall(t, &ttstest.Fake{}, 40*time.Millisecond, func(t *testing.T, call *Call, c *caller) {
		var mu sync.Mutex
		var told []time.Duration
		began := time.Now()
		reset := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			told, began = told[:n], time.Now()
		}
		still := newStillness(Silence{Twice: 7 * s}.complete(), func(n Silent) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, time.Since(began).Round(100*time.Millisecond))
			require.Equal(t, len(told), int(n))
		})
		call.player.still = still
		defer still.close()
		passes := func(d time.Duration, want ...time.Duration) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			require.ElementsMatch(t, want, told)
		}
		says := func(text string) {
			t.Helper()
			p, err := call.Say(t.Context(), text)
			require.NoError(t, err)
			require.NoError(t, p.Wait(t.Context()))
			reset(0)
		}
		passes(time.Minute) // nothing has been said
		says("How can I help you?")
		passes(time.Minute, 5*s, 12*s, 19*s)

		still.pressed()
		says("You pressed a key.")
		passes(4 * s)
		still.heard(turn(stt.TurnStart, ""))
		passes(time.Minute) // he speaks
		still.heard(turn(stt.TurnEnd, ""))
		reset(0)
		passes(6*s, 5*s)
		still.heard(turn(stt.TurnStart, ""))
		still.heard(turn(stt.TurnEnd, "a table"))
		reset(0)
		passes(time.Minute) // it is for the server to answer
		says("For how many?")
		passes(5500*time.Millisecond, 5*s)
		p, err := call.Say(t.Context(), "Are you still there?")
		require.NoError(t, err)
		require.NoError(t, p.Wait(t.Context()))
		reset(1)
		passes(8*s, 5*s, 7*s) // the second
		still.asks(1)
		passes(time.Minute, 5*s, 7*s) // a question has its own clock
		still.asks(-1)
		still.close()
		passes(time.Minute, 5*s, 7*s)
	})
}
