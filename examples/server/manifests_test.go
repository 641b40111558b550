package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"agentos.dev/dialtone/voice/voicetest"
)

// manifest is what of a manifest has to fit the server. The tests of examples/deploy decode
// the whole into the types of its API.
type manifest struct {
	Kind string
	Spec struct {
		Template struct {
			Spec struct {
				TerminationGracePeriodSeconds int
				Containers                    []struct {
					Ports                                       []struct{ ContainerPort int }
					Env                                         []struct{ Name, Value string }
					StartupProbe, LivenessProbe, ReadinessProbe struct{ HTTPGet struct{ Path string } }
					Lifecycle                                   struct {
						PreStop struct{ Sleep struct{ Seconds int } }
					}
				}
			}
		}
		MinReplicas, MaxReplicas         int // of Kubernetes' autoscaler
		MinReplicaCount, MaxReplicaCount int // of KEDA's
		Endpoints                        []struct{ Path string }
		Triggers                         []struct{ Metadata map[string]string }
	}
}

// manifests returns the documents of the files, by their kinds.
func manifests(t *testing.T) map[string]manifest {
	all := make(map[string]manifest)
	for _, file := range []string{"kubernetes/dialtone.yaml", "kubernetes/monitoring.yaml", "kubernetes/hpa.yaml", "kubernetes/keda.yaml"} {
		text, err := os.ReadFile(deployment + file)
		require.NoError(t, err)
		for documents := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var document any
			err := documents.Decode(&document)
			if err == io.EOF {
				break
			}
			require.NoError(t, err, file)
			object, err := json.Marshal(document)
			require.NoError(t, err)
			var m manifest
			if err := json.Unmarshal(object, &m); err == nil { // others have fields of these names with other types
				all[m.Kind] = m
			}
		}
	}
	return all
}

// TestManifestsFitTheServer starts the server with the variables of the manifest: it knows
// them all, listens where the manifests say, has the paths that are asked, and is given the
// time to drain.
func TestManifestsFitTheServer(t *testing.T) {
	all := manifests(t)
	pod := all["Deployment"].Spec.Template.Spec
	require.Len(t, pod.Containers, 1)
	container := pod.Containers[0]
	environ := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken} // of the Secret
	for _, v := range container.Env {
		environ = append(environ, v.Name+"="+v.Value)
		if v.Name != "GOMEMLIMIT" {
			require.True(t, known(v.Name), v.Name)
		}
	}
	c, err := configFromEnv(environment(environ...), environ...)
	require.NoError(t, err)
	require.Empty(t, c.doubts)
	stop := time.Duration(container.Lifecycle.PreStop.Sleep.Seconds)*time.Second + c.maxDuration + drainTime
	require.GreaterOrEqual(t, time.Duration(pod.TerminationGracePeriodSeconds)*time.Second, stop)
	scaler, keda := all["HorizontalPodAutoscaler"].Spec, all["ScaledObject"].Spec
	for _, n := range [][2]int{{scaler.MinReplicas, scaler.MaxReplicas}, {keda.MinReplicaCount, keda.MaxReplicaCount}} {
		require.LessOrEqual(t, n[0], c.instances)
		require.GreaterOrEqual(t, n[1], c.instances)
	}
	var ports []string
	for _, p := range container.Ports {
		ports = append(ports, ":"+strconv.Itoa(p.ContainerPort))
	}
	require.Equal(t, []string{usualAddr, c.metricsAddr}, ports)

	c.stt, c.redisURL = "off", "" // neither has a path
	a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
	require.NoError(t, err)
	defer a.close()
	for _, probe := range []string{container.StartupProbe.HTTPGet.Path, container.LivenessProbe.HTTPGet.Path, container.ReadinessProbe.HTTPGet.Path} {
		require.Equal(t, http.StatusOK, a.ask(http.MethodGet, probe, "", "").Code, probe)
	}
	require.NotEqual(t, container.LivenessProbe.HTTPGet.Path, container.ReadinessProbe.HTTPGet.Path, "an instance that drains is killed")
	private := &app{handler: a.private[c.metricsAddr]}
	require.Equal(t, http.StatusOK, private.ask(http.MethodGet, all["ServiceMonitor"].Spec.Endpoints[0].Path, "", "").Code)
	trigger := keda.Triggers[0].Metadata
	path, found := strings.CutPrefix(trigger["url"], "http://dialtone-metrics"+c.metricsAddr)
	require.True(t, found)
	answer := private.ask(http.MethodGet, path, "", "")
	require.Equal(t, http.StatusOK, answer.Code)
	var told map[string]any
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &told))
	require.Equal(t, 0.0, told[trigger["valueLocation"]])
}

// known reports whether the server reads a variable.
func known(name string) bool {
	for _, v := range variables {
		if v.name == name {
			return true
		}
	}
	return false
}
