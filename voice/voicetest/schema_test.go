package voicetest

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"agentos.dev/dialtone/twiml"

	"github.com/stretchr/testify/require"
)

// schema is what package twiml knows of Twilio's TwiML.
type schema struct {
	Enums []struct {
		Name   string
		Values [][2]string
	}
	Children []struct {
		Name    string
		Members []string
	}
	Elements []element
}

type element struct {
	Name, Type, Kind string
	Content          struct{ Of string }
	Children         []struct{ Type string }
	Attrs            []struct{ Name, Type string }
}

func readSchema(t *testing.T) (s schema) {
	data, err := os.ReadFile("../../twiml/schema.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &s))
	return s
}

// inside returns the types of the elements that an element may have in it.
func (s schema) inside(e element) (types []string) {
	for _, c := range e.Children {
		types = append(types, c.Type)
	}
	for _, c := range s.Children {
		if c.Name == e.Content.Of {
			types = append(types, c.Members...)
		}
	}
	return types
}

// element returns the element of a type.
func (s schema) element(kind string) element {
	return s.Elements[slices.IndexFunc(s.Elements, func(e element) bool { return e.Type == kind })]
}

// value returns one that an attribute may have.
func (s schema) value(kind string) string {
	kind = strings.TrimPrefix(kind, "[]")
	for _, e := range s.Enums {
		if e.Name == kind && len(e.Values) > 0 {
			return e.Values[0][1]
		}
	}
	switch kind {
	case "url":
		return PublicURL + "/other"
	case "string", "text":
		return "a"
	}
	return "1"
}

// places calls f with the way to every element wherever it may be, but those of Say.
func (s schema) places(from []element, f func(way []element)) {
	for _, kind := range s.inside(from[len(from)-1]) {
		if e := s.element(kind); e.Kind != "ssml" {
			way := append(slices.Clone(from), e)
			f(way)
			s.places(way, f)
		}
	}
}

// documentOf returns a document with the last element of a way, and attributes of it.
func documentOf(way []element, attributes string) string {
	open, closed := "", ""
	for i, e := range way {
		open += "<" + e.Name
		if i == len(way)-1 {
			open += attributes
		}
		open += ">"
		closed = "</" + e.Name + ">" + closed
	}
	return open + closed
}

// TestEachElementAndAttributeIsWarnedOfUnlessSimulated, wherever it may be, one by one.
func TestEachElementAndAttributeIsWarnedOfUnlessSimulated(t *testing.T) {
	s := readSchema(t)
	tw, err := Start(Config{Handler: blocking("/none", nil, "<Response/>"), Tolerate: func(Warning) bool { return true }})
	require.NoError(t, err)
	defer tw.Close()
	seen := 0
	s.places([]element{s.element("Response")}, func(way []element) {
		e, verb := way[len(way)-1], way[1].Name
		warned := func(attributes string) bool {
			r, err := twiml.Parse(strings.NewReader(documentOf(way, attributes)))
			require.NoError(t, err)
			c := tw.newCall("", "", "inbound", nil)
			close(c.done)
			c.inspect(r.Verbs[0])
			return len(c.Warnings()) > 0
		}
		listed := false // it, or what it is in
		for i := range way[1:] {
			name := way[i+1].Name
			attrs, ok := unsimulated[name]
			_, inParent := unsimulated[way[i].Name+"/"+name]
			listed = listed || ok && attrs == nil || inParent
		}
		inPrompt := len(way) > 3 && (verb == "Gather" || way[len(way)-2].Name == "Prompt") // those are inspected when they run
		if inPrompt {
			return
		}
		seen++
		require.Equal(t, listed, warned(""), documentOf(way, ""))
		for _, a := range e.Attrs {
			attribute := " " + a.Name + `="` + s.value(a.Type) + `"`
			require.Equal(t, listed || slices.Contains(unsimulated[e.Name], a.Name), warned(attribute), documentOf(way, attribute))
		}
	})
	require.Greater(t, seen, 60)
}

// TestEveryVerbAndNounRunsOrIsWarnedOf: none is passed over.
func TestEveryVerbAndNounRunsOrIsWarnedOf(t *testing.T) {
	text := map[string]string{"Number": "+14155550123", "Sip": "sip:a@example.com", "Client": "a", "Conference": "a", "Queue": "a", "Enqueue": "a", "Redirect": "/again",
		"Play": "/again", "Say": "a", "Sms": "a"}
	s := readSchema(t)
	s.places([]element{s.element("Response")}, func(way []element) {
		if len(way) > 3 || len(way) == 3 && !slices.Contains([]string{"dial", "connect"}, way[2].Kind) {
			return
		}
		last := way[len(way)-1]
		name := documentOf(way, "")
		if words := text[last.Name]; words != "" {
			name = strings.Replace(name, "></"+last.Name+">", ">"+words+"</"+last.Name+">", 1)
		}
		if last.Name == "Stream" || last.Name == "ConversationRelay" {
			name = strings.Replace(name, "<"+last.Name, "<"+last.Name+` url="wss://calls.example.com/none"`, 1)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tw, err := Start(Config{Handler: blocking("/never", nil, name), Pace: 200, Tolerate: func(Warning) bool { return true }})
			require.NoError(t, err)
			defer tw.Close()
			call := tw.Dial("sip:alice@example.com", "+14155550199")
			heads := func(e Event) bool {
				switch e.Kind {
				case Verb:
					return len(way) == 2 && strings.HasPrefix(e.Text, last.Name) || len(way) == 3 && (strings.Contains(e.Text, " "+last.Name) || text[last.Name] != "" && strings.HasSuffix(e.Text, text[last.Name]))
				case Warned, Dialled, Opened, Closed:
					return true
				}
				return false
			}
			call.await(func() bool { return slices.ContainsFunc(call.events, heads) })
			require.True(t, slices.ContainsFunc(call.Events(), heads), "%v", call.Events())
		})
	})
}
