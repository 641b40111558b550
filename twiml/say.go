package twiml

import "strings"

// PlainText returns the words of the text and of the SSML in it, without markup.
func (x *Say) PlainText() string {
	if len(x.SSML) == 0 {
		return x.Text
	}
	s := scanner{src: string(x.write(writer{}).buf)}
	var b strings.Builder
	for !s.done() {
		var f *failure
		switch {
		case s.take("<!--"):
			_, f = s.until("-->", "")
		case s.take("<?"):
			_, f = s.until("?>", "")
		case s.take("<"):
			_, f = s.until(">", "")
		default:
			var text string
			text, f = s.chars()
			b.WriteString(text)
		}
		if f != nil { // what is written here is well-formed
			break
		}
	}
	return b.String()
}
