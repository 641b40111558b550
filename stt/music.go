package stt

import "math/bits"

// music remembers which of a call's last utterances sounded like music, one bit
// each. Single words may sound like that; what a line on hold plays does again
// and again.
type music uint8

// remembered utterances, and how many of them make it a line on hold.
const musicMemory, musicOnHold = 5, 2

func (m *music) add(yes bool) {
	*m = *m << 1 & (1<<musicMemory - 1)
	if yes {
		*m |= 1
	}
}

func (m music) onHold() bool { return bits.OnesCount8(uint8(m)) >= musicOnHold }
