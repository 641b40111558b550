package main

import (
	"bufio"
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

// TestMinimal builds the program, runs it, and calls it.
func TestMinimal(t *testing.T) {
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx pocketsphinx-en-us")
	program := filepath.Join(t.TempDir(), "minimal")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(out))

	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Kill()
	const target = "http://127.0.0.1:8080"
	require.Eventually(t, func() bool {
		response, err := http.Get(target + "/api/voice/health")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond)

	tw := voicetest.New(t, nil, voicetest.Config{Target: target})
	call := tw.Dial("+14155550100", "+14155550199")
	call.Speak("../../voice/testdata/book_a_room.wav")
	line, err := bufio.NewReader(stderr).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "+14155550100 book a room")
	call.HangUp()
}
