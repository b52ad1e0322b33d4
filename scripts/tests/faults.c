// A library to be preloaded that makes one call of the system fail: what test_faults.py compiles and uses.
//
//   FAULT_CALL    which calls: write, sync, rename, close, truncate, folder, unlink, link, lock, thread; several with commas
//   FAULT_UNDER   only those on files whose path begins so (not of thread)
//   FAULT_NUMBER  the how many-th fails, from 1; none where it is 0
//   FAULT_ALWAYS  if set, all from that one on fail
//   FAULT_ERROR   an errno; "short" writes half of what was asked; "kill" ends the process before the call
//   FAULT_COUNT   a file that gets the number of such calls when the process ends
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NONE = 0, SHORT = -1, KILL = -2 };

static const char *wanted, *under, *counted;
static long number, always;
static int error;
static atomic_long calls;

// Constructors of other libraries may come before.
__attribute__((constructor)) static void begin(void) {
    static int is_begun;
    if (is_begun) return;
    is_begun = 1;
    const char *text;
    wanted = getenv("FAULT_CALL");
    under = getenv("FAULT_UNDER");
    counted = getenv("FAULT_COUNT");
    number = (text = getenv("FAULT_NUMBER")) ? atol(text) : 0;
    always = getenv("FAULT_ALWAYS") != NULL;
    text = getenv("FAULT_ERROR");
    error = !text ? EIO : !strcmp(text, "short") ? SHORT : !strcmp(text, "kill") ? KILL : atoi(text);
}

__attribute__((destructor)) static void end(void) {
    if (!counted) return;
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
    int file = syscall(SYS_openat, AT_FDCWD, counted, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (syscall(SYS_write, file, text, length) != length) abort();
    syscall(SYS_close, file);
}

// Whether calls of this kind are meant.
static int is_wanted(const char *call) {
    size_t length = strlen(call);
    for (const char *place = wanted; place; place = strchr(place, ','), place = place ? place + 1 : NULL)
        if (!strncmp(place, call, length) && (place[length] == 0 || place[length] == ',')) return 1;
    return 0;
}

// What is to happen to this call: nothing, or an error.
static int fate(const char *call, const char *path) {
    begin();
    if (!is_wanted(call)) return NONE;
    if (path && under && strncmp(path, under, strlen(under))) return NONE;
    long now = atomic_fetch_add(&calls, 1) + 1;
    if (number == 0 || !(now == number || (always && now > number))) return NONE;
    if (error == KILL) {
        syscall(SYS_kill, getpid(), SIGKILL);
        for (;;) pause();
    }
    return error;
}

// The same for a call on an open file; sockets, pipes and devices never fail, files in shared memory do.
static int fate_of(const char *call, int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/') return NONE;
    if (!strncmp(path, "/dev/", 5) && strncmp(path, "/dev/shm/", 9)) return NONE;
    path[length] = 0;
    return fate(call, path);
}

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))
#define FAIL(code) return errno = (code), -1

#define WRITE(name, parameters, ...)                                          \
    ssize_t name parameters {                                                 \
        int code = fate_of("write", file);                                    \
        if (code > 0) FAIL(code);                                             \
        if (code == SHORT && count > 1) count /= 2;                           \
        return REAL(name)(file, bytes, count __VA_ARGS__);                    \
    }
#define COMMA ,
WRITE(write, (int file, const void *bytes, size_t count), )
WRITE(pwrite, (int file, const void *bytes, size_t count, off_t start), COMMA start)
WRITE(pwrite64, (int file, const void *bytes, size_t count, off64_t start), COMMA start)

#define ON_FILE(name, call, parameters, arguments)                            \
    int name parameters {                                                     \
        int code = fate_of(call, file);                                       \
        if (code > 0) FAIL(code);                                             \
        return REAL(name) arguments;                                          \
    }
ON_FILE(fsync, "sync", (int file), (file))
ON_FILE(fdatasync, "sync", (int file), (file))
ON_FILE(ftruncate, "truncate", (int file, off_t count), (file, count))
ON_FILE(ftruncate64, "truncate", (int file, off64_t count), (file, count))
ON_FILE(flock, "lock", (int file, int how), (file, how))

// A close that fails has closed all the same.
int close(int file) {
    int code = fate_of("close", file), status = REAL(close)(file);
    if (code > 0) FAIL(code);
    return status;
}

#define ON_PATH(name, call, path, parameters, arguments)                      \
    int name parameters {                                                     \
        int code = fate(call, path);                                          \
        if (code > 0) FAIL(code);                                             \
        return REAL(name) arguments;                                          \
    }
ON_PATH(rename, "rename", to, (const char *from, const char *to), (from, to))
ON_PATH(linkat, "link", to, (int at, const char *from, int there, const char *to, int flags), (at, from, there, to, flags))
ON_PATH(mkdir, "folder", path, (const char *path, mode_t mode), (path, mode))
ON_PATH(unlink, "unlink", path, (const char *path), (path))
ON_PATH(rmdir, "unlink", path, (const char *path), (path))
ON_PATH(remove, "unlink", path, (const char *path), (path))
ON_PATH(unlinkat, "unlink", NULL, (int folder, const char *path, int flags), (folder, path, flags))

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    int code = fate("thread", NULL);
    return code > 0 ? code : REAL(pthread_create)(thread, attributes, body, argument);
}
