#ifndef MC_LOOP_EDIT_H
#define MC_LOOP_EDIT_H

#include <stddef.h>

#include "base/err.h"

/* The keys of one terminal, on libedit: one key at a time, so that an event loop can call it when
   there is something to read. Standard input and output; at most one at a time. Text is UTF-8
   whatever the locale. */

struct mc_edit;

enum mc_edit_state {
  MC_EDIT_MORE, /* still editing */
  MC_EDIT_LINE, /* a line was entered */
  MC_EDIT_CLEARED, /* Ctrl-C */
  MC_EDIT_COMPLETE, /* Tab: completions are wanted */
  MC_EDIT_END /* Ctrl-D on an empty line, or the terminal is gone */
};

/* MC_FAILED_PRECONDITION when standard input and output are no terminal. */
int mc_edit_new(struct mc_edit **out, struct mc_err *err);
/* Gives the terminal back as it was found. NULL is fine. */
void mc_edit_free(struct mc_edit *edit);

/* Show the prompt and take the terminal's keys, until mc_edit_end gives them back. */
int mc_edit_begin(struct mc_edit *edit, const char *prompt, struct mc_err *err);
void mc_edit_end(struct mc_edit *edit);
/* Read one key, or one sequence of a function key, and do what it means. To be called when standard
   input is readable; inside libedit's own search (Ctrl-R) it returns when that is over. */
enum mc_edit_state mc_edit_key(struct mc_edit *edit);
/* The line so far, without a newline, and the byte offset of its cursor. Borrowed until the next
   call. */
const char *mc_edit_text(struct mc_edit *edit, size_t *len, size_t *cursor);
/* Insert at the cursor; then, if `listing` is not empty, show it below the line and the line again
   below that. Neither: a beep. */
void mc_edit_complete(struct mc_edit *edit, const char *insert, const char *listing);

/* The last 1,000 lines, the same one twice in a row kept once. */
void mc_edit_remember(struct mc_edit *edit, const char *text);
/* A missing file is an empty history. MC_FAILED_PRECONDITION: the file is something else. */
int mc_edit_load_history(struct mc_edit *edit, const char *path, struct mc_err *err);
/* The file has mode 0600, folders made on the way 0700. */
int mc_edit_save_history(struct mc_edit *edit, const char *path, struct mc_err *err);

#endif
