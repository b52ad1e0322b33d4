// One engine for this process: it starts with the first chunk, ends with the process or when the plugin is unloaded, and is
// replaced where it ended. A child of a fork has none of its parent's. Requests are made one at a time, as HDF5 makes them.
#define _GNU_SOURCE
#include "engine.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROTOCOL "{\"engine\":2,"
#define GREETING 60000 // milliseconds that a process may take to greet
#define ENDING 1000    // and to end when its socket is closed
#define LARGEST_ANSWER ((uint64_t)64 << 20)
#define GROWTH ((size_t)1 << 20)

extern char **environ;

// A descriptor and what it was opened for: a host that closes descriptors of others may open its own in their place.
struct descriptor {
    int number;
    dev_t device;
    ino_t file;
};

static struct {
    pid_t process; // 0 where there is none
    struct descriptor socket, memory;
    unsigned char *map;
    size_t mapped;
    char *defined;    // the request that told it of the archive
    char lattice[64]; // what it answered
} engine = {.socket.number = -1, .memory.number = -1};

static pthread_mutex_t lock;

static void say(char reason[1024], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, 1024, format, arguments);
    va_end(arguments);
}

// Takes over `number`, at 10 or above, where it is in the way of no standard stream. Closed on exec.
static bool hold(struct descriptor *descriptor, int number) {
    struct stat found;
    if (number < 0) return false;
    descriptor->number = fcntl(number, F_DUPFD_CLOEXEC, 10);
    close(number);
    if (descriptor->number < 0 || fstat(descriptor->number, &found)) return false;
    descriptor->device = found.st_dev, descriptor->file = found.st_ino;
    return true;
}

static bool is_held(const struct descriptor *descriptor) {
    struct stat found;
    return descriptor->number >= 0 && fstat(descriptor->number, &found) == 0 && found.st_dev == descriptor->device &&
           found.st_ino == descriptor->file;
}

static void let_go(struct descriptor *descriptor) {
    if (is_held(descriptor)) close(descriptor->number);
    descriptor->number = -1;
}

// Closes all that belongs to the engine, which ends when its socket is closed.
static void abandon(void) {
    let_go(&engine.socket);
    let_go(&engine.memory);
    if (engine.map) munmap(engine.map, engine.mapped);
    free(engine.defined);
    engine.map = NULL, engine.mapped = 0, engine.defined = NULL, engine.process = 0;
}

// Ends the engine and says how it ended, where it did within a second.
static void end(char how[64]) {
    pid_t process = engine.process;
    int status = 0;
    abandon();
    snprintf(how, 64, "was closed");
    for (int waited = 0; process > 0 && waited < ENDING; waited++) {
        pid_t found = waitpid(process, &status, WNOHANG);
        if (found == process && WIFSIGNALED(status)) snprintf(how, 64, "was ended by signal %d", WTERMSIG(status));
        if (found == process && WIFEXITED(status)) snprintf(how, 64, "ended with status %d", WEXITSTATUS(status));
        if (found == process || (found < 0 && errno != EINTR)) return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void before_fork(void) { pthread_mutex_lock(&lock); }
static void after_fork_in_parent(void) { pthread_mutex_unlock(&lock); }

static void make_lock(void) {
    // A signal's handler may fork in the midst of a request of its own thread.
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &recursive);
}

static void after_fork_in_child(void) {
    make_lock();
    abandon();
}

__attribute__((constructor)) static void load(void) {
    make_lock();
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

__attribute__((destructor)) static void unload(void) {
    char how[64];
    if (engine.process) end(how);
}

static bool runs(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode) && access(path, X_OK) == 0;
}

// Finds the program: the one that $STEADYSET names, that of the wheel which this plugin is in, or the one on the PATH.
static bool find_program(char path[PATH_MAX], char reason[1024]) {
    const char *named = getenv("STEADYSET");
    if (named && *named) {
        snprintf(path, PATH_MAX, "%s", named);
        if (runs(path)) return true;
        say(reason, "$STEADYSET names '%s', which is no file that can be executed: name the program steadyset, or unset it",
            named);
        return false;
    }
    Dl_info self;
    char own[PATH_MAX];
    if (dladdr((void *)find_program, &self) && realpath(self.dli_fname, own)) {
        // In lib/python3.X/site-packages/steadyset/plugin of a prefix, or in steadyset/plugin of pip's --target.
        static const char *const places[] = {"/../../../../../bin/steadyset", "/../../bin/steadyset"};
        *strrchr(own, '/') = 0;
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            if (snprintf(path, PATH_MAX, "%s%s", own, places[k]) < PATH_MAX && runs(path)) return true;
        }
    }
    const char *place = getenv("PATH");
    while (place && *place) {
        size_t length = strcspn(place, ":");
        if (length && snprintf(path, PATH_MAX, "%.*s/steadyset", (int)length, place) < PATH_MAX && runs(path)) return true;
        place += length + (place[length] == ':');
    }
    say(reason, "it is read by the program steadyset, which is not there: put it on the PATH, or name it in $STEADYSET");
    return false;
}

static bool send_all(const void *bytes, size_t count) {
    for (const char *rest = bytes; count > 0;) {
        ssize_t sent = send(engine.socket.number, rest, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        rest += sent, count -= (size_t)sent;
    }
    return true;
}

static bool receive_all(void *bytes, size_t count) {
    for (char *rest = bytes; count > 0;) {
        ssize_t received = recv(engine.socket.number, rest, count, 0);
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) return false;
        rest += received, count -= (size_t)received;
    }
    return true;
}

// Receives a message of JSON, of which as much is kept as fits. Lengths are little-endian, as this machine is.
static bool receive(char answer[2048]) {
    uint64_t length;
    char rest[4096];
    if (!receive_all(&length, sizeof length) || length > LARGEST_ANSWER) return false;
    size_t kept = length < 2047 ? length : 2047;
    if (!receive_all(answer, kept)) return false;
    answer[kept] = 0;
    for (length -= kept; length > 0;) {
        size_t part = length < sizeof rest ? length : sizeof rest;
        if (!receive_all(rest, part)) return false;
        length -= part;
    }
    return true;
}

static bool ask(const char *request, char answer[2048]) {
    uint64_t length = strlen(request);
    return send_all(&length, sizeof length) && send_all(request, length) && receive(answer);
}

// Starts a process whose standard input is `theirs` and whose descriptor 3 is the memory; it gets no other of the host's.
static int spawn(const char *program, int theirs) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none), sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, theirs, 0);
    posix_spawn_file_actions_adddup2(&files, engine.memory.number, 3);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, 4);
    posix_spawn_file_actions_addchdir_np(&files, "/");
    posix_spawnattr_init(&attributes);
    // A session of its own, so that Ctrl-C does not reach it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // Its name tells who looks at processes whose it is.
    char *arguments[] = {"steadyset-hdf5", "engine", "--memory", "3", NULL};
    int failure = posix_spawn(&engine.process, program, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failure;
}

static bool start(char reason[1024]) {
    char program[PATH_MAX], relative[PATH_MAX], answer[2048], how[64];
    int pair[2];
    struct descriptor theirs = {.number = -1};
    if (!find_program(relative, reason)) return false;
    if (!realpath(relative, program)) return say(reason, "cannot find %s: %s", relative, strerror(errno)), false;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) pair[0] = pair[1] = -1;
    bool held = hold(&engine.socket, pair[0]);
    held = hold(&theirs, pair[1]) && held;
    held = hold(&engine.memory, memfd_create("steadyset-plugin", MFD_CLOEXEC)) && held;
    int failure = held ? spawn(program, theirs.number) : errno;
    let_go(&theirs);
    if (failure) {
        engine.process = 0;
        abandon();
        say(reason, "cannot start %s: %s", program, strerror(failure));
        return false;
    }
    struct pollfd greeting = {.fd = engine.socket.number, .events = POLLIN};
    int ready;
    while ((ready = poll(&greeting, 1, GREETING)) < 0 && errno == EINTR) {}
    bool greeted = ready > 0 && receive(answer);
    if (greeted && strncmp(answer, PROTOCOL, strlen(PROTOCOL)) == 0) return true;
    end(how);
    if (greeted) {
        say(reason, "%s is of another release than this plugin: install both of one release", program);
    } else {
        say(reason, "%s does not work as an engine, it %s: install the program of this plugin's release", program, how);
    }
    return false;
}

// Makes the shared memory as large as asked, with pages: a write to one that cannot be had would end this process.
static bool grow(size_t size) {
    if (size <= engine.mapped) return true;
    size = (size + GROWTH - 1) / GROWTH * GROWTH;
    int failure;
    while ((failure = posix_fallocate(engine.memory.number, 0, (off_t)size)) == EINTR) {}
    if (failure) return errno = failure, false;
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, engine.memory.number, 0);
    if (map == MAP_FAILED) return false;
    if (engine.map) munmap(engine.map, engine.mapped);
    engine.map = map, engine.mapped = size;
    return true;
}

// Takes the message out of an answer that is an error. Returns whether it is none.
static bool went_well(const char *answer, char reason[1024]) {
    if (strncmp(answer, "{\"error\"", 8) != 0) return true;
    static const char member[] = "\"message\":\"";
    const char *text = strstr(answer, member);
    size_t length = 0;
    for (text = text ? text + strlen(member) : ""; *text && *text != '"' && length < 1023; text++) {
        if (*text == '\\' && text[1]) text++;
        reason[length++] = *text;
    }
    reason[length] = 0;
    return false;
}

enum outcome { DONE, FAILED, ENDED };

// Has a chunk decoded by the engine that there is; the label is then at `*field`.
static enum outcome decode(
    const char *definition, const struct steadyset_archive *archive, const void *chunk, size_t size, unsigned char **field,
    char reason[1024]) {
    char answer[2048], request[256], lattice[64];
    size_t at = (size + 63) / 64 * 64;
    if (!grow(at + sizeof(float) * archive->rows * archive->columns)) {
        return say(reason, "there is no memory for a label: %s", strerror(errno)), FAILED;
    }
    if (!engine.defined || strcmp(engine.defined, definition) != 0) {
        free(engine.defined);
        engine.defined = NULL;
        if (!ask(definition, answer)) return ENDED;
        if (!went_well(answer, reason)) return FAILED;
        if (strlen(answer) >= sizeof engine.lattice) return ENDED; // what no engine says
        memcpy(engine.lattice, answer, strlen(answer) + 1);
        engine.defined = strdup(definition);
    }
    snprintf(lattice, sizeof lattice, "{\"lattice\":[%u,%u]}", archive->rows, archive->columns);
    if (strcmp(engine.lattice, lattice) != 0) return say(reason, "its filter's client data contradict one another"), FAILED;
    memcpy(engine.map, chunk, size);
    static const char form[] = "{\"do\":\"decode\",\"into\":{\"y\":%zu},\"samples\":[{\"at\":0,\"chunks\":[%zu]}],\"with\":1}";
    snprintf(request, sizeof request, form, at, size);
    if (!ask(request, answer)) return ENDED;
    *field = engine.map + at;
    return went_well(answer, reason) ? DONE : FAILED;
}

void *steadyset_decode(const struct steadyset_archive *archive, const void *chunk, size_t size, char reason[1024]) {
    char bits[16] = "null", how[64], before[64] = "";
    if (archive->grid_bits != UINT32_MAX) snprintf(bits, sizeof bits, "%u", archive->grid_bits);
    size_t bytes = sizeof(float) * archive->rows * archive->columns;
    unsigned char *field = NULL, *label = malloc(bytes);
    char *definition = NULL;
    if (asprintf(
            &definition, "{\"do\":\"define\",\"grid_bits\":%s,\"name\":1,\"physics\":%.*s,\"what\":\"archive\"}", bits,
            (int)archive->length, archive->physics) < 0) {
        definition = NULL;
    }
    enum outcome outcome = FAILED;
    if (!label || !definition) {
        say(reason, "there is no memory for a label of %zu bytes", bytes);
        goto finish;
    }
    pthread_mutex_lock(&lock);
    for (int turn = 0; turn < 2; turn++) {
        if (!is_held(&engine.socket) || !is_held(&engine.memory)) {
            end(how);
            if (!start(reason)) break;
        }
        outcome = decode(definition, archive, chunk, size, &field, reason);
        if (outcome != ENDED) break;
        // What was killed from outside deserves another try; what ends two engines may end every one.
        end(how);
        say(reason, "an engine %s in the midst of a chunk, and the one before it %s", how, before);
        memcpy(before, how, sizeof before);
        outcome = FAILED;
    }
    if (outcome == DONE) memcpy(label, field, bytes);
    pthread_mutex_unlock(&lock);
finish:
    free(definition);
    if (outcome == DONE) return label;
    free(label);
    return NULL;
}
