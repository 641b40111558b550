//go:build linux

package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

// asHost makes the test binary a host that is going to be killed.
const asHost = "DIALTONE_PROCESS_HOST"

func TestMain(m *testing.M) {
	if os.Getenv(asHost) != "" {
		host()
	}
	leak.Main(m)
}

// host starts programs, prints their numbers and waits.
func host() {
	for _, c := range []Command{
		{Args: []string{"/bin/cat"}, CPU: time.Second},
		{Args: []string{"/bin/sh", "-c", "while :; do :; done"}, CPU: time.Second},
	} {
		p, err := Start(c)
		if err != nil {
			panic(err)
		}
		fmt.Println(p.cmd.Process.Pid)
	}
	select {}
}

// Nothing is left of a host that is killed: neither what waits for input nor what
// runs wild.
func TestKilledHost(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asHost+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pids []int
	lines := bufio.NewScanner(out)
	for len(pids) < 2 && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	require.Len(t, pids, 2)
	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	for _, pid := range pids {
		require.Eventually(t, func() bool { return gone(pid) }, 2*time.Minute, 20*time.Millisecond)
	}
}

// gone reports whether a process has ended. A zombie counts as ended.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

// A program sees nothing of the host's environment.
func TestEnvironment(t *testing.T) {
	t.Setenv("TWILIO_AUTH_TOKEN", "secret")
	p, err := Start(Command{Args: []string{"/usr/bin/env"}, CPU: time.Minute})
	require.NoError(t, err)
	defer p.End()
	env, err := io.ReadAll(p.Out)
	require.NoError(t, err)
	assert.NotContains(t, string(env), "secret")
	assert.Contains(t, string(env), "LANG=C.UTF-8")
}

func TestEnd(t *testing.T) {
	p, err := Start(Command{Args: []string{"/bin/sh", "-c", "sleep 1000 & echo $!; wait"}})
	require.NoError(t, err)
	line, err := bufio.NewReader(p.Out).ReadString('\n')
	require.NoError(t, err)
	child, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	p.End()
	p.End()
	assert.Error(t, p.Err())
	require.Eventually(t, func() bool { return gone(child) }, time.Minute, 10*time.Millisecond, "what it has started ends too")
	_, err = Start(Command{Args: []string{"/no/such/program"}})
	assert.Error(t, err)
}

func TestSpares(t *testing.T) {
	started := make(chan struct{}, 100)
	s, err := NewSpares(2, func() (*Process, error) {
		started <- struct{}{}
		return Start(Command{Args: []string{"/bin/cat"}})
	})
	require.NoError(t, err)
	a, err := s.Take(t.Context())
	require.NoError(t, err)
	b, err := s.Take(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, a.cmd.Process.Pid, b.cmd.Process.Pid)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = s.Take(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "no more than two at once")
	a.End()
	c, err := s.Take(t.Context())
	require.NoError(t, err)
	syscall.Kill(c.cmd.Process.Pid, syscall.SIGKILL)
	d, err := s.Take(t.Context())
	require.NoError(t, err, "one that died is replaced")
	s.Close()
	for _, p := range []*Process{a, b, c, d} {
		<-p.Exited()
		p.End()
	}
	_, err = s.Take(t.Context())
	require.ErrorIs(t, err, ErrClosed)
	s.Close()
}

// What cannot be started any more is an error and no loop.
func TestSparesThatFail(t *testing.T) {
	n := 0
	s, err := NewSpares(1, func() (*Process, error) {
		if n++; n == 1 {
			return Start(Command{Args: []string{"/bin/cat"}})
		}
		if n == 2 {
			return Start(Command{Args: []string{"/bin/false"}})
		}
		return Start(Command{Args: []string{"/no/such/program"}})
	})
	require.NoError(t, err)
	p, err := s.Take(t.Context())
	require.NoError(t, err)
	p.End()
	for i := range 5 {
		p, err := s.Take(t.Context())
		if i == 0 && err == nil { // it has not ended yet
			p.End()
			continue
		}
		require.Error(t, err)
	}
	s.Close()
	assert.LessOrEqual(t, n, 4)
	_, err = NewSpares(1, func() (*Process, error) { return Start(Command{Args: []string{"/no/such/program"}}) })
	require.Error(t, err)
}
