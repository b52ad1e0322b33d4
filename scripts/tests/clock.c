// A library to be preloaded whose calendar goes back two seconds at every look, or is off by the seconds in CLOCK_OFF; the other
// clocks are the system's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static atomic_long looks;

int clock_gettime(clockid_t clock, struct timespec *time) {
    int status = ((__typeof__(clock_gettime) *)dlsym(RTLD_NEXT, "clock_gettime"))(clock, time);
    const char *off = getenv("CLOCK_OFF");
    if (clock == CLOCK_REALTIME) time->tv_sec += off ? atol(off) : -2 * (atomic_fetch_add(&looks, 1) + 1);
    return status;
}

int gettimeofday(struct timeval *value, void *zone) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    value->tv_sec = time.tv_sec;
    value->tv_usec = time.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *seconds) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    if (seconds) *seconds = time.tv_sec;
    return time.tv_sec;
}
