// The interface of libFuzzer (https://llvm.org/docs/LibFuzzer.html), which the toolchain has as a library without headers.
#include <stddef.h>
#include <stdint.h>

typedef int (*fuzzer_callback)(const uint8_t *data, size_t size);

int LLVMFuzzerRunDriver(int *argc, char ***argv, fuzzer_callback callback);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static inline int fuzzer_run(int argc, char **argv, fuzzer_callback callback) {
    return LLVMFuzzerRunDriver(&argc, &argv, callback);
}
