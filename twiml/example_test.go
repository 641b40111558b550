package twiml_test

import (
	"fmt"
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
