/* A target for the benchmark: answers 200 to every request and notes when it came.
   Usage: sink COUNT SECONDS. Prints its port at once; after COUNT requests, or SECONDS without a
   new one, a line "count N rate R median_ms M p99_ms P": arrivals a second from the first to the
   last, and how late they were. The instant at which a request was due, in ms since the epoch, is
   the last number in its path. */

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FDS 4096
#define MAX_REQUEST 8192

struct connection {
  char text[MAX_REQUEST];
  size_t len;
};

struct tally {
  double *late_ms; /* of each arrival */
  size_t count, wanted;
  double first_ms, last_ms;
};

static struct connection *connections[MAX_FDS];

static double now_ms(void)
{
  struct timespec t;

  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

static void note(struct tally *tally, const char *request)
{
  const char *path = strchr(request, '/'), *end = path ? strchr(path, ' ') : NULL;
  double now = now_ms();

  while(end && end > path && end[-1] != '/')
    end--;
  if(!tally->count)
    tally->first_ms = now;
  tally->last_ms = now;
  tally->late_ms[tally->count++] = now - (end ? strtod(end, NULL) : 0);
}

static size_t body_length(const char *head)
{
  const char *at = strcasestr(head, "\r\nContent-Length:");

  return at ? (size_t)strtoul(at + 17, NULL, 10) : 0;
}

/* Answers the whole requests that stand in the buffer; 0 when the connection is to be closed. */
static int serve(int fd, struct connection *c, struct tally *tally)
{
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  char *end;
  size_t size;

  for(;;) {
    c->text[c->len] = '\0';
    end = strstr(c->text, "\r\n\r\n");
    if(!end)
      return c->len < MAX_REQUEST - 1;
    size = (size_t)(end + 4 - c->text) + body_length(c->text);
    if(size > c->len)
      return size < MAX_REQUEST;
    if(tally->count < tally->wanted)
      note(tally, c->text);
    if(write(fd, answer, sizeof(answer) - 1) < 0)
      return 0;
    memmove(c->text, c->text + size, c->len - size);
    c->len -= size;
  }
}

static void on_ready(int fd, struct tally *tally)
{
  struct connection *c = connections[fd];
  ssize_t n = read(fd, c->text + c->len, MAX_REQUEST - 1 - c->len);

  if(n > 0) {
    c->len += (size_t)n;
    if(serve(fd, c, tally))
      return;
  }
  free(c);
  connections[fd] = NULL;
  close(fd);
}

static void take(int poll, int listener)
{
  struct epoll_event event = {.events = EPOLLIN};
  int fd = accept(listener, NULL, NULL);

  if(fd < 0)
    return;
  connections[fd < MAX_FDS ? fd : 0] = fd < MAX_FDS ? calloc(1, sizeof(struct connection)) : NULL;
  if(fd >= MAX_FDS || !connections[fd]) {
    close(fd);
    return;
  }
  event.data.fd = fd;
  epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static int listen_somewhere(void)
{
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t len = sizeof(address);
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if(bind(fd, (struct sockaddr *)&address, len) || listen(fd, 1024) ||
     getsockname(fd, (struct sockaddr *)&address, &len))
    return -1;
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void report(struct tally *t)
{
  double seconds = (t->last_ms - t->first_ms) / 1e3;

  if(!t->count) {
    printf("count 0\n");
    return;
  }
  qsort(t->late_ms, t->count, sizeof(*t->late_ms), by_value);
  printf("count %zu rate %.0f median_ms %.2f p99_ms %.2f\n", t->count,
         seconds > 0 ? (double)t->count / seconds : 0, t->late_ms[t->count / 2],
         t->late_ms[t->count * 99 / 100]);
}

int main(int argc, char **argv)
{
  struct epoll_event event = {.events = EPOLLIN}, events[256];
  struct tally tally = {.wanted = argc > 2 ? strtoul(argv[1], NULL, 10) : 1};
  int patience_ms = argc > 2 ? atoi(argv[2]) * 1000 : 60000;
  int poll = epoll_create1(0), listener = listen_somewhere(), n, i;

  tally.late_ms = calloc(tally.wanted, sizeof(*tally.late_ms));
  if(poll < 0 || listener < 0 || !tally.late_ms)
    return 1;
  event.data.fd = listener;
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  while(tally.count < tally.wanted) {
    n = epoll_wait(poll, events, 256, patience_ms);
    if(n <= 0)
      break;
    for(i = 0; i < n; i++) {
      if(events[i].data.fd == listener)
        take(poll, listener);
      else
        on_ready(events[i].data.fd, &tally);
    }
  }
  report(&tally);
  return 0;
}
