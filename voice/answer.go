package voice

import (
	"context"
	"time"

	"agentos.dev/dialtone/twiml"
)

// answer is the TwiML that a webhook was answered with.
type answer []byte

// apology is spoken when the server itself is at fault, because Twilio would
// read out an error page or play "an application error has occurred".
const apology = "We are sorry. This call cannot be taken right now. Please call again later."

func hangUp() answer { return twiml.New(&twiml.Hangup{}).AppendXML(nil) }

func say(text string) answer {
	return twiml.New(&twiml.Say{Text: text}, &twiml.Hangup{}).AppendXML(nil)
}

// replies are the answers that webhooks were given of late, by what tells the webhooks apart.
type replies struct {
	*recent[string, *pendingAnswer]
}

// pendingAnswer is an answer that is being made, or has been.
type pendingAnswer struct {
	made  chan struct{}
	reply answer // valid once made is closed
}

// once makes the answer to a webhook. Another delivery of the same webhook, as
// its key tells, gets the same answer, without asking anybody again.
func (a *replies) once(ctx context.Context, key string, decide func() answer) answer {
	mine := &pendingAnswer{made: make(chan struct{})}
	first, added := a.add(key, mine, time.Now())
	if added == isKnown {
		select {
		case <-first.made:
			return first.reply
		case <-ctx.Done():
			return say(apology)
		}
	}
	defer close(mine.made)
	mine.reply = decide()
	return mine.reply
}
