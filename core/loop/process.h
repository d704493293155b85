#ifndef MC_LOOP_PROCESS_H
#define MC_LOOP_PROCESS_H

#include "base/buf.h"
#include "loop/loop.h"

/* Run a program to its end and collect what it prints: a "process" event. It leads a process group
   of its own, which is killed when its time is up, when it prints too much and when it is
   cancelled. */

struct mc_process_opts {
  const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
  const char *const *env; /* "NAME=value" beside and instead of the environment's; may be NULL */
  const void *input; /* all of its standard input */
  size_t input_len;
  int64_t timeout_ms; /* 0: none */
  int64_t max_output; /* most bytes on standard output, and on standard error */
};

struct mc_process_event {
  struct mc_event event;
  struct mc_err err; /* code 0: it ended by itself; DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED */
  int64_t exit_code;
  int64_t signum; /* that ended it, 0 if none */
  struct mc_buf out, err_out;
};
extern const struct mc_event_type mc_process_event_type;

/* A program that cannot be started fails here: MC_NOT_FOUND, MC_PERMISSION_DENIED. Everything is
   copied. */
int mc_process_start(struct mc_loop *loop, const struct mc_process_opts *opts, uint64_t *id,
                     struct mc_err *err);

#endif
