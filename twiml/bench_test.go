package twiml

import (
	"testing"
	"time"
)

func streamDocument() *Response {
	return New(&Connect{Noun: &Stream{
		URL:            "wss://calls.example.com/api/voice/twilio/stream/eyJjYWxsIjoiQ0EwMTIzIn0",
		StatusCallback: "https://calls.example.com/api/voice/twilio/status",
		Parameters: []Parameter{
			{Name: "caller", Value: "+14155550100"},
			{Name: "called", Value: "+14155550199"},
			{Name: "language", Value: "en-US"},
		},
	}})
}

func menuDocument() *Response {
	return New(
		&Say{Text: "Welcome to Smith & Sons. Your call may be recorded.", Voice: "Polly.Joanna", Language: "en-US"},
		&Pause{Length: time.Second},
		&Gather{
			Action: "/menu", NumDigits: 1, Timeout: 5 * time.Second, Input: []Input{InputDTMF},
			Verbs: []Audible{
				&Say{Text: "For sales press 1."},
				&Say{Text: "For support press 2."},
				&Play{URL: "https://cdn.example.com/jingle.mp3", Loop: 2},
			},
		},
		&Say{Text: "We did not hear you."},
		&Dial{
			CallerID: "+14155550199", Timeout: 20 * time.Second, Action: "/dialed",
			Nouns: []DialNoun{&Number{PhoneNumber: "+14155550123"}},
		},
		&Redirect{URL: "/menu", Method: POST},
	)
}

func BenchmarkAppendXML(b *testing.B) {
	for name, r := range map[string]*Response{"stream": streamDocument(), "menu": menuDocument()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 4096)
			for b.Loop() {
				buf = r.AppendXML(buf[:0])
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, r := range map[string]*Response{"stream": streamDocument(), "menu": menuDocument()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			doc := r.AppendXML(nil)
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if _, err := Parse(&reader{doc}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
