package codec

import "io"

// ReadMulaw reads a WAV file of any supported encoding, sample rate and number of
// channels and returns its sound as Twilio plays it: mu-law codes, 8000 Hz, mono,
// no header. Channels are averaged; a file that already is 8000 Hz mono mu-law
// comes back unchanged. The resampler's latency is removed (to half a sample), so n samples at rate r
// become ceil(n*8000/r) codes. Memory grows with the sound: bound r with
// io.LimitReader where the file is not trusted. A bad file gives a [*WAVError].
func ReadMulaw(r io.Reader) ([]byte, error) {
	w, err := NewWAVReader(r)
	if err != nil {
		return nil, err
	}
	if (w.format == Format{Encoding: Mulaw, Rate: Rate, Channels: 1}) {
		return w.rest()
	}
	resampler, err := NewResampler(w.format.Rate, Rate)
	if err != nil {
		return nil, w.fail("its sample rate cannot be converted", err)
	}
	var out []byte
	var converted []int16
	samples := make([]int16, 1024)
	total, skip := 0, resampler.delayed()
	push := func(mono []int16) {
		converted = resampler.Resample(converted[:0], mono)
		late := min(skip, len(converted))
		skip -= late
		out = AppendEncodeMulaw(out, converted[late:])
	}
	for {
		n, err := w.Read(samples)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		mono := mix(samples[:n], w.format.Channels)
		total += len(mono)
		push(mono)
	}
	want := int((int64(total)*Rate + int64(w.format.Rate) - 1) / int64(w.format.Rate))
	silence := make([]int16, 64)
	for len(out) < want { // the filter still holds the last milliseconds
		push(silence)
	}
	return out[:want], nil
}

// rest returns the raw data that is left.
func (w *WAVReader) rest() ([]byte, error) {
	var out []byte
	for {
		raw, err := w.next(len(w.buf))
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, raw...)
	}
}

// mix averages the channels in place and returns the mono samples.
func mix(samples []int16, channels int) []int16 {
	if channels == 1 {
		return samples
	}
	n := len(samples) / channels
	for i := range n {
		sum := 0
		for _, x := range samples[i*channels:][:channels] {
			sum += int(x)
		}
		samples[i] = int16(sum / channels)
	}
	return samples[:n]
}
