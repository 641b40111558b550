// Package arch holds the import rules of the module, as a test.
package arch

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "agentos.dev/dialtone"

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Deps       []string
	Imports    []string
}

// packages lists the packages of the module and everything they depend on.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Deps,Imports", module+"/...")
	list.Env = append(os.Environ(), "GOWORK=off") // this module, not the nested ones
	out, err := list.Output()
	require.NoError(t, err)
	all := make(map[string]pkg)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else {
			require.NoError(t, err)
		}
		all[p.ImportPath] = p
	}
}

// foreign returns the dependencies of a package that are neither of the standard
// library nor among the allowed ones.
func foreign(all map[string]pkg, name string, allowed ...string) []string {
	var found []string
	for _, dep := range all[name].Deps {
		if !all[dep].Standard && !slices.ContainsFunc(allowed, func(a string) bool { return dep == a || strings.HasPrefix(dep, a+"/") }) {
			found = append(found, dep)
		}
	}
	return found
}

// TestLeaves: these packages know only the standard library.
func TestLeaves(t *testing.T) {
	all := packages(t)
	for leaf, allowed := range map[string][]string{
		"codec":           {"golang.org/x/sys/cpu"},
		"twiml":           nil,
		"policy":          nil,
		"stt/vad":         {module + "/stt/vad", "golang.org/x/sys/cpu"},
		"stt/wer":         nil,
		"internal/ws":     {"github.com/coder/websocket"},
		"voice/relay":     {"github.com/coder/websocket", module + "/internal/ws", module + "/mediastream"},
		"voice/signature": nil,
		"voice/callback":  nil,
		"voice/journal":   {"golang.org/x/sys/cpu", module + "/codec"},
		"voice/tts/text":  nil,
		"voice/tts":       {"golang.org/x/sys/cpu", module + "/codec", module + "/voice/tts/text", module + "/internal/breaker", module + "/internal/slots"},
	} {
		name := module + "/" + leaf
		require.Contains(t, all, name)
		require.Empty(t, foreign(all, name, allowed...), leaf)
	}
}

// TestNobodyKnowsTooMuch: who may import whom.
func TestNobodyKnowsTooMuch(t *testing.T) {
	all := packages(t)
	only := func(what string, who ...string) {
		for name, p := range all {
			if !strings.HasPrefix(name, module+"/") || !slices.Contains(p.Imports, what) {
				continue
			}
			require.True(t, slices.ContainsFunc(who, func(w string) bool {
				return name == module+"/"+w || strings.HasPrefix(name, module+"/"+w+"/")
			}), "%s imports %s", name, what)
		}
	}
	only(module+"/metrics", "metrics", "examples")
	only(module+"/voice/twiliorest", "examples")
	only("github.com/twilio/twilio-go", "nobody")
	only("github.com/twilio/twilio-go/client", "voice/twiliorest")
	only("github.com/twilio/twilio-go/rest/api/v2010", "voice/twiliorest")
	only("github.com/prometheus/client_golang/prometheus", "metrics", "examples")
	only("github.com/stretchr/testify/require", "nobody")
	only("github.com/zaf/g711", "nobody")

	only(module+"/internal/fakestt", "stt/internal/live/livetest")
	only(module+"/internal/faketts", "nobody")

	require.NotContains(t, all[module+"/mediastream"].Deps, module+"/codec")
	for _, dep := range all[module+"/voice"].Deps {
		require.False(t, strings.HasPrefix(dep, "github.com/prometheus"), "voice depends on %s", dep)
		require.False(t, strings.HasPrefix(dep, "github.com/twilio"), "voice depends on %s", dep)
	}
}
