package codec

// firGeneric fills dst with filtered samples: dst[i] is that of the window x[i:].
func firGeneric(dst, x []int16, p *phase) {
	for i := range dst {
		dst[i] = dotGeneric(x[i:], p)
	}
}

// dotGeneric returns the filtered sample of the window at the beginning of x.
func dotGeneric(x []int16, p *phase) int16 {
	acc := int64(1) << (filterBits - 1)
	taps := p.taps
	x = x[:len(taps)]
	for len(taps) >= 4 && len(x) >= 4 {
		acc += int64(x[0])*int64(taps[0]) + int64(x[1])*int64(taps[1]) +
			int64(x[2])*int64(taps[2]) + int64(x[3])*int64(taps[3])
		taps, x = taps[4:], x[4:]
	}
	for i, c := range taps {
		acc += int64(x[i]) * int64(c)
	}
	return int16(min(max(acc>>filterBits, -32768), 32767))
}
