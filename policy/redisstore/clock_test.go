package redisstore

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/policytest"
)

// clockLibrary is to be loaded before a program's own libraries: its clock is as many
// seconds ahead as the file CLOCK says. Debian's libfaketime, which does the same, crashes
// redis-server.
const clockLibrary = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *at) {
	int failed = syscall(SYS_clock_gettime, id, at);
	if (failed || id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
		return failed;
	char ahead[32] = "";
	int file = open(getenv("CLOCK"), O_RDONLY);
	if (file >= 0) {
		if (read(file, ahead, sizeof ahead - 1) > 0)
			at->tv_sec += atol(ahead);
		close(file);
	}
	return 0;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
	struct timespec exact;
	int failed = clock_gettime(CLOCK_REALTIME, &exact);
	at->tv_sec = exact.tv_sec;
	at->tv_usec = exact.tv_nsec / 1000;
	return failed;
}
`

// TestClockJumps sets the clock of a real Redis.
func TestClockJumps(t *testing.T) {
	library := filepath.Join(t.TempDir(), "clock.so")
	build := exec.Command(apt.Need(t, "cc", "gcc"), "-shared", "-fPIC", "-o", library, "-xc", "-")
	build.Stdin = strings.NewReader(clockLibrary)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	s := &server{t: t, path: apt.Need(t, "redis-server", "redis-server"), port: freePort(t), dir: t.TempDir()}
	s.args = []string{"--port", s.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}
	clock := filepath.Join(s.dir, "clock")
	set := func(ahead string) {
		require.NoError(t, os.WriteFile(clock+".new", []byte(ahead), 0o600))
		require.NoError(t, os.Rename(clock+".new", clock))
	}
	set("0")
	s.env = append(os.Environ(), "LD_PRELOAD="+library, "CLOCK="+clock)
	s.start()
	t.Cleanup(s.kill)
	store := connect(t, s.url(), policy.StoreOptions{Wait: 5 * time.Second})
	policytest.ClockJumps(t, store, func(ahead time.Duration) { set(strconv.Itoa(int(ahead.Seconds()))) })
}
