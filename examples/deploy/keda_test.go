package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "github.com/kedacore/keda/v2/pkg/eventreason" // keeps the module, whose files are read, in go.mod
	"github.com/stretchr/testify/require"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// scaledObject is the part of KEDA's object that is compared with others. KEDA's own types
// bring controller-runtime and client-go, several minutes of compiling: the whole object is
// checked against the schema that KEDA installs, as the API server does.
type scaledObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		ScaleTargetRef  struct{ Name string }
		MinReplicaCount int32
		MaxReplicaCount int32
		PollingInterval int32
		Advanced        any
		Triggers        []struct {
			Type     string
			Metadata map[string]string
		}
	} `json:"spec"`
}

// schema is the part of an OpenAPI schema that KEDA's definitions use.
type schema struct {
	Type                 string
	Properties           map[string]schema
	Required             []string
	Items                *schema
	AdditionalProperties *schema
	Enum                 []any
	IntOrString          bool `json:"x-kubernetes-int-or-string"`
	Open                 bool `json:"x-kubernetes-preserve-unknown-fields"`
}

// check reports what the schema does not allow, unknown fields too.
func (s *schema) check(at string, value any) (wrong []string) {
	kind := "unknown"
	switch v := value.(type) {
	case map[string]any:
		kind = "object"
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				wrong = append(wrong, at+"."+name+" is missing")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			field, known := s.Properties[name]
			switch {
			case known:
				wrong = append(wrong, field.check(at+"."+name, v[name])...)
			case s.AdditionalProperties != nil:
				wrong = append(wrong, s.AdditionalProperties.check(at+"."+name, v[name])...)
			case !s.Open:
				wrong = append(wrong, at+"."+name+" is unknown")
			}
		}
	case []any:
		kind = "array"
		for i, item := range v {
			if s.Items != nil {
				wrong = append(wrong, s.Items.check(fmt.Sprintf("%s[%d]", at, i), item)...)
			}
		}
	case string:
		kind = "string"
	case bool:
		kind = "boolean"
	case float64:
		if kind = "number"; v == float64(int64(v)) && s.Type != "number" {
			kind = "integer"
		}
	}
	if s.Type != kind && !(s.IntOrString && (kind == "integer" || kind == "string")) && !(s.Type == "" && s.Open) {
		wrong = append(wrong, fmt.Sprintf("%s is of type %s, not %s", at, kind, s.Type))
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		wrong = append(wrong, fmt.Sprintf("%s is none of %v", at, s.Enum))
	}
	return wrong
}

// kedaFile returns a file of KEDA's module.
func kedaFile(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/kedacore/keda/v2").Output()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), name))
	require.NoError(t, err)
	return text
}

// scaledObjectSchema is that of the version that the manifest names.
func scaledObjectSchema(t *testing.T) *schema {
	t.Helper()
	var definition struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema schema }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(kedaFile(t, "config/crd/bases/keda.sh_scaledobjects.yaml"), &definition))
	require.Len(t, definition.Spec.Versions, 1)
	require.Equal(t, "v1alpha1", definition.Spec.Versions[0].Name)
	return &definition.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// checkScaledObject checks the object by KEDA's schema, and the settings of its trigger by
// the source of its scaler.
func checkScaledObject(t *testing.T, document []byte) {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal(document, &object))
	delete(object, "metadata") // is that of every object
	require.Empty(t, scaledObjectSchema(t).check("", object))
	var scaled scaledObject
	decode(t, document, &scaled)
	known := make(map[string]bool)
	for _, tag := range regexp.MustCompile(`keda:"name=(\w+)`).FindAllSubmatch(kedaFile(t, "pkg/scalers/metrics_api_scaler.go"), -1) {
		known[string(tag[1])] = true
	}
	for _, trigger := range scaled.Spec.Triggers {
		require.Equal(t, "metrics-api", trigger.Type)
		for name := range trigger.Metadata {
			require.True(t, known[name], name)
		}
	}
}

// TestSchema: the check finds what the API server would refuse or drop.
func TestSchema(t *testing.T) {
	s := scaledObjectSchema(t)
	for name, c := range map[string]struct{ object, want string }{
		"an unknown field":  {`{"spec":{"scaleTargetRef":{"name":"a"},"triggers":[],"minReplicas":2}}`, ".spec.minReplicas is unknown"},
		"a field too few":   {`{"spec":{"triggers":[]}}`, ".spec.scaleTargetRef is missing"},
		"a wrong type":      {`{"spec":{"scaleTargetRef":{"name":"a"},"triggers":[],"pollingInterval":"10"}}`, ".spec.pollingInterval is of type string, not integer"},
		"a number too much": {`{"spec":{"scaleTargetRef":{"name":"a"},"triggers":[{"type":"cpu","metadata":{"value":60}}]}}`, ".spec.triggers[0].metadata.value is of type integer, not string"},
	} {
		t.Run(name, func(t *testing.T) {
			var object map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.object), &object))
			require.Equal(t, []string{c.want}, s.check("", object))
		})
	}
}
