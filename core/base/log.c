#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
  int level;
  mc_log_sink sink;
  void *arg;
} target = {MC_LOG_WARN, NULL, NULL};

void mc_log_to(int level, mc_log_sink sink, void *arg)
{
  target.level = level;
  target.sink = sink;
  target.arg = arg;
}

void mc_log(int level, const char *fmt, ...)
{
  static const char *const words[] = {"error", "warn", "info", "debug"};
  char line[1024];
  va_list args;

  if(level > target.level)
    return;
  va_start(args, fmt);
  vsnprintf(line, sizeof(line), fmt, args);
  va_end(args);
  if(target.sink)
    target.sink(level, line, target.arg);
  else
    fprintf(stderr, "mooncron: %s: %s\n", words[level], line);
}
