/* Units of core/loop/process. */

#include <stdlib.h>

#include "base/alloc.h"
#include "loop/process.h"
#include "tap.h"

static struct mc_process_event *run(struct mc_loop *loop, const struct mc_process_opts *opts)
{
  struct mc_err err;
  uint64_t id;

  if(mc_process_start(loop, opts, &id, &err)) {
    tap_ok(0, "start: %s", err.msg);
    exit(1);
  }
  mc_loop_poll(loop, 20000, NULL);
  if(!mc_loop_peek(loop)) {
    tap_ok(0, "no event");
    exit(1);
  }
  return (struct mc_process_event *)mc_loop_take(loop);
}

static void test_runs(void)
{
  static const struct {
    const char *script, *input;
    int64_t timeout_ms, max_output;
    int code;
    int64_t exit_code, signum;
    const char *out, *err_out, *why;
  } rows[] = {
      {"exit 0", "", 0, 100, MC_OK, 0, 0, "", "", "a program that ends"},
      {"exit 3", "", 0, 100, MC_OK, 3, 0, "", "", "with a code"},
      {"echo a; echo b >&2", "", 0, 100, MC_OK, 0, 0, "a\n", "b\n", "both outputs"},
      {"cat", "hello", 0, 100, MC_OK, 0, 0, "hello", "", "its input"},
      {"cat", "", 0, 100, MC_OK, 0, 0, "", "", "no input"},
      {"exit 0", "nobody reads this", 0, 100, MC_OK, 0, 0, "", "", "input that nobody reads"},
      {"echo $MC_ADDED", "", 0, 100, MC_OK, 0, 0, "added\n", "", "an addition to the environment"},
      {"echo $MC_REPLACED", "", 0, 100, MC_OK, 0, 0, "new\n", "", "a replacement"},
      {"echo $MC_KEPT", "", 0, 100, MC_OK, 0, 0, "kept\n", "", "the rest of it"},
      {"kill -TERM $$", "", 0, 100, MC_OK, 0, 15, "", "", "a signal"},
      {"printf 0123456789", "", 0, 10, MC_OK, 0, 0, "0123456789", "", "as much as allowed"},
      {"printf 0123456789a", "", 0, 10, MC_RESOURCE_EXHAUSTED, 0, -1, "", "", "a byte more"},
      {"yes", "", 0, 10, MC_RESOURCE_EXHAUSTED, 0, 9, "", "", "output without end"},
      {"yes >&2", "", 0, 10, MC_RESOURCE_EXHAUSTED, 0, 9, "", "", "on standard error"},
      {"sleep 100", "", 50, 100, MC_DEADLINE_EXCEEDED, 0, 9, "", "", "its time is up"},
      {"sleep 100 & echo x", "", 50, 100, MC_DEADLINE_EXCEEDED, 0, 0, "x\n", "",
       "a child that keeps the output open goes with it"},
  };
  static const char *const env[] = {"MC_ADDED=added", "MC_REPLACED=new", NULL};
  struct mc_loop *loop;
  size_t i;

  setenv("MC_REPLACED", "old", 1);
  setenv("MC_KEPT", "kept", 1);
  mc_loop_new(&loop, NULL);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *const argv[] = {"sh", "-c", rows[i].script, NULL};
    struct mc_process_opts opts = {
        argv, env, rows[i].input, strlen(rows[i].input), rows[i].timeout_ms, rows[i].max_output};
    struct mc_process_event *event = run(loop, &opts);

    tap_is_int(event->err.code, rows[i].code, rows[i].why);
    if(rows[i].signum >= 0)
      tap_is_int(event->signum, rows[i].signum, "the signal");
    tap_is_int(event->exit_code, rows[i].exit_code, "the code");
    if(rows[i].code != MC_RESOURCE_EXHAUSTED) {
      tap_is_str(event->out.len ? event->out.data : "", rows[i].out, "standard output");
      tap_is_str(event->err_out.len ? event->err_out.data : "", rows[i].err_out, "standard error");
    }
    mc_event_free(&event->event);
    tap_is_int((int64_t)mc_loop_pending(loop), 0, "nothing is left");
  }
  mc_loop_free(loop);
}

static void test_failures(void)
{
  static const struct {
    const char *program;
    int code;
    const char *text;
  } rows[] = {
      {"no-such-program-here", MC_NOT_FOUND, "is not there"},
      {"/no/such/program", MC_NOT_FOUND, "is not there"},
      {"/etc/passwd", MC_PERMISSION_DENIED, "may not be run"},
  };
  const char *argv[] = {"sleep", "100", NULL};
  struct mc_process_opts opts = {.argv = argv, .max_output = 10, .input = "x", .input_len = 1};
  struct mc_loop *loop;
  struct mc_err err;
  uint64_t id = 0;
  int64_t n;
  int rc = -1;
  size_t i;

  mc_loop_new(&loop, NULL);
  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    argv[0] = rows[i].program;
    tap_is_int(mc_process_start(loop, &opts, &id, &err), rows[i].code, rows[i].program);
    tap_ok(strstr(err.msg, rows[i].text) != NULL, "%s", err.msg);
  }
  argv[0] = "sleep";
  for(n = 0; n < 20 && rc; n++) {
    mc_alloc_fail_after(n);
    rc = mc_process_start(loop, &opts, &id, &err);
    mc_alloc_fail_after(-1);
    mc_loop_poll(loop, 0, NULL);
  }
  tap_ok(!rc && n == 4, "three allocations can fail");
  tap_is_int(mc_loop_cancel(loop, id), 1, "a running program is cancelled");
  mc_loop_poll(loop, -1, NULL);
  tap_ok(!mc_loop_peek(loop), "and says nothing more");
  mc_process_start(loop, &opts, &id, &err);
  mc_loop_free(loop);
  tap_ok(1, "a loop is freed under a running program");
}

int main(void)
{
  test_runs();
  test_failures();
  return tap_done();
}
