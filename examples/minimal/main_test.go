package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestREADME finds the program in the README as it is.
func TestREADME(t *testing.T) {
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, functions, _ := strings.Cut(string(program), "\n)\n\n")
	require.Contains(t, string(readme), "```go\n"+functions+"```")
}

// TestMinimal builds the program, with a port that is free here, runs it, and
// calls it.
func TestMinimal(t *testing.T) {
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx pocketsphinx-en-us")
	addr := freeAddr(t)
	program := build(t, addr)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Kill()
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + addr + "/api/voice/health")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)

	tw := voicetest.New(t, nil, voicetest.Config{Target: "http://" + addr})
	call := tw.Dial("+14155550100", "+14155550199")
	call.Speak("../../voice/testdata/book_a_room.wav")
	var printed []string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		printed = append(printed, lines.Text())
		if strings.HasSuffix(lines.Text(), "+14155550100 book a room") {
			call.HangUp()
			return
		}
	}
	t.Fatalf("the program heard nothing: %q", printed)
}

// freeAddr returns a loopback address that nobody listens on.
func freeAddr(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// build builds the program with another address in the place of its own.
func build(t *testing.T, addr string) string {
	source, err := filepath.Abs("main.go")
	require.NoError(t, err)
	text, err := os.ReadFile(source)
	require.NoError(t, err)
	moved := strings.Replace(string(text), "127.0.0.1:8080", addr, 1)
	require.NotEqual(t, string(text), moved)

	dir := t.TempDir()
	replacement := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(replacement, []byte(moved), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: replacement}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))

	program := filepath.Join(dir, "minimal")
	out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}
