package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"agentos.dev/dialtone/twiml/internal/gen"
)

// comparison walks both schemas from the root, element by element.
type comparison struct {
	theirs *typings
	ours   *gen.Schema
	seen   map[[2]string]bool // class and type
	queue  []visit
	lines  []string
}

// visit is an element that both have.
type visit struct{ parent, name, class, typ string }

// compare returns the differences, verbs before nouns.
func compare(theirs *typings, ours *gen.Schema) []string {
	c := &comparison{theirs: theirs, ours: ours, seen: make(map[[2]string]bool)}
	c.visit("", "Response", root, "Response")
	for len(c.queue) != 0 {
		v := c.queue[0]
		c.queue = c.queue[1:]
		c.element(v)
	}
	return c.lines
}

// visit has an element compared, once wherever it may stand.
func (c *comparison) visit(parent, name, class, typ string) {
	if pair := [2]string{class, typ}; !c.seen[pair] {
		c.seen[pair] = true
		c.queue = append(c.queue, visit{parent, name, class, typ})
	}
}

func (c *comparison) differ(where, format string, args ...any) {
	c.lines = append(c.lines, where+": "+fmt.Sprintf(format, args...))
}

// element compares the attributes and the children of an element.
func (c *comparison) element(v visit) {
	within := v.parent + "<" + v.name + ">"
	theirs, ours := c.theirs.classes[v.class], c.ours.Element(v.typ)
	c.attributes(within, theirs.attrs, ours)
	if v.class == root {
		within = ""
	}
	kids := make(map[string]string)
	for _, t := range c.ours.Kids(ours) {
		kids[c.ours.Element(t).Name] = t
	}
	for _, kid := range union(theirs.children, kids) {
		child, theirsHave := theirs.children[kid]
		typ, oursHas := kids[kid]
		switch {
		case !oursHas:
			c.differ(within+"<"+kid+">", "not in the schema")
		case !theirsHave:
			c.differ(within+"<"+kid+">", "not in the typings")
		default:
			if text := c.ours.Element(typ).Text != ""; text != child.text {
				c.differ(within+"<"+kid+">", "text %s, %s", presence(child.text, "typings"), presence(text, "schema"))
			}
			c.visit(within, kid, child.class, typ)
		}
	}
}

func presence(there bool, where string) string {
	if there {
		return "in the " + where
	}
	return "not in the " + where
}

// attributes compares the attributes of an element, and the ways they are spelled.
func (c *comparison) attributes(where string, theirs map[string]string, e *gen.Element) {
	ours := make(map[string]gen.Attr)
	for _, a := range e.Attrs {
		ours[a.Name] = a
	}
	for _, name := range union(theirs, ours) {
		typ, theirsHave := theirs[name]
		a, oursHas := ours[name]
		switch {
		case theirsHave && oursHas:
			c.values(where+" "+name, typ, a)
		case theirsHave && !respelled(name, ours):
			c.differ(where+" "+name, "not in the schema")
		case oursHas && respelled(name, theirs):
			c.differ(where+" "+name, "spelled %s in the typings", strings.ToLower(name))
		case oursHas:
			c.differ(where+" "+name, "not in the typings")
		}
	}
}

// respelled reports whether the map has the name in another case.
func respelled[V any](name string, m map[string]V) bool {
	for other := range m {
		if other != name && strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// values compares the values that an attribute may hold.
func (c *comparison) values(where, typ string, a gen.Attr) {
	typ, theirList := strings.CutSuffix(typ, "[]")
	base, ourList := strings.CutPrefix(a.Type, "[]")
	if theirList != ourList {
		c.differ(where, "%s in the typings, %s in the schema", plural(theirList), plural(ourList))
	}
	enum := c.ours.Enum(base)
	if strings.HasPrefix(typ, `"`) && enum != nil {
		ours := enum.All()
		theirs := strings.Split(strings.Trim(typ, `"`), `" | "`)
		for _, v := range theirs {
			if !slices.Contains(ours, v) {
				c.differ(where, "%q not in the schema", v)
			}
		}
		for _, v := range ours {
			if !slices.Contains(theirs, v) {
				c.differ(where, "%q not in the typings", v)
			}
		}
		return
	}
	theirs := typ
	if strings.HasPrefix(typ, `"`) {
		theirs = "a set of values"
	}
	if base == "Method" && theirs == "string" {
		return // the typings have it in both ways
	}
	if ours := kind(base, enum); theirs != ours {
		c.differ(where, "%s in the typings, %s in the schema", theirs, ours)
	}
}

// kind returns the type of the typings for a type of the schema.
func kind(base string, enum *gen.Enum) string {
	switch {
	case base == "Bool":
		return "boolean"
	case enum != nil:
		return "a set of values"
	case base == "int" || base == "seconds" || base == "milliseconds":
		return "number"
	}
	return "string"
}

func plural(list bool) string {
	if list {
		return "a list"
	}
	return "one value"
}

// union returns the keys of both maps in order.
func union[A, B any](a map[string]A, b map[string]B) []string {
	keys := sortedKeys(a)
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
