package voice

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/ownwords"
	"agentos.dev/dialtone/stt"
)

// judge judges whether the caller means to interrupt. It stands between what hears him and
// the inbox: the reader gives it the beginning and the length of speech, the recogniser
// words, and it pauses the player and drops or resumes what was queued.
type judge struct {
	player   *player
	told     func(BargeIn)
	hears    func() bool // whether words may come
	language string
	log      *slog.Logger

	mu       sync.Mutex
	off      bool // the handler has returned
	expected stt.Expectation
	heard    time.Duration // audio of the caller's so far
	places   places
	speaks   bool // he does, by the ear
	// last are his last utterances, the latest one at the end.
	last    []utterance
	remarks []remark // the final texts of his turn, in order
	timer   *time.Timer
	shy     shyness
}

// shyness counts the pauses of a run that were taken back as no speech: a line on which much
// sounds like it, as an echo does, pauses no more in the run, and words alone interrupt.
type shyness struct {
	run   uint64
	times int
}

const maxTimes = 2

// utterance is a stretch of speech that began while the server spoke, or not.
type utterance struct {
	from   time.Duration // on the clock of the audio
	at     time.Time
	over   bool
	stance stance // of the server when it began
	step   BargeInStep
	early  bool   // the recogniser has told of it, and not yet the ear
	waits  bool   // it has not been spoken for long enough to pause
	paused uint64 // the player's pause that it is the cause of
	frames int    // of audio since it began, or since the pause
	long   bool   // it is long enough for speech
	meant  bool   // it holds a word that is meant
	text   string // that is known
}

// expects notes what the host expects to hear.
func (j *judge) expects(e stt.Expectation) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.expected = e
}

// remark is a final text, and whether it is none of the caller's.
type remark struct {
	text string
	none bool
}

const maxUtterances = 8

// frame takes what is known of a frame of audio. It is called by the reader.
func (j *judge) frame(ear stt.Ear, heard time.Duration) {
	_, speaking := ear.Voiced(0)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.heard = heard
	j.places.note(heard, j.player)
	u := j.open()
	if speaking && !j.speaks {
		if u != nil && u.early && heard-u.from < sameUtterance {
			u.early = false
		} else {
			u = j.begins(heard)
		}
		j.stops(u)
	}
	j.speaks = speaking
	if u == nil {
		return
	}
	u.frames++
	policy := &u.stance.policy
	length := time.Duration(u.frames) * frameLength
	switch {
	case u.waits && !speaking:
		u.waits = false
	case u.waits && length >= policy.PauseAfter:
		u.waits = false
		j.pauses(u)
	case u.step == BargeInPaused && !u.long && !u.meant:
		speech, _ := ear.Voiced(min(length, policy.MinLength))
		switch least := policy.MinLength * speechShare / 100; {
		case speech >= least:
			if u.long = true; !j.hears() {
				j.confirm(u, CauseLength)
			}
		case speech+max(0, policy.MinLength-length) < least:
			j.takeBack(u, CauseShort)
		}
	}
}

const (
	frameLength = 20 * time.Millisecond
	// sameUtterance is how far the recogniser and the ear may be apart about the beginning of
	// one.
	sameUtterance = time.Second
)

// open returns the utterance that is under way, or waits for its verdict or its words; nil if
// none does.
func (j *judge) open() *utterance {
	if n := len(j.last); n > 0 && !j.last[n-1].over {
		return &j.last[n-1]
	}
	return nil
}

// begins notes that the caller begins to speak. The lock is held.
func (j *judge) begins(from time.Duration) *utterance {
	if u := j.open(); u != nil {
		if u.step == BargeInPaused { // what he said before has no verdict yet: it is one
			return u
		}
		u.over = true
	}
	if len(j.last) == maxUtterances {
		j.last = slices.Delete(j.last, 0, 1)
	}
	j.last = append(j.last, utterance{from: from, at: time.Now(), stance: j.player.stance()})
	return &j.last[len(j.last)-1]
}

// stops stops the output for an utterance that the ear hears, at once or later. The lock is
// held.
func (j *judge) stops(u *utterance) {
	if j.off || !u.stance.speaks || !u.stance.policy.bySpeech() || u.step != "" {
		return
	}
	if j.shy.run == u.stance.run && j.shy.times >= maxTimes {
		return
	}
	if u.waits = u.stance.policy.PauseAfter > 0; !u.waits {
		j.pauses(u)
	}
}

// early takes the beginning of speech as the recogniser tells it, which may be before the ear
// does, or long after. It may be an echo: only its words interrupt. The lock is held.
func (j *judge) early(start time.Duration) {
	n := len(j.last)
	if n > 0 && start <= j.last[n-1].from || j.heard-start >= sameUtterance || j.speaks && j.open() != nil {
		return
	}
	j.begins(j.heard).early = true
}

// pauses stops the output for an utterance. The lock is held.
func (j *judge) pauses(u *utterance) {
	if u.stance.policy.Irreversible {
		j.confirm(u, CauseSpeech)
		return
	}
	if u.paused = j.player.pause(u.stance.run); u.paused == 0 {
		return
	}
	u.frames, u.step = 0, BargeInPaused
	j.tell(u, BargeInPaused, "")
	at := u.at
	if j.timer != nil {
		j.timer.Stop()
	}
	j.timer = time.AfterFunc(u.stance.policy.Decide, func() {
		defer contain(j.log)
		j.mu.Lock()
		defer j.mu.Unlock()
		if u := j.open(); u != nil && u.at.Equal(at) && u.step == BargeInPaused {
			j.decide(u)
		}
	})
}

// decide judges an utterance by what is known of it. The lock is held.
func (j *judge) decide(u *utterance) {
	switch {
	case u.meant:
		j.confirm(u, CauseWords)
	case u.text != "":
		j.takeBack(u, CauseBackchannel)
	case u.long:
		j.confirm(u, CauseLength)
	default:
		j.takeBack(u, CauseNoise)
	}
}

// confirm drops what is queued. The lock is held.
func (j *judge) confirm(u *utterance, cause BargeInCause) {
	if u.waits = false; u.step == BargeInConfirmed || !j.player.cut(u.stance.run, u.paused) {
		return
	}
	u.step = BargeInConfirmed
	j.tell(u, BargeInConfirmed, cause)
}

// takeBack goes on with the output. The lock is held.
func (j *judge) takeBack(u *utterance, cause BargeInCause) {
	u.waits = false
	switch {
	case u.step == BargeInPaused:
		u.step = BargeInTakenBack
		if cause == CauseShort || cause == CauseNoise || cause == CauseEcho {
			if j.shy.run != u.stance.run {
				j.shy = shyness{run: u.stance.run}
			}
			j.shy.times++
		}
		if j.player.resume(u.paused) {
			j.tell(u, BargeInTakenBack, cause)
		}
	case u.step == BargeInConfirmed && cause != CauseFewWords:
		u.step = BargeInFalse
		j.tell(u, BargeInFalse, cause)
	}
}

func (j *judge) tell(u *utterance, step BargeInStep, cause BargeInCause) {
	j.told(BargeIn{step, cause, u.text, time.Since(u.at)})
}

// pressed takes a key, which interrupts at once.
func (j *judge) pressed() {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.player.stance()
	if j.off || !s.speaks || !s.policy.byKeys() || !j.player.cut(s.run, 0) {
		return
	}
	if u := j.open(); u != nil && u.step == BargeInPaused {
		u.step = BargeInConfirmed
	}
	j.told(BargeIn{Step: BargeInConfirmed, Cause: CauseKey})
}

// hear takes what the recogniser reports, and returns what the handler is told: without what
// is none of the caller's words. It reports false if that is nothing.
func (j *judge) hear(e stt.Event) (stt.Event, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	t := &e.Transcript
	switch e.Kind {
	case stt.SpeechStart:
		j.early(t.Start)
	case stt.Interim:
		return e, !j.words(j.of(t), t, false)
	case stt.Final:
		if t.Text == "" {
			break
		}
		u := j.of(t)
		none := j.words(u, t, true)
		if !none && j.player.cutsIn(u.at, j.when(t.End)) {
			j.told(BargeIn{Step: BargeInCutIn, Text: t.Text, After: time.Since(u.at)})
		}
		j.remarks = append(j.remarks, remark{t.Text, none})
		return e, !none
	case stt.UtteranceEnd:
		j.ends()
	case stt.Degraded:
		if u := j.open(); u != nil && u.step == BargeInPaused && u.text == "" {
			j.decide(u)
		}
	case stt.Turn:
		j.turned(&e)
	}
	return e, true
}

// of returns the utterance that a transcript is of: none of the server's time if there was
// none.
func (j *judge) of(t *stt.Transcript) *utterance {
	for i := len(j.last) - 1; i >= 0; i-- {
		if u := &j.last[i]; t.End == 0 || u.from < t.End {
			return u
		}
	}
	return &utterance{at: time.Now()}
}

// ends notes that all is known of what was said. The lock is held.
func (j *judge) ends() {
	u := j.open()
	if u == nil || j.speaks {
		return
	}
	switch {
	case u.step == BargeInPaused && u.text != "":
		j.decide(u)
	case u.step == BargeInPaused, u.step == BargeInConfirmed && u.text == "":
		j.takeBack(u, CauseNoise)
	}
	u.over = true
}

// words judges the text of an utterance so far, or all of it, and reports whether it is none
// of the caller's. The lock is held.
func (j *judge) words(u *utterance, t *stt.Transcript, final bool) (none bool) {
	words := wordsOf(t.Text)
	if len(words) == 0 {
		return false
	}
	said := wordsOf(j.player.said(j.places.at(t.Start-echoDelay), j.places.at(max(t.End, t.Start))))
	language := t.Language
	if language == "" {
		language = j.language
	}
	v := lexiconOf(u.stance.policy.Words, language, u.stance.asks || j.expected.YesNo)
	meant, hard := v.meant(words, final), v.hardWord(words)
	ofExpected := answers(j.expected, words)
	mayEnd := u.stance.speaks && !j.off
	own, ownHard := ownwords.Compare(words, said), ownwords.Compare(hard, said).Common > 0
	unheard := u.early && j.heard > 0                  // by the ear, if there is one
	doubtful := !u.long && own.Doubtful()              // nor is the sound surely his
	answer := u.long && holdsAnswer(j.expected, words) // and the sound is surely his
	echo := own.Echo() && (u.early || hard == nil || ownHard) && !answer
	u.text = t.Text
	switch {
	case echo:
		if u.meant = false; final {
			j.takeBack(u, CauseEcho)
		}
		return true
	case !u.stance.speaks:
	case hard != nil && mayEnd && u.stance.policy.bySpeech() && !ownHard:
		u.meant = true
		j.confirm(u, CauseHardWord)
	case len(meant) == 0 && !ofExpected && !j.expected.YesNo && u.stance.audible && !u.stance.ends:
		if final || !j.speaks {
			none = u.step != BargeInConfirmed
			j.takeBack(u, CauseBackchannel)
			return none
		}
		return u.step != BargeInConfirmed
	default:
		n := len(meant)
		if ofExpected || n == 0 { // an answer, though it is a backchannel elsewhere
			n = max(n, u.stance.policy.MinWords)
		}
		u.meant = n >= u.stance.policy.MinWords && !doubtful && (answer || len(words) > 1 || own.Common == 0)
		enough := u.meant && (final || n >= 2 && !unheard)
		switch {
		case enough && mayEnd && u.stance.policy.bySpeech():
			j.confirm(u, CauseWords)
		case final:
			j.takeBack(u, CauseFewWords)
		}
		if now := j.player.stance(); final && !unheard && mayEnd && u.stance.policy.bySpeech() && u.step != BargeInConfirmed && now.speaks && now.run == u.stance.run {
			u.step = BargeInMissed
			j.tell(u, BargeInMissed, CauseFewWords)
		}
	}
	return false
}

// answers reports whether words are one of the phrases that are expected.
func answers(e stt.Expectation, words []string) bool {
	return slices.ContainsFunc(e.Phrases, func(phrase string) bool { return slices.Equal(wordsOf(phrase), words) })
}

// besides is how many words an expected answer may have around it: "on Monday please".
const besides = 2

// holdsAnswer reports whether words are an expected phrase with little around it. An echo of
// the question has more.
func holdsAnswer(e stt.Expectation, words []string) bool {
	expected := phrasesOf(e.Phrases)
	for i := range words {
		if n := expected.at(words[i:]); n > 0 && len(words) <= n+besides {
			return true
		}
	}
	return false
}

// turned takes what is none of the caller's out of the text of his turn. The lock is held.
func (j *judge) turned(e *stt.Event) {
	if e.Turn.State == stt.TurnStart {
		j.remarks = nil
		j.early(e.Transcript.Start)
		return
	}
	if rest, none := e.Transcript.Text, false; rest != "" {
		var kept []string
		for _, v := range j.remarks {
			after, ok := strings.CutPrefix(rest, v.text)
			if !ok {
				break
			}
			if rest = strings.TrimPrefix(after, " "); !v.none {
				kept = append(kept, v.text)
			} else {
				none = true
			}
		}
		if rest != "" { // is not final yet
			if t := e.Transcript; e.Turn.State == stt.TurnEager {
				if t.Text = rest; j.words(j.of(&t), &t, false) {
					rest, none = "", true
				}
			}
			if rest != "" {
				kept = append(kept, rest)
			}
		}
		if none {
			e.Transcript.Text = strings.Join(kept, " ")
			e.Transcript.Final = e.Transcript.Final && e.Transcript.Text != ""
		}
	}
	if e.Turn.State == stt.TurnEnd {
		if e.Transcript.Text != "" {
			j.player.turnEnded(j.when(e.Transcript.End))
		}
		j.remarks = nil
		j.ends()
	}
}

// when returns when a place of the caller's audio came. The lock is held.
func (j *judge) when(clock time.Duration) time.Time {
	return time.Now().Add(-max(0, j.heard-clock))
}

// rest ends all judging: what is queued is heard to its end.
func (j *judge) rest() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.off = true
	if u := j.open(); u != nil {
		j.takeBack(u, CauseNoise)
	}
	if j.timer != nil {
		j.timer.Stop()
	}
}
