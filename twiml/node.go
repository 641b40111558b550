package twiml

// Node is anything in a document: an element of this package, [Text], a [Comment],
// a [ProcInst] or an *[Element].
type Node interface {
	write(w writer) writer
}

// element is a node that Parse fills in.
type element interface {
	Node
	form() form
	set(name, value string) fit      // an attribute of the schema
	attr(name, value string)         // an attribute that set did not take
	add(name string) (element, slot) // a child of the schema, or nil when it has none of that name here
	foreign(n Node) slot             // a child that is not of the schema
	chars(s string)                  // a text; all of them at once when the form has it apart
	child(s slot, i int) (Node, bool)
	origin() *source
}

// form is where an element keeps its content.
type form uint8

const (
	formMixed  form = iota // one list keeps everything in order, or there are no children of the schema
	formFields             // a field for each type of child
	formName               // a field for the text, which is a name, a number or a URL
	formSpoken             // a field for the text, in which blanks count
)

// fit is how an attribute's value fits its field.
type fit uint8

const (
	unfit     fit = iota // there is no field, or it cannot hold the value
	fits                 // it is written as it was read
	respelled            // it is written in another way, such as 7 for 007
)

// Text is text among elements.
type Text string

// Comment is an XML comment, without its delimiters. Twilio ignores it.
type Comment string

// ProcInst is a processing instruction of XML, without its delimiters: a target, which
// is a name other than xml, and the text behind it. Twilio ignores it.
type ProcInst string

// Element is an element outside of the schema, or at a place where the schema does not
// have it. It represents TwiML that Twilio has and this package does not have yet.
type Element struct {
	Name     string
	Attrs    []Attr
	Children []Node

	source *source
}

// Attr is an attribute outside of the schema.
type Attr struct {
	Name, Value string
}

// Extra holds the attributes and children of an element that are outside of the schema.
// Parse also keeps an attribute there whose value its field cannot hold.
type Extra struct {
	Attrs []Attr
	Nodes []Node // come after the children of the schema, or where Parse found them

	source *source
}

// Extra is also the element without a schema: the types that embed it have methods of
// their own for the schema's attributes and children.

func (x *Extra) form() form                   { return formMixed }
func (x *Extra) set(_, _ string) fit          { return unfit }
func (x *Extra) attr(name, value string)      { x.Attrs = append(x.Attrs, Attr{name, value}) }
func (x *Extra) add(string) (element, slot)   { return nil, slotNodes }
func (x *Extra) child(slot, int) (Node, bool) { return nil, false }
func (x *Extra) foreign(n Node) slot          { x.Nodes = append(x.Nodes, n); return slotNodes }
func (x *Extra) origin() *source              { return origin(&x.source) }

func (x *Extra) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (t Text) write(w writer) writer     { return w.text(string(t)) }
func (c Comment) write(w writer) writer  { return w.comment(string(c)) }
func (p ProcInst) write(w writer) writer { return w.instruction(string(p)) }

func (x *Element) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	return w.element(x)
}

func (x *Element) form() form                   { return formMixed }
func (x *Element) set(_, _ string) fit          { return unfit }
func (x *Element) attr(name, value string)      { x.Attrs = append(x.Attrs, Attr{name, value}) }
func (x *Element) chars(s string)               { x.foreign(Text(s)) }
func (x *Element) add(string) (element, slot)   { return nil, slotNodes }
func (x *Element) child(slot, int) (Node, bool) { return nil, false }
func (x *Element) foreign(n Node) slot          { x.Children = append(x.Children, n); return slotNodes }
func (x *Element) origin() *source              { return origin(&x.source) }
