#include "AllocationCounter.h"

#include <stddef.h>
#include <stdlib.h>

#if defined(__GLIBC__)

// The test program's own malloc comes before glibc's, also for the libraries it loads. It only counts.

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Thread_local long count;

void *malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count++;
  return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
  count++;
  return __libc_realloc(pointer, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size) {
  count++;
  *pointer = __libc_memalign(alignment, size);
  return *pointer ? 0 : 12; // ENOMEM
}

void *aligned_alloc(size_t alignment, size_t size) {
  count++;
  return __libc_memalign(alignment, size);
}

bool allocations_are_counted(void) { return true; }
long allocations_of_this_thread(void) { return count; }

#else

bool allocations_are_counted(void) { return false; }
long allocations_of_this_thread(void) { return 0; }

#endif
