package redisstore

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/policy"
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

// TestClockJumps sets the clock of a real Redis an hour forward and back again: calls age and
// leases end an hour early, those that are up take their places again, and going back lets
// nobody have more than the limit, loses no claim and turns back no generation.
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
	const limit = 3
	calls, places := perCaller(store, limit, time.Hour), concurrent(store, 2)
	sid := 0
	accepted := func() (n int) {
		for range 2 * limit {
			sid++
			if calls.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", sid), From: "+14155550100"}).Allowed() {
				n++
			}
		}
		return n
	}
	up := []policy.Call{{SID: "CB1"}, {SID: "CB2"}}
	taken := func() int {
		n, err := places.InUse(t.Context())
		require.NoError(t, err)
		return n
	}
	var generation uint64
	claimed := func(by string) bool {
		ops := []policy.Op{
			{Kind: policy.Write, Space: "claims", Keep: 24 * time.Hour, Value: []byte(by)},
			{Kind: policy.Write, Space: "value", Generation: policy.Any, Keep: 24 * time.Hour, Value: []byte(by)},
		}
		store.Do(t.Context(), ops)
		require.NoError(t, ops[0].Err)
		require.NoError(t, ops[1].Err)
		require.Greater(t, ops[1].Generation, generation)
		generation = ops[1].Generation
		return ops[0].OK
	}

	require.Equal(t, limit, accepted())
	for _, c := range up {
		require.True(t, places.Decide(t.Context(), c).Allowed())
	}
	require.True(t, claimed("one"))

	set("3600")
	require.Zero(t, taken(), "the leases have ended")
	policy.Tell(t.Context(), policy.Outcome{Kind: policy.Running}, places, nil, up...)
	require.Equal(t, 2, taken())
	require.Equal(t, limit, accepted(), "the calls have aged")
	require.False(t, claimed("other"))

	set("0")
	require.Zero(t, accepted(), "calls of the future count")
	require.Equal(t, 2, taken())
	require.False(t, claimed("other"))
	for _, c := range up {
		ended(places, c.SID)
	}
	require.Zero(t, taken())
}
