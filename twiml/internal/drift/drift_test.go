package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/twiml/internal/gen"
)

func TestMain(m *testing.M) { leak.Main(m) }

// declarations and code are in the form of VoiceResponse.d.ts and VoiceResponse.js.
const (
	declarations = `declare class VoiceResponse extends TwiML {
    dial(number?: string): VoiceResponse.Dial;
}
declare namespace VoiceResponse {
    type DialTrim = "trim" | "keep";
    type NumberEvent = "ringing" | "answered";
    /**
     * Attributes to pass to dial
     */
    export interface DialAttributes {
        /** action - Action URL; a comment: "with" quotes */
        action?: string;
        /** ringtone - as it should not be spelled */
        ringtone?: string;
        /** method - HTTP method */
        method?: string;
        /** trim - Trim */
        trim?: DialTrim;
        /** voice - Voice */
        voice?: DialTrim;
        /** timeout - Time */
        timeout?: string;
        /** newer - Newer */
        newer?: boolean;
    }
    export interface NumberAttributes {
        /** event - Events */
        event?: NumberEvent[];
        /** flag - Flag */
        flag?: boolean;
        /** "interpret-as" - words */
        "interpret-as"?: string;
    }
    export interface NumberAttributes {
        /** limit - again, and more of it */
        limit?: number[];
    }
    export class Dial extends TwiML {
        dial: XMLElement;
    }
}
`
	code = `class VoiceResponse extends TwiML_1.default {
    dial(attributes, number) {
        return new VoiceResponse.Dial(this.response.ele("Dial", attributes, number));
    }
    sing(attributes) {
        return new VoiceResponse.Sing(this.response.ele("Sing", attributes));
    }
}
(function (VoiceResponse) {
    class Dial extends TwiML_1.default {
        number(attributes, phoneNumber) {
            return new VoiceResponse.Number(this.dial.ele("Number", attributes));
        }
    }
    class Number extends TwiML_1.default {
        dial(attributes, number) {
            return new VoiceResponse.Dial(this.number.ele("Dial", attributes, number));
        }
    }
    class Sing extends TwiML_1.default {
    }
`
	schema = `{
 "enums": [
  {"name": "Bool", "doc": "b", "values": [["True", "true"]]},
  {"name": "Method", "doc": "m", "values": [["GET", "GET"]]},
  {"name": "Trim", "doc": "t", "values": [["Trim", "trim"]], "aliases": ["cut"]},
  {"name": "Event", "doc": "e", "values": [["Ringing", "ringing"], ["Answered", "answered"]]}
 ],
 "children": [{"name": "Verb", "doc": "v", "members": ["Dial", "Pause"]}],
 "elements": [
  {"type": "Response", "name": "Response", "kind": "root", "content": {"field": "Verbs", "of": "Verb"}},
  {"type": "Dial", "name": "Dial", "kind": "verb", "text": "Number", "children": [{"type": "Number", "field": "Numbers"}], "attrs": [
   {"name": "action", "type": "url"}, {"name": "ringTone", "type": "string"}, {"name": "method", "type": "Method"},
   {"name": "trim", "type": "Trim"}, {"name": "voice", "type": "string"}, {"name": "timeout", "type": "seconds"}, {"name": "older", "type": "Bool"}
  ]},
  {"type": "Number", "name": "Number", "kind": "dial", "text": "Phone", "children": [{"type": "Dial", "field": "Dials"}], "attrs": [
   {"name": "event", "type": "[]Event"}, {"name": "flag", "type": "Bool"}, {"name": "interpret-as", "type": "string"}, {"name": "limit", "type": "int"}
  ]},
  {"type": "Pause", "name": "Pause", "kind": "verb"}
 ]
}`
)

func TestCompare(t *testing.T) {
	theirs, err := readTypings(declarations, code)
	require.NoError(t, err)
	ours, err := gen.Parse([]byte(schema))
	require.NoError(t, err)
	require.Equal(t, []string{
		`<Pause>: not in the typings`,
		`<Sing>: not in the schema`,
		`<Dial> newer: not in the schema`,
		`<Dial> older: not in the typings`,
		`<Dial> ringTone: spelled ringtone in the typings`,
		`<Dial> timeout: string in the typings, number in the schema`,
		`<Dial> trim: "keep" not in the schema`,
		`<Dial> trim: "cut" not in the typings`,
		`<Dial> voice: a set of values in the typings, string in the schema`,
		`<Dial><Number>: text not in the typings, in the schema`,
		`<Dial><Number> limit: a list in the typings, one value in the schema`,
	}, compare(theirs, ours))
}

func TestNotUnderstood(t *testing.T) {
	for want, files := range map[string][2]string{
		"no class VoiceResponse":   {"", ""},
		"not understood: x.ele(":   {"", "x.ele(name)"},
		"attributes of Conference": {"interface ConferenceAttributes {", code},
		"a child of class Sing":    {"", strings.Replace(code, "class Sing", "class Song", 1)},
	} {
		_, err := readTypings(files[0], files[1])
		require.ErrorContains(t, err, want)
	}
}

func TestAccepted(t *testing.T) {
	reasons, err := readAccepted("# comment\n\na: b\nc: d\n\twhy\ne: f\n\tso\n")
	require.NoError(t, err)
	require.Equal(t, []string{"g: h", "accepted, and no difference any more: e: f"},
		without([]string{"a: b", "c: d", "g: h"}, reasons))
	_, err = readAccepted("a: b\n")
	require.EqualError(t, err, "accepted without a reason: a: b")
}

// TestRun reads the files, with the list as it is: nothing of it is in a schema so small.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"schema.json": schema, "VoiceResponse.d.ts": declarations, "VoiceResponse.js": code} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	lines, err := run(filepath.Join(dir, "schema.json"), dir)
	require.NoError(t, err)
	require.Contains(t, lines, "<Sing>: not in the schema")
	require.Contains(t, lines, "accepted, and no difference any more: <Say> voice: a set of values in the typings, string in the schema")
	_, err = run(filepath.Join(dir, "schema.json"), filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
