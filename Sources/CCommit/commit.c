// scripts/commit makes an object file with this text, which is linked with the program: a new commit compiles nothing anew, and a
// build by swift alone has no such text.
#include "commit.h"

#include <stddef.h>

extern const char steadyset_commit[] __attribute__((weak));

const char *steadyset_commit_or_null(void) { return steadyset_commit ? steadyset_commit : NULL; }
