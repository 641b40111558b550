package gen

import (
	"os"
	"path/filepath"
	"testing"

	"agentos.dev/dialtone/internal/leak"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestUpToDate fails when somebody has changed the schema or the generator and not
// run go generate, or has changed a generated file by hand.
func TestUpToDate(t *testing.T) {
	schema, err := os.ReadFile("../../schema.json")
	require.NoError(t, err)
	files, err := Generate(schema)
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("../..", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s: run go generate in twiml", name)
	}
	there, err := filepath.Glob("../../*_gen.go")
	require.NoError(t, err)
	require.Len(t, there, len(files), "a generated file is left over")
}

// TestNewAttribute adds one line to a schema.
func TestNewAttribute(t *testing.T) {
	const before = `{"enums": [], "children": [], "elements": [
		{"type": "Pause", "name": "Pause", "kind": "verb", "doc": "Pause waits.", "attrs": [
			{"name": "length", "type": "seconds"},
			{"name": "musicUrl", "type": "url", "required": true, "doc": "what plays"}
		]}
	]}`
	files, err := Generate([]byte(before))
	require.NoError(t, err)
	require.Contains(t, string(files["verbs_gen.go"]), "MusicURL string // what plays")
	require.Contains(t, string(files["verbs_write_gen.go"]), "w = w.str(` musicUrl=\"`, x.MusicURL)")
	require.Contains(t, string(files["verbs_read_gen.go"]), "case \"musicUrl\":\n\t\treturn read(&x.MusicURL, value)")
	require.Contains(t, string(files["rules_gen.go"]), `{name: "musicUrl", kind: kindURL, required: true}`)
}

// TestOpen: what Twilio adds to is marked for Validate.
func TestOpen(t *testing.T) {
	files, err := Generate([]byte(`{"enums": [{"name": "Region", "doc": "Region.", "open": true, "values": [["Us1", "us1"]], "aliases": ["us"]}],
		"elements": [{"type": "Room", "name": "Room", "kind": "connect", "doc": "Room.", "open": true, "attrs": [{"name": "region", "type": "Region"}]}],
		"retired": ["Fax"]}`))
	require.NoError(t, err)
	require.Contains(t, string(files["rules_gen.go"]), `classRoom: {name: "Room", open: true,`)
	require.Contains(t, string(files["rules_gen.go"]), `kind: kindEnum, enum: []string{"us1", "us"}, open: true}`)
	require.Contains(t, string(files["rules_gen.go"]), `"Fax",`)
}

func TestWrongSchema(t *testing.T) {
	for schema, want := range map[string]string{
		`{`:               "gen: schema: unexpected EOF",
		`{"elemnts": []}`: `gen: schema: json: unknown field "elemnts"`,
		`{"elements": [{"type": "A", "attrs": [{"name": "b", "type": "Beep"}]}]}`: `gen: schema: A.b: unknown type "Beep"`,
		`{"elements": [{"type": "A", "children": [{"type": "B"}]}]}`:              `gen: schema: A: unknown child "B"`,
		`{"elements": [{"type": "A", "children": [{}, {}, {}, {}]}]}`:             `gen: schema: A: more than 3 types of children`,
		`{"elements": [{"type": "A", "content": {"field": "X", "of": "Y"}}]}`:     `gen: schema: A: unknown children "Y"`,
		`{"children": [{"name": "Y", "members": ["B"]}]}`:                         `gen: schema: Y: unknown member "B"`,
		`{"elements": [{"type": "A-", "kind": "verb", "doc": "d"}]}`:              "expected ';', found '-'",
	} {
		_, err := Generate([]byte(schema))
		require.ErrorContains(t, err, want)
	}
}

func TestField(t *testing.T) {
	for name, want := range map[string]string{
		"url": "URL", "waitUrlMethod": "WaitURLMethod", "interpret-as": "InterpretAs", "callerId": "CallerID",
		"aiSessionConfiguration": "AISessionConfiguration", "ttsLanguage": "TTSLanguage", "for": "For",
		"asrSmartFormat": "ASRSmartFormat", "eagerEotThreshold": "EagerEOTThreshold",
	} {
		require.Equal(t, want, Attr{Name: name}.field())
	}
}
