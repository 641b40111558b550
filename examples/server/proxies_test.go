package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
)

// TestProxySettings has the proxies read the settings that the runbook gives for them.
func TestProxySettings(t *testing.T) {
	runbook, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	block := func(language string) string {
		_, rest, found := strings.Cut(string(runbook), "```"+language+"\n")
		require.True(t, found)
		text, _, _ := strings.Cut(rest, "```")
		return text
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	check := func(config string, command ...string) {
		require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		require.NoError(t, err, string(out))
		require.NotContains(t, string(out), "[WARN", config)
	}
	nginx := apt.Need(t, "nginx", "nginx-light")
	check(fmt.Sprintf("pid %[1]s/pid; error_log stderr; events {} http { access_log off;\n%[2]s}", dir, block("nginx")),
		nginx, "-t", "-p", dir, "-c", file)
	haproxy := apt.Need(t, "haproxy", "haproxy")
	check("defaults\n  mode http\n  timeout client 30s\nfrontend f\n  bind 127.0.0.1:1\n  default_backend voice\n"+block("haproxy"),
		haproxy, "-c", "-f", file)
}
