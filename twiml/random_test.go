package twiml

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRandomDocuments writes and reads documents of the whole schema: the tree that
// comes back is the one that went in, and encoding/xml agrees on what was written.
func TestRandomDocuments(t *testing.T) {
	const n = 3000
	covered := make(map[string]bool)
	for seed := range n {
		g := &generator{Rand: rand.New(rand.NewPCG(1, uint64(seed))), covered: covered}
		want := g.response()
		doc := want.String()
		got, err := Parse(strings.NewReader(doc))
		require.NoError(t, err, doc)
		require.Equal(t, want, got, doc)
		require.Equal(t, doc, got.String())
		_, err = readTree(doc)
		require.NoError(t, err, doc)
		_ = got.Validate() // does not panic
		_ = got.ValidateREST()
	}
	for id, c := range classes {
		if id == int(classElement) || id == int(classResponse) {
			continue
		}
		x := reflect.TypeOf(newElement(classID(id))).Elem().Name()
		require.True(t, covered[x], "%s (%s) was never written", x, c.name)
	}
}

// generator makes random trees in the form that Parse gives them.
type generator struct {
	*rand.Rand
	covered map[string]bool
	depth   int
}

func (g *generator) response() *Response {
	r := new(Response)
	for range g.IntN(3) {
		r.Before = append(r.Before, g.comment())
	}
	g.children(reflect.ValueOf(&r.Verbs).Elem())
	for range g.IntN(2) {
		r.After = append(r.After, g.comment())
	}
	g.extra(&r.Extra)
	r.Nodes = nil // stand among the verbs
	return r
}

// fill sets the fields of an element.
func (g *generator) fill(v reflect.Value) {
	g.covered[v.Type().Name()] = true
	g.depth++
	defer func() { g.depth-- }()
	content, class := false, classes[classByType(v.Type())]
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if name == "Extra" {
			continue
		}
		if i == 0 && class.text {
			if g.spoken(v) {
				f.SetString(g.text())
			} else {
				f.SetString(trimSpace(g.text()))
			}
			continue
		}
		if g.IntN(3) != 0 {
			continue
		}
		switch x := f.Addr().Interface().(type) {
		case *time.Duration:
			*x = time.Duration(g.IntN(100)) * time.Second
			if strings.HasPrefix(name, "MachineDetection") && name != "MachineDetectionTimeout" || name == "Time" {
				*x = time.Duration(g.IntN(5000)) * time.Millisecond
			}
			if g.IntN(10) == 0 {
				*x = Zero
			}
		case *int:
			if *x = g.IntN(1000); g.IntN(10) == 0 {
				*x = Zero
			}
		case *[]int:
			*x = []int{}
			for range g.IntN(4) {
				*x = append(*x, g.IntN(9))
			}
		default:
			switch {
			case f.Kind() == reflect.String:
				if f.SetString(g.text()); g.IntN(10) == 0 {
					f.SetString(Empty)
				}
				if b, ok := f.Addr().Interface().(*Bool); ok { // only these have another spelling
					*b = b.lower()
				}
			case f.Kind() == reflect.Pointer:
				f.Set(reflect.New(f.Type().Elem()))
				g.fill(f.Elem())
			case f.Kind() == reflect.Interface:
				if n := g.child(f.Type()); n.IsValid() {
					f.Set(n)
				}
			case f.Type().Elem().Kind() == reflect.Interface:
				content = true
				g.children(f)
				if nouns, ok := f.Addr().Interface().(*[]DialNoun); ok { // text is Dial.Number
					*nouns = slices.DeleteFunc(*nouns, func(n DialNoun) bool { _, ok := n.(Text); return ok })
				} else if class.text && f.Len() > 0 {
					if _, ok := f.Index(0).Interface().(Text); ok { // text in front is the Text field
						f.Set(f.Slice(1, f.Len()))
					}
				}
				if f.Len() == 0 {
					f.SetZero()
				}
			case f.Type().Elem().Kind() == reflect.String:
				f.Set(reflect.MakeSlice(f.Type(), 0, 4))
				for range g.IntN(4) {
					s := reflect.New(f.Type().Elem()).Elem()
					s.SetString(strings.Join(strings.Fields(g.text()), "x") + "y")
					f.Set(reflect.Append(f, s))
				}
			default: // a slice of structs
				for range 1 + g.IntN(3) {
					s := reflect.New(f.Type().Elem()).Elem()
					g.fill(s)
					f.Set(reflect.Append(f, s))
				}
			}
		}
	}
	x := v.FieldByName("Extra").Addr().Interface().(*Extra)
	g.extra(x)
	if c, ok := v.Addr().Interface().(*Connect); ok && c.Noun == nil || content || hasContent(v) && !ok {
		x.Nodes = nil
	}
	if class.text { // text would be the field's
		x.Nodes = deleteText(x.Nodes)
	}
}

// hasContent tells whether foreign nodes stand among the children.
func hasContent(v reflect.Value) bool {
	for _, f := range v.Fields() {
		if f := f; f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Interface {
			return true
		}
	}
	return false
}

func deleteText(ns []Node) []Node {
	var kept []Node
	for _, n := range ns {
		if _, ok := n.(Text); !ok {
			kept = append(kept, n)
		}
	}
	return kept
}

func (g *generator) spoken(v reflect.Value) bool {
	if _, ok := v.Addr().Interface().(*Sms); ok {
		return true
	}
	return v.FieldByName("SSML").IsValid() || v.Type().Name() == "Phoneme" || v.Type().Name() == "SayAs" || v.Type().Name() == "Sub"
}

// children fills a slice of an interface type. Two texts never meet.
func (g *generator) children(v reflect.Value) {
	text := false
	for range g.IntN(6) {
		n := g.child(v.Type().Elem())
		if !n.IsValid() {
			return
		}
		t, isText := n.Interface().(Text)
		if isText && (text || isSpace(string(t))) {
			continue
		}
		text = isText
		v.Set(reflect.Append(v, n))
	}
}

// child returns a node for an interface type.
func (g *generator) child(t reflect.Type) reflect.Value {
	if g.depth > 6 {
		return reflect.Value{}
	}
	if g.IntN(8) == 0 && t != reflect.TypeFor[ConnectNoun]() {
		return reflect.ValueOf(g.foreign())
	}
	for range 1000 {
		id := classID(1 + g.IntN(len(classes)-1))
		if id == classResponse {
			continue
		}
		if n := reflect.New(types[id]); n.Type().Implements(t) {
			g.fill(n.Elem())
			return n
		}
	}
	return reflect.Value{}
}

// types holds the Go type of each class.
var types = func() map[classID]reflect.Type {
	ts := make(map[classID]reflect.Type)
	for i := range classes {
		if id := classID(i); id != classElement {
			ts[id] = reflect.TypeOf(newElement(id)).Elem()
		}
	}
	return ts
}()

func classByType(t reflect.Type) classID {
	for id, c := range types {
		if c == t {
			return id
		}
	}
	panic(t)
}

func (g *generator) foreign() Node {
	switch g.IntN(5) {
	case 0:
		return g.comment()
	case 1:
		return Text(g.text())
	case 2:
		return ProcInst(pick(g, "a", "a-b c", "é  <&>?", "xml-stylesheet href=\"x\""))
	}
	x := &Element{Name: "X-" + pick(g, "a", "b", "é")}
	for i := range g.IntN(3) {
		x.Attrs = append(x.Attrs, Attr{string(rune('a' + i)), g.text()})
	}
	text := false
	for range g.IntN(3) {
		n := g.foreign()
		if _, isText := n.(Text); !isText || !text {
			x.Children = append(x.Children, n)
			text = isText
		}
	}
	return x
}

func (g *generator) extra(x *Extra) {
	for i := range max(0, g.IntN(8)-5) {
		x.Attrs = append(x.Attrs, Attr{"x:" + string(rune('a'+i)), g.text()})
	}
	text := false
	for range max(0, g.IntN(8)-5) {
		n := g.foreign()
		t, isText := n.(Text)
		if isText && (text || isSpace(string(t))) {
			continue
		}
		text = isText
		x.Nodes = append(x.Nodes, n)
	}
}

func (g *generator) comment() Comment {
	return Comment(pick(g, "", " why? ", "<&>", "a - b", "é\n"))
}

// text returns a text that is not empty.
func (g *generator) text() string {
	var b strings.Builder
	for range 1 + g.IntN(5) {
		b.WriteString(pick(g, "a", "plain words of some length", " ", "\n", "\t", "\r", "<", ">", "&", `"`, "'",
			"]]>", "é", "€", "😀", "\uFFFD", "&amp;", "0", "true", "-", "--"))
	}
	return b.String()
}

func pick(g *generator, s ...string) string { return s[g.IntN(len(s))] }
