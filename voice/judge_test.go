package voice

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// voices is a caller's side of a call: an ear and a recogniser that do as a test says.
type voices struct {
	t      *testing.T
	call   *Call
	caller *caller
	judge  *judge
	voiced []bool
	turn   string
	deaf   bool
	began  time.Duration

	mu    sync.Mutex
	steps []string
}

// Voiced implements stt.Ear.
func (v *voices) Voiced(last time.Duration) (speech time.Duration, speaking bool) {
	n := len(v.voiced)
	for _, voiced := range v.voiced[max(0, n-int(last/frameLength)):] {
		if voiced {
			speech += frameLength
		}
	}
	return speech, slices.Contains(v.voiced[max(0, n-14):], true)
}

// hears has the server hear so much of the caller, who speaks or does not.
func (v *voices) hears(d time.Duration, speaks bool) {
	if speaks && (len(v.voiced) == 0 || !v.voiced[len(v.voiced)-1]) {
		v.began = time.Duration(len(v.voiced)) * frameLength
	}
	for range d / frameLength {
		time.Sleep(frameLength)
		v.voiced = append(v.voiced, speaks)
		v.judge.frame(v, time.Duration(len(v.voiced))*frameLength)
	}
}

func (v *voices) speaks(d time.Duration) { v.hears(d, true) }
func (v *voices) silent(d time.Duration) { v.hears(d, false) }

// unheard has the recogniser hear speech in which the ear hears none.
func (v *voices) unheard(d time.Duration) {
	v.began = time.Duration(len(v.voiced)) * frameLength
	v.reports(stt.Event{Kind: stt.SpeechStart})
	v.silent(d)
}

// reports has the recogniser report something.
func (v *voices) reports(e stt.Event) {
	e.At = time.Now()
	e.Transcript.Start, e.Transcript.End = v.began, time.Duration(len(v.voiced))*frameLength
	if e, tell := v.judge.hear(e); tell {
		v.call.inbox.put(Event{Event: e})
	}
}

func (v *voices) interim(text string) {
	v.reports(stt.Event{Kind: stt.Interim, Transcript: stt.Transcript{Text: text}})
}

func (v *voices) final(text string) {
	if v.turn = strings.TrimSpace(v.turn + " " + text); text != "" {
		v.reports(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: text, Final: true}})
	}
	v.reports(stt.Event{Kind: stt.UtteranceEnd})
}

// turnEnds has the recogniser end the turn, and returns the text that the handler gets.
func (v *voices) turnEnds() string {
	v.reports(stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnEnd}, Transcript: stt.Transcript{Text: v.turn, Final: true}})
	v.turn = ""
	text := ""
	for {
		e, ok, err := v.call.inbox.take(false)
		if !ok || err != nil {
			return text
		}
		if e.Turn.State == stt.TurnEnd {
			text = e.Transcript.Text
		}
	}
}

// told returns the steps of interruptions so far.
func (v *voices) told() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.steps)
}

// listened runs f in a call that is listened to.
func listened(t *testing.T, f func(t *testing.T, v *voices)) {
	inCall(t, &ttstest.Fake{}, 40*time.Millisecond, func(t *testing.T, call *Call, c *caller) {
		v := &voices{t: t, call: call, caller: c}
		v.judge = &judge{player: call.player, log: call.log, language: "en-US", hears: func() bool { return !v.deaf }, told: func(b BargeIn) {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.steps = append(v.steps, strings.TrimSpace(string(b.Step)+" "+string(b.Cause)))
		}}
		call.expect = func(e stt.Expectation) error { v.judge.expects(e); return nil }
		defer v.judge.rest()
		f(t, v)
	})
}

const announcement = "Your table for four is booked under the name of Miller for tomorrow evening. We look forward to seeing you, and if anything changes please call us again before noon."

// TestJudge: what interrupts, what does not, and what the handler is told of it. The caller
// hears all of what is taken back, and HeardText is what he has heard of the rest.
func TestJudge(t *testing.T) {
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		policy Interruption
		before time.Duration // of the announcement
		caller func(v *voices)
		steps  []string // after the pause
		turn   string   // as the handler gets it
		pauses bool
	}{
		"a cough":                        {pauses: true, caller: func(v *voices) { v.speaks(180 * ms); v.silent(600 * ms); v.final("") }, steps: []string{"taken_back short"}},
		"a long noise":                   {pauses: true, caller: func(v *voices) { v.speaks(700 * ms); v.silent(400 * ms); v.final("") }, steps: []string{"taken_back noise"}},
		"speech whose words come late":   {pauses: true, caller: func(v *voices) { v.speaks(2000 * ms); v.silent(300 * ms); v.final("a table") }, steps: []string{"confirmed length"}, turn: "a table"},
		"speech that nobody recognises":  {pauses: true, caller: func(v *voices) { v.deaf = true; v.speaks(500 * ms) }, steps: []string{"confirmed length"}},
		"a cough that nobody recognises": {pauses: true, caller: func(v *voices) { v.deaf = true; v.speaks(160 * ms); v.silent(500 * ms) }, steps: []string{"taken_back short"}},
		"words":                          {pauses: true, caller: func(v *voices) { v.speaks(600 * ms); v.silent(300 * ms); v.final("six people") }, steps: []string{"confirmed words"}, turn: "six people"},
		"one word":                       {pauses: true, caller: func(v *voices) { v.speaks(300 * ms); v.silent(300 * ms); v.final("six") }, steps: []string{"confirmed words"}, turn: "six"},
		"words that are not final":       {pauses: true, caller: func(v *voices) { v.speaks(300 * ms); v.interim("six people") }, steps: []string{"confirmed words"}},
		"one that is not final":          {pauses: true, caller: func(v *voices) { v.speaks(300 * ms); v.interim("six"); v.speaks(100 * ms) }},
		"a hard word":                    {pauses: true, caller: func(v *voices) { v.speaks(200 * ms); v.interim("stop") }, steps: []string{"confirmed hard_word"}},
		"hold on":                        {pauses: true, caller: func(v *voices) { v.speaks(200 * ms); v.interim("uh hold on") }, steps: []string{"confirmed hard_word"}},
		"uh-huh":                         {pauses: true, caller: func(v *voices) { v.speaks(450 * ms); v.silent(300 * ms); v.final("Uh-huh.") }, steps: []string{"taken_back backchannel"}},
		"thank you":                      {pauses: true, caller: func(v *voices) { v.speaks(500 * ms); v.silent(300 * ms); v.final("Okay, thank you!") }, steps: []string{"taken_back backchannel"}},
		"thank, not final":               {pauses: true, caller: func(v *voices) { v.speaks(300 * ms); v.interim("thank"); v.speaks(100 * ms) }},
		"uh-huh, not final":              {pauses: true, caller: func(v *voices) { v.speaks(450 * ms); v.silent(300 * ms); v.interim("uh-huh") }, steps: []string{"taken_back backchannel"}},
		"a backchannel, and then words": {pauses: true, caller: func(v *voices) {
			v.speaks(450 * ms)
			v.silent(300 * ms)
			v.final("right")
			v.speaks(300 * ms)
			v.final("six people")
		}, steps: []string{"taken_back backchannel", "paused", "confirmed words"}, turn: "six people"},
		"words behind what was taken back": {pauses: true, caller: func(v *voices) { v.speaks(160 * ms); v.silent(440 * ms); v.final("six people") }, steps: []string{"taken_back short", "confirmed words"}, turn: "six people"},
		"another language": {pauses: true, caller: func(v *voices) {
			v.judge.language = "de-DE"
			v.speaks(450 * ms)
			v.silent(300 * ms)
			v.final("ja genau")
		}, steps: []string{"taken_back backchannel"}},
		"a language that is not known": {pauses: true, caller: func(v *voices) { v.judge.language = "fi"; v.speaks(450 * ms); v.silent(300 * ms); v.final("okay") }, steps: []string{"confirmed words"}, turn: "okay"},
		"words of one's own":           {policy: Interruption{Words: map[string]InterruptionWords{"en": {Backchannels: []string{"Roger that"}}}}, pauses: true, caller: func(v *voices) { v.speaks(450 * ms); v.silent(300 * ms); v.final("roger that") }, steps: []string{"taken_back backchannel"}},
		"too few words":                {policy: Interruption{MinWords: 3}, pauses: true, caller: func(v *voices) { v.speaks(450 * ms); v.silent(300 * ms); v.final("six people") }, steps: []string{"taken_back few_words", "missed few_words"}, turn: "six people"},
		"the server's own words":       {before: 2500 * ms, pauses: true, caller: func(v *voices) { v.speaks(900 * ms); v.silent(300 * ms); v.final("booked under the name") }, steps: []string{"taken_back echo"}},
		"its own words, heard badly":   {before: 2500 * ms, pauses: true, caller: func(v *voices) { v.speaks(900 * ms); v.silent(300 * ms); v.final("booked under the game") }, steps: []string{"taken_back echo"}},
		"its own words that are expected, of a voice": {before: 2500 * ms, pauses: true, caller: func(v *voices) {
			v.call.Expect(stt.Expectation{Phrases: []string{"The name."}})
			v.speaks(900 * ms)
			v.silent(300 * ms)
			v.final("under the name")
		}, steps: []string{"confirmed words"}, turn: "under the name"},
		"its own words that are expected, of no voice": {before: 2500 * ms, caller: func(v *voices) {
			v.call.Expect(stt.Expectation{Phrases: []string{"The name."}})
			v.unheard(900 * ms)
			v.final("under the name")
		}},
		"more of its own words than the answer": {before: 2500 * ms, pauses: true, caller: func(v *voices) {
			v.call.Expect(stt.Expectation{Phrases: []string{"Name."}})
			v.speaks(900 * ms)
			v.silent(300 * ms)
			v.final("booked under the name")
		}, steps: []string{"taken_back echo"}},
		"its own words, too late":          {before: 2500 * ms, pauses: true, caller: func(v *voices) { v.speaks(2300 * ms); v.silent(300 * ms); v.final("booked under the name") }, steps: []string{"confirmed length", "false echo"}},
		"its own words, and a hard word":   {before: 2500 * ms, pauses: true, caller: func(v *voices) { v.speaks(900 * ms); v.silent(300 * ms); v.final("booked under the name stop") }, steps: []string{"confirmed hard_word"}, turn: "booked under the name stop"},
		"half of its words, and no voice":  {before: 2500 * ms, caller: func(v *voices) { v.unheard(900 * ms); v.final("looked under the game") }, turn: "looked under the game"},
		"half of its words, of a voice":    {before: 2500 * ms, pauses: true, caller: func(v *voices) { v.speaks(900 * ms); v.silent(300 * ms); v.final("looked under the game") }, steps: []string{"confirmed words"}, turn: "looked under the game"},
		"words, and no voice":              {before: 2500 * ms, caller: func(v *voices) { v.unheard(900 * ms); v.final("we are six people") }, steps: []string{"confirmed words"}, turn: "we are six people"},
		"a hard word, and no voice":        {before: 2500 * ms, caller: func(v *voices) { v.unheard(300 * ms); v.final("stop") }, steps: []string{"confirmed hard_word"}, turn: "stop"},
		"its own word":                     {before: 2500 * ms, pauses: true, caller: func(v *voices) { v.speaks(300 * ms); v.silent(300 * ms); v.final("booked") }, steps: []string{"taken_back few_words", "missed few_words"}, turn: "booked"},
		"a backchannel as the end is near": {before: 9500 * ms, pauses: true, caller: func(v *voices) { v.speaks(450 * ms); v.silent(300 * ms); v.final("okay") }, steps: []string{"confirmed words"}, turn: "okay"},
		"an answer that is expected": {pauses: true, caller: func(v *voices) {
			v.call.Expect(stt.Expectation{Phrases: []string{"Sure."}})
			v.speaks(450 * ms)
			v.silent(300 * ms)
			v.final("sure")
		}, steps: []string{"confirmed words"}, turn: "sure"},
		"yes or no": {pauses: true, caller: func(v *voices) {
			v.call.Expect(stt.Expectation{YesNo: true})
			v.speaks(450 * ms)
			v.silent(300 * ms)
			v.final("yeah")
		}, steps: []string{"confirmed words"}, turn: "yeah"},
		"a key":                     {caller: func(v *voices) { v.judge.pressed() }, steps: []string{"confirmed key"}},
		"a key in a pause":          {pauses: true, caller: func(v *voices) { v.speaks(200 * ms); v.judge.pressed(); v.speaks(2000 * ms) }, steps: []string{"confirmed key"}},
		"nothing may":               {policy: Interruption{By: twiml.InterruptNone}, caller: func(v *voices) { v.judge.pressed(); v.speaks(600 * ms); v.silent(300 * ms); v.final("stop") }, turn: "stop"},
		"keys may":                  {policy: Interruption{By: twiml.InterruptDTMF}, caller: func(v *voices) { v.speaks(600 * ms); v.judge.pressed() }, steps: []string{"confirmed key"}},
		"speech may":                {policy: Interruption{By: twiml.InterruptSpeech}, caller: func(v *voices) { v.judge.pressed() }},
		"irreversible":              {policy: Interruption{Irreversible: true}, caller: func(v *voices) { v.speaks(20 * ms) }, steps: []string{"confirmed speech"}},
		"irreversible, behind some": {policy: Interruption{Irreversible: true, PauseAfter: 200 * ms}, caller: func(v *voices) { v.speaks(400 * ms) }, steps: []string{"confirmed speech"}},
		"not long enough to pause":  {policy: Interruption{PauseAfter: 300 * ms}, caller: func(v *voices) { v.speaks(20 * ms); v.silent(600 * ms); v.final("") }},
		"long enough to pause":      {policy: Interruption{PauseAfter: 300 * ms}, caller: func(v *voices) { v.speaks(400 * ms); v.interim("six people") }, steps: []string{"paused", "confirmed words"}},
		"the handler has returned": {caller: func(v *voices) {
			v.judge.rest()
			v.judge.pressed()
			v.speaks(600 * ms)
			v.silent(300 * ms)
			v.final("stop")
		}, turn: "stop"},
		"the recogniser fails in the pause":  {pauses: true, caller: func(v *voices) { v.speaks(600 * ms); v.deaf = true; v.silent(2000 * ms) }, steps: []string{"confirmed length"}},
		"the recogniser loses the utterance": {pauses: true, caller: func(v *voices) { v.speaks(600 * ms); v.reports(stt.Event{Kind: stt.Degraded}) }, steps: []string{"confirmed length"}},
		"the host interrupts by itself":      {pauses: true, caller: func(v *voices) { v.speaks(200 * ms); v.call.Interrupt(); v.speaks(2000 * ms) }},
		"no more is heard":                   {pauses: true, caller: func(v *voices) { v.speaks(100 * ms); time.Sleep(3 * time.Second) }, steps: []string{"taken_back noise"}},
	} {
		t.Run(name, func(t *testing.T) {
			listened(t, func(t *testing.T, v *voices) {
				require.NoError(t, v.call.SetInterruption(test.policy))
				p, err := v.call.Say(t.Context(), announcement)
				require.NoError(t, err)
				if test.before == 0 {
					test.before = 5 * time.Second
				}
				v.silent(test.before)
				test.caller(v)
				v.silent(100 * ms)
				steps := test.steps
				if test.pauses {
					steps = append([]string{"paused"}, steps...)
				}
				require.Equal(t, steps, v.told())
				require.Equal(t, test.turn, v.turnEnds())
				v.silent(time.Minute)
				synctest.Wait()
				stopped := slices.ContainsFunc(v.told(), func(s string) bool { return strings.HasPrefix(s, "confirmed") }) || name == "the host interrupts by itself"
				if err := p.Wait(t.Context()); !stopped {
					require.NoError(t, err)
					require.Equal(t, announcement, p.HeardText())
				} else {
					require.ErrorIs(t, err, ErrInterrupted)
				}
				to, jumps := v.caller.since(0, 0)
				for _, repeated := range jumps {
					require.Positive(t, repeated, "lost")
					require.LessOrEqual(t, repeated, int64(160))
				}
				_, times := ttstest.Audio(announcement)
				words := 0
				for _, w := range times {
					if int64(audioSize(w.End)) <= to {
						words++
					}
				}
				require.LessOrEqual(t, len(strings.Fields(p.HeardText())), words)
			})
		})
	}
}

// TestJudgeWhenNothingIsSaid: the same words are an answer then.
func TestJudgeWhenNothingIsSaid(t *testing.T) {
	listened(t, func(t *testing.T, v *voices) {
		v.speaks(450 * time.Millisecond)
		v.final("uh-huh")
		require.Equal(t, "uh-huh", v.turnEnds())
		p, err := v.call.Say(t.Context(), "Is that all for today?")
		require.NoError(t, err)
		v.silent(4 * time.Second)
		require.NoError(t, p.Wait(t.Context()))
		v.speaks(500 * time.Millisecond)
		v.final("all for today")
		require.Equal(t, "all for today", v.turnEnds(), "he repeats the question: too late for an echo")
		require.Empty(t, v.told())
	})
}

// TestJudgeLeavesWhatIsSaidLater: a verdict is on what was paused alone.
func TestJudgeLeavesWhatIsSaidLater(t *testing.T) {
	listened(t, func(t *testing.T, v *voices) {
		_, err := v.call.Say(t.Context(), announcement)
		require.NoError(t, err)
		v.silent(2 * time.Second)
		v.speaks(200 * time.Millisecond)
		require.NoError(t, v.call.Interrupt())
		p, err := v.call.Say(t.Context(), "Yes?")
		require.NoError(t, err)
		v.speaks(3 * time.Second)
		v.final("something else")
		require.NoError(t, p.Wait(t.Context()))
		require.Equal(t, []string{"paused", "cut_in"}, v.told())
	})
}

// TestJudgeCostsNoAllocations: every frame of a call passes it.
func TestJudgeCostsNoAllocations(t *testing.T) {
	p := newPlayer(&lineOut{}, nil)
	v := &voices{voiced: make([]bool, 20)}
	j := &judge{player: p, told: func(BargeIn) {}, hears: func() bool { return true }}
	require.Zero(t, testing.AllocsPerRun(1000, func() { j.frame(v, time.Second) }))
	v.voiced[19] = true
	j.frame(v, time.Second)
	require.Zero(t, testing.AllocsPerRun(1000, func() { j.frame(v, time.Second) }))
}

// TestAnswers: the gap ends with the first sample of the answer, and an answer that begins
// while the caller goes on has cut him off.
func TestAnswers(t *testing.T) {
	listened(t, func(t *testing.T, v *voices) {
		var gaps []time.Duration
		v.call.player.answers.told = func(gap time.Duration) { gaps = append(gaps, gap) }
		v.speaks(500 * time.Millisecond)
		v.silent(400 * time.Millisecond)
		v.final("a table")
		v.turnEnds()
		time.Sleep(300 * time.Millisecond)
		p, err := v.call.Say(t.Context(), "For how many people?")
		require.NoError(t, err)
		v.silent(4 * time.Second)
		require.NoError(t, p.Wait(t.Context()))
		require.Len(t, gaps, 1)
		require.InDelta(t, 380*time.Millisecond, gaps[0], float64(25*time.Millisecond), "300 ms and a round trip")
		p, err = v.call.Say(t.Context(), "Are you there? Hello? Can you hear me?")
		require.NoError(t, err)
		v.silent(700 * time.Millisecond)
		v.speaks(400 * time.Millisecond)
		v.silent(300 * time.Millisecond)
		v.final("six people")
		require.ErrorIs(t, p.Wait(t.Context()), ErrInterrupted)
		require.Equal(t, []string{"paused", "confirmed words", "cut_in"}, v.told())
		require.Len(t, gaps, 1, "nobody has spoken before")
	})
}

// TestAnswerBeforeTheTurnIsOver: a handler that answers a transcript is heard before the turn is
// known to be over. The gap is that of its answer, not of the one to the next turn.
func TestAnswerBeforeTheTurnIsOver(t *testing.T) {
	listened(t, func(t *testing.T, v *voices) {
		var gaps []time.Duration
		v.call.player.answers.told = func(gap time.Duration) { gaps = append(gaps, gap) }
		v.speaks(500 * time.Millisecond)
		v.silent(400 * time.Millisecond)
		v.final("a table")
		end := time.Duration(len(v.voiced)) * frameLength
		v.silent(300 * time.Millisecond)
		p, err := v.call.Say(t.Context(), "For how many people?")
		require.NoError(t, err)
		v.silent(2 * time.Second)
		require.NoError(t, p.Wait(t.Context()))
		v.judge.hear(stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnEnd}, Transcript: stt.Transcript{Text: "a table", Final: true, End: end}})
		require.Len(t, gaps, 1)
		require.InDelta(t, 380*time.Millisecond, gaps[0], float64(25*time.Millisecond), "300 ms and a round trip")
		p, err = v.call.Say(t.Context(), "Are you there?")
		require.NoError(t, err)
		v.silent(2 * time.Second)
		require.NoError(t, p.Wait(t.Context()))
		require.Len(t, gaps, 1)
	})
}
