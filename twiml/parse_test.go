package twiml

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

func parse(t *testing.T, doc string) *Response {
	t.Helper()
	r, err := Parse(strings.NewReader(doc))
	require.NoError(t, err)
	return r
}

func TestParseValues(t *testing.T) {
	r := parse(t, `<?xml version='1.0'?>
<!DOCTYPE Response>
<Response>
	<Gather finishOnKey="" timeout='007' numDigits="4" input=" dtmf
		speech" hints="a&#10;b &lt; c">
		<Say loop="0">Tom &amp; Jerry&#x27;s <![CDATA[<show>]]></Say>
		<Play>
			https://example.com/a.mp3?x=1&amp;y=2
		</Play>
		<?target ignored?>
		<Pause length="0"/>
	</Gather>
	<Redirect/>
</Response>
`)
	require.Equal(t, New(
		&Gather{
			FinishOnKey: Empty, Timeout: 7 * time.Second, NumDigits: 4,
			Input: []Input{InputDTMF, InputSpeech}, Hints: "a\nb < c",
			Verbs: []Audible{
				&Say{Text: "Tom & Jerry's <show>", Loop: Zero},
				&Play{URL: "https://example.com/a.mp3?x=1&y=2"},
				ProcInst("target ignored"),
				&Pause{Length: Zero},
			},
		},
		&Redirect{},
	), fields(r))
}

func TestParseMixedContent(t *testing.T) {
	say := parse(t, `<Response><Say>Your code is <say-as interpret-as="digits">42</say-as>,<break time="1s"/>`+
		`<p>I <!-- softly --> repeat</p> <x>it</x>.</Say></Response>`).Verbs[0].(*Say)
	require.Equal(t, &Say{Text: "Your code is ", SSML: []Speech{
		&SayAs{Text: "42", InterpretAs: AsDigits},
		Text(","),
		&Break{Time: time.Second},
		&Paragraph{Text: "I ", SSML: []ParagraphSpeech{Comment(" softly "), Text(" repeat")}},
		Text(" "),
		&Element{Name: "x", Children: []Node{Text("it")}},
		Text("."),
	}}, say)
	require.Equal(t, "Your code is 42,I  repeat it.", say.PlainText())
	require.Equal(t, "a < b & c", (&Say{Text: "a < ", SSML: []Speech{Text("b & c")}}).PlainText())
}

// What a field cannot hold and what is not of the schema is kept as it is.
func TestParseKeeps(t *testing.T) {
	const doc = `<?xml version="1.0" encoding="UTF-8"?><!-- a --><Response version="2"><Pause length="soon" mood="glad"/>` +
		`<Gather><Stream url="wss://h/"><Parameter name="a"/></Stream></Gather>` +
		`<Connect><Room>a</Room><Room>b</Room></Connect><!-- b --><Sing>la<x:y z=""/></Sing></Response><!-- c -->`
	r := parse(t, doc)
	require.Equal(t, doc, r.String())
	require.Equal(t, &Pause{Extra: Extra{Attrs: []Attr{{"length", "soon"}, {"mood", "glad"}}}}, r.Verbs[0])
	require.Equal(t, []Comment{" a "}, r.Before)
	require.Equal(t, []Comment{" c "}, r.After)
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		doc  string
		code int
		want string
	}{
		{``, 12100, `1:1: no root element`},
		{"\n  ", 12100, `2:3: no root element`},
		{`Hello`, 12100, `1:1: text outside of the root element`},
		{`<Say>x</Say>`, 12102, `1:1: root element is Say, not Response`},
		{`<response/>`, 12102, `1:1: root element is response, not Response`},
		{`<Response>`, 12100, `1:11: Response: <Response> without end`},
		{`<Response`, 12100, `1:10: Response: tag without end`},
		{"<Response>\n <Say>x</Play>\n</Response>", 12100, `2:8: Response/Say: </Play> ends <Say>`},
		{`<Response><Say>x</Say`, 12100, `1:22: Response/Say: > expected`},
		{`<Response/><Response/>`, 12100, `1:12: something after the root element`},
		{`<Response/>text`, 12100, `1:12: something after the root element`},
		{`<Response><Say voice=man>x</Say></Response>`, 12100, `1:22: Response/Say: attribute value without quotes`},
		{`<Response><Say voice>x</Say></Response>`, 12100, `1:21: Response/Say: = expected after attribute voice`},
		{`<Response><Say voice="man>x</Say></Response>`, 12100, `1:23: Response/Say: attribute value without end`},
		{`<Response><Say voice="<">x</Say></Response>`, 12100, `1:23: Response/Say: < in an attribute value`},
		{`<Response><Say voice="a"loop="1">x</Say></Response>`, 12100, `1:25: Response/Say: space expected before an attribute`},
		{`<Response><Say loop="1" loop="2">x</Say></Response>`, 12100, `1:25: Response/Say: attribute loop twice`},
		{`<Response><Say 1="2"/></Response>`, 12100, `1:16: Response/Say: name expected`},
		{`<Response>< Say/></Response>`, 12100, `1:12: Response: name expected`},
		{`<Response><1/></Response>`, 12100, `1:12: Response: name expected`},
		{`<Response><Say>Q&A</Say></Response>`, 12100, `1:17: Response/Say: & without ;`},
		{`<Response><Say>&nbsp;</Say></Response>`, 12100, `1:16: Response/Say: unknown reference &nbsp;`},
		{`<Response><Say>&#0;</Say></Response>`, 12100, `1:16: Response/Say: unknown reference &#0;`},
		{`<Response><Say>&#;</Say></Response>`, 12100, `1:16: Response/Say: unknown reference &#;`},
		{`<Response><Say>&#xD800;</Say></Response>`, 12100, `1:16: Response/Say: unknown reference &#xD800;`},
		{`<Response><Say>&#x1FFFFFFFFFFFFFFFFFFFFFF;</Say></Response>`, 12100, `1:16: Response/Say: unknown reference &#x1FFFFFFFFFFFFFFFFFFFFFF;`},
		{`<Response><Say>&#x100000041;</Say></Response>`, 12100, `1:16: Response/Say: unknown reference &#x100000041;`},
		{`<Response><Say>a]]>b</Say></Response>`, 12100, `1:17: Response/Say: ]]> in text`},
		{`<Response><Say><![CDATA[a</Say></Response>`, 12100, `1:25: Response/Say: CDATA section without end`},
		{`<Response><!-- a -- b --></Response>`, 12100, `1:15: Response: -- in a comment`},
		{`<Response><!-- a`, 12100, `1:15: Response: comment without end`},
		{`<Response><?a`, 12100, `1:13: Response: processing instruction without end`},
		{`<?xml version="1.0"`, 12100, `1:7: XML declaration without end`},
		{`<?xml version="2.0"?><Response/>`, 12101, `1:1: XML version 2.0`},
		{`<?xml version=1?><Response/>`, 12100, `1:1: malformed XML declaration`},
		{`<?xml version="1.0" encoding="UTF-16"?><Response/>`, 12100, `1:1: encoding UTF-16 is not UTF-8`},
		{`<!DOCTYPE r [<!ENTITY a "b">]><Response/>`, 12100, `1:10: document type with declarations`},
		{`<?a b><Response/>`, 12100, `1:3: processing instruction without end`},
		{`<Response/><!-- a`, 12100, `1:16: comment without end`},
		{`<!DOCTYPE a`, 12100, `1:10: document type without end`},
		{`<?xml 1?><Response/>`, 12100, `1:1: malformed XML declaration`},
		{`<?xml version?><Response/>`, 12100, `1:1: malformed XML declaration`},
		{`</Response>`, 12100, `1:2: name expected`},
		{`<!DOCTYPE a><!DOCTYPE b><Response/>`, 12100, `1:14: name expected`},
		{"<Response><Say>a\xffb</Say></Response>", 12100, `1:17: not UTF-8`},
		{"<Response><Say>a\x00b</Say></Response>", 12100, `1:17: character U+0000`},
		{"<Response>\uFFFE</Response>", 12100, `1:11: character U+FFFE`},

		// before the XML declaration
		{"\n" + header + "<Response/>", 12100, `1:1: the XML declaration is not at the start: not even white space may come before it`},
		{" " + header + "<Response/>", 12100, `1:1: the XML declaration is not at the start: not even white space may come before it`},
		{"\r\n\t<?xml version='1.0' ?><Response/>", 12100, `1:1: the XML declaration is not at the start: not even white space may come before it`},
		{"\ufeff\n" + header + "<Response/>", 12100, `1:4: the XML declaration is not at the start: not even white space may come before it`},
		{"<!-- a -->" + header + "<Response/>", 12100, `1:1: the XML declaration is not at the start: not even white space may come before it`},
		{"<?a?>" + header + "<Response/>", 12100, `1:1: the XML declaration is not at the start: not even white space may come before it`},
		{"<!DOCTYPE a>" + header + "<Response/>", 12100, `1:1: the XML declaration is not at the start: not even white space may come before it`},
		{header + header + "<Response/>", 12100, `1:1: the XML declaration is not at the start: not even white space may come before it`},
		{"Notice: x\n" + header + "<Response/>", 12100, `1:1: text outside of the root element`},
		{"\u200b" + header + "<Response/>", 12100, `1:1: text outside of the root element`},
		{"\ufeff\ufeff" + header + "<Response/>", 12100, `1:4: text outside of the root element`},
		{"\u00a0<Response/>", 12100, `1:1: text outside of the root element`},

		// the XML declaration
		{"<?xml?><Response/>", 12100, `1:1: malformed XML declaration`},
		{"<?xml encoding='utf-8'?><Response/>", 12100, `1:1: malformed XML declaration`},
		{"<?xml encoding='utf-8' version='1.0'?><Response/>", 12100, `1:1: malformed XML declaration`},
		{"<?xml version='1.0' version='1.0'?><Response/>", 12100, `1:1: malformed XML declaration`},
		{"<?xml version='1.0' standalone='yes' encoding='utf-8'?><Response/>", 12100, `1:1: malformed XML declaration`},
		{"<?xml version='1.0' encoding=''?><Response/>", 12100, `1:1: malformed XML declaration`},
		{"<?xml version='1.0' charset='utf-8'?><Response/>", 12100, `1:1: malformed XML declaration`},
		{"<?XML version='1.0'?><Response/>", 12100, `1:3: processing instruction without a name of its own`},
		{"<Response><?xml version='1.0'?></Response>", 12100, `1:13: Response: processing instruction without a name of its own`},
		{"<Response><??></Response>", 12100, `1:13: Response: processing instruction without a name of its own`},
		{"<Response/><?xml version='1.0'?>", 12100, `1:14: processing instruction without a name of its own`},

		// encodings
		{"\ufeff<?xml version='1.0' encoding='ISO-8859-1'?><Response/>", 12100, `1:4: encoding ISO-8859-1 is not UTF-8`},
		{"<?xml version='1.0' encoding='windows-1252'?><Response/>", 12100, `1:1: encoding windows-1252 is not UTF-8`},
		{"<?xml version='1.0' encoding='ISO-8859-1'?>\n<Response><Say>\xe9\xe9 & </Say></Response>", 12100, `2:19: Response/Say: & without ;`},
		{"<?xml version='1.0' encoding='ISO-8859-1'?><Response>\x01</Response>", 12100, `1:54: character U+0001`},
		{"\xff\xfe<\x00R\x00", 12100, `1:1: not UTF-8`},
		{"<Response><Say>caf\xe9</Say></Response>", 12100, `1:19: not UTF-8`},
		{"<Response><Say>\xed\xa0\x80</Say></Response>", 12100, `1:16: not UTF-8`},
		{"<Response><Say>\xc0\xaf</Say></Response>", 12100, `1:16: not UTF-8`},

		// document types
		{`<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]><Response><Say>&b;</Say></Response>`, 12100, `1:10: document type with declarations`},
		{`<!DOCTYPE r SYSTEM "a>b" [<!ENTITY a "aa">]><Response/>`, 12100, `1:10: document type with declarations`},
		{`<!DOCTYPE r SYSTEM "a><Response/>`, 12100, `1:10: document type without end`},
		{`<!doctype r><Response/>`, 12100, `1:2: name expected`},
		{`<Response><!DOCTYPE r></Response>`, 12100, `1:12: Response: name expected`},
		{`<!DOCTYPE r SYSTEM "file:///etc/passwd"><Response><Say>&r;</Say></Response>`, 12100, `1:56: Response/Say: unknown reference &r;`},
	} {
		_, err := Parse(strings.NewReader(test.doc))
		require.EqualError(t, err, "twiml: "+test.want, test.doc)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Equal(t, test.code, syntax.Code, test.doc)
		before := test.doc[:syntax.Offset]
		require.Equal(t, syntax.Line, 1+strings.Count(before, "\n"), test.doc)
		require.Equal(t, syntax.Column, len(before)-strings.LastIndexByte(before, '\n'), test.doc)
	}
}

// TestParseEncodings: a document of ISO-8859-1 is read as what it is, one that only
// says so as well, and a byte order mark is no text.
func TestParseEncodings(t *testing.T) {
	want := New(&Say{Text: "café", Voice: "é"})
	for name, doc := range map[string]string{
		"UTF-8":       header + "<Response><Say voice='é'>café</Say></Response>",
		"mark":        "\ufeff" + header + "<Response><Say voice='é'>café</Say></Response>",
		"mark alone":  "\ufeff<Response><Say voice='é'>café</Say></Response>",
		"blank lines": "\n\n <Response><Say voice='é'>café</Say></Response>\n",
		"ISO-8859-1":  "<?xml version='1.0' encoding='ISO-8859-1' standalone='yes'?><Response><Say voice='\xe9'>caf\xe9</Say></Response>",
		"small":       "<?xml version='1.0' encoding='iso-8859-1'?><Response><Say voice='\xe9'>caf&#233;</Say></Response>",
		"US-ASCII":    "<?xml version='1.0' encoding='US-ASCII'?><Response><Say voice='&#xE9;'>caf&#233;</Say></Response>",
		"a system":    "<!DOCTYPE Response SYSTEM \"a'>b\" ><Response><Say voice='é'>café</Say></Response>",
	} {
		require.Equal(t, want, parse(t, doc), name)
	}
}

func TestParseBounds(t *testing.T) {
	for doc, want := range map[string]string{
		"<Response>" + strings.Repeat("<a>", 100):                            "elements nested too deeply",
		"<Response>" + strings.Repeat(" ", 1<<20) + "</Response>":            "document over 1 MiB",
		"<Response " + strings.Repeat("a='' ", 1000) + "/>":                  "attribute a twice",
		"<Response " + attributes(129) + "/>":                                "too many attributes",
		"<Response><" + strings.Repeat("n", 100) + "></m></Response>":        "Response/" + strings.Repeat("n", 40) + "...: </m> ends <" + strings.Repeat("n", 40) + "...>",
		"<Response><Say>&" + strings.Repeat("é", 100) + ";</Say></Response>": "unknown reference &" + strings.Repeat("é", 19) + "...",
	} {
		_, err := Parse(strings.NewReader(doc))
		require.ErrorContains(t, err, want)
	}
	_, err := Parse(strings.NewReader("<Response " + attributes(128) + "/>"))
	require.NoError(t, err)

	_, err = Parse(endless{}) // returns although the input never ends
	require.ErrorContains(t, err, "document over 1 MiB")
}

// TestParseIdle gives up on a reader that has nothing and does not end.
func TestParseIdle(t *testing.T) {
	_, err := Parse(idle{})
	require.ErrorIs(t, err, io.ErrNoProgress)
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("a" + strings.Repeat("b", i) + "='' ")
	}
	return b.String()
}

func TestParseReaders(t *testing.T) {
	want := parse(t, menuDocument().String())
	for name, r := range map[string]io.Reader{
		"one byte":     iotest.OneByteReader(strings.NewReader(want.String())),
		"data and EOF": iotest.DataErrReader(strings.NewReader(want.String())),
		"byte order":   strings.NewReader("\ufeff" + want.String()),
		"instruction":  strings.NewReader("<?a b?>" + want.String()[len(header):] + "<?c d?>"),
		"line ends":    strings.NewReader(strings.ReplaceAll(want.String(), "?>", "?>\r\n")),
	} {
		got, err := Parse(r)
		require.NoError(t, err, name)
		require.Equal(t, want, fields(got), name)
	}
	broken := errors.New("broken")
	_, err := Parse(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "twiml: broken")
}

func TestParseLineEnds(t *testing.T) {
	r := parse(t, "<Response><Say voice='a\r\nb\tc&#13;'>x\r\ny\rz&#13;<![CDATA[1\r\n2]]></Say><!--a\r\nb--></Response>")
	require.Equal(t, New(&Say{Voice: "a b c\r", Text: "x\ny\nz\r1\n2"}, Comment("a\nb")), fields(r))
}

// TestParseCopiesTextOnce: many pieces of one text cost what they hold, not its square.
func TestParseCopiesTextOnce(t *testing.T) {
	for _, piece := range []string{"x<?a?>", "x<![CDATA[y]]>", "x<!---->", "1<a/>", "&amp;<?a?>"} {
		for _, parent := range []string{"Say", "Sms", "Dial", "Play", "Number", "Foreign"} {
			doc := "<Response><" + parent + ">" + strings.Repeat(piece, 10_000) + "</" + parent + "></Response>"
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_ = parse(t, doc)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100*len(doc)), "%s in %s", piece, parent)
		}
	}
}

// TestParseTextApart: what stands between the pieces of a name takes nothing from it.
func TestParseTextApart(t *testing.T) {
	r := parse(t, "<Response><Dial>\n\t<!-- a --> +1 <!-- b --> 415 <Number> 5<![CDATA[5 ]]><x/>5 </Number>\n</Dial></Response>")
	require.Equal(t, New(&Dial{Number: "+1  415", Nouns: []DialNoun{
		Comment(" a "), Comment(" b "),
		&Number{PhoneNumber: "55 5", Extra: Extra{Nodes: []Node{&Element{Name: "x"}}}},
	}}), fields(r))
}
