/* Units of streams: answers written in pieces, bodies read in pieces, both with bounded buffers. */

#include "net_fixture.h"

static struct mc_event *expect(struct fixture *f, const struct mc_event_type *type)
{
  struct mc_event *event = next_event(f);

  if(event->type != type) {
    tap_ok(0, "a %s was expected, a %s came", type->name, event->type->name);
    exit(1);
  }
  return event;
}

static uint64_t serve_start(struct fixture *f, int64_t max_pending)
{
  static const struct mc_header type = {"Content-Type", "text/event-stream"};
  struct mc_request_event *seen = next_request(f);
  uint64_t id = seen->event.id;
  struct mc_err err;

  mc_event_free(&seen->event);
  if(mc_server_start(f->server, id, 200, &type, 1, max_pending, &err))
    tap_ok(0, "start: %s", err.msg);
  return id;
}

static int put(struct fixture *f, uint64_t id, const char *text)
{
  return mc_server_write(f->server, id, text, strlen(text), NULL);
}

static void test_pieces(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_event *event;
  struct mc_err err;
  uint64_t id;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  request.stream = 1;
  start(&f, &request);
  id = serve_start(&f, 1000);
  tap_is_int(mc_server_reply(f.server, id, 200, NULL, 0, "", 0, &err), MC_NOT_FOUND,
             "a stream takes no whole answer");
  tap_is_int(put(&f, id, "one"), MC_OK, "the first piece");
  event = expect(&f, &mc_head_event_type);
  tap_is_int(((struct mc_response_event *)event)->status, 200, "the head comes before it");
  tap_ok(head_has(&((struct mc_response_event *)event)->head, "text/event-stream"), "with headers");
  mc_event_free(event);
  event = expect(&f, &mc_chunk_event_type);
  tap_is_str(((struct mc_chunk_event *)event)->body.data, "one",
             "arrives while the rest is unknown");
  mc_event_free(event);
  put(&f, id, "two");
  event = expect(&f, &mc_chunk_event_type);
  tap_is_str(((struct mc_chunk_event *)event)->body.data, "two", "so does the second");
  mc_event_free(event);
  tap_is_int(mc_server_finish(f.server, id, &err), MC_OK, "finished");
  tap_is_int(mc_server_finish(f.server, id, &err), MC_NOT_FOUND, "once");
  tap_is_int(put(&f, id, "x"), MC_NOT_FOUND, "nothing can be written after the end");
  event = expect(&f, &mc_response_event_type);
  tap_is_int(((struct mc_response_event *)event)->err.code, MC_OK, "a whole answer");
  tap_is_int((int64_t)((struct mc_response_event *)event)->body.len, 0,
             "whose body was handed over");
  mc_event_free(event);

  start(&f, &request); /* on the same connection */
  id = serve_start(&f, 1000);
  mc_server_finish(f.server, id, &err);
  event = expect(&f, &mc_response_event_type);
  tap_is_int(((struct mc_response_event *)event)->status, 200, "a stream without a piece");
  mc_event_free(event);

  request.stream = 0;
  start(&f, &request);
  id = serve_start(&f, 1000);
  put(&f, id, "a");
  put(&f, id, "b");
  mc_server_finish(f.server, id, &err);
  event = expect(&f, &mc_response_event_type);
  tap_is_str(((struct mc_response_event *)event)->body.data, "ab", "read as a whole");
  mc_event_free(event);
  mc_loop_poll(f.loop, 5, NULL);
  tear_down(&f);
}

static void test_slow_reader(void)
{
  enum { PIECE = 100000, WINDOW = 64 * 1024 };
  static char piece[PIECE];
  struct fixture f;
  struct mc_request request;
  struct mc_event *event;
  uint64_t client_id, id;
  int64_t sent = 0, got = 0, most = 0, unread = 0;
  int rc = MC_OK, turns;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  request.stream = 1;
  request.max_body = WINDOW;
  client_id = start(&f, &request);
  id = serve_start(&f, 4 * PIECE);
  for(turns = 0; turns < 2000 && !rc; turns++) { /* nobody consumes: all buffers fill up */
    rc = mc_server_write(f.server, id, piece, PIECE, NULL);
    sent += rc ? 0 : PIECE;
    mc_loop_poll(f.loop, 1, NULL);
    while((event = mc_loop_take(f.loop))) {
      if(event->type == &mc_chunk_event_type)
        unread += (int64_t)((struct mc_chunk_event *)event)->body.len;
      mc_event_free(event);
    }
    most = unread > most ? unread : most;
  }
  tap_is_int(rc, MC_RESOURCE_EXHAUSTED, "a reader that lags stops the writer");
  tap_ok(most <= WINDOW, "and has no more than its window (%d)", (int)most);
  got = unread;
  mc_client_consumed(f.client, client_id, (size_t)unread);
  mc_server_finish(f.server, id, NULL);
  for(;;) {
    event = next_event(&f);
    if(event->type == &mc_response_event_type)
      break;
    got += (int64_t)((struct mc_chunk_event *)event)->body.len;
    mc_client_consumed(f.client, client_id, ((struct mc_chunk_event *)event)->body.len);
    mc_event_free(event);
  }
  mc_event_free(event);
  tap_is_int(got, sent, "in the end every byte has come");
  mc_loop_poll(f.loop, 5, NULL);
  tear_down(&f);
}

static void test_ends(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_event *event;
  struct mc_err err;
  uint64_t client_id, id;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  request.stream = 1;
  client_id = start(&f, &request);
  id = serve_start(&f, 1000);
  put(&f, id, "x");
  mc_event_free(expect(&f, &mc_head_event_type));
  mc_event_free(expect(&f, &mc_chunk_event_type));
  mc_loop_cancel(f.loop, client_id);
  event = expect(&f, &mc_gone_event_type);
  tap_is_int((int64_t)event->id, (int64_t)id, "a client that goes away is noticed, by its stream");
  mc_event_free(event);
  tap_is_int(mc_server_write(f.server, id, "y", 1, &err), MC_NOT_FOUND, "writing says so");
  tap_is_int((int64_t)mc_server_open_requests(f.server), 0, "the request is over");

  start(&f, &request);
  id = serve_start(&f, 1000);
  put(&f, id, "x");
  mc_event_free(expect(&f, &mc_head_event_type));
  mc_event_free(expect(&f, &mc_chunk_event_type));
  tap_is_int(mc_loop_cancel(f.loop, id), 1, "the server breaks a stream off");
  event = expect(&f, &mc_response_event_type);
  tap_is_int(((struct mc_response_event *)event)->err.code, MC_UNAVAILABLE, "its client hears it");
  mc_event_free(event);

  start(&f, &request);
  id = serve_start(&f, 1000);
  put(&f, id, "x");
  mc_event_free(expect(&f, &mc_head_event_type));
  mc_server_free(f.server);
  f.server = NULL;
  mc_event_free(expect(&f, &mc_chunk_event_type));
  event = expect(&f, &mc_response_event_type);
  tap_is_int(((struct mc_response_event *)event)->err.code, MC_UNAVAILABLE, "a server goes");
  mc_event_free(event);
  tear_down(&f);
}

static void test_loop_goes(void)
{
  struct fixture f;
  struct mc_request request;
  uint64_t id;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  request.stream = 1;
  start(&f, &request);
  id = serve_start(&f, 1000);
  put(&f, id, "x");
  mc_loop_poll(f.loop, 100, NULL);
  mc_loop_free(f.loop);
  mc_client_consumed(f.client, 1, 1);
  mc_client_free(f.client);
  mc_server_free(f.server);
  tap_ok(1, "a loop is freed under a stream");
}

static void test_memory(void)
{
  struct fixture f;
  struct mc_request request;
  struct mc_request_event *seen;
  struct mc_err err;
  int64_t n;
  int rc = -1;

  set_up(&f);
  request = request_to("GET", url_of(&f, "/"));
  start(&f, &request);
  seen = next_request(&f);
  for(n = 0; n < 10 && rc; n++) {
    mc_alloc_fail_after(n);
    rc = mc_server_start(f.server, seen->event.id, 200, NULL, 0, 10, &err);
    mc_alloc_fail_after(-1);
  }
  tap_ok(!rc && n == 4, "three allocations can fail");
  tap_is_int(mc_server_start(f.server, seen->event.id, 200, NULL, 0, 10, &err), MC_NOT_FOUND,
             "started once");
  mc_server_finish(f.server, seen->event.id, &err);
  mc_event_free(&seen->event);
  mc_event_free(expect(&f, &mc_response_event_type));
  mc_loop_poll(f.loop, 5, NULL);
  tear_down(&f);
}

int main(void)
{
  test_pieces();
  test_slow_reader();
  test_ends();
  test_loop_goes();
  test_memory();
  return tap_done();
}
