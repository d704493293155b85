#include "time/english_lex.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FOR_EACH_DAY "an interval is in hours or minutes; for each day write 'every day 09:00'"
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct source {
  const char *text;
  size_t len;
};

static const struct word {
  const char *text;
  enum mc_english_kind kind;
  unsigned value;
} words[] = {
    {"every", T_EVERY, 0},
    {"hours", T_UNIT, 60},
    {"mins", T_UNIT, 1},
    {"minutes", T_UNIT, 1},
    {"from", T_FROM, 0},
    {"to", T_TO, 0},
    {"of", T_OF, 0},
    {"day", T_DAY, 0},
    {"month", T_MONTHS, 0},
    {"quarter", T_QUARTER, 0},
    {"first", T_ORDINAL, 1},
    {"second", T_ORDINAL, 2},
    {"third", T_ORDINAL, 3},
    {"fourth", T_ORDINAL, 4},
    {"fifth", T_ORDINAL, 5},
    {"1st", T_ORDINAL, 1},
    {"2nd", T_ORDINAL, 2},
    {"3rd", T_ORDINAL, 3},
    {"4th", T_ORDINAL, 4},
    {"5th", T_ORDINAL, 5},
    {"sun", T_WEEKDAY, 0},
    {"sunday", T_WEEKDAY, 0},
    {"mon", T_WEEKDAY, 1},
    {"monday", T_WEEKDAY, 1},
    {"tue", T_WEEKDAY, 2},
    {"tuesday", T_WEEKDAY, 2},
    {"wed", T_WEEKDAY, 3},
    {"thu", T_WEEKDAY, 4},
    {"wednesday", T_WEEKDAY, 3},
    {"thursday", T_WEEKDAY, 4},
    {"fri", T_WEEKDAY, 5},
    {"friday", T_WEEKDAY, 5},
    {"sat", T_WEEKDAY, 6},
    {"jan", T_MONTH, 1},
    {"saturday", T_WEEKDAY, 6},
    {"january", T_MONTH, 1},
    {"feb", T_MONTH, 2},
    {"february", T_MONTH, 2},
    {"mar", T_MONTH, 3},
    {"march", T_MONTH, 3},
    {"apr", T_MONTH, 4},
    {"april", T_MONTH, 4},
    {"may", T_MONTH, 5},
    {"jun", T_MONTH, 6},
    {"june", T_MONTH, 6},
    {"jul", T_MONTH, 7},
    {"july", T_MONTH, 7},
    {"aug", T_MONTH, 8},
    {"august", T_MONTH, 8},
    {"sep", T_MONTH, 9},
    {"september", T_MONTH, 9},
    {"oct", T_MONTH, 10},
    {"october", T_MONTH, 10},
    {"nov", T_MONTH, 11},
    {"november", T_MONTH, 11},
    {"dec", T_MONTH, 12},
    {"december", T_MONTH, 12},
    {",", T_COMMA, 0},
    {"synchronized", T_SYNCHRONIZED, 0},
};

/* What people write instead, and what to write. */
static const struct hint {
  const char *word;
  const char *fix;
} hints[] = {
    {"hour", "write 'every 1 hours', units are plural"},
    {"minute", "write 'every 1 minutes', units are plural"},
    {"min", "write 'every 1 mins', units are plural"},
    {"second", MC_ENGLISH_SHORTEST},
    {"seconds", MC_ENGLISH_SHORTEST},
    {"sec", MC_ENGLISH_SHORTEST},
    {"secs", MC_ENGLISH_SHORTEST},
    {"day", FOR_EACH_DAY},
    {"days", FOR_EACH_DAY},
    {"week", "an interval is in hours or minutes; for each week write 'every mon 09:00'"},
    {"weeks", "an interval is in hours or minutes; for each week write 'every mon 09:00'"},
    {"months", "an interval is in hours or minutes; for each month write '1 of month 09:00'"},
    {"quarters", "an interval is in hours or minutes; write '1 of jan,apr,jul,oct 09:00'"},
    {"year", "an interval is in hours or minutes; for each year write '1 of jan 09:00'"},
    {"years", "an interval is in hours or minutes; for each year write '1 of jan 09:00'"},
    {"at", "leave it out, as in 'every day 09:00'"},
    {"on", "leave it out, as in 'every mon 09:00'"},
    {"the", "leave it out, as in '1st mon of month 09:00'"},
    {"in", "write 'of', as in '1st mon of jan 09:00'"},
    {"and", "write a comma, as in 'every mon,tue 09:00'"},
    {"or", "write a comma, as in 'every mon,tue 09:00'"},
    {"-", "ranges are not part of the language, list the days, as in 'mon,tue,wed'"},
    {"*", "a unix-cron schedule has five fields, an App Engine schedule has no stars"},
    {"weekday", "write 'mon,tue,wed,thu,fri'"},
    {"weekdays", "write 'mon,tue,wed,thu,fri'"},
    {"weekend", "write 'sat,sun'"},
    {"weekends", "write 'sat,sun'"},
    {"daily", "write 'every day 09:00'"},
    {"hourly", "write 'every 1 hours'"},
    {"weekly", "write 'every mon 09:00'"},
    {"monthly", "write '1 of month 09:00'"},
    {"am", "write the time as on a 24-hour clock, as in 09:00"},
    {"pm", "write the time as on a 24-hour clock, as in 21:00"},
    {"noon", "write 12:00"},
    {"midnight", "write 00:00"},
    {"until", "write 'to', as in 'every 5 minutes from 10:00 to 14:00'"},
    {"between", "write 'from', as in 'every 5 minutes from 10:00 to 14:00'"},
    {"synchronised", "write 'synchronized'"},
    {"mondays", "write 'mon'"},
    {"tuesdays", "write 'tue'"},
    {"wednesdays", "write 'wed'"},
    {"thursdays", "write 'thu'"},
    {"fridays", "write 'fri'"},
    {"saturdays", "write 'sat'"},
    {"sundays", "write 'sun'"},
    {"tues", "write 'tue'"},
    {"weds", "write 'wed'"},
    {"thur", "write 'thu'"},
    {"thurs", "write 'thu'"},
    {"sept", "write 'sep'"},
    {"last", "the language has no 'last'; the fifth weekday is '5th'"},
};

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_upper(char c)
{
  return c >= 'A' && c <= 'Z';
}

/* End of the digits at `at`. */
static size_t digits_end(const struct source *src, size_t at)
{
  while(at < src->len && is_digit(src->text[at]))
    at++;
  return at;
}

/* The longest word of the language at `at`, or NULL. */
static const struct word *longest_word(const struct source *src, size_t at)
{
  const struct word *best = NULL;
  size_t best_len = 0;

  for(size_t i = 0; i < COUNT(words); i++) {
    size_t n;

    if(words[i].text[0] != src->text[at])
      continue;
    n = strlen(words[i].text);
    if(n > best_len && n <= src->len - at && !memcmp(src->text + at, words[i].text, n)) {
      best = &words[i];
      best_len = n;
    }
  }
  return best;
}

/* A token that is none: the whole run of letters around `at`, with the digits before `th` and the
   like, so that the message shows `sept` and not the `t` that is left of it. */
static struct mc_english_token foreign_word(const struct source *src, size_t at)
{
  struct mc_english_token tok = {T_WORD, 0, at, at + 1};

  if(!is_letter(src->text[at]))
    return tok;
  while(tok.end < src->len && is_letter(src->text[tok.end]))
    tok.end++;
  while(tok.start > 0 && is_letter(src->text[tok.start - 1]))
    tok.start--;
  if(tok.end - tok.start == 2 && strchr("srnt", src->text[tok.start])) {
    while(tok.start > 0 && is_digit(src->text[tok.start - 1]))
      tok.start--;
  }
  return tok;
}

/* Digits at `at`: a time of day, or a number. */
static struct mc_english_token read_digits(const struct source *src, size_t at)
{
  struct mc_english_token tok = {T_NUMBER, 0, at, digits_end(src, at)};
  size_t minutes;
  unsigned h = 0, m;

  for(size_t i = at; i < tok.end && tok.value <= MC_ENGLISH_MAX_N; i++)
    tok.value = tok.value * 10 + (unsigned)(src->text[i] - '0');
  if(tok.value > MC_ENGLISH_MAX_N || tok.end - at > 5)
    tok.value = MC_ENGLISH_MAX_N + 1;
  if(tok.end == src->len || src->text[tok.end] != ':')
    return tok;
  h = tok.value;
  minutes = tok.end + 1;
  tok.end = digits_end(src, minutes);
  tok.kind = T_WORD;
  if(tok.end - minutes != 2 || minutes - at > 3 || h > 23)
    return tok;
  m = (unsigned)(src->text[minutes] - '0') * 10 + (unsigned)(src->text[minutes + 1] - '0');
  if(m > 59)
    return tok;
  tok.kind = T_TIME;
  tok.value = h * 60 + m;
  return tok;
}

struct mc_english_token mc_english_lex(const char *text, size_t len, size_t at)
{
  struct source source = {text, len};
  const struct word *word;

  while(at < len && is_blank(text[at]))
    at++;
  if(at == len)
    return (struct mc_english_token){T_END, 0, at, at};
  word = longest_word(&source, at);
  if(word)
    return (struct mc_english_token){word->kind, word->value, at, at + strlen(word->text)};
  return is_digit(text[at]) ? read_digits(&source, at) : foreign_word(&source, at);
}

const char *mc_english_hint(const char *word)
{
  for(size_t i = 0; i < COUNT(hints); i++) {
    if(!strcmp(hints[i].word, word))
      return hints[i].fix;
  }
  return NULL;
}

const char *mc_english_fix(const char *word)
{
  size_t n = strlen(word);

  for(size_t i = 0; i < n; i++) {
    if(is_upper(word[i]))
      return "schedules are written in lower case";
  }
  if(strchr(word, ':'))
    return "a time of day is 0:00-23:59";
  if(is_digit(word[0]) && is_letter(word[n - 1]))
    return "ordinals are 1st, 2nd, 3rd, 4th and 5th, days are numbers, as in '15 of month 09:00'";
  return mc_english_hint(word);
}
