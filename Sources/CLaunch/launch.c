// While libraries begin, the process has one core.
//
// OpenBLAS starts a thread for every further core before main, in every command, though threads of ours call it one by one. Where
// the system gives no thread (a container's limit of processes), it ends the process by SIGINT. It starts none where there is
// one core. The environment cannot tell it so: that is not there yet for what runs before libraries, and children would inherit it.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "launch.h"

#if defined(__linux__)
#include <sched.h>

static cpu_set_t own;
static int is_narrow;

// It runs before CProcessor has looked whether the processor has these.
#if defined(__x86_64__)
__attribute__((target("no-avx,no-avx2,no-fma,no-bmi,no-bmi2,no-f16c,no-lzcnt,no-movbe")))
#endif
static void begin(void) {
    cpu_set_t one;
    int core = sched_getcpu();
    // Where there are more cores than a set holds, nothing is done.
    if (core < 0 || core >= CPU_SETSIZE || sched_getaffinity(0, sizeof own, &own) != 0) return;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    is_narrow = sched_setaffinity(0, sizeof one, &one) == 0;
}

// The linker's list of what runs before any library's constructors; an executable's alone is heard.
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = begin;

void launch_end(void) {
    if (is_narrow) sched_setaffinity(0, sizeof own, &own);
    is_narrow = 0;
}
#else
void launch_end(void) {}
#endif
