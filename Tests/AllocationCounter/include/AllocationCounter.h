#ifndef ASSAY_ALLOCATION_COUNTER_H
#define ASSAY_ALLOCATION_COUNTER_H

#include <stdbool.h>

/// Whether allocations can be counted on this system.
bool allocations_are_counted(void);

/// Allocations that the calling thread has made so far.
long allocations_of_this_thread(void);

#endif
