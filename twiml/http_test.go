package twiml

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const header = `<?xml version="1.0" encoding="UTF-8"?>`

func TestServe(t *testing.T) {
	hello := New(&Say{Text: "Hello"})
	const body = header + `<Response><Say>Hello</Say></Response>`
	for name, h := range map[string]http.Handler{
		"response": hello,
		"document": hello.Document(),
		"respond": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			require.NoError(t, Respond(w, &Say{Text: "Hello"}))
		}),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
		require.Equal(t, 200, w.Code, name)
		require.Equal(t, body, w.Body.String(), name)
		require.Equal(t, "text/xml; charset=utf-8", w.Header().Get("Content-Type"), name)
		require.Equal(t, "75", w.Header().Get("Content-Length"), name)
	}

	// A document without verbs is one too.
	w := httptest.NewRecorder()
	require.NoError(t, Respond(w))
	require.Equal(t, header+"<Response/>", w.Body.String())
	require.Equal(t, "text/xml; charset=utf-8", w.Header().Get("Content-Type"))
}

func TestServeTooLarge(t *testing.T) {
	large := &Say{Text: strings.Repeat("a", MaxSize)}
	w := httptest.NewRecorder()
	require.ErrorIs(t, Respond(w, large), ErrTooLarge)
	require.Equal(t, 500, w.Code)

	w = httptest.NewRecorder()
	New(large).ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	require.Equal(t, 500, w.Code)

	fits := &Say{Text: strings.Repeat("a", MaxSize-len(header+"<Response><Say></Say></Response>"))}
	w = httptest.NewRecorder()
	require.NoError(t, Respond(w, fits))
	require.Equal(t, MaxSize, w.Body.Len())
}

func TestWriteTo(t *testing.T) {
	r := New(&Hangup{})
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, r.String(), b.String())
	require.EqualValues(t, b.Len(), n)

	broken := errors.New("broken")
	_, err = r.WriteTo(brokenWriter{broken})
	require.ErrorIs(t, err, broken)
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

var _ io.WriterTo = Document(nil)

func TestRenderDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	for name, r := range map[string]*Response{"stream": streamDocument(), "menu": menuDocument()} {
		require.Zero(t, testing.AllocsPerRun(100, func() { buf = r.AppendXML(buf[:0]) }), name)
	}
}

// TestRenderIntoAnyRoom runs out of room at every place of a document.
func TestRenderIntoAnyRoom(t *testing.T) {
	for _, r := range []*Response{streamDocument(), menuDocument()} {
		want := "before" + r.String()
		for room := range len(want) + 2 {
			buf := append(make([]byte, 0, max(room, len("before"))), "before"...)
			require.Equal(t, want, string(r.AppendXML(buf)), "%d bytes", room)
		}
	}
}

func TestRenderIsStable(t *testing.T) {
	for _, r := range []*Response{streamDocument(), menuDocument()} {
		want := r.String()
		for range 200 {
			require.Equal(t, want, r.String())
		}
	}
}

// TestRenderUnset tells unset from empty from zero.
func TestRenderUnset(t *testing.T) {
	for want, verb := range map[string]Verb{
		`<Gather/>`:                          &Gather{},
		`<Gather finishOnKey=""/>`:           &Gather{FinishOnKey: Empty},
		`<Gather finishOnKey="0"/>`:          &Gather{FinishOnKey: "0"},
		`<Gather input=""/>`:                 &Gather{Input: []Input{}},
		`<Gather bargeIn="false"/>`:          &Gather{BargeIn: False},
		`<Gather numDigits="0"/>`:            &Gather{NumDigits: Zero},
		`<Gather timeout="0"/>`:              &Gather{Timeout: Zero},
		`<Gather timeout="2"/>`:              &Gather{Timeout: 1001 * time.Millisecond}, // rounded up
		`<Gather timeout="-5"/>`:             &Gather{Timeout: -5 * time.Second},
		`<Gather numDigits="1234567"/>`:      &Gather{NumDigits: 1234567},
		`<Say><break time="0s"/></Say>`:      &Say{SSML: []Speech{&Break{Time: Zero}}},
		`<Say><break time="1501ms"/></Say>`:  &Say{SSML: []Speech{&Break{Time: 1500*time.Millisecond + 1}}},
		`<Say><break time="3s"/></Say>`:      &Say{SSML: []Speech{&Break{Time: 3 * time.Second}}},
		`<Say><break time="3500ms"/></Say>`:  &Say{SSML: []Speech{&Break{Time: 3500 * time.Millisecond}}},
		`<Pay><Prompt attempt="0 2"/></Pay>`: &Pay{Prompts: []Prompt{{Attempt: []int{0, 2}}}},
	} {
		require.Equal(t, header+"<Response>"+want+"</Response>", New(verb).String())
	}
}

// TestRenderSurvives writes what Validate reports and XML cannot hold.
func TestRenderSurvives(t *testing.T) {
	for want, verb := range map[string]Verb{
		``:                            nil,
		`<Gather/>`:                   &Gather{Verbs: []Audible{nil, (*Say)(nil)}},
		`<Say>ab</Say>`:               &Say{Text: "a\x00\x1f\xff\uFFFEb"},
		`<Say voice="ab">x</Say>`:     &Say{Text: "x", Voice: "a\x0bb"},
		`<Say voice="a">x</Say>`:      &Say{Text: "x", Voice: "a", Extra: Extra{Attrs: []Attr{{"voice", "b"}, {"", "c"}, {"1", "d"}}}},
		`<Say a="1">x</Say>`:          &Say{Text: "x", Extra: Extra{Attrs: []Attr{{"a", "1"}, {"a", "2"}}}},
		`<!--a- b- -->`:               Comment("a--b--"),
		`text<Pause/>`:                &Element{Name: "not a name", Children: []Node{Text("text"), &Pause{}}},
		`<Say>a&#13;&lt;"&amp;</Say>`: &Say{Text: "a\r<\"&"},
	} {
		require.Equal(t, header+"<Response>"+want+"</Response>", strings.Replace(New(verb).String(), "<Response/>", "<Response></Response>", 1))
	}
	require.Equal(t, header, (*Response)(nil).String())
}

func TestOr(t *testing.T) {
	require.Equal(t, "#", Or("", "#"))
	require.Equal(t, "", Or(Empty, "#"))
	require.Equal(t, "1", Or("1", "#"))
	require.Equal(t, 5*time.Second, Or(0, 5*time.Second))
	require.Equal(t, time.Duration(0), Or(Zero, 5*time.Second))
	require.Equal(t, 1, Or(0, 1))
	require.Equal(t, 0, Or(Zero, 1))
	require.Equal(t, POST, Or("", POST))
	require.Equal(t, Method(""), Or(Empty, POST))

	require.True(t, Bool("").Or(true))
	require.True(t, True.Or(false))
	require.False(t, False.Or(true))
	require.True(t, Bool("maybe").Or(true))
	require.Equal(t, True, BoolOf(true))
	require.Equal(t, False, BoolOf(false))
}
