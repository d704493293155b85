#ifndef MC_BASE_ALLOC_H
#define MC_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/* The core's allocations. NULL when memory is out, or when a test has asked for a failure. */
void *mc_malloc(size_t size);
void *mc_calloc(size_t count, size_t size);
void *mc_realloc(void *ptr, size_t size);
char *mc_strdup(const char *text);
/* A NUL-terminated copy of len bytes. */
char *mc_strndup(const char *text, size_t len);
void mc_free(void *ptr);

/* Overwrite with zeros in a way the compiler keeps: for secrets before they are freed. */
void mc_wipe(void *ptr, size_t size);

/* Failure injection for tests: the allocation after `n` more successes fails, once. Negative: off
   (the default). */
void mc_alloc_fail_after(int64_t n);

#endif
