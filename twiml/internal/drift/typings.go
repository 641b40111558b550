package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// typings are the elements of TwiML as Twilio's package declares them.
type typings struct {
	classes map[string]*class // by the name of the class
}

// class is the declaration of an element.
type class struct {
	children map[string]child  // by the name of the element
	attrs    map[string]string // type by name, with the values in place of a name for them
}

// child is an element where a class may have it.
type child struct {
	class string
	text  bool // its content may be text
}

const root = "VoiceResponse"

var (
	classLine     = regexp.MustCompile(`^\s*class (\w+) extends `)
	childLine     = regexp.MustCompile(`return new VoiceResponse\.(\w+)\(this\.\w+\.ele\("([^"]+)", attributes(, \w+)?\)\)`)
	interfaceLine = regexp.MustCompile(`^\s*(?:export )?interface (\w+)Attributes \{$`)
	attributeLine = regexp.MustCompile(`^\s*"?([\w:-]+)"?\?: ([^;]+);$`)
	typeLine      = regexp.MustCompile(`^\s*(?:export )?type (\w+) = ([^;]+);$`)
)

// readTypings reads VoiceResponse.d.ts for the attributes and VoiceResponse.js for the
// names of the elements and their nesting.
func readTypings(declarations, code string) (*typings, error) {
	t := &typings{classes: make(map[string]*class)}
	var open string
	for line := range strings.Lines(code) {
		if m := classLine.FindStringSubmatch(line); m != nil {
			open = m[1]
			t.classes[open] = &class{children: make(map[string]child), attrs: make(map[string]string)}
		} else if m := childLine.FindStringSubmatch(line); m != nil && open != "" {
			t.classes[open].children[m[2]] = child{m[1], m[3] != ""}
		} else if strings.Contains(line, ".ele(") {
			return nil, fmt.Errorf("VoiceResponse.js: not understood: %s", strings.TrimSpace(line))
		}
	}
	if t.classes[root] == nil {
		return nil, errors.New("VoiceResponse.js: no class VoiceResponse")
	}

	named := make(map[string]string)
	var attrs map[string]string
	for line := range strings.Lines(declarations) {
		line = strings.TrimRight(line, "\r\n")
		if m := typeLine.FindStringSubmatch(line); m != nil {
			named[m[1]] = m[2]
		} else if m := interfaceLine.FindStringSubmatch(line); m != nil {
			c := t.classes[m[1]]
			if c == nil {
				return nil, fmt.Errorf("VoiceResponse.d.ts: attributes of %s, which is not a class", m[1])
			}
			attrs = c.attrs
		} else if m := attributeLine.FindStringSubmatch(line); m != nil && attrs != nil {
			attrs[m[1]] = m[2]
		} else if strings.TrimSpace(line) == "}" {
			attrs = nil
		}
	}
	for _, c := range t.classes {
		for name, typ := range c.attrs {
			base, list := strings.CutSuffix(typ, "[]")
			if values, ok := named[base]; ok {
				base = values
			}
			if list {
				base += "[]"
			}
			c.attrs[name] = base
		}
	}
	for name, c := range t.classes {
		for _, kid := range c.children {
			if t.classes[kid.class] == nil {
				return nil, fmt.Errorf("VoiceResponse.js: %s has a child of class %s, which is not there", name, kid.class)
			}
		}
	}
	return t, nil
}
