// What this build needs of the processor; see processor.c, which checks it before anything else runs.
#pragma once

// The level of x86-64: 3 with AVX2, FMA and BMI2, else 1.
static inline int processor_level(void) {
#if defined(__x86_64__) && defined(__AVX2__)
    return 3;
#else
    return 1;
#endif
}
