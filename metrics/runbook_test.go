package metrics_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/policy/admin"
)

const runbook = "../docs/runbook.md"

func readRunbook(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(runbook)
	require.NoError(t, err)
	return string(text)
}

// TestRunbookHasEveryAnchor follows the links of the alerts, and the page's own.
func TestRunbookHasEveryAnchor(t *testing.T) {
	text := readRunbook(t)
	anchors := make(map[string]bool)
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		anchor := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors[strings.ReplaceAll(anchor, " ", "-")] = true
	}
	rules := shippedRules(t)
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	links := regexp.MustCompile(`runbook_url: https://docs\.agentos\.dev/voice/runbook#([\w-]+)`).FindAllStringSubmatch(rules, -1)
	require.Len(t, links, len(alerts), "every alert has a link")
	links = append(links, regexp.MustCompile(`\]\(#([\w-]+)\)`).FindAllStringSubmatch(text, -1)...)
	for _, link := range links {
		require.True(t, anchors[link[1]], "no section #%s in the runbook", link[1])
	}
	for _, rule := range regexp.MustCompile(`job:twilio_\w+:\w+`).FindAllString(text, -1) {
		require.Contains(t, rules, "record: "+rule)
	}
}

// TestRunbookNamesEverySeries compares the page with a page of /metrics.
func TestRunbookNamesEverySeries(t *testing.T) {
	text := readRunbook(t)
	golden, err := os.ReadFile("testdata/metrics.txt")
	require.NoError(t, err)
	for _, family := range regexp.MustCompile(`# TYPE (\w+)`).FindAllStringSubmatch(string(golden), -1) {
		require.Contains(t, text, "`"+family[1], "the runbook does not explain %s", family[1])
	}
}

// TestRunbookCommands runs every command of the runbook, in order, against the
// reference server, and looks for what the page says it prints.
func TestRunbookCommands(t *testing.T) {
	t.Parallel()
	apt.Need(t, "promtool", "prometheus")
	apt.Need(t, "curl", "curl")
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx pocketsphinx-en-us")
	if testing.Short() {
		t.Skip("left out with -short: it builds and runs several programs")
	}
	address, pages := unusedAddress(t), unusedAddress(t)
	dir := t.TempDir()
	primary, secondary := strings.Repeat("0a", 16), strings.Repeat("0b", 16)
	environment := append(os.Environ(), "TMPDIR="+dir, "LOG="+dir+"/voice_twilio.py.log", "ADDR="+address, "METRICS_ADDR="+pages, "PUBLIC_URL=http://"+address,
		"PRIMARY_TOKEN="+primary, "SECONDARY_TOKEN="+secondary, "TWILIO_AUTH_TOKEN="+primary+","+secondary, "CALLS_PER_HOUR_LIMIT=50", "BUDGET=500",
		"GOTMPDIR="+dir)
	token := admin.Generate()
	shell := func(ctx context.Context, script string, more ...string) *exec.Cmd {
		command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
		command.Dir = ".."
		command.Env = append(environment, append(more, "ADMIN_TOKEN="+token)...)
		ownGroup(command)
		return command
	}

	blocks := regexp.MustCompile("(?ms)^```sh([^\n]*)\n(.*?)^```\n(?:```text\n(.*?)^```\n)?").FindAllStringSubmatch(readRunbook(t), -1)
	require.Greater(t, len(blocks), 15)
	ran := 0
	for _, block := range blocks {
		kind, script := strings.TrimSpace(block[1]), block[2]
		switch kind {
		case "account":
			continue // needs a Twilio account
		case "server":
			server := shell(t.Context(), script, "STT=off", "ADMIN_TOKENS="+token)
			require.NoError(t, server.Start())
			t.Cleanup(func() {
				endGroup(server)
				server.Wait() //nolint:errcheck // by a signal
			})
			require.Eventually(t, func() bool {
				response, err := http.Get("http://" + address + "/livez")
				if err != nil {
					return false
				}
				response.Body.Close()
				return response.StatusCode == http.StatusOK
			}, 2*time.Minute, 100*time.Millisecond)
			continue
		}
		require.Empty(t, kind, "a block of this kind is not known")
		out, err := shell(t.Context(), script).CombinedOutput()
		require.NoError(t, err, "%s\n%s", script, out)
		for line := range strings.Lines(block[3]) {
			require.Contains(t, string(out), strings.TrimSpace(line), "%s", script)
		}
		ran++
	}
	t.Logf("%d blocks of commands ran", ran)
}
