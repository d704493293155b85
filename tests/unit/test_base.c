/* Units of core/base: errors as values, bounded buffers, failure injection. */

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "tap.h"

static void test_errors(void)
{
  struct mc_err err;

  tap_is_int(mc_fail(&err, MC_NOT_FOUND, 2, "no %s", "file"), MC_NOT_FOUND,
             "fail returns the code");
  tap_is_str(err.msg, "no file", "and fills the message");
  tap_is_int(err.pos, -1, "with no position");
  mc_fail_at(&err, MC_INVALID_ARGUMENT, 7, "bad");
  tap_is_int(err.pos, 7, "fail_at keeps the position");
  tap_is_int(mc_fail(NULL, MC_ABORTED, 0, "x"), MC_ABORTED, "err may be NULL");
  tap_is_str(mc_code_name(MC_UNAUTHENTICATED), "UNAUTHENTICATED", "the last code has its word");
  tap_is_str(mc_code_name(-99), "UNKNOWN", "an unknown code is UNKNOWN");
}

static void test_buffers(void)
{
  struct mc_buf buf;
  struct mc_err err;
  char *text;

  mc_buf_init(&buf, 10);
  tap_is_int(mc_buf_puts(&buf, "12345", &err), MC_OK, "five of ten bytes fit");
  tap_is_int(mc_buf_puts(&buf, "678901", &err), MC_RESOURCE_EXHAUSTED, "eleven do not");
  tap_is_str(err.msg, "more than 10 bytes", "the message names the maximum");
  tap_is_str(buf.data, "12345", "a refused piece leaves the content as it was");
  tap_is_int(mc_buf_printf(&buf, &err, "%d", 67890), MC_OK, "ten bytes fit exactly");
  text = mc_buf_take(&buf);
  tap_is_str(text, "1234567890", "take hands the content over");
  tap_ok(!buf.data && !buf.len, "and leaves the buffer empty");
  mc_free(text);
  mc_buf_clear(&buf);

  mc_alloc_fail_after(0);
  tap_is_int(mc_buf_puts(&buf, "x", &err), MC_RESOURCE_EXHAUSTED,
             "a refused allocation is an error");
  tap_is_str(err.msg, "out of memory", "with the house's wording");
  mc_alloc_fail_after(-1);
  mc_buf_clear(&buf);
}

int main(void)
{
  test_errors();
  test_buffers();
  return tap_done();
}
