package codec

// firGeneric fills dst with filtered samples: dst[i] is that of the window x[i:].
func firGeneric(dst, x []int16, p *phase) {
	for i := range dst {
		dst[i] = dotGeneric(x[i:], p)
	}
}

// firPairsGeneric fills dst with filtered samples, as fir does, and after each puts
// the sample of keep.
func firPairsGeneric(dst, x, keep []int16, p *phase) {
	for i, v := range keep {
		pair := dst[2*i : 2*i+2]
		pair[0], pair[1] = dotGeneric(x[i:], p), v
	}
}

// dotGeneric returns the filtered sample of the window at the beginning of x. A
// symmetric filter needs only half the multiplications.
func dotGeneric(x []int16, p *phase) int16 {
	acc := int64(1) << (filterBits - 1)
	taps := p.taps
	x = x[:len(taps)]
	if p.symmetric {
		half := len(taps) / 2
		if len(taps)%2 == 1 {
			acc += int64(x[half]) * int64(taps[half])
		}
		last := x[len(x)-half:]
		taps, x = taps[:half], x[:half]
		for len(taps) >= 4 && len(x) >= 4 && len(last) >= 4 {
			end := (*[4]int16)(last[len(last)-4:])
			acc += int64(int32(x[0])+int32(end[3]))*int64(taps[0]) +
				int64(int32(x[1])+int32(end[2]))*int64(taps[1]) +
				int64(int32(x[2])+int32(end[1]))*int64(taps[2]) +
				int64(int32(x[3])+int32(end[0]))*int64(taps[3])
			taps, x, last = taps[4:], x[4:], last[:len(last)-4]
		}
		for i, c := range taps {
			acc += int64(int32(x[i])+int32(last[len(last)-1-i])) * int64(c)
		}
	} else {
		for len(taps) >= 4 && len(x) >= 4 {
			acc += int64(x[0])*int64(taps[0]) + int64(x[1])*int64(taps[1]) +
				int64(x[2])*int64(taps[2]) + int64(x[3])*int64(taps[3])
			taps, x = taps[4:], x[4:]
		}
		for i, c := range taps {
			acc += int64(x[i]) * int64(c)
		}
	}
	return int16(min(max(acc>>filterBits, -32768), 32767))
}
