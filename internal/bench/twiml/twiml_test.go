// Package twiml measures twiml against twilio-go's builder and against encoding/xml.
package twiml

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/twiml"
	twilio "github.com/twilio/twilio-go/twiml"
)

// document is one document in both libraries' terms.
type document struct {
	name  string
	ours  func() *twiml.Response
	peers func() []twilio.Element
}

var documents = []document{
	{"stream with 3 parameters", stream, twilioStream},
	{"menu of 10 verbs", menu, twilioMenu},
}

func stream() *twiml.Response {
	return twiml.New(&twiml.Connect{Noun: &twiml.Stream{
		URL:            "wss://calls.example.com/api/voice/twilio/stream/eyJjYWxsIjoiQ0EwMTIzIn0",
		StatusCallback: "https://calls.example.com/api/voice/twilio/status",
		Parameters: []twiml.Parameter{
			{Name: "caller", Value: "+14155550100"},
			{Name: "called", Value: "+14155550199"},
			{Name: "language", Value: "en-US"},
		},
	}})
}

func twilioStream() []twilio.Element {
	return []twilio.Element{&twilio.VoiceConnect{InnerElements: []twilio.Element{&twilio.VoiceStream{
		Url:            "wss://calls.example.com/api/voice/twilio/stream/eyJjYWxsIjoiQ0EwMTIzIn0",
		StatusCallback: "https://calls.example.com/api/voice/twilio/status",
		InnerElements: []twilio.Element{
			&twilio.VoiceParameter{Name: "caller", Value: "+14155550100"},
			&twilio.VoiceParameter{Name: "called", Value: "+14155550199"},
			&twilio.VoiceParameter{Name: "language", Value: "en-US"},
		},
	}}}}
}

const welcome = "Welcome to Smith & Sons. Your call may be recorded."

func menu() *twiml.Response {
	return twiml.New(
		&twiml.Say{Text: welcome, Voice: "Polly.Joanna", Language: "en-US"},
		&twiml.Pause{Length: time.Second},
		&twiml.Gather{
			Action: "/menu", NumDigits: 1, Timeout: 5 * time.Second, Input: []twiml.Input{twiml.InputDTMF},
			Verbs: []twiml.Audible{
				&twiml.Say{Text: "For sales press 1."},
				&twiml.Say{Text: "For support press 2."},
				&twiml.Play{URL: "https://cdn.example.com/jingle.mp3", Loop: 2},
			},
		},
		&twiml.Say{Text: "We did not hear you."},
		&twiml.Dial{
			CallerID: "+14155550199", Timeout: 20 * time.Second, Action: "/dialed",
			Nouns: []twiml.DialNoun{&twiml.Number{PhoneNumber: "+14155550123"}},
		},
		&twiml.Redirect{URL: "/menu", Method: twiml.POST},
	)
}

func twilioMenu() []twilio.Element {
	return []twilio.Element{
		&twilio.VoiceSay{Message: welcome, Voice: "Polly.Joanna", Language: "en-US"},
		&twilio.VoicePause{Length: "1"},
		&twilio.VoiceGather{
			Action: "/menu", NumDigits: "1", Timeout: "5", Input: "dtmf",
			InnerElements: []twilio.Element{
				&twilio.VoiceSay{Message: "For sales press 1."},
				&twilio.VoiceSay{Message: "For support press 2."},
				&twilio.VoicePlay{Url: "https://cdn.example.com/jingle.mp3", Loop: "2"},
			},
		},
		&twilio.VoiceSay{Message: "We did not hear you."},
		&twilio.VoiceDial{
			CallerId: "+14155550199", Timeout: "20", Action: "/dialed",
			InnerElements: []twilio.Element{&twilio.VoiceNumber{PhoneNumber: "+14155550123"}},
		},
		&twilio.VoiceRedirect{Url: "/menu", Method: "POST"},
	}
}

// TestRender renders a tree that is there already.
func TestRender(t *testing.T) {
	for _, d := range documents {
		t.Run(d.name, func(t *testing.T) {
			same(t, d)
			ours, peers := d.ours(), d.peers()
			buf := make([]byte, 0, 4096)
			bench.Report(t, "render: "+d.name,
				bench.Contestant{Name: "twiml.AppendXML", Run: func(n int) {
					for range n {
						buf = ours.AppendXML(buf[:0])
					}
				}},
				bench.Contestant{Name: "twilio-go twiml.Voice", Run: func(n int) {
					for range n {
						if _, err := twilio.Voice(peers); err != nil {
							t.Error(err)
						}
					}
				}})
		})
	}
}

// TestBuildAndRender makes the tree too, as a webhook does.
func TestBuildAndRender(t *testing.T) {
	for _, d := range documents {
		t.Run(d.name, func(t *testing.T) {
			buf := make([]byte, 0, 4096)
			bench.Report(t, "build and render: "+d.name,
				bench.Contestant{Name: "twiml", Run: func(n int) {
					for range n {
						buf = d.ours().AppendXML(buf[:0])
					}
				}},
				bench.Contestant{Name: "twilio-go", Run: func(n int) {
					for range n {
						if _, err := twilio.Voice(d.peers()); err != nil {
							t.Error(err)
						}
					}
				}})
		})
	}
}

// generic is the tree that encoding/xml decodes any document into.
type generic struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []generic  `xml:",any"`
}

// tokens builds the same tree from xml.Decoder's raw tokens: the fastest way there is.
func tokens(doc []byte) (*generic, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	stack := []*generic{{}}
	for {
		tok, err := d.RawToken()
		if err != nil {
			break
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			top.Children = append(top.Children, generic{XMLName: tok.Name, Attrs: tok.Attr})
			stack = append(stack, &top.Children[len(top.Children)-1])
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.Text += string(tok)
		}
	}
	return stack[0], nil
}

// TestParse reads a document into a tree.
func TestParse(t *testing.T) {
	for _, d := range documents {
		t.Run(d.name, func(t *testing.T) {
			doc := d.ours().AppendXML(nil)
			bench.Report(t, "parse: "+d.name,
				bench.Contestant{Name: "twiml.Parse", Run: func(n int) {
					for range n {
						if _, err := twiml.Parse(bytes.NewReader(doc)); err != nil {
							t.Error(err)
						}
					}
				}},
				bench.Contestant{Name: "encoding/xml, Decoder.RawToken into a tree", Run: func(n int) {
					for range n {
						if _, err := tokens(doc); err != nil {
							t.Error(err)
						}
					}
				}},
				bench.Contestant{Name: "encoding/xml, Unmarshal into a tree", Run: func(n int) {
					for range n {
						var g generic
						if err := xml.Unmarshal(doc, &g); err != nil {
							t.Error(err)
						}
					}
				}})
		})
	}
}

// same fails when the two libraries do not mean the same document.
func same(t *testing.T, d document) {
	t.Helper()
	theirs, err := twilio.Voice(d.peers())
	if err != nil {
		t.Fatal(err)
	}
	r, err := twiml.Parse(strings.NewReader(theirs))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.String(), d.ours().String(); got != want {
		t.Errorf("twilio-go: %s\ntwiml:     %s", got, want)
	}
}
