package twiml

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// full returns a valid element of the class with every attribute set, and with one
// child of every type that the class has a field for.
func full(id classID) element {
	x := newElement(id)
	for i := range classes[id].attrs {
		r := &classes[id].attrs[i]
		if x.set(r.name, valid(id, r)) == unfit {
			panic(classes[id].name + "." + r.name)
		}
	}
	if classes[id].text {
		x.chars(validText(id))
	}
	complete(x)
	return x
}

// newElement returns an empty element of the class.
func newElement(id classID) element {
	if id == classResponse {
		return new(Response)
	}
	for _, c := range classes {
		for _, child := range c.children {
			if child != id {
				continue
			}
			parent := newElement(classOf(c.name, child))
			x, _ := parent.add(classes[id].name)
			return x
		}
	}
	panic("no parent for " + classes[id].name)
}

// classOf returns the class with the name that has the child.
func classOf(name string, child classID) classID {
	for id := range classes {
		if classes[id].name != name {
			continue
		}
		if slices.Contains(classes[id].children, child) {
			return classID(id)
		}
	}
	panic("no class " + name)
}

// parentOf returns a class that the class belongs in: Response as the last resort,
// as Queue and Prompt can be written there and should not.
func parentOf(id classID) classID {
	parent := classID(classResponse)
	for p := len(classes) - 1; p > int(classResponse); p-- {
		for _, c := range classes[p].children {
			if c == id {
				parent = classID(p)
			}
		}
	}
	return parent
}

// valid returns a value that is right for the attribute.
func valid(id classID, r *rule) string {
	switch {
	case id == classDial && r.name == "callerId":
		return "+14155550100"
	case id == classConversationRelay && (r.name == "eotThreshold" || r.name == "eagerEotThreshold"):
		return "0.7"
	case id == classGather && r.name == "speechTimeout":
		return "3"
	case id == classPay && r.name == "chargeAmount":
		return "12.50"
	case id == classRecord && r.name == "maxLength":
		return "60"
	case id == classRecord && r.name == "transcribe":
		return "true"
	case id == classSayAs && r.name == "interpret-as":
		return "date"
	case r.list && r.kind == kindEnum:
		return strings.Join(r.enum, " ")
	case r.list:
		return "1 2 3"
	case r.chars != "":
		return r.chars[:max(1, r.maxLen)]
	}
	switch r.kind {
	case kindURL, kindAbsoluteURL:
		return "https://example.com/" + r.name + "?a=1&b=2"
	case kindWSS:
		return "wss://example.com/" + r.name
	case kindInt, kindSeconds, kindMilliseconds:
		return map[bool]string{true: "30", false: "2500"}[r.max < 2000]
	case kindDuration:
		return "750ms"
	case kindEnum:
		return r.enum[0]
	}
	return "a " + r.name
}

func validText(id classID) string {
	switch id {
	case classNumber, classDial, classWhatsApp:
		return "+14155550123"
	case classPlay, classRedirect:
		return "https://example.com/a?b=1&c=2"
	case classSip, classSipURI, classReferSip:
		return "sip:alice@example.com"
	case classTask:
		return `{"language": "en"}`
	}
	return "some text & more"
}

// complete adds the children without which the element would be wrong.
func complete(x element) {
	switch x := x.(type) {
	case *Connect:
		x.Noun = &Room{Name: "lobby"}
	case *Start:
		x.Nouns = []StartNoun{&Stream{URL: "wss://example.com/s"}}
	case *Stop:
		x.Nouns = []StopNoun{&Stream{Name: "mine"}}
	case *Gather:
		x.Verbs = []Audible{&Say{Text: "Press 1."}, &Pause{Length: time.Second}, &Play{Digits: "w1"}}
	case *Prompt:
		x.Verbs = []Audible{&Say{Text: "Card number, please."}}
	case *Say:
		x.SSML = []Speech{&Break{Strength: BreakStrong}, Text(" bye")}
	case *Enqueue:
		x.Task = &Task{JSON: "{}"}
	case *Refer:
		x.Sip = &ReferSip{URI: "sip:bob@example.com"}
	case *Headers:
		x.Headers = []Header{{Name: "X-A", Value: "1"}, {Name: "X-B", Value: "2"}}
	}
	v := reflect.ValueOf(x).Elem()
	for _, f := range v.Fields() {
		f := f
		switch f.Interface().(type) {
		case []Parameter:
			f.Set(reflect.ValueOf([]Parameter{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}))
		case []Config:
			f.Set(reflect.ValueOf([]Config{{Name: "a", Value: "1"}}))
		case []Language:
			f.Set(reflect.ValueOf([]Language{{Code: "en-US"}, {Code: "de-DE", Voice: "Anna"}}))
		case []Failover:
			f.Set(reflect.ValueOf([]Failover{{Extra: Extra{Attrs: []Attr{{"undocumented", "1"}}}}}))
		}
	}
}

// document puts the element into a document, in parents that are right for it.
func documentWith(id classID, x element) *Response {
	if id == classResponse {
		return x.(*Response)
	}
	for p := parentOf(id); ; p = parentOf(p) {
		x = within(p, x)
		if p == classResponse {
			return x.(*Response)
		}
	}
}

// within returns an element of class p with the child.
func within(p classID, child element) element {
	x := newElement(p)
	for i := range classes[p].attrs {
		if r := &classes[p].attrs[i]; r.required {
			x.set(r.name, valid(p, r))
		}
	}
	if classes[p].text && p != classDial {
		x.chars(validText(p))
	}
	if e, ok := x.(*Enqueue); ok {
		e.WorkflowSID = "WW1"
	}
	v := reflect.ValueOf(x).Elem()
	c := reflect.ValueOf(child)
	for i := range v.NumField() {
		f := v.Field(i)
		switch t := f.Type(); {
		case v.Type().Field(i).Name == "Extra":
		case c.Type().AssignableTo(t):
			f.Set(c)
			return x
		case t.Kind() == reflect.Slice && c.Type().AssignableTo(t.Elem()):
			f.Set(reflect.Append(f, c))
			return x
		case t.Kind() == reflect.Slice && c.Type().Elem() == t.Elem():
			f.Set(reflect.Append(f, c.Elem()))
			return x
		}
	}
	panic(classes[p].name + " takes no " + c.Type().String())
}
