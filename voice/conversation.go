package voice

import (
	"context"
	"encoding/binary"
)

// conversation is what a call's next leg is given of the conversation. It is sealed on its way.
type conversation struct {
	state   []byte   // what Call.Save was given last; nil if nothing was
	count   uint64   // prompts of the call so far, over ConversationRelay
	prompts []prompt // of them, those that no handler has dealt with, oldest first
	saying  string   // how a text begins of which it is not known whether it was sent; "" if there is none
}

// prompt is what the caller said in one turn, as Twilio sent it.
type prompt struct {
	number uint64
	raw    []byte
}

const (
	// maxPending is how much of prompts that no handler has dealt with a next leg is given,
	// in bytes: an hour of talk.
	maxPending = 64 << 10
	// maxSaying is how much of a text is kept to recognise it by what Twilio says, in bytes.
	maxSaying = 200
)

// empty reports whether there is nothing to give.
func (m *conversation) empty() bool {
	return m.state == nil && m.count == 0 && m.saying == ""
}

// heard adds a prompt and returns its number. It reports false if it is one too many for a
// next leg.
func (m *conversation) heard(raw []byte) (number uint64, kept bool) {
	size := len(raw)
	for _, p := range m.prompts {
		size += len(p.raw)
	}
	m.count++
	if kept = size <= maxPending; kept {
		m.prompts = append(m.prompts, prompt{m.count, raw})
	}
	return m.count, kept
}

// handled forgets the prompts up to a number, and reports whether there were any.
func (m *conversation) handled(number uint64) (any bool) {
	for len(m.prompts) > 0 && m.prompts[0].number <= number {
		m.prompts, any = m.prompts[1:], true
	}
	return any
}

// append appends the conversation as decode reads it.
func (m *conversation) append(b []byte) []byte {
	b = appendFlag(b, m.state != nil)
	b = appendText(b, m.state)
	b = binary.AppendUvarint(b, m.count)
	b = binary.AppendUvarint(b, uint64(len(m.prompts)))
	for _, p := range m.prompts {
		b = appendText(binary.AppendUvarint(b, p.number), p.raw)
	}
	return appendText(b, m.saying)
}

// conversation reads what append has written.
func (d *decoder) conversation() (m conversation) {
	saved := d.number() != 0
	if state := d.text(); saved {
		m.state = []byte(state)
	}
	m.count = d.number()
	for n := d.number(); n > 0 && !d.bad; n-- {
		m.prompts = append(m.prompts, prompt{d.number(), []byte(d.text())})
	}
	if m.saying = d.text(); d.bad {
		return conversation{}
	}
	return m
}

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
