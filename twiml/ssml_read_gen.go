// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

func (x *Break) set(name, value string) bool {
	switch name {
	case "strength":
		x.Strength = BreakStrength(present(value))
		return true
	case "time":
		return readDuration(&x.Time, value)
	}
	return false
}

func (x *Break) add(string) element { return nil }

func (x *Break) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Emphasis) set(name, value string) bool {
	switch name {
	case "level":
		x.Level = EmphasisLevel(present(value))
		return true
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
		x.Language = present(value)
		return true
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

func (x *Paragraph) set(_, _ string) bool { return false }

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
		x.Alphabet = Alphabet(present(value))
		return true
	case "ph":
		x.PH = present(value)
		return true
	}
	return false
}

func (x *Phoneme) add(string) element { return nil }

func (x *Phoneme) chars(s string) {
	x.Text += s
}

func (x *Prosody) set(name, value string) bool {
	switch name {
	case "pitch":
		x.Pitch = present(value)
		return true
	case "rate":
		x.Rate = present(value)
		return true
	case "volume":
		x.Volume = present(value)
		return true
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
		x.Format = DateFormat(present(value))
		return true
	case "interpret-as":
		x.InterpretAs = InterpretAs(present(value))
		return true
	}
	return false
}

func (x *SayAs) add(string) element { return nil }

func (x *SayAs) chars(s string) {
	x.Text += s
}

func (x *Sentence) set(_, _ string) bool { return false }

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
		x.Alias = present(value)
		return true
	}
	return false
}

func (x *Sub) add(string) element { return nil }

func (x *Sub) chars(s string) {
	x.Text += s
}

func (x *Word) set(name, value string) bool {
	switch name {
	case "role":
		x.Role = present(value)
		return true
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
