#include "CPUFeatures.h"

#if defined(__x86_64__)

// The builtin also asks the system (XGETBV) whether it saves the wide registers.
bool cpu_has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v3");
}

bool cpu_has_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v4");
}

#else

bool cpu_has_avx2(void) { return false; }
bool cpu_has_avx512(void) { return false; }

#endif
