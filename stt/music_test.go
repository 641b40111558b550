package stt_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// TestOnHold: two of the last five utterances that sounded like music put a line on
// hold, rejected ones too. The recogniser and the host are told, each call for
// itself.
func TestOnHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		music := []bool{true, false, true, false, false, false, false, true, true}
		//               0      1      2     3      4      5      6      7      8
		after := []bool{false, false, true, true, true, false, false, false, true}
		asked := map[string]int{}
		var told []bool
		rec := stt.RecognizerFunc(func(_ context.Context, _ []byte, c stt.Config) (stt.Transcript, error) {
			n := asked[c.CallSID]
			asked[c.CallSID]++
			if c.CallSID == "speech" {
				require.False(t, c.OnHold)
				return stt.Transcript{Text: "yes"}, nil
			}
			told = append(told, c.OnHold)
			return stt.Transcript{Music: music[n]}, nil
		})
		engine := stt.Segmented(rec, stt.Segmentation{})
		hear := func(call string) (held []bool) {
			s, err := stttest.Open(t.Context(), engine, stt.Config{CallSID: call})
			require.NoError(t, err)
			for range music { // one at a time
				play(t, s, stttest.Speech(1, codec.Format{}))
				require.NoError(t, s.Flush(t.Context()))
			}
			require.NoError(t, s.Close())
			for _, ev := range rest(t, s) {
				if ev.Kind == stt.UtteranceEnd {
					held = append(held, ev.OnHold)
				} else {
					require.False(t, ev.OnHold, "%v", ev.Kind)
				}
			}
			return held
		}
		require.Equal(t, after, hear("music"))
		require.Equal(t, append([]bool{false}, after[:len(after)-1]...), told)
		require.Equal(t, make([]bool, len(music)), hear("speech"))
	})
}

// A recognition that fails says nothing about music.
func TestOnHoldAfterFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		rec := stt.RecognizerFunc(func(_ context.Context, _ []byte, c stt.Config) (stt.Transcript, error) {
			if n++; n > 2 {
				return stt.Transcript{}, &stt.Error{Op: "recognize", Kind: stt.ErrBadAudio}
			}
			return stt.Transcript{Music: true}, nil
		})
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{})
		require.NoError(t, err)
		for range 9 {
			play(t, s, stttest.Speech(1, codec.Format{}))
			require.NoError(t, s.Flush(t.Context()))
		}
		require.NoError(t, s.Close())
		events := rest(t, s)
		require.True(t, events[len(events)-1].OnHold)
	})
}
