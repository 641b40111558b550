package text

import "unicode/utf8"

// cell is one character and where it is in the source.
type cell struct {
	r  rune
	n  int32 // bytes in the source
	at int
}

func (c cell) end() int { return c.at + int(c.n) }

// window holds the characters that a stage of the preparation has not decided
// on yet. Rules look into it with at. When one looks beyond what has come, the
// window notes that its answer may change, and the stage waits for more. Rules
// never see further than reach, so a decision depends on the text alone and not
// on how it came, and the window stays small.
type window struct {
	cells []cell
	head  int
	reach int
	final bool // nothing follows
	short bool // a rule looked beyond what has come
}

// at returns the ith character, 0 beyond the end and beyond reach.
func (w *window) at(i int) rune {
	if i >= w.reach {
		return 0
	}
	if i += w.head; i < len(w.cells) {
		return w.cells[i].r
	}
	if !w.final {
		w.short = true
	}
	return 0
}

// cell returns the ith character, which has come.
func (w *window) cell(i int) cell { return w.cells[w.head+i] }

func (w *window) empty() bool { return w.head == len(w.cells) }

// drop forgets the first n characters.
func (w *window) drop(n int) {
	w.head += n
	if w.head == len(w.cells) {
		w.cells, w.head = w.cells[:0], 0
	} else if w.head >= 128 {
		w.cells = w.cells[:copy(w.cells, w.cells[w.head:])]
		w.head = 0
	}
}

// put appends a character.
func (w *window) put(r rune, c cell) {
	w.cells = append(w.cells, cell{r: r, n: c.n, at: c.at})
}

// decoder makes characters of bytes. Invalid UTF-8 is left out.
type decoder struct {
	out  *window
	at   int
	half []byte // the beginning of a character whose rest has not come
}

func (d *decoder) add(token string, final bool) {
	for len(d.half) > 0 && (len(token) > 0 || final) {
		if len(token) > 0 {
			d.half, token = append(d.half, token[0]), token[1:]
		}
		for len(d.half) > 0 && (utf8.FullRune(d.half) || final && len(token) == 0) {
			r, n := utf8.DecodeRune(d.half)
			d.put(r, n)
			d.half = d.half[:copy(d.half, d.half[n:])]
		}
	}
	for len(token) > 0 {
		if token[0] >= utf8.RuneSelf && !final && !utf8.FullRuneInString(token) {
			d.half = append(d.half, token...)
			return
		}
		r, n := utf8.DecodeRuneInString(token)
		d.put(r, n)
		token = token[n:]
	}
}

func (d *decoder) put(r rune, n int) {
	if r != utf8.RuneError || n > 1 {
		d.out.put(r, cell{at: d.at, n: int32(n)})
	}
	d.at += n
}
