package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestSocketActivation passes the listening socket on, as systemd does. A process says when
// it is ready and when it stops; a call goes on when the process is killed and started
// again; and what comes while there is none waits for the next.
func TestSocketActivation(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer socket.Close()
	descriptor, err := socket.(*net.TCPListener).File()
	require.NoError(t, err)
	defer descriptor.Close()
	states, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	require.NoError(t, err)
	defer states.Close()
	told := func() string {
		require.NoError(t, states.SetReadDeadline(time.Now().Add(6*patience)))
		state := make([]byte, 100)
		n, err := states.Read(state)
		require.NoError(t, err)
		return string(state[:n])
	}
	start := func() *exec.Cmd {
		server := program(t, "127.0.0.1:1", "LISTEN_FDS=1", "NOTIFY_SOCKET="+states.LocalAddr().String()) // where nobody may listen
		// Only the process itself knows its number.
		cmd := exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`}, server.Args...)...)
		cmd.Env, cmd.ExtraFiles = server.Env, []*os.File{descriptor}
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		require.Equal(t, "READY=1", told())
		return cmd
	}
	target := "http://" + socket.Addr().String()
	active := func() bool { return strings.Contains(page(target+"/metrics"), "\ntwilio_active_calls 1\n") }

	first := start()
	tw, err := voicetest.Start(voicetest.Config{Target: target})
	require.NoError(t, err)
	defer tw.Close()
	call := tw.Dial("+14155550100", "+14155550199")
	require.Eventually(t, active, 6*patience, tick)
	require.NoError(t, first.Process.Kill())
	first.Wait()
	second := start()
	require.Eventually(t, active, 6*patience, tick)
	require.Equal(t, "in-progress", call.Status())
	call.HangUp()

	require.NoError(t, second.Process.Signal(syscall.SIGTERM))
	require.Equal(t, "STOPPING=1", told())
	require.NoError(t, second.Wait())
	answers := make(chan int)
	for range 10 {
		go func() { answers <- status(target + "/livez") }()
	}
	start()
	for range 10 {
		require.Equal(t, http.StatusOK, <-answers)
	}
}

// TestSupervisor: a socket that is meant for another process is left alone, what cannot be
// taken is refused, and a supervisor that cannot be told holds nothing up.
func TestSupervisor(t *testing.T) {
	pid := "LISTEN_PID=" + strconv.Itoa(os.Getpid())
	for _, environ := range [][]string{nil, {"LISTEN_FDS=1"}, {"LISTEN_FDS=1", pid + "0"}, {pid}} {
		listener, err := supervisor{environment(environ...)}.listener()
		require.NoError(t, err)
		require.Nil(t, listener)
	}
	for _, count := range []string{"2", "0", "-1", "one"} {
		_, err := supervisor{environment("LISTEN_FDS="+count, pid)}.listener()
		require.ErrorContains(t, err, "LISTEN_FDS: ")
	}
	require.NoError(t, supervisor{environment()}.tell("READY=1"))
	require.ErrorContains(t, supervisor{environment("NOTIFY_SOCKET=" + filepath.Join(t.TempDir(), "nobody"))}.tell("READY=1"), "NOTIFY_SOCKET: ")

	abstract := "@dialtone-test-" + strconv.Itoa(os.Getpid())
	states, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: abstract, Net: "unixgram"})
	require.NoError(t, err)
	defer states.Close()
	require.NoError(t, supervisor{environment("NOTIFY_SOCKET=" + abstract)}.tell("READY=1"))
	state := make([]byte, 100)
	n, err := states.Read(state)
	require.NoError(t, err)
	require.Equal(t, "READY=1", string(state[:n]))
}

// TestUnits has systemd read the units, for the instance at port 8081, and checks that they
// leave the server the time that it takes.
func TestUnits(t *testing.T) {
	analyze := apt.Need(t, "systemd-analyze", "systemd")
	dir := t.TempDir()
	var service string
	for _, file := range []string{"systemd/dialtone@.service", "systemd/dialtone@.socket"} {
		text, err := os.ReadFile(deployment + file)
		require.NoError(t, err)
		if service == "" {
			service = string(text)
		}
		// Whether the program is there is no question of the units.
		text = bytes.Replace(text, []byte("ExecStart=/usr/local/bin/dialtone\n"), []byte("ExecStart=/bin/true\n"), 1)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600))
	}
	for _, unit := range []string{"dialtone@8081.service", "dialtone@8081.socket"} {
		verify := exec.Command(analyze, "verify", "--man=no", unit)
		verify.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":") // and the usual ones
		out, err := verify.CombinedOutput()
		require.NoError(t, err, string(out))
		require.NotContains(t, string(out), "dialtone", "warnings")
	}
	// The exposure is from 0 to 10; "OK" ends at 4.9. The threshold is in tenths.
	out, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=15", "--no-pager", filepath.Join(dir, "dialtone@.service")).CombinedOutput()
	require.NoError(t, err, string(out))

	_, rest, found := strings.Cut(service, "\nTimeoutStopSec=")
	require.True(t, found)
	seconds, _, _ := strings.Cut(rest, "\n")
	stop, err := strconv.Atoi(seconds)
	require.NoError(t, err)
	c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL))
	require.NoError(t, err)
	require.Greater(t, time.Duration(stop)*time.Second, c.maxDuration+drainTime)
	require.Contains(t, service, "\nKillMode=mixed\n", "helper programs stop at the first signal, and calls go on")
}
