package voice

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
)

// TestAnswerInTheServersWords: a caller who answers a question with a word of it, at whatever
// place of the question. One word is never taken for an echo, so it reaches the handler, but it
// does not stop the question; two in a row are. Neither holds for an answer that is expected and
// that the ear has heard as the caller's.
func TestAnswerInTheServersWords(t *testing.T) {
	const question = "We have a table on Monday or Tuesday. Would you like to come on Monday or on Tuesday, yes or no?"
	phrases := stt.Expectation{Phrases: []string{"monday", "tuesday"}}
	yesNo := stt.Expectation{YesNo: true}
	for _, test := range []struct {
		answer            string
		expected          stt.Expectation
		stops, late, lost int // percent of the places
	}{
		{answer: "Wednesday", stops: 96, late: 4},
		{answer: "Monday", stops: 61, late: 39},
		{answer: "Monday", expected: phrases, stops: 96, late: 4},
		{answer: "Monday please", stops: 96, late: 4},
		{answer: "on Monday", stops: 75, late: 4, lost: 21},
		{answer: "on Monday", expected: phrases, stops: 96, late: 4},
		{answer: "no", stops: 93, late: 7},
		{answer: "yes", stops: 11, late: 11, lost: 79},
		{answer: "yes", expected: yesNo, stops: 89, late: 11},
		{answer: "no", expected: yesNo, stops: 96, late: 4},
	} {
		t.Run(fmt.Sprintf("%s, expected %v", test.answer, test.expected.YesNo || test.expected.Phrases != nil), func(t *testing.T) {
			stops, late, lost, places := 0, 0, 0, 0
			for at, asked := 310*time.Millisecond, true; asked; at += 200 * time.Millisecond {
				listened(t, func(t *testing.T, v *voices) {
					p, err := v.call.Say(t.Context(), question)
					require.NoError(t, err)
					v.judge.expects(test.expected)
					v.silent(at)
					if asked = !p.over(); !asked {
						return
					}
					v.speaks(400 * time.Millisecond)
					v.silent(300 * time.Millisecond)
					v.final(test.answer)
					text := v.turnEnds()
					v.silent(12 * time.Second)
					places++
					switch stopped := errors.Is(p.Wait(t.Context()), ErrInterrupted); {
					case text == "":
						lost++
					case stopped:
						stops++
					default:
						late++
					}
				})
			}
			share := func(n int) int { return (100*n + places/2) / places }
			const one = 4 // place: at the end of the question several things happen at once
			got := fmt.Sprintf("of %d places, in %%: the question stops %d, goes on %d, the answer is lost %d", places, share(stops), share(late), share(lost))
			require.InDelta(t, test.stops, share(stops), one, got)
			require.InDelta(t, test.late, share(late), one, got)
			require.InDelta(t, test.lost, share(lost), one, got)
		})
	}
}
