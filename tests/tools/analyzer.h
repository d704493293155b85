/* For clang-tidy alone, included before each file: its analyzer sees one file at a time, and learns
   here that what reports a failure returns the code of it, which is never MC_OK. */
#include "base/err.h"

#define mc_fail(err, code, ...) (mc_fail(err, code, __VA_ARGS__), (code))
#define mc_fail_at(err, code, ...) (mc_fail_at(err, code, __VA_ARGS__), (code))
#define mc_fail_nomem(err) (mc_fail_nomem(err), MC_RESOURCE_EXHAUSTED)
