package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// manifests are the objects of the files, by their kinds.
type manifests struct {
	deployment apps.Deployment
	services   map[string]core.Service
	ingress    networking.Ingress
	budget     policy.PodDisruptionBudget
	network    networking.NetworkPolicy
	hpa        autoscaling.HorizontalPodAutoscaler
	monitor    monitoring.ServiceMonitor
	scaled     scaledObject
}

// documents returns the documents of a file as JSON. A key that stands twice is an error.
func documents(t *testing.T, file string) (all [][]byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		object, err := yaml.YAMLToJSONStrict(document)
		require.NoError(t, err, file)
		all = append(all, object)
	}
	return all
}

// read decodes the files strictly: a field that the API does not have is an error.
func read(t *testing.T) *manifests {
	t.Helper()
	m := &manifests{services: make(map[string]core.Service)}
	into := map[string]any{
		"apps/v1 Deployment":                      &m.deployment,
		"networking.k8s.io/v1 Ingress":            &m.ingress,
		"policy/v1 PodDisruptionBudget":           &m.budget,
		"networking.k8s.io/v1 NetworkPolicy":      &m.network,
		"autoscaling/v2 HorizontalPodAutoscaler":  &m.hpa,
		"monitoring.coreos.com/v1 ServiceMonitor": &m.monitor,
		"keda.sh/v1alpha1 ScaledObject":           &m.scaled,
	}
	seen := make(map[string]bool)
	for _, file := range []string{"kubernetes/dialtone.yaml", "kubernetes/monitoring.yaml", "kubernetes/hpa.yaml", "kubernetes/keda.yaml"} {
		for _, document := range documents(t, file) {
			var what struct {
				APIVersion, Kind string
				Metadata         struct{ Name string }
			}
			require.NoError(t, json.Unmarshal(document, &what))
			kind, id := what.APIVersion+" "+what.Kind, what.Kind+" "+what.Metadata.Name
			require.False(t, seen[id], "%s twice", id)
			seen[id] = true
			if kind == "v1 Service" {
				var s core.Service
				decode(t, document, &s)
				m.services[s.Name] = s
				continue
			}
			require.Contains(t, into, kind)
			if kind == "keda.sh/v1alpha1 ScaledObject" {
				checkScaledObject(t, document)
			}
			decode(t, document, into[kind])
			delete(into, kind) // each stands once
		}
	}
	require.Empty(t, into)
	return m
}

func decode(t *testing.T, document []byte, object any) {
	t.Helper()
	strict := json.NewDecoder(bytes.NewReader(document))
	strict.DisallowUnknownFields()
	require.NoError(t, strict.Decode(object), string(document))
}

// TestManifests: what names something else in the manifests names something that is there.
func TestManifests(t *testing.T) {
	m := read(t)
	pod := m.deployment.Spec.Template
	require.Len(t, pod.Spec.Containers, 1)
	container := pod.Spec.Containers[0]
	ports := make(map[string]int32)
	for _, p := range container.Ports {
		ports[p.Name] = p.ContainerPort
	}
	selects := func(selector map[string]string) {
		t.Helper()
		require.NotEmpty(t, selector)
		require.True(t, labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)), selector)
	}
	named := func(port intstr.IntOrString) {
		t.Helper()
		require.Contains(t, ports, port.StrVal)
	}
	selects(m.deployment.Spec.Selector.MatchLabels)
	selects(m.budget.Spec.Selector.MatchLabels)
	selects(m.network.Spec.PodSelector.MatchLabels)
	for _, s := range pod.Spec.TopologySpreadConstraints {
		selects(s.LabelSelector.MatchLabels)
	}
	for _, s := range m.services {
		selects(s.Spec.Selector)
		for _, p := range s.Spec.Ports {
			named(p.TargetPort)
		}
	}
	for _, rule := range m.network.Spec.Ingress {
		require.NotEmpty(t, rule.From, "from everywhere")
		for _, p := range rule.Ports {
			named(*p.Port)
		}
	}
	for _, probe := range []*core.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe} {
		named(probe.HTTPGet.Port)
	}

	// Webhooks and streams are balanced each by itself, and nothing else is public.
	backends := make(map[string]string)
	for _, rule := range m.ingress.Spec.Rules {
		require.Equal(t, m.ingress.Spec.TLS[0].Hosts, []string{rule.Host})
		for _, path := range rule.HTTP.Paths {
			backend := path.Backend.Service
			backends[path.Path] = backend.Name
			require.Contains(t, m.services, backend.Name)
			require.Equal(t, m.services[backend.Name].Spec.Ports[0].Name, backend.Port.Name)
		}
	}
	require.Equal(t, map[string]string{"/api/voice/": "dialtone-webhooks", "/api/voice/twilio/stream/": "dialtone-streams"}, backends)

	// The metrics are read through their own Service.
	exposed := m.services["dialtone-metrics"]
	require.True(t, labels.SelectorFromSet(m.monitor.Spec.Selector.MatchLabels).Matches(labels.Set(exposed.Labels)))
	require.Equal(t, exposed.Spec.Ports[0].Name, m.monitor.Spec.Endpoints[0].Port)
	for name, s := range m.services {
		require.Equal(t, name == exposed.Name, len(s.Labels) > 0, "the ServiceMonitor would read %s", name)
	}

	// The autoscaler has the number of instances.
	require.Nil(t, m.deployment.Spec.Replicas)
	require.Equal(t, m.deployment.Name, m.hpa.Spec.ScaleTargetRef.Name)
	require.Equal(t, m.deployment.Name, m.scaled.Spec.ScaleTargetRef.Name)
	for _, least := range []int32{*m.hpa.Spec.MinReplicas, m.scaled.Spec.MinReplicaCount} {
		require.GreaterOrEqual(t, least, int32(2), "one restarts while the other answers")
	}
	require.Zero(t, m.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue())

	// As little as it needs.
	require.True(t, *pod.Spec.SecurityContext.RunAsNonRoot)
	require.False(t, *container.SecurityContext.AllowPrivilegeEscalation)
	require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
	require.Equal(t, []core.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop)
	require.Equal(t, "/tmp", container.VolumeMounts[0].MountPath)
	require.Equal(t, container.VolumeMounts[0].Name, pod.Spec.Volumes[0].Name)
}
