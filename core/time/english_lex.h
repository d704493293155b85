#ifndef MC_TIME_ENGLISH_LEX_H
#define MC_TIME_ENGLISH_LEX_H

#include <stddef.h>

/* The words of App Engine schedules; private to time/english.c. [groc]: blanks separate and are
   needed nowhere, the longest word wins (`every20mins`, `monday` before `mon`). */

#define MC_ENGLISH_MAX_N 99999u
#define MC_ENGLISH_SHORTEST "the shortest interval is one minute"

enum mc_english_kind {
  T_END,
  T_WORD, /* nothing of the language */
  T_NUMBER, /* value: the number, MC_ENGLISH_MAX_N + 1 when larger */
  T_TIME, /* value: minutes of the day */
  T_ORDINAL, /* value: 1-5 */
  T_WEEKDAY, /* value: 0-6 */
  T_MONTH, /* value: 1-12 */
  T_UNIT, /* value: its minutes */
  T_EVERY,
  T_DAY,
  T_OF,
  T_MONTHS, /* the word "month" */
  T_QUARTER,
  T_FROM,
  T_TO,
  T_SYNCHRONIZED,
  T_COMMA
};

struct mc_english_token {
  enum mc_english_kind kind;
  unsigned value;
  size_t start, end; /* bytes of the text */
};

/* The token at or after byte `at`; T_END at the end. */
struct mc_english_token mc_english_lex(const char *text, size_t len, size_t at);

/* What to write instead of a word that people use; NULL when there is no advice. */
const char *mc_english_hint(const char *word);

/* The same for a T_WORD, judged by its form too. */
const char *mc_english_fix(const char *word);

#endif
