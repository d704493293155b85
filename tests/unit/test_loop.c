/* Units of core/loop: order of events, timers, cancelling, signals, freeing while all runs. */

#include <signal.h>

#include "base/alloc.h"
#include "loop/loop.h"
#include "tap.h"

#define FOR_EVER (-1)

static struct mc_loop *new_loop(void)
{
  struct mc_loop *loop = NULL;
  struct mc_err err;

  if(mc_loop_new(&loop, &err))
    tap_ok(0, "a loop: %s", err.msg);
  return loop;
}

static uint64_t start_timer(struct mc_loop *loop, int64_t delay_ms)
{
  uint64_t id = 0;

  mc_loop_timer(loop, delay_ms, &id, NULL);
  return id;
}

/* The id of the oldest event, 0 if there is none. */
static uint64_t take_id(struct mc_loop *loop)
{
  struct mc_event *event = mc_loop_take(loop);
  uint64_t id = event ? event->id : 0;

  mc_event_free(event);
  return id;
}

static void test_timers(void)
{
  struct mc_loop *loop = new_loop();
  int64_t before = mc_loop_mono_ms();
  uint64_t late = start_timer(loop, 90), soon = start_timer(loop, 50), past = start_timer(loop, -5);

  tap_ok(late && soon > late && past > soon, "ids grow and are never 0");
  tap_is_int((int64_t)mc_loop_pending(loop), 3, "three timers run");
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_is_int((int64_t)take_id(loop), (int64_t)past, "a negative delay is due at once");
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_is_int((int64_t)take_id(loop), (int64_t)soon, "the shorter one is next");
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_is_int((int64_t)take_id(loop), (int64_t)late, "the longest one is last");
  tap_ok(mc_loop_mono_ms() - before >= 89, "and it took its time");
  tap_is_int((int64_t)mc_loop_pending(loop), 0, "nothing runs any more");
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_ok(!mc_loop_peek(loop), "waiting for ever returns when nothing could come");
  mc_loop_free(loop);
}

static void test_waits(void)
{
  struct mc_loop *loop = new_loop();
  uint64_t id = start_timer(loop, 60000);
  int64_t before = mc_loop_mono_ms(), took;

  mc_loop_poll(loop, 0, NULL);
  tap_ok(!mc_loop_peek(loop), "a poll of 0 does not wait");
  mc_loop_poll(loop, 10, NULL);
  took = mc_loop_mono_ms() - before;
  tap_ok(!mc_loop_peek(loop) && took >= 9 && took < 30000, "a poll of 10 ms waits that long");
  tap_is_int(mc_loop_cancel(loop, id), 1, "a running timer can be cancelled");
  tap_is_int(mc_loop_cancel(loop, id), 0, "once");
  tap_is_int(mc_loop_cancel(loop, 0), 0, "0 is no operation");
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_ok(!mc_loop_peek(loop), "and its event never comes");
  id = start_timer(loop, 0);
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_is_int(mc_loop_cancel(loop, id), 0, "a timer that rang runs no more");
  tap_ok(!mc_loop_take(loop), "but cancelling it drops its event");
  id = start_timer(loop, 0);
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_is_int((int64_t)take_id(loop), (int64_t)id, "the queue still works after a drop");
  mc_loop_free(loop);
}

static void test_many(void)
{
  enum { COUNT = 2000 };
  static uint64_t ids[COUNT];
  struct mc_loop *loop = new_loop();
  int i, rang = 0, found = 1;

  for(i = 0; i < COUNT; i++)
    ids[i] = start_timer(loop, i % 7);
  for(i = 0; i < COUNT; i++)
    found &= mc_loop_find(loop, ids[i]) != NULL;
  tap_ok(found, "each of many operations is found by its id");
  for(i = 0; i < COUNT; i += 2)
    mc_loop_cancel(loop, ids[i]);
  tap_is_int((int64_t)mc_loop_pending(loop), COUNT / 2, "half of them are cancelled");
  while(mc_loop_pending(loop)) {
    mc_loop_poll(loop, FOR_EVER, NULL);
    while(take_id(loop))
      rang++;
  }
  tap_is_int(rang, COUNT / 2, "the other half rings");
  mc_loop_free(loop);
}

static void test_signals(void)
{
  struct mc_loop *loop = new_loop();
  struct mc_err err;
  struct mc_event *event;
  uint64_t id = 0, other = 0;

  tap_is_int(mc_loop_signal(loop, SIGUSR1, &id, &err), MC_OK, "a signal can be watched");
  mc_loop_poll(loop, FOR_EVER, NULL);
  tap_ok(!mc_loop_peek(loop), "a watch alone is nothing to wait for");
  raise(SIGUSR1);
  mc_loop_poll(loop, 0, NULL);
  event = mc_loop_take(loop);
  tap_ok(event && event->id == id, "but a signal is seen even without waiting");
  mc_event_free(event);
  raise(SIGUSR1);
  mc_loop_poll(loop, 1000, NULL);
  event = mc_loop_take(loop);
  tap_ok(event && event->type == &mc_signal_event_type && event->id == id, "it comes as event");
  tap_ok(event && ((struct mc_signal_event *)event)->signum == SIGUSR1, "with its number");
  mc_event_free(event);
  raise(SIGUSR1);
  mc_loop_poll(loop, 1000, NULL);
  tap_is_int(mc_loop_cancel(loop, id), 1, "the watch ends");
  tap_ok(!mc_loop_take(loop), "with the events that nobody took");
  tap_is_int(mc_loop_signal(loop, SIGKILL, &other, &err), MC_INVALID_ARGUMENT,
             "SIGKILL cannot be watched");
  tap_is_int((int64_t)mc_loop_pending(loop), 0, "and leaves nothing behind");
  mc_loop_signal(loop, SIGUSR2, &id, &err);
  mc_loop_free(loop);
  tap_ok(1, "a loop is freed under a watch");
}

static int shuts;

static void count_shut(struct mc_resident *resident)
{
  (void)resident;
  shuts++;
}

static void test_residents(void)
{
  struct mc_loop *loop = new_loop();
  struct mc_resident one = {.shut = count_shut}, two = {.shut = count_shut},
                     three = {.shut = count_shut};

  mc_loop_attach(loop, &one);
  mc_loop_attach(loop, &two);
  mc_loop_attach(loop, &three);
  mc_loop_detach(&two);
  mc_loop_detach(&two);
  mc_loop_free(loop);
  tap_is_int(shuts, 2, "the loop shuts those that are on it, each once");
  mc_loop_free(NULL);
}

/* Every allocation of a whole life fails once. */
static void test_memory(void)
{
  int64_t n;
  int whole = 0;

  for(n = 0; n < 200 && !whole; n++) {
    struct mc_loop *loop = NULL;
    struct mc_err err = {0};
    uint64_t id;
    int i, rc;

    mc_alloc_fail_after(n);
    rc = mc_loop_new(&loop, &err);
    for(i = 0; i < 66 && !rc; i++)
      rc = mc_loop_timer(loop, 0, &id, &err);
    if(!rc)
      rc = mc_loop_signal(loop, SIGUSR1, &id, &err);
    mc_alloc_fail_after(-1);
    if(!rc)
      whole = 1;
    else if(rc != MC_RESOURCE_EXHAUSTED || strcmp(err.msg, "out of memory"))
      tap_ok(0, "allocation %d: %d %s", (int)n, rc, err.msg);
    if(loop)
      mc_loop_poll(loop, 0, NULL);
    mc_loop_free(loop);
  }
  tap_ok(whole && n > 100, "each of %d allocations can fail, in words and without a leak", (int)n);
}

int main(void)
{
  test_timers();
  test_waits();
  test_many();
  test_signals();
  test_residents();
  test_memory();
  return tap_done();
}
