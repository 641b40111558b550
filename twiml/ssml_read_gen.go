// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

func (x *Break) set(name, value string) fit {
	switch name {
	case "strength":
		return read(&x.Strength, value)
	case "time":
		return readDuration(&x.Time, value)
	}
	return unfit
}

func (x *Emphasis) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.SSML):
		return x.SSML[i], true
	}
	return nil, false
}

func (x *Emphasis) set(name, value string) fit {
	switch name {
	case "level":
		return read(&x.Level, value)
	}
	return unfit
}

func (x *Emphasis) add(name string) (element, slot) {
	n := newSentenceSpeech(name)
	if n == nil {
		return nil, slotFields
	}
	x.SSML = grow(x.SSML, n)
	return n.(element), slotFields
}

func (x *Emphasis) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Emphasis) foreign(n Node) slot {
	x.SSML = append(x.SSML, n.(SentenceSpeech))
	return slotFields
}

func (x *Lang) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.SSML):
		return x.SSML[i], true
	}
	return nil, false
}

func (x *Lang) set(name, value string) fit {
	switch name {
	case "xml:lang":
		return read(&x.Language, value)
	}
	return unfit
}

func (x *Lang) add(name string) (element, slot) {
	n := newSpeech(name)
	if n == nil {
		return nil, slotFields
	}
	x.SSML = grow(x.SSML, n)
	return n.(element), slotFields
}

func (x *Lang) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Lang) foreign(n Node) slot {
	x.SSML = append(x.SSML, n.(Speech))
	return slotFields
}

func (x *Paragraph) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.SSML):
		return x.SSML[i], true
	}
	return nil, false
}

func (x *Paragraph) add(name string) (element, slot) {
	n := newParagraphSpeech(name)
	if n == nil {
		return nil, slotFields
	}
	x.SSML = grow(x.SSML, n)
	return n.(element), slotFields
}

func (x *Paragraph) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Paragraph) foreign(n Node) slot {
	x.SSML = append(x.SSML, n.(ParagraphSpeech))
	return slotFields
}

func (x *Phoneme) form() form { return formSpoken }

func (x *Phoneme) set(name, value string) fit {
	switch name {
	case "alphabet":
		return read(&x.Alphabet, value)
	case "ph":
		return read(&x.PH, value)
	}
	return unfit
}

func (x *Phoneme) chars(s string) {
	x.Text = s
}

func (x *Prosody) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.SSML):
		return x.SSML[i], true
	}
	return nil, false
}

func (x *Prosody) set(name, value string) fit {
	switch name {
	case "pitch":
		return read(&x.Pitch, value)
	case "rate":
		return read(&x.Rate, value)
	case "volume":
		return read(&x.Volume, value)
	}
	return unfit
}

func (x *Prosody) add(name string) (element, slot) {
	n := newSpeech(name)
	if n == nil {
		return nil, slotFields
	}
	x.SSML = grow(x.SSML, n)
	return n.(element), slotFields
}

func (x *Prosody) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Prosody) foreign(n Node) slot {
	x.SSML = append(x.SSML, n.(Speech))
	return slotFields
}

func (x *SayAs) form() form { return formSpoken }

func (x *SayAs) set(name, value string) fit {
	switch name {
	case "format":
		return read(&x.Format, value)
	case "interpret-as":
		return read(&x.InterpretAs, value)
	}
	return unfit
}

func (x *SayAs) chars(s string) {
	x.Text = s
}

func (x *Sentence) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.SSML):
		return x.SSML[i], true
	}
	return nil, false
}

func (x *Sentence) add(name string) (element, slot) {
	n := newSentenceSpeech(name)
	if n == nil {
		return nil, slotFields
	}
	x.SSML = grow(x.SSML, n)
	return n.(element), slotFields
}

func (x *Sentence) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Sentence) foreign(n Node) slot {
	x.SSML = append(x.SSML, n.(SentenceSpeech))
	return slotFields
}

func (x *Sub) form() form { return formSpoken }

func (x *Sub) set(name, value string) fit {
	switch name {
	case "alias":
		return read(&x.Alias, value)
	}
	return unfit
}

func (x *Sub) chars(s string) {
	x.Text = s
}

func (x *Word) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.SSML):
		return x.SSML[i], true
	}
	return nil, false
}

func (x *Word) set(name, value string) fit {
	switch name {
	case "role":
		return read(&x.Role, value)
	}
	return unfit
}

func (x *Word) add(name string) (element, slot) {
	n := newWordSpeech(name)
	if n == nil {
		return nil, slotFields
	}
	x.SSML = grow(x.SSML, n)
	return n.(element), slotFields
}

func (x *Word) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Word) foreign(n Node) slot {
	x.SSML = append(x.SSML, n.(WordSpeech))
	return slotFields
}
