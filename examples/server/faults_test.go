package main

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/voicetest"
)

// up starts the program and waits until it answers.
func up(t *testing.T, cmd *exec.Cmd, target string) (exited <-chan error) {
	t.Helper()
	require.NoError(t, cmd.Start())
	ch, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		ch <- cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	require.Eventually(t, func() bool { return status(target+"/livez") == http.StatusOK }, 6*patience, tick)
	return ch
}

// TestLogThatNobodyReads: calls are answered, probes too, and SIGTERM ends the process,
// while its log is a pipe that is full, and when whoever had it has gone.
func TestLogThatNobodyReads(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]bool{"blocked": false, "closed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := freeAddress(t)
			cmd := program(t, addr)
			read, write, err := os.Pipe()
			require.NoError(t, err)
			defer read.Close()
			cmd.Stderr = write
			exited := up(t, cmd, "http://"+addr)
			write.Close()
			if gone {
				require.NoError(t, read.Close())
			} else {
				fill(t, cmd)
			}
			tw := voicetest.New(t, nil, voicetest.Config{Target: "http://" + addr})
			call := tw.Dial("+14155550100", "+14155550199")
			require.Eventually(t, func() bool { return strings.Contains(page("http://"+addr+"/metrics"), "twilio_active_calls 1") }, 6*patience, tick)
			require.Equal(t, http.StatusOK, status("http://"+addr+"/api/voice/health"))
			call.HangUp()
			require.NoError(t, call.Wait(t.Context()))
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
			require.NoError(t, <-exited)
		})
	}
}

// TestHangupSignal: SIGHUP ends no call.
func TestHangupSignal(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	cmd := program(t, addr)
	up(t, cmd, "http://"+addr)
	call := voicetest.New(t, nil, voicetest.Config{Target: "http://" + addr}).Dial("+14155550100", "+14155550199")
	require.Eventually(t, func() bool { return strings.Contains(page("http://"+addr+"/metrics"), "twilio_active_calls 1") }, 6*patience, tick)
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	time.Sleep(100 * time.Millisecond)
	require.Equal(t, http.StatusOK, status("http://"+addr+"/readyz"))
	require.Equal(t, "in-progress", call.Status())
	call.HangUp()
}

// TestProcessThatRunsShort: without memory or file descriptors for another call, callers
// hear that the line is busy, and the probes still answer.
func TestProcessThatRunsShort(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		addr := freeAddress(t)
		up(t, program(t, addr, "GOMEMLIMIT=1MiB"), "http://"+addr)
		requireBusy(t, addr, "memory")
	})
	t.Run("file descriptors", func(t *testing.T) {
		t.Parallel()
		addr := freeAddress(t)
		cmd := program(t, addr)
		cmd.Args = append([]string{"sh", "-c", `ulimit -n 100 && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
		cmd.Path = "/bin/sh"
		up(t, cmd, "http://"+addr)
		for range 75 { // that are never used
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer conn.Close()
		}
		requireBusy(t, addr, "file descriptors")
	})
}

func requireBusy(t *testing.T, addr, lacking string) {
	t.Helper()
	require.Eventually(t, func() bool { return status("http://"+addr+"/readyz") == http.StatusServiceUnavailable }, patience, tick)
	require.Contains(t, page("http://"+addr+"/readyz"), lacking)
	require.Equal(t, http.StatusOK, status("http://"+addr+"/livez"))
	call := voicetest.New(t, nil, voicetest.Config{Target: "http://" + addr}).Dial("+14155550100", "+14155550199")
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, "busy", call.Status())
}

// TestSlowLoris: who sends a request byte by byte is cut off, and others are answered.
func TestSlowLoris(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	up(t, program(t, addr), "http://"+addr)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("POST /api/voice/twilio/inbound HTTP/1.1\r\nHost: a\r\n"))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(conn).ReadString(0)
		done <- err
	}()
	for {
		select {
		case err := <-done:
			require.Error(t, err)
			require.Equal(t, http.StatusOK, status("http://"+addr+"/livez"))
			return
		case <-time.After(time.Second):
			conn.Write([]byte("X-A: b\r\n"))
		}
	}
}
