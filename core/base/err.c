#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void fill(struct mc_err *err, int code, int sys, int64_t pos, const char *fmt, va_list args)
{
  if(!err)
    return;
  err->code = code;
  err->sys = sys;
  err->pos = pos;
  vsnprintf(err->msg, sizeof(err->msg), fmt, args);
}

int mc_fail(struct mc_err *err, int code, int sys, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  fill(err, code, sys, -1, fmt, args);
  va_end(args);
  return code;
}

int mc_fail_at(struct mc_err *err, int code, int64_t pos, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  fill(err, code, 0, pos, fmt, args);
  va_end(args);
  return code;
}

int mc_fail_nomem(struct mc_err *err)
{
  return mc_fail(err, MC_RESOURCE_EXHAUSTED, 0, "out of memory");
}

static const char *const names[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

const char *mc_code_name(int code)
{
  int n = -code;

  if(n < 0 || n >= (int)(sizeof(names) / sizeof(names[0])))
    return "UNKNOWN";
  return names[n];
}

void mc_assert_failed(const char *cond, const char *file, int line)
{
  fprintf(stderr, "mooncron: bug: %s:%d: assertion failed: %s\n", file, line, cond);
  abort();
}
