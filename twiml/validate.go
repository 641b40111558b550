package twiml

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Error is one thing that is wrong with a document, or that may be.
type Error struct {
	Path string // of the element, such as Response/Dial[2]/Number
	Attr string // the wrong attribute, or empty
	Code int    // Twilio's error for it, or 0; see https://www.twilio.com/docs/api/errors
	Msg  string
}

// Error names the path, the attribute, the mistake and Twilio's code for it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("twiml: " + e.Path + ": ")
	if e.Attr != "" {
		b.WriteString(e.Attr + ": ")
	}
	b.WriteString(e.Msg)
	if e.Code != 0 {
		b.WriteString(" (error " + strconv.Itoa(e.Code) + ")")
	}
	return b.String()
}

// Validate reports everything that is wrong with the document: nesting, missing
// and malformed attributes, limits, verbs that cannot be reached. The errors are
// of type *[Error], joined by [errors.Join].
//
// What is not in the schema is not an error, as Twilio adds to it; see [Response.Warnings].
func (r *Response) Validate() error { return errors.Join(r.check(false).errs...) }

// ValidateREST is Validate for a document that goes into the Twiml parameter of
// the REST API: it may have 4,000 characters and no relative URLs.
func (r *Response) ValidateREST() error { return errors.Join(r.check(true).errs...) }

// Warnings reports TwiML that Twilio may not know: elements and attributes outside of
// the schema, values outside of a set that Twilio extends, and verbs, attributes and
// values in another case than Twilio's. Each is either a mistake or newer than this
// package. Where Twilio does not know it either it logs a warning of code 12200,
// ignores it and goes on: a document with warnings may be sent.
func (r *Response) Warnings() []*Error { return r.check(false).warnings }

func (r *Response) check(rest bool) *checker {
	c := &checker{rest: rest}
	if r == nil {
		c.missing()
		return c
	}
	buf := r.write(writer{check: c}).buf
	c.stack = append(c.stack, &frame{path: "Response"})
	if len(buf) > MaxSize {
		c.report(11750, "%d bytes; Twilio reads 64 kB", len(buf))
	}
	if n := utf8.RuneCount(buf); rest && n > MaxRESTSize {
		c.report(32018, "%d characters; the REST API takes %d", n, MaxRESTSize)
	}
	return c
}

// classID is the index of an element's rules in classes.
type classID uint8

// class holds the rules of an element.
type class struct {
	name     string
	text     bool // has text content
	open     bool // Twilio documents neither its attributes nor its children
	children []classID
	attrs    []rule
}

// rule holds the requirements of an attribute.
type rule struct {
	name     string
	kind     kind
	enum     []string
	open     bool // the enum is one that Twilio extends
	list     bool
	required bool
	min, max int
	maxLen   int // in characters
	code     int
	chars    string
}

// kind is the type of an attribute in the schema.
type kind uint8

const (
	kindString kind = iota
	kindURL
	kindAbsoluteURL
	kindWSS
	kindInt
	kindSeconds
	kindMilliseconds
	kindDuration
	kindEnum
)

// checker follows a writer through a document and notes the mistakes.
type checker struct {
	rest     bool
	stack    []*frame
	errs     []error
	warnings []*Error
}

// frame is an element that is open.
type frame struct {
	class    classID
	path     string
	node     Node
	kids     map[string]int // children by name
	nouns    int            // children of a Connect or a Dial that belong there
	last     string         // the child before
	answered string         // the child of Response that answered the call
	seen     [64]bool       // attributes, by rule
}

func (c *checker) top() *frame { return c.stack[len(c.stack)-1] }

// parent returns the class that the top frame is in.
func (c *checker) parent() classID {
	if len(c.stack) < 2 {
		return classElement
	}
	return c.stack[len(c.stack)-2].class
}

func (c *checker) report(code int, format string, args ...any) {
	c.reportAttr("", code, format, args...)
}

func (c *checker) reportAttr(attr string, code int, format string, args ...any) {
	c.errs = append(c.errs, &Error{c.path(), attr, code, fmt.Sprintf(format, args...)})
}

// warn reports TwiML that Twilio logs as a schema warning if it does not know it.
func (c *checker) warn(attr, format string, args ...any) {
	c.warnings = append(c.warnings, &Error{c.path(), attr, 12200, fmt.Sprintf(format, args...)})
}

// path returns where the element is that is being checked.
func (c *checker) path() string {
	if len(c.stack) == 0 {
		return "Response"
	}
	return c.top().path
}

func (c *checker) open(id classID, n Node) {
	name := classes[id].name
	if x, ok := n.(*Element); ok {
		name = x.Name
	}
	f := &frame{class: id, path: clip(name), node: n}
	if len(c.stack) == 0 {
		c.stack = append(c.stack, f)
		return
	}
	parent := c.top()
	if parent.kids == nil {
		parent.kids = make(map[string]int)
	}
	parent.kids[name]++
	f.path = parent.path + "/" + f.path
	if i := parent.kids[name]; i > 1 {
		f.path += "[" + strconv.Itoa(i) + "]"
	}
	c.stack = append(c.stack, f)
	c.nesting(parent, f, name)
}

// nesting checks that a child may stand where it is. Below an element that the schema
// does not know, or knows no children of, everything may.
func (c *checker) nesting(parent, child *frame, name string) {
	if parent.class == classElement || classes[parent.class].open {
		return
	}
	for _, id := range classes[parent.class].children {
		if id == child.class || child.class == classElement && classes[id].name == name {
			c.sequence(parent, child, name)
			return
		}
	}
	where := classes[parent.class].name
	switch similar := similarElement(name); {
	case !isName(name):
		c.report(12100, "%q cannot name an element", clip(name))
	case similar == name:
		c.report(12200, "<%s> does not belong in <%s>", name, where)
	case slices.Contains(retired[:], name):
		c.warn("", "retired by Twilio")
	case similar != "":
		c.warn("", "unknown element; it is spelled <%s>", similar)
	default:
		c.warn("", "unknown element")
	}
}

// close reports the missing parts of the element.
func (c *checker) close() {
	f := c.top()
	for i, r := range classes[f.class].attrs {
		if r.required && !f.seen[i] {
			c.reportAttr(r.name, r.code, "missing")
		}
	}
	c.finish(f)
	c.stack = c.stack[:len(c.stack)-1]
}

// rule returns the rule of an attribute and marks it as seen.
func (c *checker) rule(name string) *rule {
	f := c.top()
	for i := range classes[f.class].attrs {
		if r := &classes[f.class].attrs[i]; r.name == name {
			f.seen[i] = true
			return r
		}
	}
	return &rule{name: name}
}

// extra checks an attribute outside of the schema.
func (c *checker) extra(a Attr) {
	f := c.top()
	c.chars(a.Name, a.Value)
	if !isName(a.Name) {
		c.reportAttr(clip(a.Name), 12100, "not a name")
		return
	}
	// Attributes of other namespaces are nobody's business here.
	if f.class == classElement || classes[f.class].open || strings.ContainsRune(a.Name, ':') || a.Name == "xmlns" {
		return
	}
	similar := ""
	for i, r := range classes[f.class].attrs {
		switch {
		case r.name == a.Name && f.seen[i]:
			c.reportAttr(a.Name, 12100, "written twice")
			return
		case r.name == a.Name:
			f.seen[i] = true
			c.reportAttr(a.Name, 12200, "%q is not %s", clip(a.Value), r.kind)
			return
		case sameLetters(r.name, a.Name):
			similar = r.name
		}
	}
	if similar != "" {
		c.warn(a.Name, "unknown attribute; it is spelled %s", similar)
	} else {
		c.warn(a.Name, "unknown attribute")
	}
}

// String describes a value of the kind.
func (k kind) String() string {
	switch k {
	case kindDuration:
		return "a time such as 3s or 500ms"
	case kindInt, kindSeconds, kindMilliseconds:
		return "a number"
	}
	return "a value of this attribute"
}

// attr checks the value of a string attribute.
func (c *checker) attr(name, v string) {
	r := c.rule(name)
	if v == Empty {
		v = ""
	}
	c.chars(r.name, v)
	switch r.kind {
	case kindEnum:
		c.enum(r, v)
	case kindURL, kindAbsoluteURL, kindWSS:
		c.url(r.name, v, r.kind)
	}
	if n := utf8.RuneCountInString(v); r.maxLen != 0 && n > r.maxLen {
		c.reportAttr(r.name, r.code, "%d characters; at most %d", n, r.maxLen)
	}
	if r.chars != "" && strings.Trim(v, r.chars) != "" {
		c.reportAttr(r.name, r.code, "%q has other characters than %s", clip(v), r.chars)
	}
	if r.required && v == "" && r.name != "value" {
		c.reportAttr(r.name, r.code, "empty")
	}
}

// enum checks a value of a set. Twilio takes a boolean in any case.
func (c *checker) enum(r *rule, v string) {
	i := slices.IndexFunc(r.enum, func(known string) bool { return strings.EqualFold(known, v) })
	switch {
	case i >= 0 && (r.enum[i] == v || r.enum[i] == string(True) || r.enum[i] == string(False)):
	case i >= 0:
		c.warn(r.name, "%q is spelled %s", clip(v), r.enum[i])
	case r.open:
		c.warn(r.name, "%q is none of %s", clip(v), strings.Join(r.enum, " "))
	default:
		c.reportAttr(r.name, 12200, "%q is none of %s", clip(v), strings.Join(r.enum, " "))
	}
}

// list checks the values of a list attribute.
func (c *checker) list(name string, n int, item func(int) string) {
	r := c.rule(name)
	if n == 0 {
		c.reportAttr(r.name, 12200, "empty")
	}
	for i := range n {
		v := item(i)
		c.chars(r.name, v)
		switch {
		case r.kind == kindEnum:
			c.enum(r, v)
		case strings.HasPrefix(v, "-") || v == "0":
			c.reportAttr(r.name, 12200, "%s is not positive", v)
		}
	}
}

// number checks a number, in the unit of the attribute: of a time of SSML milliseconds.
func (c *checker) number(name string, n int64) {
	r := c.rule(name)
	switch {
	case n < int64(r.min):
		c.reportAttr(r.name, 12200, "%d is less than %d", n, r.min)
	case r.max != 0 && n > int64(r.max):
		c.reportAttr(r.name, 12200, "%d is more than %d", n, r.max)
	}
}

// fraction reports a duration that the attribute's unit cannot express.
func (c *checker) fraction(name string, d, unit time.Duration) {
	c.reportAttr(name, 0, "%v is not a multiple of %v", d, unit)
}

// text checks text content.
func (c *checker) text(s string) {
	c.chars("", s)
	if len(c.stack) == 0 {
		return
	}
	if f := c.top(); f.class != classElement && !classes[f.class].open && !classes[f.class].text && !isSpace(s) {
		c.report(12200, "text %q does not belong in <%s>", clip(s), classes[f.class].name)
	}
}

// comment checks a comment.
func (c *checker) comment(s string) {
	c.chars("", s)
	if strings.Contains(s, "--") || strings.HasSuffix(s, "-") {
		c.report(12100, "-- in a comment")
	}
}

// instruction checks a processing instruction.
func (c *checker) instruction(s string) {
	c.chars("", s)
	if !isTarget(target(s)) || strings.Contains(s, "?>") {
		c.report(12100, "%q cannot be a processing instruction", clip(s))
	}
}

// chars reports characters that XML cannot hold. The attribute may be empty.
func (c *checker) chars(attr, s string) {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			c.reportAttr(attr, 12100, "not UTF-8")
			return
		}
		if !isChar(r) {
			c.reportAttr(attr, 12100, "character %U", r)
			return
		}
	}
}

func (c *checker) missing() { c.report(0, "nil element") }

// similarElement returns the element of the schema with the same letters, or "".
func similarElement(name string) string {
	similar := ""
	for i := range classes {
		switch {
		case classes[i].name == name:
			return name
		case sameLetters(classes[i].name, name):
			similar = classes[i].name
		}
	}
	return similar
}

// sameLetters compares names without case and punctuation, in which libraries err.
func sameLetters(a, b string) bool {
	const punctuation = "-_:"
	for a != "" && b != "" {
		switch {
		case strings.IndexByte(punctuation, a[0]) >= 0:
			a = a[1:]
		case strings.IndexByte(punctuation, b[0]) >= 0:
			b = b[1:]
		case !strings.EqualFold(a[:1], b[:1]):
			return false
		default:
			a, b = a[1:], b[1:]
		}
	}
	return strings.Trim(a+b, punctuation) == ""
}
