package voice

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
)

// Interruption says when a caller interrupts what is said, played or asked. It is
// [Config].Interruption for all calls, and [Call.SetInterruption] for what follows in one. The
// zero value suits a conversation: speech and keys interrupt, and speech does not for good
// before it is known to be meant.
//
// Speech that begins while the server speaks pauses the output at once, and is then judged.
// It is confirmed, and what is queued is dropped, by a hard word ("stop"); by MinWords words
// that are neither backchannels ("uh-huh", "thank you") nor the server's own, which come back
// as echo; or by its length, where no words come. Everything else is taken back, a cough, an
// echo, a backchannel: the output goes on where it stopped, and the words do not reach
// the handler as a transcript or a turn. [Event].BargeIn reports each step.
//
// What plays when the caller begins to speak decides, for itself and all that is queued behind
// it. What is left to be heard after the handler has returned is not interrupted. Without
// Config.STT only keys interrupt.
//
// Over ConversationRelay Twilio judges, and does not take back. Config.Interruption sets what
// RelayOptions.Settings leave open, for the whole session: By is interruptible, PauseAfter
// interruptSensitivity (medium up to half a second, low beyond), and ignoreBackchannel and
// echoPromptFiltering are on unless it is Irreversible.
type Interruption struct {
	// By is what interrupts: "" = twiml.InterruptAny, speech and keys. twiml.InterruptNone has
	// the caller hear everything to its end.
	By twiml.Interruption
	// PauseAfter is how long the caller must have spoken until the output pauses; 0 = it
	// pauses at once, some 60 ms behind the beginning of speech. At most 1.28 s.
	PauseAfter time.Duration
	// MinLength is the time after PauseAfter of which 60 % must be speech; less is a cough.
	// The verdict comes once 60 % is reached or cannot be reached any more; 0 = 400 ms. At
	// most 1.28 s.
	MinLength time.Duration
	// MinWords is how many words confirm, backchannels not counted; 0 = 1. Words that are not
	// final yet confirm from two on.
	MinWords int
	// Decide is how long speech of MinLength waits for its words, from the pause, before its
	// length confirms it; 0 = 1.5 s. At most 10 s.
	Decide time.Duration
	// Irreversible has the first sound that is speech interrupt for good, without a verdict.
	Irreversible bool
	// Words take the place of the words of a language, by its code as in "en". There are some
	// for de, en, es, fr, it, nl and pt; in other languages every word counts.
	Words map[string]InterruptionWords
}

// InterruptionWords are words of a language that say whether the caller means to interrupt.
// Entries are single words or phrases; case and punctuation do not count.
type InterruptionWords struct {
	Backchannels []string // show that he listens, as "uh-huh", "right", "I see"
	Hard         []string // interrupt at once, as "stop", "wait"
}

const (
	usualMinLength = 400 * time.Millisecond
	usualDecide    = 1500 * time.Millisecond
	longestHeard   = 1280 * time.Millisecond // that stt.Ear remembers
	longestDecide  = 10 * time.Second
	// speechShare of MinLength must be speech, in percent.
	speechShare = 60
)

// check returns everything that is wrong.
func (i *Interruption) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch i.By {
	case "", twiml.InterruptAny, twiml.InterruptSpeech, twiml.InterruptDTMF, twiml.InterruptNone:
	default:
		wrong("By %.20q is none of any, speech, dtmf, none", string(i.By))
	}
	for name, d := range map[string]struct{ is, most time.Duration }{"PauseAfter": {i.PauseAfter, longestHeard}, "MinLength": {i.MinLength, longestHeard}, "Decide": {i.Decide, longestDecide}} {
		if d.is < 0 || d.is > d.most {
			wrong("%s is %v: want 0 to %v", name, d.is, d.most)
		}
	}
	if i.MinWords < 0 {
		wrong("MinWords is negative: %d", i.MinWords)
	}
	for code := range i.Words {
		if language, err := stt.ParseLanguage(code); err != nil || languageOf(language) != code {
			wrong("Words: %.20q is no code of a language such as en", code)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return slices.Compare([]byte(a.Error()), []byte(b.Error())) })
	return errors.Join(errs...)
}

// complete returns a copy with defaults.
func (i Interruption) complete() Interruption {
	if i.By == "" {
		i.By = twiml.InterruptAny
	}
	if i.MinLength == 0 {
		i.MinLength = usualMinLength
	}
	if i.MinWords == 0 {
		i.MinWords = 1
	}
	if i.Decide == 0 {
		i.Decide = usualDecide
	}
	words := maps.Clone(i.Words)
	for code, w := range words {
		words[code] = InterruptionWords{slices.Clone(w.Backchannels), slices.Clone(w.Hard)}
	}
	i.Words = words
	return i
}

func (i *Interruption) bySpeech() bool {
	return i.By == twiml.InterruptAny || i.By == twiml.InterruptSpeech
}

func (i *Interruption) byKeys() bool {
	return i.By == twiml.InterruptAny || i.By == twiml.InterruptDTMF
}

// without returns the policy in which speech, or keys, do not interrupt.
func (i Interruption) without(speech, keys bool) Interruption {
	speaks, presses := i.bySpeech() && !speech, i.byKeys() && !keys
	switch {
	case speaks && presses:
		i.By = twiml.InterruptAny
	case speaks:
		i.By = twiml.InterruptSpeech
	case presses:
		i.By = twiml.InterruptDTMF
	default:
		i.By = twiml.InterruptNone
	}
	return i
}

// relay sets what of the policy Twilio knows.
func (i *Interruption) relay(noun *twiml.ConversationRelay) {
	if noun.Interruptible == "" && i.By != twiml.InterruptAny {
		noun.Interruptible = i.By
	}
	if noun.InterruptSensitivity == "" && i.PauseAfter > 0 {
		noun.InterruptSensitivity = twiml.SensitivityMedium
		if i.PauseAfter > 500*time.Millisecond {
			noun.InterruptSensitivity = twiml.SensitivityLow
		}
	}
	if i.Irreversible || !i.bySpeech() {
		return
	}
	if noun.IgnoreBackchannel == "" {
		noun.IgnoreBackchannel = string(twiml.True)
	}
	if noun.EchoPromptFiltering == "" {
		noun.EchoPromptFiltering = twiml.True
	}
}

// BargeIn is a step of an interruption: of speech, or a key, of the caller while the server
// speaks.
type BargeIn struct {
	Step  BargeInStep
	Cause BargeInCause  // "" of BargeInPaused
	Text  string        // what he said, as far as it is known; also what is given as no transcript
	After time.Duration // since he began to speak
}

// BargeInStep is how far an interruption has come.
type BargeInStep string

// Steps. Behind a BargeInPaused comes a BargeInConfirmed or a BargeInTakenBack, unless the
// host interrupts by itself, or the call ends.
const (
	BargeInPaused    BargeInStep = "paused"     // the output has stopped, and may go on
	BargeInConfirmed BargeInStep = "confirmed"  // what was queued is dropped: playbacks end with ErrInterrupted
	BargeInTakenBack BargeInStep = "taken_back" // the output goes on where it stopped
	BargeInFalse     BargeInStep = "false"      // one that was confirmed turns out to be none, too late
	BargeInCutIn     BargeInStep = "cut_in"     // the server has begun to speak while the caller spoke, or went on within a second
	BargeInMissed    BargeInStep = "missed"     // what was taken back, or allowed to interrupt nothing, turns out to be words
)

// BargeInCause is why.
type BargeInCause string

// Causes.
const (
	CauseKey         BargeInCause = "key"
	CauseSpeech      BargeInCause = "speech"      // its beginning, of an Interruption that is Irreversible
	CauseHardWord    BargeInCause = "hard_word"   // "stop"
	CauseWords       BargeInCause = "words"       // as many as confirm
	CauseLength      BargeInCause = "length"      // of speech whose words are not known
	CauseTwilio      BargeInCause = "twilio"      // which judges over ConversationRelay
	CauseShort       BargeInCause = "short"       // too short for speech: a cough
	CauseNoise       BargeInCause = "noise"       // the recogniser found no words
	CauseFewWords    BargeInCause = "few_words"   // fewer than confirm
	CauseBackchannel BargeInCause = "backchannel" // "uh-huh"
	CauseEcho        BargeInCause = "echo"        // the server's own words
)

// languageOf returns the code of the language of a tag, as "en" of "en-GB".
func languageOf(tag string) string {
	code, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return code
}
