package twiml

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// fields forgets how a document was written: what is left is in the fields.
func fields(r *Response) *Response {
	forget(reflect.ValueOf(r))
	return r
}

func forget(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			forget(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			forget(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.Type() == reflect.TypeFor[*source]() {
				reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem().SetZero()
			} else {
				forget(f)
			}
		}
	}
}

// inPlace are contents of <Response> with an order or a spelling that no field tells
// of. Each is written as it was read.
var inPlace = []string{
	// comments and processing instructions
	`<!-- first --><Say>Hi</Say><!-- second --><Hangup/><!-- third -->`,
	`<Connect><!-- the stream --><Stream url="wss://h/"/><!-- ends here --></Connect>`,
	`<Connect><Stream url="wss://h/"><!-- who --><Parameter name="a" value="1"/><!-- where --><Parameter name="b" value="2"/></Stream></Connect>`,
	`<Dial><!-- desk -->+14155550100<!-- or --></Dial>`,
	`<Dial>+1415<!-- exchange -->555<!-- line -->0100</Dial>`,
	`<Dial><Number><?line 1?>+14155550100</Number></Dial>`,
	`<Gather><?menu main?><Say>One</Say><?menu end?></Gather>`,
	`<Say>a<!-- b -->c<?d e?>f</Say>`,
	`<Say><!-- b -->c</Say>`,
	`<Say><sub alias="x">W<!-- 3 -->C</sub></Say>`,
	`<Say><say-as interpret-as="digits"> 4 <!-- . --> 2 </say-as></Say>`,
	`<Sms>one<!-- two --> three</Sms>`,
	`<Play><!-- jingle -->https://h/a.mp3</Play>`,
	`<Pause><!-- why --></Pause>`,
	`<Enqueue workflowSid="W"><!-- t --><Task>{<!-- k -->}</Task></Enqueue>`,

	// children of several types
	`<Pay><Prompt for="security-code"><Say>Code</Say></Prompt><Parameter name="a" value="1"/><Prompt for="postal-code"><Pause/></Prompt><Parameter name="b" value="2"/></Pay>`,
	`<Connect><ConversationRelay url="wss://h/"><Parameter name="a" value="1"/><Failover x="1"/><Language code="en-US"/><Parameter name="b" value="2"/><Language code="de-DE"/></ConversationRelay></Connect>`,
	`<Start><Transcription><Parameter name="a" value="1"/><Config name="b" value="2"/></Transcription></Start>`,
	`<Dial><Sip><Uri>sip:a@b</Uri><Headers><Header name="X-A" value="1"/></Headers><Uri>sip:c@d</Uri></Sip></Dial>`,
	`<Dial><Client><Parameter name="a" value="1"/><Identity>ann</Identity></Client></Dial>`,
	`<Dial><Application><Parameter name="a" value="1"/>AP1<ApplicationSid>AP2</ApplicationSid></Application></Dial>`,
	`<Dial><Number>+14155550100</Number>+14155550101<Client>ann</Client></Dial>`,
	`<Refer><!-- a --><Sip>sip:a@b</Sip><Sip>sip:c@d</Sip></Refer>`,

	// what the schema does not have
	`<Connect><NewNoun a="1"/><Stream url="wss://h/"/></Connect>`,
	`<Connect><!-- a --><Stream url="wss://h/"/><NewNoun/></Connect>`,
	`<Connect><!-- a --><NewNoun/><Newer/></Connect>`,
	`<Connect><NewNoun/></Connect>`,
	`<Connect>text<NewNoun/><?a?></Connect>`,
	`<Connect><Stream url="wss://h/"><New/>text<Parameter name="a" value="1"/>more</Stream></Connect>`,
	`<Connect><Stream url="wss://h/"/><Room>a</Room><!-- b --></Connect>`,
	`<New> a <Say>b</Say> c </New>`,

	// values
	`<Dial><Number statusCallbackEvent="initiated  ringing">+14155550100</Number></Dial>`,
	`<Gather input=" dtmf speech "/>`,
	"<Gather input=\"dtmf\n\tspeech\"/>",
	"<Gather action=\"/a?b=1&amp;c=2\" hints=\"one,\n\ttwo &amp; three\"/>",
	"<New a=\"1\n2\"/>",
	"<Hangup><Parameter name=\"a\tb\" value=\"c\"/></Hangup>",
	"<Pause length=\"1\" mood=\"so\nso\"/>",
	`<Gather numDigits="+1" timeout="007"/>`,
	`<Pause length=" 3 "/><Say loop="00">x</Say>`,
	`<Say><break time="1000ms"/><break time="1.5s"/><break time="0ms"/></Say>`,
	`<Pay><Prompt attempt="1  02" for="security-code"/></Pay>`,
	`<Record playBeep=" False " transcribe="TRUE"/>`,
}

func TestParseKeepsPlaces(t *testing.T) {
	for _, doc := range inPlace {
		doc = header + "<?a?><!-- b --><?c d?><Response>" + doc + "</Response><!-- e --><?f g?>"
		r := parse(t, doc)
		require.Equal(t, doc, r.String())
		again := parse(t, r.String())
		require.Equal(t, r, again)
		_ = r.Validate()
		require.Equal(t, doc, r.String(), "validated")
		copied := *r
		require.Equal(t, doc, copied.String())
	}
}

// TestParseKeepsPlacesOfTheRest: what is changed afterwards is written, at its field's
// place, and the rest as it was.
func TestParseKeepsPlacesOfTheRest(t *testing.T) {
	for _, test := range []struct {
		doc    string
		change func(v Verb)
		want   string
	}{
		{
			`<Pay><Prompt for="security-code"/><Parameter name="a" value="1"/><Prompt for="postal-code"/></Pay>`,
			func(v Verb) {
				p := v.(*Pay)
				p.Parameters = append(p.Parameters, Parameter{Name: "b", Value: "2"})
				p.Prompts = p.Prompts[:1]
			},
			`<Pay><Prompt for="security-code"/><Parameter name="a" value="1"/><Parameter name="b" value="2"/></Pay>`,
		},
		{
			`<Dial>+1415<!-- a -->5550100</Dial>`,
			func(v Verb) { v.(*Dial).Number = "+14155550199" },
			`<Dial>+14155550199<!-- a --></Dial>`,
		},
		{
			`<Dial><!-- a --><Number>1</Number></Dial>`,
			func(v Verb) { v.(*Dial).Nouns = nil },
			`<Dial/>`,
		},
		{
			`<Dial><!-- a -->+1415</Dial>`,
			func(v Verb) { v.(*Dial).Number = "" },
			`<Dial><!-- a --></Dial>`,
		},
		{
			`<Connect><!-- a --><Room>b</Room></Connect>`,
			func(v Verb) { v.(*Connect).Noun, v.(*Connect).Nodes = &Stream{URL: "wss://h/"}, nil },
			`<Connect><Stream url="wss://h/"/></Connect>`,
		},
		{
			`<Enqueue><!-- a --><Task>{}</Task></Enqueue>`,
			func(v Verb) { v.(*Enqueue).Name = "support" },
			`<Enqueue>support<!-- a --><Task>{}</Task></Enqueue>`,
		},
		{
			`<Gather input="dtmf  speech" timeout="007" numDigits="04"/>`,
			func(v Verb) { g := v.(*Gather); g.Input, g.Timeout = g.Input[:1], 8*time.Second },
			`<Gather input="dtmf" numDigits="04" timeout="8"/>`,
		},
		{
			`<Gather input="dtmf  speech" timeout="007"/>`,
			func(v Verb) { g := v.(*Gather); g.Input, g.Timeout = nil, 0 },
			`<Gather/>`,
		},
		{
			`<Record transcribe="TRUE"/>`,
			func(v Verb) { v.(*Record).Transcribe = False },
			`<Record transcribe="false"/>`,
		},
		{
			"<Gather hints=\"a,\n\nb\" action=\"/A\nb\"/>",
			func(v Verb) { g := v.(*Gather); g.Hints, g.Action = "a, b", "/a b" },
			`<Gather action="/a b" hints="a, b"/>`,
		},
	} {
		r := parse(t, "<Response>"+test.doc+"</Response>")
		test.change(r.Verbs[0])
		require.Equal(t, header+"<Response>"+test.want+"</Response>", r.String())
	}
	r := parse(t, "<!-- a --><?b?><!-- c --><Response/>")
	r.Before = nil
	require.Equal(t, header+"<?b?><Response/>", r.String())
}

// TestParseReadsSpellings: what Twilio takes for one value is one value.
func TestParseReadsSpellings(t *testing.T) {
	r := parse(t, `<Response><Record transcribe="TRUE" playBeep="False" timeout="007" maxLength=" +60 "/>`+
		`<Dial><Number statusCallbackEvent=" initiated  ringing ">1</Number></Dial><Say><break time="1.25s"/><break time="2000ms"/></Say></Response>`)
	require.Equal(t, New(
		&Record{Transcribe: True, PlayBeep: False, Timeout: 7 * time.Second, MaxLength: time.Minute},
		&Dial{Nouns: []DialNoun{&Number{PhoneNumber: "1", StatusCallbackEvent: []CallEvent{CallInitiated, CallRinging}}}},
		&Say{SSML: []Speech{&Break{Time: 1250 * time.Millisecond}, &Break{Time: 2 * time.Second}}},
	), fields(r))
	require.True(t, Bool("TRUE").Or(false))
	require.False(t, Bool(" False ").Or(true))
	require.True(t, Bool("yes").Or(true))
	for _, value := range []string{"+-1", "1 2", "++1", "0x1", "1e1", "-", "+", "1.5", "9999999999"} {
		p := parse(t, `<Response><Pause length="`+value+`"/></Response>`).Verbs[0].(*Pause)
		require.Equal(t, []Attr{{"length", value}}, p.Attrs)
	}
	for _, value := range []string{"1", "1.5", "1.s", ".s", "1.2345s", "-1.5s", "1.5ms", "1..5s", "1.-5s", "s", "ms", "12345678.5s"} {
		b := parse(t, `<Response><Say><break time="`+value+`"/></Say></Response>`).Verbs[0].(*Say).SSML[0].(*Break)
		require.Equal(t, []Attr{{"time", value}}, b.Attrs)
	}
}

// TestParseConnect: the noun is the one that the schema knows, if there is one.
func TestParseConnect(t *testing.T) {
	r := parse(t, `<Response><Connect><Newer/><Stream url="wss://h/"/></Connect><Connect><!-- a --><Newer/><Newest/></Connect><Connect><Newer/></Connect></Response>`)
	require.Equal(t, New(
		&Connect{Noun: &Stream{URL: "wss://h/"}, Extra: Extra{Nodes: []Node{&Element{Name: "Newer"}}}},
		&Connect{Noun: &Element{Name: "Newer"}, Extra: Extra{Nodes: []Node{Comment(" a "), &Element{Name: "Newest"}}}},
		&Connect{Noun: &Element{Name: "Newer"}},
	), fields(r))
}

// TestParseManyPieces: the order of many children costs what they hold.
func TestParseManyPieces(t *testing.T) {
	piece := `<Prompt for="security-code"/><Parameter name="a" value="1"/>`
	doc := header + "<Response><Pay>" + strings.Repeat(piece, 10_000) + "</Pay></Response>"
	r := parse(t, doc)
	require.Equal(t, doc, r.String())
	require.Len(t, r.Verbs[0].(*Pay).Parameters, 10_000)
}
