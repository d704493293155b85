#include "loop/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/alloc.h"

#define MAX_HISTORY 1000
#define ESCAPE_MS 50 /* how long the rest of a function key's sequence may take */

struct mc_edit {
  EditLine *el;
  History *history;
  locale_t utf8;
  mbstate_t shift; /* of the character that is being read */
  char *prompt;
  int in_escape;
  int editing;
  enum mc_edit_state wish; /* what the key asks for */
};

/* exit() runs no destructor, and atexit passes no argument: hence this one global, of the process's
   one terminal. */
static struct {
  struct termios original;
  int known;
  int changed;
} terminal;

static void restore_terminal(void)
{
  if(terminal.changed)
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.original);
  terminal.changed = 0;
}

static void know_terminal(void)
{
  if(tcgetattr(STDIN_FILENO, &terminal.original))
    return;
  if(!terminal.known)
    atexit(restore_terminal);
  terminal.known = 1;
}

/* ---- reading ---- */

static struct mc_edit *edit_of(EditLine *el)
{
  struct mc_edit *edit = NULL;

  el_get(el, EL_CLIENTDATA, &edit);
  return edit;
}

static int wait_for_input(int timeout_ms)
{
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

  return poll(&input, 1, timeout_ms) > 0;
}

/* Of a lone Escape nothing more comes: the sequence is given up, so that it cannot hold the
   loop. */
static void follow_escape(struct mc_edit *edit, wchar_t c)
{
  if(c == L'\033')
    edit->in_escape = 1;
  else if(!wcschr(L"[O;0123456789", c))
    edit->in_escape = 0;
}

/* libedit's source of characters: 1 with a character, 0 at the end, -1 when there is none
   just now. */
static int read_char(EditLine *el, wchar_t *out)
{
  struct mc_edit *edit = edit_of(el);
  char byte;
  ssize_t got;
  size_t len;

  for(;;) {
    if(edit->in_escape && !wait_for_input(ESCAPE_MS)) {
      edit->in_escape = 0;
      return -1;
    }
    got = read(STDIN_FILENO, &byte, 1);
    if(got < 0 && errno == EINTR)
      continue;
    if(got < 0 && errno == EAGAIN && wait_for_input(-1))
      continue;
    if(got <= 0) {
      edit->wish = MC_EDIT_END;
      return 0;
    }
    len = mbrtowc(out, &byte, 1, &edit->shift);
    if(len == (size_t)-1)
      memset(&edit->shift, 0, sizeof(edit->shift)); /* not UTF-8: dropped */
    else if(len != (size_t)-2)
      break;
  }
  follow_escape(edit, *out);
  return 1;
}

static unsigned char on_tab(EditLine *el, int c)
{
  (void)c;
  edit_of(el)->wish = MC_EDIT_COMPLETE;
  return CC_NORM;
}

static unsigned char on_clear(EditLine *el, int c)
{
  (void)c;
  edit_of(el)->wish = MC_EDIT_CLEARED;
  return CC_NORM;
}

static unsigned char on_suspend(EditLine *el, int c)
{
  (void)c;
  el_set(el, EL_PREP_TERM, 0);
  kill(getpid(), SIGTSTP);
  el_set(el, EL_PREP_TERM, 1);
  return CC_REDISPLAY;
}

static char *prompt_of(EditLine *el)
{
  return edit_of(el)->prompt;
}

/* ---- life ---- */

/* The keys that would be signals come as keys (-isig): they mean something for the line alone. */
static void set_up(struct mc_edit *edit)
{
  EditLine *el = edit->el;
  HistEvent event;

  el_set(el, EL_CLIENTDATA, edit);
  el_set(el, EL_EDITOR, "emacs");
  el_set(el, EL_SIGNAL, 0);
  el_set(el, EL_PROMPT, prompt_of);
  el_set(el, EL_GETCFN, read_char);
  el_set(el, EL_HIST, history, edit->history);
  el_set(el, EL_SETTY, "-d", "-isig", NULL);
  el_set(el, EL_ADDFN, "mooncron-complete", "Complete the word", on_tab);
  el_set(el, EL_ADDFN, "mooncron-clear", "Give the line up", on_clear);
  el_set(el, EL_ADDFN, "mooncron-suspend", "Stop the program", on_suspend);
  el_source(el, NULL);
  el_set(el, EL_BIND, "^I", "mooncron-complete", NULL);
  el_set(el, EL_BIND, "^C", "mooncron-clear", NULL);
  el_set(el, EL_BIND, "^Z", "mooncron-suspend", NULL);
  el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
  history(edit->history, &event, H_SETSIZE, MAX_HISTORY);
  history(edit->history, &event, H_SETUNIQUE, 1);
}

int mc_edit_new(struct mc_edit **out, struct mc_err *err)
{
  struct mc_edit *edit;
  locale_t old;

  if(!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "standard input and output are no terminal");
  edit = mc_calloc(1, sizeof(*edit));
  if(!edit)
    return mc_fail_nomem(err);
  know_terminal();
  edit->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  edit->history = history_init();
  if(edit->utf8 && edit->history) {
    old = uselocale(edit->utf8);
    edit->el = el_init("mooncron", stdin, stdout, stderr);
    if(edit->el)
      set_up(edit);
    uselocale(old);
  }
  if(!edit->el) {
    mc_edit_free(edit);
    return mc_fail(err, MC_UNAVAILABLE, 0, "no line editor: is TERM set to a known terminal?");
  }
  *out = edit;
  return MC_OK;
}

void mc_edit_free(struct mc_edit *edit)
{
  if(!edit)
    return;
  mc_edit_end(edit);
  if(edit->el)
    el_end(edit->el);
  if(edit->history)
    history_end(edit->history);
  if(edit->utf8)
    freelocale(edit->utf8);
  restore_terminal();
  mc_free(edit->prompt);
  mc_free(edit);
}

/* ---- a line ---- */

int mc_edit_begin(struct mc_edit *edit, const char *prompt, struct mc_err *err)
{
  char *copy = mc_strdup(prompt);
  locale_t old;

  if(!copy)
    return mc_fail_nomem(err);
  mc_edit_end(edit);
  mc_free(edit->prompt);
  edit->prompt = copy;
  edit->editing = 1;
  terminal.changed = 1;
  old = uselocale(edit->utf8);
  el_resize(edit->el);
  el_set(edit->el, EL_UNBUFFERED, 1);
  uselocale(old);
  return MC_OK;
}

void mc_edit_end(struct mc_edit *edit)
{
  if(!edit->editing)
    return;
  edit->editing = 0;
  el_set(edit->el, EL_UNBUFFERED, 0);
  restore_terminal();
}

const char *mc_edit_text(struct mc_edit *edit, size_t *len, size_t *cursor)
{
  locale_t old = uselocale(edit->utf8);
  const LineInfo *info = el_line(edit->el);

  uselocale(old);
  *len = (size_t)(info->lastchar - info->buffer);
  *cursor = (size_t)(info->cursor - info->buffer);
  if(*len && info->buffer[*len - 1] == '\n')
    --*len;
  return info->buffer;
}

enum mc_edit_state mc_edit_key(struct mc_edit *edit)
{
  locale_t old = uselocale(edit->utf8);
  const char *text;
  int count;

  edit->wish = MC_EDIT_MORE;
  text = el_gets(edit->el, &count);
  uselocale(old);
  if(edit->wish != MC_EDIT_MORE || !text || count < 1)
    return edit->wish;
  if(text[count - 1] == '\n')
    return MC_EDIT_LINE;
  if(count == 1 && text[0] == 4) /* libedit's sign of an end */
    return MC_EDIT_END;
  return MC_EDIT_MORE;
}

/* Past libedit, whose own output is flushed already. */
static void show(const char *text)
{
  ssize_t ignored = write(STDOUT_FILENO, text, strlen(text));

  (void)ignored; /* a terminal that is gone shows as the end of its input */
}

void mc_edit_complete(struct mc_edit *edit, const char *insert, const char *listing)
{
  locale_t old = uselocale(edit->utf8);

  if(*insert)
    el_insertstr(edit->el, insert);
  if(*listing) {
    show("\n");
    show(listing);
    show("\n");
  } else
    show("\r"); /* EL_REFRESH draws prompt and line anew from where the cursor is */
  if(*insert || *listing)
    el_set(edit->el, EL_REFRESH);
  else
    show("\a");
  uselocale(old);
}

/* ---- history ---- */

void mc_edit_remember(struct mc_edit *edit, const char *text)
{
  locale_t old = uselocale(edit->utf8);
  HistEvent event;

  history(edit->history, &event, H_ENTER, text);
  uselocale(old);
}

int mc_edit_load_history(struct mc_edit *edit, const char *path, struct mc_err *err)
{
  struct stat info;
  HistEvent event;

  if(stat(path, &info) || !info.st_size)
    return MC_OK;
  if(history(edit->history, &event, H_LOAD, path) < 0)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "'%s' is not a history", path);
  return MC_OK;
}

static void make_folders(const char *path)
{
  char folder[PATH_MAX];
  char *at;

  if(snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
    return;
  for(at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
    *at = '\0';
    mkdir(folder, 0700); /* what goes wrong shows when the file is opened */
    *at = '/';
  }
}

int mc_edit_save_history(struct mc_edit *edit, const char *path, struct mc_err *err)
{
  HistEvent event;
  int fd;

  make_folders(path);
  fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if(fd < 0)
    return mc_fail(err, MC_PERMISSION_DENIED, errno, "cannot write the history '%s': %s", path,
                   strerror(errno));
  close(fd);
  if(history(edit->history, &event, H_SAVE, path) < 0)
    return mc_fail(err, MC_UNAVAILABLE, errno, "cannot write the history '%s'", path);
  return MC_OK;
}
