package stt_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// A number of which the host knows the length is waited for, and no longer than it
// takes.
func TestExpectedDigits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Texts: []string{"seven four", "two nine"}}
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{Expected: stt.Expectation{Digits: 4}})
		require.NoError(t, err)
		play(t, s, speech(t)) // with half a second of silence after the word
		play(t, s, silence(time.Second))
		require.Equal(t, []string{"turn_start", `turn_eager "seven four"`}, steps(t, s))
		play(t, s, speech(t))
		require.Equal(t, `turn_end "seven four two nine"`, steps(t, s)[4])
		require.NoError(t, s.Close())
	})
}

// What the host expects counts for the turn under way as well.
func TestExpectInMidTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Texts: []string{"seven four"}}
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{})
		require.NoError(t, err)
		play(t, s, speech(t))
		require.Len(t, steps(t, s), 2)
		require.NoError(t, s.Expect(stt.Expectation{Digits: 16}))
		play(t, s, silence(time.Second))
		require.Len(t, steps(t, s), 2)
		require.NoError(t, s.Expect(stt.Expectation{}))
		play(t, s, silence(20*time.Millisecond))
		require.Equal(t, `turn_end "seven four"`, steps(t, s)[2])
		require.NoError(t, s.Close())
		require.ErrorIs(t, s.Expect(stt.Expectation{}), stt.ErrClosed)
	})
}

// expecting is an engine whose streams can be told what the host expects.
type expecting struct {
	*stttest.Engine
	told []stt.Expectation
	err  error
}

type expectingStream struct {
	stt.Stream
	e *expecting
}

func (e *expecting) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	s, err := e.Engine.Open(ctx, c)
	return expectingStream{s, e}, err
}

func (s expectingStream) Expect(x stt.Expectation) error {
	s.e.told = append(s.e.told, x)
	return s.e.err
}

// A stream is told, a new one by its Config, and a recogniser with each utterance. The
// phrases of the call hold where the host has none for the answer. A stream that fails
// of it is replaced.
func TestWhoIsToldWhatIsExpected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &expecting{Engine: &stttest.Engine{}}, &stttest.Engine{}
		rec := &stttest.Recognizer{Texts: []string{"yes"}}
		s, err := stttest.Open(t.Context(), stt.Failover(stt.FailoverOptions{}, first, second, stt.Segmented(rec, stt.Segmentation{})),
			stt.Config{Phrases: []string{"book a room"}, Expected: stt.Expectation{YesNo: true}})
		require.NoError(t, err)
		one, err := first.Stream(t.Context(), 0)
		require.NoError(t, err)
		usual := []string{"book a room"}
		assert.Equal(t, stt.Expectation{YesNo: true, Phrases: usual}, one.Config.Expected)
		require.NoError(t, s.Expect(stt.Expectation{Phrases: []string{" one  bed ", ""}}))
		require.NoError(t, s.Expect(stt.Expectation{Digits: 4}))
		assert.Equal(t, []stt.Expectation{{Phrases: []string{"one bed"}}, {Digits: 4, Phrases: usual}}, first.told)
		first.err = errors.New("gone")
		beds := stt.Expectation{Phrases: []string{"two beds"}}
		require.NoError(t, s.Expect(beds))
		two, err := second.Stream(t.Context(), 0)
		require.NoError(t, err)
		assert.Equal(t, beds, two.Config.Expected)
		assert.Equal(t, beds.Phrases, two.Config.Phrases)
		two.Fail(errors.New("gone"))
		play(t, s, speech(t))
		require.NoError(t, s.Expect(stt.Expectation{}))
		play(t, s, speech(t))
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		heard := rec.Utterances()
		require.Len(t, heard, 2)
		assert.Equal(t, beds.Phrases, heard[0].Config.Phrases)
		assert.Equal(t, usual, heard[1].Config.Phrases)
	})
}
