package voice

import (
	"errors"

	"agentos.dev/dialtone/voice/tts"
)

// bargedIn reports a step of an interruption.
func (c *liveCall) bargedIn(b BargeIn) {
	if b.Step == BargeInConfirmed {
		c.owner.touch()
	}
	c.log.Debug("barge-in", "step", string(b.Step), "cause", string(b.Cause), "after_ms", b.After.Milliseconds())
	c.server.config.Trace.BargeIn(c.Info, b)
	if !c.inbox.put(Event{BargeIn: b}) {
		c.log.Warn("event remarks: the handler does not read its events")
	}
}

// fellSilent reports that the caller is silent.
func (c *liveCall) fellSilent(n Silent) {
	defer contain(c.log)
	c.log.Debug("caller is silent", "times", int(n))
	c.server.config.Trace.Silent(c.Info, n)
	if !c.inbox.put(Event{Silent: n}) {
		c.log.Warn("event dropped: the handler does not read its events")
	}
}

// pressed takes a key.
func (c *liveCall) pressed(key string) {
	if c.judge != nil {
		c.judge.pressed()
	}
	c.player.still.pressed()
	if !c.inbox.put(Event{Digit: key}) {
		c.log.Warn("key dropped: the handler does not read its events")
	}
}

// spoke notes how a source ended.
func (c *liveCall) spoke(playback *Playback, err error, interrupted bool) {
	spoken := Spoken{Interrupted: interrupted}
	switch source := playback.source.(type) {
	case speech:
		spoken.Length = source.Length()
	case file:
		c.owner.touch()
		return
	}
	for _, survived := range playback.survived {
		spoken.Survived = append(spoken.Survived, tts.Reason(survived))
		c.log.Warn("speech survived a failure", "reason", tts.Reason(survived), "error", survived)
	}
	if !spoken.Interrupted {
		c.owner.touch()
		if err != nil && !errors.Is(ended(err), ErrCallEnded) {
			spoken.Failed = tts.Reason(err)
			c.log.Warn("speech failed", "reason", spoken.Failed, "error", err)
		}
	}
	c.server.config.Trace.Spoken(c.Info, spoken)
}
