package twiml

// Node is anything in a document: an element of this package, [Text], a [Comment]
// or an *[Element].
type Node interface {
	write(w writer) writer
}

// element is what Parse fills in.
type element interface {
	Node
	set(name, value string) bool // false: not a field, or the value does not fit it
	add(name string) element     // nil: not a child of the schema
	apart() bool                 // the text has no place among the children
	chars(s string)              // once, when the text is apart
	foreign(n Node)              // a child that is not of the schema
	attr(name, value string)     // an attribute that set did not take
	join()                       // makes one of texts that children of the schema stood between
}

// Text is text among elements.
type Text string

// Comment is an XML comment, without its delimiters. Twilio ignores it.
type Comment string

// Element is an element outside of the schema, or at a place where the schema
// does not have it. It stands for what Twilio adds before this package does.
type Element struct {
	Name     string
	Attrs    []Attr
	Children []Node
}

// Attr is an attribute outside of the schema.
type Attr struct {
	Name, Value string
}

// Extra holds what the schema does not know of an element. Parse keeps there
// also an attribute whose value its field cannot hold.
type Extra struct {
	Attrs []Attr
	Nodes []Node // come after the children of the schema
}

// Extra is also the element without a schema: the types that embed it have methods
// of their own for what the schema knows.

func (x *Extra) set(_, _ string) bool    { return false }
func (x *Extra) attr(name, value string) { x.Attrs = append(x.Attrs, Attr{name, value}) }
func (x *Extra) add(string) element      { return nil }
func (x *Extra) apart() bool             { return false }
func (x *Extra) foreign(n Node)          { x.Nodes = append(x.Nodes, n) }

func (x *Extra) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Extra) join() {
	var text pieces
	nodes := x.Nodes[:0]
	for i, n := range x.Nodes {
		if t, ok := n.(Text); ok {
			text.add(string(t))
			if i+1 < len(x.Nodes) && isText(x.Nodes[i+1]) {
				continue
			}
			n = Text(text.take())
		}
		nodes = append(nodes, n)
	}
	x.Nodes = nodes
}

func isText(n Node) bool {
	_, ok := n.(Text)
	return ok
}

func (t Text) write(w writer) writer    { return w.text(string(t)) }
func (c Comment) write(w writer) writer { return w.comment(string(c)) }

func (x *Element) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	return w.element(x)
}

func (x *Element) set(_, _ string) bool    { return false }
func (x *Element) attr(name, value string) { x.Attrs = append(x.Attrs, Attr{name, value}) }
func (x *Element) chars(s string)          { x.Children = append(x.Children, Text(s)) }
func (x *Element) foreign(n Node)          { x.Children = append(x.Children, n) }
func (x *Element) add(string) element      { return nil }
func (x *Element) apart() bool             { return false }
func (x *Element) join()                   {}
