// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

func (x *Break) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<break", classBreak, x)
	w = w.str(` strength="`, string(x.Strength))
	w = w.duration(` time="`, x.Time)
	return w.leaf(&x.Extra, "</break>")
}

func (x *Emphasis) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<emphasis", classEmphasis, x)
	w = w.str(` level="`, string(x.Level))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</emphasis>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	for _, n := range x.SSML {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</emphasis>")
}

func (x *Lang) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<lang", classLang, x)
	w = w.str(` xml:lang="`, x.Language)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</lang>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	for _, n := range x.SSML {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</lang>")
}

func (x *Paragraph) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<p", classParagraph, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</p>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	for _, n := range x.SSML {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</p>")
}

func (x *Phoneme) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<phoneme", classPhoneme, x)
	w = w.str(` alphabet="`, string(x.Alphabet))
	w = w.str(` ph="`, x.PH)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</phoneme>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	return w.close(mark, "</phoneme>")
}

func (x *Prosody) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<prosody", classProsody, x)
	w = w.str(` pitch="`, x.Pitch)
	w = w.str(` rate="`, x.Rate)
	w = w.str(` volume="`, x.Volume)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</prosody>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	for _, n := range x.SSML {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</prosody>")
}

func (x *SayAs) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<say-as", classSayAs, x)
	w = w.str(` format="`, string(x.Format))
	w = w.str(` interpret-as="`, string(x.InterpretAs))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</say-as>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	return w.close(mark, "</say-as>")
}

func (x *Sentence) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<s", classSentence, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</s>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	for _, n := range x.SSML {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</s>")
}

func (x *Sub) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<sub", classSub, x)
	w = w.str(` alias="`, x.Alias)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</sub>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	return w.close(mark, "</sub>")
}

func (x *Word) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<w", classWord, x)
	w = w.str(` role="`, x.Role)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</w>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	for _, n := range x.SSML {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</w>")
}
