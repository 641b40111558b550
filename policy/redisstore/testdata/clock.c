// A library to be loaded before a program's own: its clock is as many seconds ahead as the
// file CLOCK says.
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
