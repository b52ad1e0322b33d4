// The HDF5 filter of archives, a plugin that the library loads: the article Formats, section Archives, says what it reads.
//
// It decodes nothing itself: a process of the program `steadyset` does, so that no defect of ours ends who reads.
#define _GNU_SOURCE
#include "engine.h"
#include <H5PLextern.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER 48217
#define HEAD 5
#define LARGEST_SIDE 4096
#define LARGEST_CHUNK ((size_t)1 << 29)

typedef herr_t (*stack_function)(hid_t);
typedef herr_t (*push_function)(hid_t, const char *, const char *, unsigned, hid_t, hid_t, hid_t, const char *, ...);

// Puts a reason on the error stack of the HDF5 library that has the address `caller`. There may be several in a process, and
// none need be visible to all, so this plugin is linked with none.
static void push(const void *caller, const char *reason) {
    Dl_info found;
    if (!dladdr(caller, &found)) return;
    void *library = dlopen(found.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (!library) library = dlopen(NULL, RTLD_LAZY);
    if (!library) return;
    push_function function = (push_function)dlsym(library, "H5Epush2");
    const hid_t *class = dlsym(library, "H5E_ERR_CLS_g"), *major = dlsym(library, "H5E_PLINE_g");
    const hid_t *minor = dlsym(library, "H5E_READERROR_g");
    // HDF5 2 lets a callback push nothing while its stack is paused. To pause it again empties it, so it is kept aside.
    stack_function resume = (stack_function)dlsym(library, "H5Eresume_stack");
    stack_function pause = (stack_function)dlsym(library, "H5Epause_stack");
    stack_function clear = (stack_function)dlsym(library, "H5Eclear2");
    stack_function set = (stack_function)dlsym(library, "H5Eset_current_stack");
    hid_t (*get)(void) = (hid_t (*)(void))dlsym(library, "H5Eget_current_stack");
    if (function && class && major && minor) {
        bool can_pause = resume && pause && clear && set && get, is_paused = can_pause && resume(H5E_DEFAULT) >= 0;
        if (can_pause && !is_paused) clear(H5E_DEFAULT); // of the complaint that it was not
        function(H5E_DEFAULT, __FILE__, "steadyset", __LINE__, *class, *major, *minor, "archive of Steadyset: %s", reason);
        if (is_paused) {
            hid_t kept = get();
            pause(H5E_DEFAULT);
            set(kept);
        }
    }
    dlclose(library);
}

// Returns why the client data are not those of an archive, or NULL.
static const char *read_client_data(size_t count, const unsigned values[], struct steadyset_archive *archive) {
    if (count <= HEAD) return "its filter has no client data";
    if (values[0] != 1) return "its filter has another version: install the release of Steadyset that made it, or a newer one";
    *archive = (struct steadyset_archive){(const char *)&values[HEAD], values[4], values[3], values[1], values[2]};
    if (archive->length == 0 || archive->length > 4 * (count - HEAD) || memchr(archive->physics, 0, archive->length)) {
        return "the physics in its filter's client data are damaged";
    }
    if (archive->rows < 1 || archive->rows > LARGEST_SIDE || archive->columns < 1 || archive->columns > LARGEST_SIDE) {
        return "the lattice in its filter's client data is not possible";
    }
    return NULL;
}

static size_t filter(unsigned flags, size_t count, const unsigned values[], size_t bytes, size_t *size, void **buffer) {
    const void *caller = __builtin_return_address(0);
    struct steadyset_archive archive;
    char reason[1024];
    if (!(flags & H5Z_FLAG_REVERSE)) {
        push(caller, "this filter reads only: write with another one, or none");
        return 0;
    }
    const char *wrong = read_client_data(count, values, &archive);
    if (!wrong && (bytes == 0 || bytes > LARGEST_CHUNK)) wrong = "a chunk has an impossible size";
    if (wrong) {
        push(caller, wrong);
        return 0;
    }
    void *field = steadyset_decode(&archive, *buffer, bytes, reason);
    if (!field) {
        push(caller, reason);
        return 0;
    }
    free(*buffer);
    *buffer = field;
    return *size = (size_t)archive.rows * archive.columns * sizeof(float);
}

static const H5Z_class2_t filter_class = {H5Z_CLASS_T_VERS, NUMBER, 0, 1, "steadyset-archive", NULL, NULL, filter};

// HDF5 declares both in its header, to be seen from outside.
H5PL_type_t H5PLget_plugin_type(void) { return H5PL_TYPE_FILTER; }
const void *H5PLget_plugin_info(void) { return &filter_class; }
