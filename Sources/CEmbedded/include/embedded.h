// Files that are part of the program.
#pragma once

#include <stddef.h>

typedef struct {
    const char *name;
    const unsigned char *bytes;
    size_t count;
} EmbeddedFile;

// The files in their order; null past the last.
const EmbeddedFile *embedded_file_or_null(size_t index);
