#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

/* A minimal TAP producer for the C units: each check prints a line, tap_done() prints the plan.
   `tests/tools/run-tests` counts the lines. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

__attribute__((format(printf, 2, 3))) static inline int tap_ok(int pass, const char *fmt, ...)
{
  va_list args;

  printf("%sok %d - ", pass ? "" : "not ", ++tap_count);
  va_start(args, fmt);
  vprintf(fmt, args);
  va_end(args);
  putchar('\n');
  if(!pass)
    tap_failed++;
  fflush(stdout);
  return pass;
}

__attribute__((unused)) static inline int tap_is_int(int64_t got, int64_t want, const char *why)
{
  int pass = tap_ok(got == want, "%s", why);

  if(!pass)
    printf("#   got %" PRId64 ", want %" PRId64 "\n", got, want);
  return pass;
}

__attribute__((unused)) static inline int tap_is_str(const char *got, const char *want,
                                                     const char *why)
{
  int pass = tap_ok(got && want ? !strcmp(got, want) : got == want, "%s", why);

  if(!pass)
    printf("#   got  '%s'\n#   want '%s'\n", got ? got : "(null)", want ? want : "(null)");
  return pass;
}

/* The last statement of main: `return tap_done();` */
static inline int tap_done(void)
{
  printf("1..%d\n", tap_count);
  return tap_failed ? 1 : 0;
}

#endif
