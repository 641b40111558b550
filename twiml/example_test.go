package twiml_test

import (
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
)

func Example() {
	fmt.Println(twiml.New(&twiml.Say{Text: "Hello, world."}))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Say>Hello, world.</Say></Response>
}

// An IVR menu: the text plays while the caller may already press a key.
func ExampleGather() {
	fmt.Println(twiml.New(
		&twiml.Gather{
			Action:    "/menu",
			NumDigits: 1,
			Timeout:   5 * time.Second,
			Input:     []twiml.Input{twiml.InputDTMF, twiml.InputSpeech},
			Verbs: []twiml.Audible{
				&twiml.Say{Text: "For sales press 1, for support press 2."},
			},
		},
		&twiml.Say{Text: "Goodbye."},
	))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Gather action="/menu" input="dtmf speech" numDigits="1" timeout="5"><Say>For sales press 1, for support press 2.</Say></Gather><Say>Goodbye.</Say></Response>
}

// The caller waits in silence for the moderator: an empty waitUrl is not an unset one.
func ExampleConference() {
	fmt.Println(twiml.New(&twiml.Dial{Nouns: []twiml.DialNoun{
		&twiml.Conference{
			Name:                   "stand-up",
			StartConferenceOnEnter: twiml.False,
			WaitURL:                twiml.Empty,
			StatusCallback:         "https://example.com/conference",
			StatusCallbackEvent:    []twiml.ConferenceEvent{twiml.ConferenceStart, twiml.ConferenceEnd},
		},
	}}))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Dial><Conference startConferenceOnEnter="false" statusCallback="https://example.com/conference" statusCallbackEvent="start end" waitUrl="">stand-up</Conference></Dial></Response>
}

// Audio goes both ways over the WebSocket until the server closes it.
func ExampleStream() {
	fmt.Println(twiml.New(&twiml.Connect{Noun: &twiml.Stream{
		URL: "wss://calls.example.com/stream",
		Parameters: []twiml.Parameter{
			{Name: "token", Value: "c2Vzc2lvbg"},
			{Name: "lang", Value: "en-US"},
		},
	}}))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://calls.example.com/stream"><Parameter name="token" value="c2Vzc2lvbg"/><Parameter name="lang" value="en-US"/></Stream></Connect></Response>
}

// The caller waits in a queue; an agent's call takes the first of it.
func ExampleQueue() {
	fmt.Println(twiml.New(&twiml.Enqueue{Name: "support", WaitURL: "/hold-music"}))
	fmt.Println(twiml.New(&twiml.Dial{Nouns: []twiml.DialNoun{
		&twiml.Queue{Name: "support", URL: "/about-to-connect"},
	}}))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Enqueue waitUrl="/hold-music">support</Enqueue></Response>
	// <?xml version="1.0" encoding="UTF-8"?><Response><Dial><Queue url="/about-to-connect">support</Queue></Dial></Response>
}

func ExampleParse() {
	r, err := twiml.Parse(strings.NewReader(
		`<Response><Say loop="2">Hi</Say><Pause length="3"/><Redirect>/next</Redirect></Response>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, verb := range r.Verbs {
		switch v := verb.(type) {
		case *twiml.Say:
			fmt.Println("say", v.Text, v.Loop, "times")
		case *twiml.Pause:
			fmt.Println("wait", v.Length)
		case *twiml.Redirect:
			fmt.Println("go to", v.URL)
		}
	}
	// Output:
	// say Hi 2 times
	// wait 3s
	// go to /next
}

// What the schema does not have yet is written all the same.
func ExampleElement() {
	fmt.Println(twiml.New(
		&twiml.Say{Text: "Hi", Extra: twiml.Extra{Attrs: []twiml.Attr{{Name: "mood", Value: "glad"}}}},
		&twiml.Element{Name: "Sing", Children: []twiml.Node{twiml.Text("la")}},
	))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Say mood="glad">Hi</Say><Sing>la</Sing></Response>
}

// SSML stands among the words.
func ExampleSay() {
	fmt.Println(twiml.New(&twiml.Say{
		Voice: "Polly.Joanna",
		Text:  "Your code is ",
		SSML: []twiml.Speech{
			&twiml.SayAs{InterpretAs: twiml.AsDigits, Text: "4711"},
			&twiml.Break{Time: 500 * time.Millisecond},
			twiml.Text("Goodbye."),
		},
	}))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Say voice="Polly.Joanna">Your code is <say-as interpret-as="digits">4711</say-as><break time="500ms"/>Goodbye.</Say></Response>
}

func ExampleRespond() {
	http.HandleFunc("POST /voicemail", func(w http.ResponseWriter, _ *http.Request) {
		err := twiml.Respond(w,
			&twiml.Say{Text: "Please leave a message."},
			&twiml.Record{MaxLength: time.Minute, FinishOnKey: "#"},
		)
		if err != nil {
			log.Print(err)
		}
	})
}

// A document that never changes is rendered once.
func ExampleDocument() {
	busy := twiml.New(&twiml.Reject{Reason: twiml.ReasonBusy}).Document()
	http.Handle("POST /overload", busy)
	fmt.Printf("%s\n", busy)
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="busy"/></Response>
}

func ExampleResponse_Validate() {
	err := twiml.New(
		&twiml.Gather{NumDigits: twiml.Zero, Method: "PUT"},
		&twiml.Connect{Noun: &twiml.Stream{URL: "wss://example.com/stream?token=1"}},
	).Validate()
	fmt.Println(err)
	// Output:
	// twiml: Response/Gather: method: "PUT" is none of GET POST (error 12200)
	// twiml: Response/Gather: numDigits: 0 is less than 1 (error 12200)
	// twiml: Response/Connect/Stream: url: query strings do not reach the server; use <Parameter> or the path (error 31920)
}
