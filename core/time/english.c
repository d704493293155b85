#include "time/english.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "time/english_lex.h"
#include "time/names.h"

#define DAY_MIN 1440

struct parser {
  const char *text;
  size_t len;
  struct mc_english_token tok; /* the token at hand */
  size_t before; /* end of the token before it */
  struct mc_err *err;
};

static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
static const char *const month_names[] = {"",    "jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const ordinal_names[] = {"", "1st", "2nd", "3rd", "4th", "5th"};

static void advance(struct parser *p)
{
  p->before = p->tok.end;
  p->tok = mc_english_lex(p->text, p->len, p->tok.end);
}

/* ---- errors ---- */

/* A word of the text for a message: cut to fit, bytes that do not print shown as '?'. */
struct shown {
  char text[32];
};

static struct shown show(const struct parser *p, const struct mc_english_token *tok)
{
  struct shown s;
  size_t n = tok->end - tok->start;

  if(n > sizeof(s.text) - 1)
    n = sizeof(s.text) - 1;
  for(size_t i = 0; i < n; i++) {
    char c = p->text[tok->start + i];

    s.text[i] = (char)(c >= ' ' && c < 127 ? c : '?');
  }
  s.text[n] = '\0';
  return s;
}

/* Refuse the token at hand, saying what is wrong or what to write. */
static int refuse(struct parser *p, const char *reason)
{
  return mc_fail_at(p->err, MC_INVALID_ARGUMENT, (int64_t)p->tok.start, "'%s': %s",
                    show(p, &p->tok).text, reason);
}

/* A word that only begins like one of the language's, as `days`, is judged whole. */
static void widen(struct parser *p)
{
  struct mc_english_token rest = mc_english_lex(p->text, p->len, p->tok.end);

  if(rest.kind == T_WORD && rest.start < p->tok.end)
    p->tok = rest;
}

/* Refuse the token at hand where `expected` was due. */
static int unexpected(struct parser *p, const char *expected)
{
  const char *fix;
  char reason[96];

  widen(p);
  fix = p->tok.kind == T_WORD ? mc_english_fix(show(p, &p->tok).text) : NULL;
  if(p->tok.kind == T_END)
    return mc_fail_at(p->err, MC_INVALID_ARGUMENT, (int64_t)p->tok.start,
                      "the schedule ends early: expected %s", expected);
  if(fix)
    return refuse(p, fix);
  snprintf(reason, sizeof(reason), "expected %s", expected);
  return refuse(p, reason);
}

static bool take(struct parser *p, enum mc_english_kind kind)
{
  bool is = p->tok.kind == kind;

  if(is)
    advance(p);
  return is;
}

/* Consume a token of this kind, its value in *value (may be NULL). */
static int want(struct parser *p, enum mc_english_kind kind, unsigned *value, const char *expected)
{
  if(p->tok.kind != kind)
    return unexpected(p, expected);
  if(value)
    *value = p->tok.value;
  advance(p);
  return MC_OK;
}

/* ---- grammar ---- */

/* A comma list of tokens of one kind with values `first`-`last`; bit n of *mask for the value n. */
struct list {
  enum mc_english_kind kind;
  unsigned first, last;
  const char *expected;
};

static const struct list days_list = {T_NUMBER, 1, 31, "a day of the month, 1-31"};
static const struct list months_list = {T_MONTH, 1, 12, "a month, as jan or january"};
static const struct list weekdays_list = {T_WEEKDAY, 0, 6, "a day of the week, as mon or monday"};
static const struct list ordinals_list = {T_ORDINAL, 1, 5, "an ordinal, 1st to 5th"};
static const struct list thirds_list = {T_ORDINAL, 1, 3, "1st, 2nd or 3rd month of a quarter"};

static int parse_list(struct parser *p, const struct list *list, uint32_t *mask)
{
  uint32_t bits = 0;

  do {
    if(p->tok.kind != list->kind || p->tok.value < list->first || p->tok.value > list->last)
      return unexpected(p, list->expected);
    bits |= 1u << p->tok.value;
    advance(p);
  } while(take(p, T_COMMA));
  *mask = bits;
  return MC_OK;
}

/* What follows "of". */
static int parse_months(struct parser *p, uint16_t *months)
{
  uint32_t mask = 0, thirds = 1u << 1;
  int rc;

  switch(p->tok.kind) {
  case T_MONTHS:
    mask = MC_ALL_MONTHS;
    advance(p);
    break;
  case T_MONTH:
    rc = parse_list(p, &months_list, &mask);
    if(rc)
      return rc;
    break;
  case T_ORDINAL:
    rc = parse_list(p, &thirds_list, &thirds);
    if(!rc)
      rc = want(p, T_MONTHS, NULL, "'month of quarter'");
    if(!rc)
      rc = want(p, T_OF, NULL, "'of quarter'");
    if(!rc && p->tok.kind != T_QUARTER)
      rc = unexpected(p, "'quarter'");
    if(rc)
      return rc;
    /* fall through */
  case T_QUARTER:
    for(unsigned quarter = 0; quarter < 4; quarter++)
      mask |= thirds << (3 * quarter);
    advance(p);
    break;
  default:
    return unexpected(p, "'month', 'quarter' or months, as in 'of jan,jul'");
  }
  *months = (uint16_t)mask;
  return MC_OK;
}

static int parse_synchronized(struct parser *p, unsigned number, struct mc_interval *interval)
{
  char reason[64];

  if(interval->period_min > DAY_MIN || DAY_MIN % interval->period_min) {
    snprintf(reason, sizeof(reason), "%u %s do not divide a day", number,
             interval->hours ? "hours" : "minutes");
    return refuse(p, reason);
  }
  advance(p);
  interval->synchronized = 1;
  interval->from_min = 0;
  interval->to_min = DAY_MIN - 1;
  return MC_OK;
}

static int parse_range(struct parser *p, struct mc_interval *interval)
{
  unsigned from = 0, to = 0;
  int rc = want(p, T_FROM, NULL, "'from', 'synchronized' or the end");

  if(!rc)
    rc = want(p, T_TIME, &from, "a time of day, as in 10:00");
  if(!rc)
    rc = want(p, T_TO, NULL, "'to' and a time of day");
  if(!rc)
    rc = want(p, T_TIME, &to, "a time of day, as in 14:00");
  if(rc)
    return rc;
  interval->from_min = (int16_t)from;
  interval->to_min = (int16_t)to;
  return MC_OK;
}

/* After "every", at a number. */
static int parse_interval(struct parser *p, struct mc_interval *interval)
{
  unsigned number = p->tok.value;

  if(!number)
    return refuse(p, MC_ENGLISH_SHORTEST);
  if(number > MC_ENGLISH_MAX_N)
    return refuse(p, "an interval is 1-99999 hours or minutes");
  advance(p);
  if(p->tok.kind != T_UNIT) {
    const char *fix;

    widen(p);
    /* "day" and "second" are words of the language, and no units */
    fix = mc_english_hint(show(p, &p->tok).text);
    return fix ? refuse(p, fix) : unexpected(p, "hours, mins or minutes");
  }
  interval->hours = p->tok.value == 60;
  interval->period_min = (int32_t)(number * p->tok.value);
  interval->from_min = interval->to_min = -1;
  advance(p);
  if(p->tok.kind == T_END)
    return MC_OK;
  if(p->tok.kind == T_SYNCHRONIZED)
    return parse_synchronized(p, number, interval);
  return parse_range(p, interval);
}

/* The days of the weekly form, after "every" (ordinals 0) or a list of ordinals. "day" after
   ordinals means days of the month. [groc] */
static int parse_weekdays(struct parser *p, uint32_t ordinals, struct mc_calendar *calendar)
{
  uint32_t mask = 0;
  int rc;

  if(p->tok.kind == T_DAY) {
    advance(p);
    calendar->day_rule = ordinals ? MC_DAYS_MONTH : MC_DAYS_ALL;
    if(ordinals)
      calendar->days = ordinals;
    return MC_OK;
  }
  if(p->tok.kind != T_WEEKDAY)
    return unexpected(p, ordinals ? "'day' or days of the week, as in '1st mon'"
                                  : "a number, 'day' or days of the week, as in 'every mon'");
  rc = parse_list(p, &weekdays_list, &mask);
  if(rc)
    return rc;
  calendar->day_rule = MC_DAYS_WEEK;
  calendar->weekdays = (uint8_t)mask;
  if(ordinals) {
    calendar->ordinal_days = 0;
    for(unsigned i = 1; i <= 5; i++)
      calendar->ordinal_days |= ordinals & (1u << i) ? mc_ordinal_windows[i] : 0;
  }
  return MC_OK;
}

/* Whether the smallest day comes in some of the months; February counts as 29 days. [groc] */
static bool can_happen(const struct mc_calendar *calendar)
{
  int day = __builtin_ctz(calendar->days);
  uint32_t months = MC_ALL_MONTHS;

  if(day == 30)
    months &= ~(1u << 2);
  else if(day == 31)
    months = 1u << 1 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 10 | 1u << 12;
  return calendar->months & months;
}

static int parse_time(struct parser *p, struct mc_calendar *calendar, const char *expected)
{
  unsigned minute = 0;
  int rc = want(p, T_TIME, &minute, expected);

  if(rc)
    return rc;
  calendar->hours = 1u << (minute / 60);
  calendar->minutes = (uint64_t)1 << (minute % 60);
  return MC_OK;
}

static int parse_monthdays(struct parser *p, struct mc_calendar *calendar)
{
  size_t start = p->tok.start;
  int rc = parse_list(p, &days_list, &calendar->days);

  calendar->day_rule = MC_DAYS_MONTH;
  if(!rc)
    rc = want(p, T_OF, NULL, "'of' and months, as in '15 of month 09:00'");
  if(!rc)
    rc = parse_months(p, &calendar->months);
  if(!rc && !can_happen(calendar)) {
    p->tok = (struct mc_english_token){T_WORD, 0, start, p->before};
    rc = refuse(p, "these months have no such day, it never happens");
  }
  return rc ? rc : parse_time(p, calendar, "a time of day, as in 09:00");
}

static int parse_calendar(struct parser *p, struct mc_calendar *calendar)
{
  uint32_t ordinals = 0;
  int rc = MC_OK;

  if(p->tok.kind == T_NUMBER)
    return parse_monthdays(p, calendar);
  if(p->tok.kind == T_ORDINAL)
    rc = parse_list(p, &ordinals_list, &ordinals);
  if(!rc)
    rc = parse_weekdays(p, ordinals, calendar);
  if(rc)
    return rc;
  if(!take(p, T_OF))
    return parse_time(p, calendar, "a time of day, as in 09:00, or 'of' and months");
  rc = parse_months(p, &calendar->months);
  return rc ? rc : parse_time(p, calendar, "a time of day, as in 09:00");
}

int mc_english_parse(struct mc_rule *out, const char *text, size_t len, struct mc_err *err)
{
  static const struct mc_calendar any = {.days = MC_ALL_DAYS,
                                         .ordinal_days = MC_ALL_DAYS,
                                         .months = MC_ALL_MONTHS,
                                         .weekdays = MC_ALL_WEEKDAYS};
  struct parser p = {.text = text, .len = len, .err = err};
  struct mc_rule rule;
  size_t start;
  int rc;

  memset(&rule, 0, sizeof(rule)); /* no garbage between the fields: rules are compared as bytes */
  rule.language = MC_LANG_ENGLISH;
  advance(&p);
  start = p.tok.start;
  if(p.tok.kind == T_END)
    return mc_fail_at(err, MC_INVALID_ARGUMENT, 0,
                      "the schedule is empty, write one as 'every 5 minutes' or 'every day 09:00'");
  if(p.tok.kind != T_NUMBER && p.tok.kind != T_ORDINAL && !take(&p, T_EVERY))
    return unexpected(&p, "'every', an ordinal or a day of the month");
  if(p.tok.kind == T_NUMBER && p.tok.start != start) {
    rule.kind = MC_RULE_INTERVAL;
    rc = parse_interval(&p, &rule.as.interval);
  } else {
    rule.kind = MC_RULE_CALENDAR;
    rule.as.calendar = any;
    rc = parse_calendar(&p, &rule.as.calendar);
  }
  if(!rc)
    rc = want(&p, T_END, NULL, "nothing more");
  if(!rc)
    *out = rule;
  return rc;
}

/* ---- canonical print ---- */

/* The values of a mask as a comma list; by name, or as numbers when `names` is NULL. */
static int print_list(struct mc_buf *out, uint32_t mask, const char *const *names,
                      struct mc_err *err)
{
  int rc = MC_OK;

  for(const char *comma = ""; mask && !rc; mask &= mask - 1, comma = ",") {
    int value = __builtin_ctz(mask);

    rc = names ? mc_buf_printf(out, err, "%s%s", comma, names[value])
               : mc_buf_printf(out, err, "%s%d", comma, value);
  }
  return rc;
}

static int print_weekdays(const struct mc_calendar *calendar, struct mc_buf *out,
                          struct mc_err *err)
{
  uint32_t ordinals = 0;
  int rc;

  for(unsigned i = 1; i <= 5; i++)
    ordinals |=
        (calendar->ordinal_days & mc_ordinal_windows[i]) == mc_ordinal_windows[i] ? 1u << i : 0;
  rc = ordinals == 0x3E ? mc_buf_puts(out, "every", err)
                        : print_list(out, ordinals, ordinal_names, err);
  if(!rc)
    rc = mc_buf_puts(out, " ", err);
  return rc ? rc : print_list(out, calendar->weekdays, weekday_names, err);
}

static int print_calendar(const struct mc_calendar *calendar, struct mc_buf *out,
                          struct mc_err *err)
{
  bool all_months = calendar->months == MC_ALL_MONTHS;
  int rc;

  if(calendar->day_rule == MC_DAYS_ALL)
    rc = mc_buf_puts(out, "every day", err);
  else if(calendar->day_rule == MC_DAYS_MONTH)
    rc = print_list(out, calendar->days, NULL, err);
  else
    rc = print_weekdays(calendar, out, err);
  if(!rc && (calendar->day_rule == MC_DAYS_MONTH || !all_months))
    rc = mc_buf_puts(out, all_months ? " of month" : " of ", err);
  if(!rc && !all_months)
    rc = print_list(out, calendar->months, month_names, err);
  return rc ? rc
            : mc_buf_printf(out, err, " %02d:%02d", __builtin_ctz(calendar->hours),
                            __builtin_ctzll(calendar->minutes));
}

static int print_interval(const struct mc_interval *interval, struct mc_buf *out,
                          struct mc_err *err)
{
  int rc = interval->hours
               ? mc_buf_printf(out, err, "every %d hours", (int)interval->period_min / 60)
               : mc_buf_printf(out, err, "every %d minutes", (int)interval->period_min);

  if(rc || interval->from_min < 0)
    return rc;
  if(interval->synchronized)
    return mc_buf_puts(out, " synchronized", err);
  return mc_buf_printf(out, err, " from %02d:%02d to %02d:%02d", interval->from_min / 60,
                       interval->from_min % 60, interval->to_min / 60, interval->to_min % 60);
}

int mc_english_print(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err)
{
  size_t before = out->len;
  int rc;

  if(rule->language != MC_LANG_ENGLISH)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the rule is not an App Engine schedule");
  rc = rule->kind == MC_RULE_INTERVAL ? print_interval(&rule->as.interval, out, err)
                                      : print_calendar(&rule->as.calendar, out, err);
  if(rc && out->data) { /* nothing half written */
    out->len = before;
    out->data[before] = '\0';
  }
  return rc;
}
