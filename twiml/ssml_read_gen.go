// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

func (x *Break) set(name, value string) bool {
	switch name {
	case "strength":
		return read(&x.Strength, value)
	case "time":
		return readDuration(&x.Time, value)
	}
	return false
}

func (x *Emphasis) set(name, value string) bool {
	switch name {
	case "level":
		return read(&x.Level, value)
	}
	return false
}

func (x *Emphasis) add(name string) element {
	n := newSentenceSpeech(name)
	if n == nil {
		return nil
	}
	x.SSML = grow(x.SSML, n)
	return n.(element)
}

func (x *Emphasis) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Emphasis) foreign(n Node) { x.SSML = append(x.SSML, n.(SentenceSpeech)) }

func (x *Lang) set(name, value string) bool {
	switch name {
	case "xml:lang":
		return read(&x.Language, value)
	}
	return false
}

func (x *Lang) add(name string) element {
	n := newSpeech(name)
	if n == nil {
		return nil
	}
	x.SSML = grow(x.SSML, n)
	return n.(element)
}

func (x *Lang) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Lang) foreign(n Node) { x.SSML = append(x.SSML, n.(Speech)) }

func (x *Paragraph) add(name string) element {
	n := newParagraphSpeech(name)
	if n == nil {
		return nil
	}
	x.SSML = grow(x.SSML, n)
	return n.(element)
}

func (x *Paragraph) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Paragraph) foreign(n Node) { x.SSML = append(x.SSML, n.(ParagraphSpeech)) }

func (x *Phoneme) set(name, value string) bool {
	switch name {
	case "alphabet":
		return read(&x.Alphabet, value)
	case "ph":
		return read(&x.PH, value)
	}
	return false
}

func (x *Phoneme) chars(s string) {
	x.Text = s
}

func (x *Phoneme) apart() bool { return true }

func (x *Prosody) set(name, value string) bool {
	switch name {
	case "pitch":
		return read(&x.Pitch, value)
	case "rate":
		return read(&x.Rate, value)
	case "volume":
		return read(&x.Volume, value)
	}
	return false
}

func (x *Prosody) add(name string) element {
	n := newSpeech(name)
	if n == nil {
		return nil
	}
	x.SSML = grow(x.SSML, n)
	return n.(element)
}

func (x *Prosody) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Prosody) foreign(n Node) { x.SSML = append(x.SSML, n.(Speech)) }

func (x *SayAs) set(name, value string) bool {
	switch name {
	case "format":
		return read(&x.Format, value)
	case "interpret-as":
		return read(&x.InterpretAs, value)
	}
	return false
}

func (x *SayAs) chars(s string) {
	x.Text = s
}

func (x *SayAs) apart() bool { return true }

func (x *Sentence) add(name string) element {
	n := newSentenceSpeech(name)
	if n == nil {
		return nil
	}
	x.SSML = grow(x.SSML, n)
	return n.(element)
}

func (x *Sentence) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Sentence) foreign(n Node) { x.SSML = append(x.SSML, n.(SentenceSpeech)) }

func (x *Sub) set(name, value string) bool {
	switch name {
	case "alias":
		return read(&x.Alias, value)
	}
	return false
}

func (x *Sub) chars(s string) {
	x.Text = s
}

func (x *Sub) apart() bool { return true }

func (x *Word) set(name, value string) bool {
	switch name {
	case "role":
		return read(&x.Role, value)
	}
	return false
}

func (x *Word) add(name string) element {
	n := newWordSpeech(name)
	if n == nil {
		return nil
	}
	x.SSML = grow(x.SSML, n)
	return n.(element)
}

func (x *Word) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Word) foreign(n Node) { x.SSML = append(x.SSML, n.(WordSpeech)) }
