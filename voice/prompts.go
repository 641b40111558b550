package voice

import "context"

// heard notes a prompt, which the next leg is given unless the handler deals with it, and
// returns its number; 0 in a call that ends with its stream.
func (o *owner) heard(raw []byte) (number uint64) {
	if o == nil {
		return 0
	}
	o.mu.Lock()
	number, kept := o.talk.heard(raw)
	o.used = true
	o.mu.Unlock()
	if !kept {
		o.server.config.Logger.Warn("a prompt is not kept for another instance: the handler does not read its events", "call_sid", o.leg.info.SID)
	}
	o.touchNow()
	return number
}

// gave notes that the handler has a prompt.
func (o *owner) gave(number uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.given = max(o.given, number)
}

// readsOn notes that the handler, which asks for another event, has dealt with what it has.
func (o *owner) readsOn() {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return
	}
	dealt := o.commit()
	dealt = o.talk.handled(o.given) || dealt
	if o.owes > 0 {
		o.owes, dealt = 0, true
	}
	o.mu.Unlock()
	if dealt {
		o.touchNow()
	}
}

// pending returns the prompts that a leg before has left.
func (o *owner) pending() []prompt {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]prompt(nil), o.talk.prompts...)
}

// before has the store know what the handler has done before its answer goes out: of a text
// that is said, an instance that takes the call over then finds either what was before it,
// or that the text may have been sent. It waits for the store a moment. It reports false if
// another instance has the call.
func (o *owner) before(text string) (mine bool) {
	if o == nil || !o.exact {
		return true
	}
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return false
	}
	o.talk.saying = text[:min(len(text), maxSaying)]
	o.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	o.write(ctx)
	return !o.isLost()
}

// said notes that Twilio says the text of before, or never will.
func (o *owner) said() {
	if o == nil {
		return
	}
	o.mu.Lock()
	doubtful := o.talk.saying != "" && !o.closed
	if doubtful {
		o.talk.saying = ""
	}
	o.mu.Unlock()
	if doubtful {
		o.touchNow()
	}
}

// settle finds out whether the text was sent that an instance was about to send when it died,
// by what Twilio says, and says what is to be said again. The handler begins after that.
func (c *liveCall) settle(ctx context.Context) {
	o := c.owner
	if c.listensFirst == nil || c.resumed == nil {
		return
	}
	o.mu.Lock()
	text := o.talk.saying
	o.mu.Unlock()
	if text == "" {
		return
	}
	sent := c.listensFirst(ctx, text)
	o.mu.Lock()
	if o.talk.saying = ""; sent {
		o.owes = max(0, o.owes-1)
	}
	c.resumed.Unheard = o.owes
	o.mu.Unlock()
	o.touchNow()
}

// late has the store know the prompts that came while the call was passed on, and returns how
// many no leg of the call will deal with, since another instance has it.
func (o *owner) late() (lost int) {
	o.mu.Lock()
	late := o.talk.count > o.noted && !o.lost
	o.mu.Unlock()
	if late {
		ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
		defer cancel()
		o.write(ctx)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.lost {
		return 0
	}
	return int(o.talk.count - o.noted)
}
