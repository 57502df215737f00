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

/// Some floats side by side: `SIMD4<Float>` and its kin in Swift.
typedef float cpu_float4 __attribute__((ext_vector_type(4)));
typedef float cpu_float8 __attribute__((ext_vector_type(8)));
typedef float cpu_float16 __attribute__((ext_vector_type(16)));

/// Vector arithmetic that has to be one or two instructions in a kernel.
///
/// Swift's operators on vectors are written lane by lane. What the compiler
/// makes of 16 lanes is too long for it to inline, whatever the attributes say,
/// and a call in a loop stores every register. These are vectors from the start.
///
/// - `cpu_multiply_add`: `a * b + sum`, rounded once. Only where the instruction
///   set has it: without, it is a library call for every lane.
/// - `cpu_clamp`: each lane limited to the bounds; what is not a number stays so.
///   The order of the operands makes each line one instruction on x86-64.
/// - `cpu_broadcast`: the same value in every lane.
#define CPU_VECTOR_ARITHMETIC(WIDTH)                                            \
  static inline __attribute__((always_inline)) cpu_float##WIDTH                 \
      cpu_multiply_add##WIDTH(cpu_float##WIDTH a, cpu_float##WIDTH b,           \
                              cpu_float##WIDTH sum) {                           \
    return __builtin_elementwise_fma(a, b, sum);                                \
  }                                                                             \
  static inline __attribute__((always_inline)) cpu_float##WIDTH                 \
      cpu_clamp##WIDTH(cpu_float##WIDTH value, cpu_float##WIDTH lower,          \
                       cpu_float##WIDTH upper) {                                \
    cpu_float##WIDTH raised = value < lower ? lower : value;                    \
    return raised > upper ? upper : raised;                                     \
  }                                                                             \
  static inline __attribute__((always_inline)) cpu_float##WIDTH                 \
      cpu_broadcast##WIDTH(float value) {                                       \
    return (cpu_float##WIDTH)value;                                             \
  }

CPU_VECTOR_ARITHMETIC(4)
#if defined(__AVX__)
CPU_VECTOR_ARITHMETIC(8)
#endif
#if defined(__AVX512F__)
CPU_VECTOR_ARITHMETIC(16)

/// The first half of one and the second half of another.
static inline __attribute__((always_inline)) cpu_float16
cpu_blend_halves(cpu_float16 first, cpu_float16 second) {
  return __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25,
                                 26, 27, 28, 29, 30, 31);
}

/// The first 8 floats twice.
static inline __attribute__((always_inline)) cpu_float16
cpu_repeat_half(cpu_float8 half) {
  return __builtin_shufflevector(half, half, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3,
                                 4, 5, 6, 7);
}

/// The first 8 of 16 floats, then zeros.
static inline __attribute__((always_inline)) cpu_float16
cpu_first_half(cpu_float16 value) {
  cpu_float16 zeros = (cpu_float16)0.0f;
  return __builtin_shufflevector(value, zeros, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17,
                                 18, 19, 20, 21, 22, 23);
}

/// The last 8 of 16 floats, then zeros.
static inline __attribute__((always_inline)) cpu_float16
cpu_second_half(cpu_float16 value) {
  cpu_float16 zeros = (cpu_float16)0.0f;
  return __builtin_shufflevector(value, zeros, 8, 9, 10, 11, 12, 13, 14, 15, 16,
                                 17, 18, 19, 20, 21, 22, 23);
}
#endif
#undef CPU_VECTOR_ARITHMETIC

/// Tells the processor that this is a spin loop.
static inline void cpu_relax(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
