// Before anything else runs: does this processor have the instructions that the program was built with?
//
// scripts/build compiles for x86-64-v3 (AVX2, FMA, BMI …) where the building machine has it. On a processor without, the first
// such instruction, anywhere in the program, would end it by SIGILL, without a word. That is why this is the one piece of C in
// the project: no Swift runs before it, and the attribute keeps those instructions out of it.
#if defined(__x86_64__) && defined(__AVX2__)
#include <cpuid.h>
#include <unistd.h>

// ExitStatus.unavailable
enum { processor_status = 69 };

static const char processor_message[] =
    "steadyset: error: this processor, or the system on it, lacks instructions that this build uses (AVX2, FMA, BMI2): build it "
    "on this machine with scripts/build, which leaves them out where they are missing; the results are the same\n";

__attribute__((constructor(101), target("no-avx,no-avx2,no-fma,no-bmi,no-bmi2,no-f16c,no-lzcnt,no-movbe")))
static void check_processor(void) {
    unsigned a, b, c, d;
    // Intel's manual, volume 2, CPUID: SSE3, SSSE3, FMA, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C.
    const unsigned first = 1u << 0 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 22 | 1u << 23 | 1u << 27 |
                           1u << 28 | 1u << 29;
    // BMI1, AVX2, BMI2; and LZCNT.
    const unsigned seventh = 1u << 3 | 1u << 5 | 1u << 8, extended = 1u << 5;
    int has = __get_cpuid(1, &a, &b, &c, &d) && (c & first) == first;
    has = has && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & seventh) == seventh;
    has = has && __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & extended) == extended;
    if (has) {
        // The system saves the wide registers.
        __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
        has = (a & 6) == 6;
    }
    if (has) return;
    ssize_t written = write(2, processor_message, sizeof processor_message - 1);
    (void)written;
    _exit(processor_status);
}
#endif
