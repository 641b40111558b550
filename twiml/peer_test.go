package twiml_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"agentos.dev/dialtone/twiml"
	"github.com/stretchr/testify/require"
	peer "github.com/twilio/twilio-go/twiml"
)

// The tests of this file hold the rows of the comparison in README.md.

func render(t *testing.T, verbs ...peer.Element) string {
	t.Helper()
	doc, err := peer.Voice(verbs)
	require.NoError(t, err)
	return doc
}

// TestPeerSSML: twilio-go writes SSML in names that are not SSML's.
func TestPeerSSML(t *testing.T) {
	theirs := render(t, &peer.VoiceSay{Message: "Room", InnerElements: []peer.Element{
		&peer.VoiceSayAs{InterpretAs: "digits", Words: "42"},
		&peer.VoiceLang{XmlLang: "fr-FR", Words: "oui"},
	}})
	require.Contains(t, theirs, `<SayAs interpretAs="digits">42</SayAs>`)
	require.Contains(t, theirs, `<Lang xmlLang="fr-FR">oui</Lang>`)
	require.Contains(t, render(t, &peer.VoicePrompt{For_: "security-code"}), `for_="security-code"`)
	require.Contains(t, render(t, &peer.VoiceStart{InnerElements: []peer.Element{&peer.VoiceSipRec{}}}), `<SipRec`)

	ours := twiml.New(&twiml.Say{Text: "Room", SSML: []twiml.Speech{
		&twiml.SayAs{InterpretAs: twiml.AsDigits, Text: "42"},
		&twiml.Lang{Language: "fr-FR", Text: "oui"},
	}})
	require.Contains(t, ours.String(), `<say-as interpret-as="digits">42</say-as><lang xml:lang="fr-FR">oui</lang>`)
	require.NoError(t, ours.Validate())

	r, err := twiml.Parse(strings.NewReader(theirs))
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(r.Warnings()), "unknown element; it is spelled <say-as>")
}

// TestPeerEmpty: twilio-go cannot write an attribute that is there and empty.
func TestPeerEmpty(t *testing.T) {
	require.NotContains(t, render(t, &peer.VoiceGather{FinishOnKey: ""}), "finishOnKey")
	optional := map[string]string{"finishOnKey": ""}
	require.NotContains(t, render(t, &peer.VoiceGather{OptionalAttributes: optional}), "finishOnKey")
	require.Contains(t, twiml.New(&twiml.Gather{FinishOnKey: twiml.Empty}).String(), `finishOnKey=""`)
}

// TestPeerOrder: twilio-go orders attributes as its maps come.
func TestPeerOrder(t *testing.T) {
	theirs, ours := make(map[string]bool), make(map[string]bool)
	for range 200 {
		theirs[render(t, &peer.VoiceGather{Action: "/a", Method: "POST", NumDigits: "1", Timeout: "5", Input: "dtmf"})] = true
		ours[twiml.New(&twiml.Gather{Action: "/a", Method: twiml.POST, NumDigits: 1, Timeout: 5e9, Input: []twiml.Input{twiml.InputDTMF}}).String()] = true
	}
	require.Greater(t, len(theirs), 40)
	require.Len(t, ours, 1)
}

// TestPeerNesting: twilio-go takes any element anywhere. In Go ours does not compile
// (Gather.Verbs takes Audible, which Stream is not); read from XML, Validate tells.
func TestPeerNesting(t *testing.T) {
	theirs := render(t, &peer.VoiceGather{InnerElements: []peer.Element{&peer.VoiceStream{Url: "ws://h"}}})
	require.Contains(t, theirs, `<Gather><Stream`)
	var stream any = &twiml.Stream{}
	_, audible := stream.(twiml.Audible)
	require.False(t, audible)

	r, err := twiml.Parse(strings.NewReader(theirs))
	require.NoError(t, err)
	require.ErrorContains(t, r.Validate(), "<Stream> does not belong in <Gather>")
}

// TestPeerCharacters: what XML cannot hold is a question mark with twilio-go, which
// Twilio may speak. Here it is left out, and Validate tells.
func TestPeerCharacters(t *testing.T) {
	require.Contains(t, render(t, &peer.VoiceSay{Message: "a\x01b"}), "<Say>a\uFFFDb</Say>")
	ours := twiml.New(&twiml.Say{Text: "a\x01b"})
	require.Contains(t, ours.String(), "<Say>ab</Say>")
	require.ErrorContains(t, ours.Validate(), "character U+0001")
}

// TestPeerNewline: an attribute's line end comes back as one only when it is escaped.
func TestPeerNewline(t *testing.T) {
	read := func(doc string) string {
		r, err := twiml.Parse(strings.NewReader(doc))
		require.NoError(t, err)
		return r.Verbs[0].(*twiml.Gather).Hints
	}
	require.Equal(t, "a b c", read(render(t, &peer.VoiceGather{Hints: "a\nb\tc"})))
	require.Equal(t, "a\nb\tc", read(twiml.New(&twiml.Gather{Hints: "a\nb\tc"}).String()))
}

// TestPeerMissing: twilio-go has neither Twilio's spelling of some attributes nor some
// that Twilio documents.
func TestPeerMissing(t *testing.T) {
	theirs := render(t, &peer.VoiceConversationRelay{Speechtimeout: "2", Url: "wss://h"})
	require.Contains(t, theirs, "speechtimeout=")
	_, ok := reflect.TypeFor[peer.VoiceDial]().FieldByName("CallReason")
	require.False(t, ok)
	ours := twiml.New(&twiml.Dial{CallReason: "delivery", Number: "+14155550100"})
	require.Contains(t, ours.String(), `callReason="delivery"`)
	require.NoError(t, ours.Validate())
}

// TestPeerTypes: with twilio-go any string goes anywhere.
func TestPeerTypes(t *testing.T) {
	theirs := render(t, &peer.VoiceGather{Timeout: "soon", Method: "PUSH", BargeIn: "perhaps"})
	r, err := twiml.Parse(strings.NewReader(theirs))
	require.NoError(t, err)
	err = r.Validate()
	require.ErrorContains(t, err, `timeout: "soon" is not a number`)
	require.ErrorContains(t, err, `method: "PUSH" is none of GET POST`)
	require.ErrorContains(t, err, `bargeIn: "perhaps" is none of true false`)
	gather := reflect.TypeFor[twiml.Gather]()
	for name, want := range map[string]string{"Timeout": "time.Duration", "Method": "twiml.Method", "BargeIn": "twiml.Bool", "NumDigits": "int"} {
		f, ok := gather.FieldByName(name)
		require.True(t, ok)
		require.Equal(t, want, f.Type.String())
	}
}

// TestPeerRoot: twilio-go's Voice takes verbs and nothing else.
func TestPeerRoot(t *testing.T) {
	require.Equal(t, "func([]twiml.Element) (string, error)", reflect.TypeFor[func(verbs []peer.Element) (string, error)]().String())
	ours := &twiml.Response{
		Before: []twiml.Comment{" before "},
		Verbs:  []twiml.Verb{twiml.Comment(" inside "), twiml.Text("text"), &twiml.Hangup{}},
		Extra:  twiml.Extra{Attrs: []twiml.Attr{{Name: "version", Value: "1"}}},
	}
	require.Contains(t, ours.String(), `<!-- before --><Response version="1"><!-- inside -->text<Hangup/></Response>`)
}

// TestPeerAllocations counts for a document like the first of the benchmark.
func TestPeerAllocations(t *testing.T) {
	stream := []peer.Element{&peer.VoiceConnect{InnerElements: []peer.Element{&peer.VoiceStream{
		Url: "wss://calls.example.com/stream",
		InnerElements: []peer.Element{
			&peer.VoiceParameter{Name: "a", Value: "1"},
			&peer.VoiceParameter{Name: "b", Value: "2"},
			&peer.VoiceParameter{Name: "c", Value: "3"},
		},
	}}}}
	theirs := testing.AllocsPerRun(100, func() { render(t, stream...) })
	require.InDelta(t, 60, theirs, 10)
}
