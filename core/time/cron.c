#include "time/cron.h"

#include <stdbool.h>
#include <string.h>

#define TEXT_MAX 1024

/* The five fields. A name's value is its place in `names` plus `low`. */
struct field {
  const char *name;
  int low, high; /* what the text may say */
  int full_high; /* what the mask holds: 7 is Sunday */
  const char *names; /* three letters each */
};

static const struct field fields[5] = {
    {"minute", 0, 59, 59, ""},
    {"hour", 0, 23, 23, ""},
    {"day of month", 1, 31, 31, ""},
    {"month", 1, 12, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
    {"day of week", 0, 7, 6, "SUNMONTUEWEDTHUFRISAT"},
};

static uint64_t bits_between(int low, int high)
{
  return (UINT64_MAX >> (63 - (high - low))) << low;
}

/* A cursor over the text. */
struct reader {
  const char *text;
  size_t len, at;
  struct mc_err *err;
};

static char peek(const struct reader *r)
{
  return r->at < r->len ? r->text[r->at] : '\0';
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

static void skip_blanks(struct reader *r)
{
  while(r->at < r->len && is_blank(r->text[r->at]))
    r->at++;
}

static bool at_field_end(const struct reader *r)
{
  return r->at >= r->len || is_blank(r->text[r->at]);
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char upper(char c)
{
  return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

#define REFUSE(r, at, ...) mc_fail_at((r)->err, MC_INVALID_ARGUMENT, (int64_t)(at), __VA_ARGS__)

/* What people write for other crons, and what to write here. */
static int refuse_char(const struct reader *r, const struct field *f)
{
  static const struct {
    char c;
    const char *fix;
  } known[] = {
      {'L', "'L' (last) is not supported, write the day in numbers"},
      {'W', "'W' (nearest weekday) is not supported, write the day in numbers"},
      {'#', "'#' (nth weekday) is not supported, write it as '1st mon of month 09:00'"},
      {'?', "'?' is not supported, write '*'"},
      {'+', "'+' is not allowed, values have no sign"},
      {'-', "'-' is not allowed here, a range is written 1-5"},
      {',', "an item of the list is empty"},
      {'/', "a step needs '*' or a range before it, as in '*/5'"},
      {'@', "macros such as '@daily' are not supported, write '0 0 * * *'"},
  };
  char c = peek(r);
  size_t i;

  for(i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if(upper(c) == known[i].c)
      return REFUSE(r, r->at, "%s: %s", f->name, known[i].fix);
  }
  if(at_field_end(r))
    return REFUSE(r, r->at, "%s: a value is missing", f->name);
  if(c < ' ' || c > '~')
    return REFUSE(r, r->at, "%s: byte 0x%02x is not allowed", f->name, (unsigned char)c);
  return REFUSE(r, r->at, "%s: '%c' is not allowed, use numbers and '* , - /'", f->name, c);
}

static int read_name(struct reader *r, const struct field *f, int *out)
{
  size_t start = r->at, len;
  const char *name = f->names;
  int n;

  while(is_letter(peek(r)))
    r->at++;
  len = r->at - start;
  for(n = 0; len == 3 && *name; name += 3, n++) {
    if(upper(r->text[start]) == name[0] && upper(r->text[start + 1]) == name[1] &&
       upper(r->text[start + 2]) == name[2]) {
      *out = f->low + n;
      return MC_OK;
    }
  }
  r->at = start;
  if(len == 1)
    return refuse_char(r, f);
  if(!f->names[0])
    return REFUSE(r, start, "%s '%.*s' is not a number", f->name, (int)(len < 16 ? len : 16),
                  r->text + start);
  return REFUSE(r, start, "%s '%.*s' is not known, use %s", f->name, (int)(len < 16 ? len : 16),
                r->text + start, f->low ? "1-12 or JAN-DEC" : "0-7 or SUN-SAT");
}

/* Digits; far too many are still one wrong number. */
static int read_digits(struct reader *r)
{
  int n = 0;

  for(; is_digit(peek(r)); r->at++)
    n = n > 99999 ? n : n * 10 + (peek(r) - '0');
  return n;
}

static int read_value(struct reader *r, const struct field *f, int *out)
{
  size_t start = r->at;
  int n;

  if(is_letter(peek(r)))
    return read_name(r, f, out);
  if(!is_digit(peek(r)))
    return refuse_char(r, f);
  n = read_digits(r);
  if(n < f->low || n > f->high)
    return REFUSE(r, start, "%s %.*s is not in %d-%d", f->name,
                  (int)(r->at - start < 16 ? r->at - start : 16), r->text + start, f->low, f->high);
  if(r->at - start > 2)
    return REFUSE(r, start, "%s %.*s has too many digits", f->name,
                  (int)(r->at - start < 16 ? r->at - start : 16), r->text + start);
  *out = n;
  return MC_OK;
}

/* "/n" after `*` or a range; 1 when there is none. */
static int read_step(struct reader *r, const struct field *f, int *step)
{
  size_t start;

  *step = 1;
  if(peek(r) != '/')
    return MC_OK;
  start = ++r->at;
  if(!is_digit(peek(r)))
    return REFUSE(r, start, "%s: a step is a number of 1 or more", f->name);
  *step = read_digits(r);
  return *step ? MC_OK : REFUSE(r, start, "%s: step 0 is not 1 or more", f->name);
}

static int refuse_descending(const struct reader *r, const struct field *f, size_t at, int low,
                             int high)
{
  if(low > f->full_high)
    low = f->low;
  if(low <= high)
    return REFUSE(r, at, "%s: the range descends, write %d-%d", f->name, low, high);
  return REFUSE(r, at, "%s: range %d-%d descends, write %d-%d,%d-%d", f->name, low, high, low,
                f->full_high, f->low, high);
}

/* "*", a value or a range, with its step, into the mask. */
static int read_item(struct reader *r, const struct field *f, uint64_t *mask)
{
  size_t start = r->at;
  int low = f->low, high = f->full_high, step = 1;
  bool single = false;
  int rc;

  if(peek(r) == '*') {
    r->at++;
  } else {
    rc = read_value(r, f, &low);
    if(rc)
      return rc;
    high = low;
    single = peek(r) != '-';
    if(!single) {
      r->at++;
      rc = read_value(r, f, &high);
      if(rc)
        return rc;
    }
  }
  if(high < low)
    return refuse_descending(r, f, start, low, high);
  if(single && peek(r) == '/')
    return REFUSE(r, r->at, "%s: a step needs '*' or a range before it, as in '%d-%d/n'", f->name,
                  low, f->full_high);
  rc = read_step(r, f, &step);
  if(rc)
    return rc;
  if(step == 1)
    *mask |= bits_between(low, high);
  else
    for(; low <= high; low += step)
      *mask |= UINT64_C(1) << low;
  return MC_OK;
}

/* A field; *star when it is exactly "*". */
static int read_field(struct reader *r, const struct field *f, uint64_t *mask, bool *star)
{
  size_t start;
  int rc;

  skip_blanks(r);
  if(r->at >= r->len)
    return REFUSE(r, r->at, "the field '%s' is missing, a schedule has five fields", f->name);
  start = r->at;
  *mask = 0;
  for(;;) {
    rc = read_item(r, f, mask);
    if(rc)
      return rc;
    if(peek(r) != ',')
      break;
    r->at++;
  }
  if(!at_field_end(r))
    return refuse_char(r, f);
  *star = r->at - start == 1 && r->text[start] == '*';
  if(f->high == 7)
    *mask = (*mask | *mask >> 7) & 0x7f;
  return MC_OK;
}

/* Whether one of the days falls into one of the months, February counted as 29. */
static bool can_fire(const struct mc_calendar *c)
{
  static const uint32_t long_months = 0x15aa; /* 1 3 5 7 8 10 12 */
  static const uint32_t february = 1u << 2;
  uint32_t days = c->days;

  return c->day_rule != MC_DAYS_MONTH || (days & bits_between(1, 29)) ||
         ((days & 1u << 30) && (c->months & ~february)) ||
         ((days & 1u << 31) && (c->months & long_months));
}

static uint8_t day_rule(bool any_day, bool any_weekday)
{
  if(any_day)
    return any_weekday ? MC_DAYS_ALL : MC_DAYS_WEEK;
  return any_weekday ? MC_DAYS_MONTH : MC_DAYS_EITHER;
}

/* The fields end here; the start of each is not needed any more. */
static int refuse_rest(const struct reader *r)
{
  return REFUSE(r, r->at, "more than five fields, seconds and years are not supported");
}

int mc_cron_parse(struct mc_rule *out, const char *text, size_t len, struct mc_err *err)
{
  struct reader r = {text, len, 0, err};
  struct mc_rule rule;
  struct mc_calendar *c = &rule.as.calendar;
  uint64_t masks[5];
  bool star[5];
  size_t day_at = 0;
  int i, rc;

  if(len > TEXT_MAX)
    return REFUSE(&r, TEXT_MAX, "a schedule has at most %d bytes", TEXT_MAX);
  skip_blanks(&r);
  if(r.at >= len)
    return REFUSE(&r, r.at, "the schedule is empty, write five fields such as '0 9 * * 1-5'");
  if(peek(&r) == '@')
    return REFUSE(&r, r.at,
                  "macros such as '@daily' are not supported, write the five fields '0 0 * * *'");
  for(i = 0; i < 5; i++) {
    skip_blanks(&r);
    if(i == 2)
      day_at = r.at;
    rc = read_field(&r, &fields[i], &masks[i], &star[i]);
    if(rc)
      return rc;
  }
  skip_blanks(&r);
  if(r.at < len)
    return refuse_rest(&r);
  memset(&rule, 0, sizeof(rule));
  rule.kind = MC_RULE_CALENDAR;
  rule.language = MC_LANG_CRON;
  c->minutes = masks[0];
  c->hours = (uint32_t)masks[1];
  c->days = (uint32_t)masks[2];
  c->months = (uint16_t)masks[3];
  c->weekdays = (uint8_t)masks[4];
  c->ordinal_days = UINT32_MAX;
  c->day_rule = day_rule(star[2], star[4]);
  if(!can_fire(c))
    return REFUSE(&r, day_at, "it never fires: none of its months has such a day");
  *out = rule;
  return MC_OK;
}

/* The step with which the bits run from the lowest to the end of the field, at least 2; 0 when they
   do not. */
static int step_of(uint64_t mask, const struct field *f)
{
  int step;

  for(step = 2; step <= f->full_high - f->low; step++) {
    uint64_t want = 0;
    int n;

    for(n = f->low; n <= f->full_high; n += step)
      want |= UINT64_C(1) << n;
    if(mask == want)
      return step;
  }
  return 0;
}

static int print_list(uint64_t mask, struct mc_buf *out, struct mc_err *err)
{
  const char *comma = "";
  int rc = MC_OK;

  while(mask && !rc) {
    int low = __builtin_ctzll(mask), high = low;

    while(mask & UINT64_C(1) << (high + 1))
      high++;
    mask &= ~bits_between(low, high);
    if(high == low)
      rc = mc_buf_printf(out, err, "%s%d", comma, low);
    else
      rc = mc_buf_printf(out, err, high == low + 1 ? "%s%d,%d" : "%s%d-%d", comma, low, high);
    comma = ",";
  }
  return rc;
}

/* A full mask is `*` only where that means the same: a day field that counts is written out. */
static int print_field(uint64_t mask, const struct field *f, bool star, struct mc_buf *out,
                       struct mc_err *err)
{
  int step;

  if(star)
    return mc_buf_puts(out, "*", err);
  step = step_of(mask, f);
  if(step && __builtin_popcountll(mask) > 2)
    return mc_buf_printf(out, err, "*/%d", step);
  return print_list(mask, out, err);
}

int mc_cron_print(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err)
{
  const struct mc_calendar *c = &rule->as.calendar;
  size_t before = out->len;
  int i, rc = MC_OK;

  if(rule->kind != MC_RULE_CALENDAR || rule->language != MC_LANG_CRON)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "the schedule is not unix-cron");
  const uint64_t masks[5] = {c->minutes, c->hours, c->days, c->months, c->weekdays};
  const bool star[5] = {
      c->minutes == bits_between(0, 59),
      c->hours == bits_between(0, 23),
      c->day_rule == MC_DAYS_ALL || c->day_rule == MC_DAYS_WEEK,
      c->months == bits_between(1, 12),
      c->day_rule == MC_DAYS_ALL || c->day_rule == MC_DAYS_MONTH,
  };
  for(i = 0; i < 5 && !rc; i++) {
    if(i)
      rc = mc_buf_puts(out, " ", err);
    if(!rc)
      rc = print_field(masks[i], &fields[i], star[i], out, err);
  }
  if(rc && out->data) {
    out->len = before;
    out->data[before] = '\0';
  }
  return rc;
}
