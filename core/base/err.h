#ifndef MC_BASE_ERR_H
#define MC_BASE_ERR_H

#include <stdint.h>

/* Results of the core: zero, or a negative canonical gRPC code (google/rpc/code.proto). One code
   space from C to the wire, so no layer translates. */
enum mc_code {
  MC_OK = 0,
  MC_CANCELLED = -1,
  MC_UNKNOWN = -2,
  MC_INVALID_ARGUMENT = -3,
  MC_DEADLINE_EXCEEDED = -4,
  MC_NOT_FOUND = -5,
  MC_ALREADY_EXISTS = -6,
  MC_PERMISSION_DENIED = -7,
  MC_RESOURCE_EXHAUSTED = -8, /* also: out of memory, disk full, a named maximum exceeded */
  MC_FAILED_PRECONDITION = -9,
  MC_ABORTED = -10,
  MC_OUT_OF_RANGE = -11,
  MC_UNIMPLEMENTED = -12,
  MC_INTERNAL = -13,
  MC_UNAVAILABLE = -14,
  MC_DATA_LOSS = -15,
  MC_UNAUTHENTICATED = -16
};

#define MC_ERR_MSG 256

/* Filled only on failure. Fixed size, so that running out of memory can be reported too. */
struct mc_err {
  int code; /* enum mc_code */
  int sys; /* errno or a library's own code, 0 if none */
  int64_t pos; /* byte offset of the offending input, -1 if none */
  char msg[MC_ERR_MSG];
};

/* Fill *err (may be NULL) with a printf-style message, pos -1; returns code, so that `return
   mc_fail(...)` reads. */
int mc_fail(struct mc_err *err, int code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for an error at byte `pos` of the caller's input. */
int mc_fail_at(struct mc_err *err, int code, int64_t pos, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Out of memory: MC_RESOURCE_EXHAUSTED with the house's one wording. */
int mc_fail_nomem(struct mc_err *err);

/* The canonical word of a code, as in "INVALID_ARGUMENT"; "UNKNOWN" for what is none. */
const char *mc_code_name(int code);

/* For the programmer's own mistakes only, never for bad input; always active. */
#define MC_ASSERT(cond) ((cond) ? (void)0 : mc_assert_failed(#cond, __FILE__, __LINE__))
void mc_assert_failed(const char *cond, const char *file, int line) __attribute__((noreturn));

#endif
