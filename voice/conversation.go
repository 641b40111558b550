package voice

import (
	"encoding/binary"
	"fmt"
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

// sealConversation hides what a host saved and what the caller said from whoever reads the store
// or Twilio's logs.
func (s *sessionKeys) sealConversation(m *conversation, callSID string, leg int) []byte {
	if m.empty() {
		return nil
	}
	return s.states.seal(m.append(nil), fmt.Sprint(callSID, " ", leg))
}

func (s *sessionKeys) openConversation(sealed []byte, callSID string, leg int) (conversation, error) {
	if len(sealed) == 0 {
		return conversation{}, nil
	}
	with := fmt.Sprint(callSID, " ", leg)
	body, err := s.states.open(sealed, with)
	if err != nil && s.former != nil {
		body, err = s.former.states.open(sealed, with)
	}
	d := decoder{rest: body}
	m := d.conversation()
	if err == nil && d.bad {
		err = errSealed
	}
	return m, err
}
