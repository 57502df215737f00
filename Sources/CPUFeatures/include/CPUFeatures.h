#ifndef ASSAY_CPU_FEATURES_H
#define ASSAY_CPU_FEATURES_H

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// Whether processor and system support everything that code compiled for
/// x86-64-v3 may use: AVX2, FMA, BMI and their kin.
bool cpu_has_avx2(void);

/// Whether processor and system support everything that code compiled for
/// x86-64-v4 may use: AVX-512 F, BW, CD, DQ and VL on top of the former.
bool cpu_has_avx512(void);

/// Asks for the cache line at `address`, to be read soon. Any address will do.
static inline void cpu_prefetch(const void *_Nullable address) {
  __builtin_prefetch(address, 0, 3);
}

/// The same address, without the compiler knowing where it comes from.
///
/// In a loop over neighbours at fixed distances the compiler keeps a pointer to
/// each; where these outnumber the registers, they live on the stack. Distances
/// from an address of unknown origin stay what they are: parts of an operand.
static inline const float *_Nonnull cpu_opaque(const float *_Nonnull address) {
  __asm__("" : "+r"(address));
  return address;
}

/// Tells the processor that this is a spin loop.
static inline void cpu_relax(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
