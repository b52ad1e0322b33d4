// A process of the program `steadyset` that decodes chunks of archives; the article Engine says how it is asked.
#pragma once
#include <stddef.h>
#include <stdint.h>

// What all chunks of a dataset have in common: the filter's client data.
struct steadyset_archive {
    const char *physics; // JSON, without a zero at its end
    size_t length;
    uint32_t grid_bits; // UINT32_MAX without a grid
    uint32_t rows, columns;
};

// Returns the label in a chunk, rows · columns floats that the caller frees with free(). Returns NULL where that fails, with
// the reason, which ends in a zero, in `reason`. Safe for threads, and after a fork.
void *steadyset_decode(const struct steadyset_archive *archive, const void *chunk, size_t size, char reason[1024]);
