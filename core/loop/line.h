#ifndef MC_LOOP_LINE_H
#define MC_LOOP_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

/* Lines from standard input while the loop goes on: edited, with history and completion, on a
   terminal; as they come, and without prompts, from anything else. One line is one operation of the
   loop. */

struct mc_line;

/* The most bytes of a line that comes from no terminal; what is longer ends the input. */
#define MC_LINE_MAX (1u << 20)

/* Of both types. "line" ends its operation; "complete" (Tab) may come before it, and no key is read
   until mc_line_complete answers. */
struct mc_line_event {
  struct mc_event event;
  char *text; /* NUL-terminated, without newline; NULL: the input has ended, or was interrupted */
  size_t len;
  size_t cursor; /* "complete": byte offset in text */
  int interrupted; /* "line": Ctrl-C gave the line up */
};
extern const struct mc_event_type mc_line_event_type, mc_complete_event_type;

/* The loop may be freed first: reading then fails. */
int mc_line_new(struct mc_line **out, struct mc_loop *loop, struct mc_err *err);
/* Cancels a read, restores the terminal. NULL is fine. */
void mc_line_free(struct mc_line *line);
int mc_line_is_terminal(const struct mc_line *line);

/* Start to read one line; *id is the operation. MC_FAILED_PRECONDITION while another read is
   running. Cancelling it gives the terminal back. */
int mc_line_read(struct mc_line *line, const char *prompt, uint64_t *id, struct mc_err *err);
/* The answer to a "complete" event: see mc_edit_complete. Without one to answer it does nothing. */
void mc_line_complete(struct mc_line *line, const char *insert, const char *listing);

/* See mc_edit_remember and its neighbours; without a terminal there is no history and they do
   nothing. */
void mc_line_remember(struct mc_line *line, const char *text);
int mc_line_load_history(struct mc_line *line, const char *path, struct mc_err *err);
int mc_line_save_history(struct mc_line *line, const char *path, struct mc_err *err);

#endif
