package voicetest

import (
	"slices"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// keepTime runs the call's clock: every 20 ms of call time, counted from the
// start so that nothing adds up, one frame is spoken and one is heard.
func (c *Call) keepTime() {
	period := c.tw.clock(frameMS * time.Millisecond)
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 1; ; n++ {
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			return
		}
		c.tick()
		timer.Reset(time.Until(start.Add(time.Duration(n) * period)))
	}
}

func (c *Call) tick() {
	spoken, heard := silence, silence
	var begun, said, speaks bool
	live := c.plan.handset
	if live.Speak != nil {
		speaks = live.Speak(spoken[:])
	}
	c.mu.Lock()
	streams := c.streams
	speaks = speaks && c.listened()
	if c.listened() && len(c.speech) > 0 {
		speaks = true
		u := c.speech[0]
		begun = !u.begun
		u.begun = true
		n := copy(spoken[:], u.audio)
		copy(spoken[n:], silence[:])
		if u.audio = u.audio[n:]; len(u.audio) == 0 {
			c.speech = c.speech[1:]
			said = true
			defer close(u.said)
		}
	}
	marks, began, ended := c.player.tick(&heard)
	if c.plan.echo != nil && c.plan.echo.pass(heard[:], spoken[:]) {
		speaks = speaks || c.listened()
	}
	for _, r := range c.recordings {
		r.hear(spoken[:], heard[:], speaks)
	}
	limit := c.plan.timeLimit
	tooLong := limit > 0 && !c.pickedUp.IsZero() && time.Since(c.pickedUp) >= c.tw.clock(limit)
	var hearers []*Call
	if c.talker != nil {
		hearers = []*Call{c.talker}
	}
	inside := c.inside
	c.mu.Unlock()
	if speaks && inside != nil {
		hearers = inside.hearers()
	}
	for _, h := range hearers {
		if speaks {
			h.mu.Lock()
			h.player.play(slices.Clone(spoken[:]))
			h.mu.Unlock()
		}
	}
	if live.Hear != nil {
		live.Hear(spoken[:], heard[:])
	}
	if tooLong {
		c.end(errTimeLimit)
	}

	if begun {
		c.event(Speaking, "begins")
	}
	if began {
		c.event(Playing, "")
	}
	if ended {
		c.event(Silent, "")
	}
	for _, s := range streams {
		if s.bidirectional {
			s.marks(marks)
		}
		s.media(mediastream.TrackInbound, spoken[:])
		s.media(mediastream.TrackOutbound, heard[:])
	}
	if said {
		c.event(Speaking, "ends")
	}
}
