package twiml

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden holds each element with all of its attributes against a file. What is
// in the files is right, so Validate has nothing to say about it.
func TestGolden(t *testing.T) {
	for i := range classes {
		id := classID(i)
		if id == classElement || id == classResponse {
			continue
		}
		x := full(id)
		name := reflect.TypeOf(x).Elem().Name()
		t.Run(name, func(t *testing.T) {
			r := documentWith(id, x)
			golden(t, name, r)
			require.NoError(t, r.Validate())
			for i := range classes[id].attrs {
				require.Contains(t, r.String(), " "+classes[id].attrs[i].name+`="`)
			}
			again, err := Parse(strings.NewReader(r.String()))
			require.NoError(t, err)
			require.Equal(t, r, again)
		})
	}
}

// TestGoldenExtra holds what is not of the schema against a file.
func TestGoldenExtra(t *testing.T) {
	r := &Response{
		Before: []Comment{" before "},
		Verbs: []Verb{
			Comment(" greet "),
			&Say{Text: "Hi", Extra: Extra{Attrs: []Attr{{"mood", `"glad" & <well>`}, {"none", ""}}}},
			&Element{Name: "Sing", Attrs: []Attr{{"key", "C"}}, Children: []Node{Text("la "), &Element{Name: "Loud"}, Text(" la")}},
			&Pause{Extra: Extra{Nodes: []Node{Comment("why?"), &Element{Name: "Reason"}}}},
			&Dial{Nouns: []DialNoun{&Number{PhoneNumber: "+14155550100"}, &Element{Name: "Carrier"}}},
		},
		After: []Comment{" after "},
		Extra: Extra{Attrs: []Attr{{"xmlns:x", "urn:x"}}},
	}
	golden(t, "Extra", r)
	again, err := Parse(strings.NewReader(r.String()))
	require.NoError(t, err)
	require.Equal(t, r, again)
}

func golden(t *testing.T, name string, r *Response) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".xml")
	got := strings.ReplaceAll(r.String(), "><", ">\n<") + "\n"
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
	_, err = readTree(r.String())
	require.NoError(t, err, "encoding/xml")
}
