/* Runs the shared vectors of tests/data (or the files given) through next, prev, the iterator and
   count.

   # why expression | zone | from [anchor INSTANT] | next, next, ...        `never` ends a list that
   ends */

#include <glob.h>
#include <stdbool.h>

#include "time/civil.h"
#include "time/schedule.h"
#include "tap.h"

#define MOST_NEXT 32

struct vector {
  char *expr, *zone, *from, *anchor, *want;
};

/* Cut at `sep`, blanks around the pieces removed. Returns the first piece; *rest is what follows,
   or NULL. */
static char *cut(char *text, const char *sep, char **rest)
{
  char *at = strstr(text, sep), *end;

  *rest = NULL;
  if(at) {
    *rest = at + strlen(sep);
    *at = '\0';
  }
  text += strspn(text, " \t");
  end = text + strlen(text);
  while(end > text && strchr(" \t\r\n", end[-1]))
    *--end = '\0';
  return text;
}

static bool split(char *line, struct vector *out)
{
  char *fields[4], *rest = line;

  for(int i = 0; i < 4; i++) {
    if(!rest)
      return false;
    fields[i] = cut(rest, "|", &rest);
  }
  out->expr = fields[0];
  out->zone = fields[1];
  out->from = cut(fields[2], " anchor ", &out->anchor);
  out->want = fields[3];
  return !rest;
}

/* The instants of a comma list; *ends when it closes with `never`. */
static int read_instants(char *list, int64_t out[MOST_NEXT], bool *ends)
{
  struct mc_err err;
  int count = 0;

  *ends = false;
  while(list) {
    char *item = cut(list, ",", &list);

    if(!strcmp(item, "never"))
      *ends = true;
    else if(count == MOST_NEXT || mc_instant_parse(&out[count++], item, strlen(item), &err))
      return -1;
  }
  return count;
}

static bool is_instant(const char *what, bool found, int64_t got, int64_t want)
{
  char got_text[MC_INSTANT_TEXT], want_text[MC_INSTANT_TEXT];

  if(found && got == want)
    return true;
  mc_instant_print(got_text, got, 3);
  mc_instant_print(want_text, want, 3);
  printf("#   %s: got %s, want %s\n", what, found ? got_text : "never", want_text);
  return false;
}

/* All ways to the same occurrences agree with the vector. */
static bool run(const struct mc_schedule *s, int64_t from, int64_t anchor, const int64_t *want,
                int count, bool ends)
{
  struct mc_schedule_iter it;
  int64_t got = 0, at = from;
  bool pass = true;

  mc_schedule_iter_init(&it, s, from, anchor);
  for(int i = 0; i < count; i++) {
    bool found = mc_schedule_next(s, at, anchor, &got);

    pass &= is_instant("next", found, got, want[i]);
    found = mc_schedule_iter_next(&it, &got);
    pass &= is_instant("iterator", found, got, want[i]);
    if(i) {
      found = mc_schedule_prev(s, want[i], anchor, &got);
      pass &= is_instant("prev", found, got, want[i - 1]);
    }
    pass &= mc_schedule_matches(s, want[i], anchor);
    at = want[i];
  }
  if(ends)
    pass &= !mc_schedule_next(s, at, anchor, &got) && !mc_schedule_iter_next(&it, &got);
  if(count && mc_schedule_count(s, from, want[count - 1], anchor) != count) {
    printf("#   count: %lld of %d\n",
           (long long)mc_schedule_count(s, from, want[count - 1], anchor), count);
    pass = false;
  }
  return pass;
}

static void check(struct mc_tzdb *zones, char *line, const char *why)
{
  struct vector v;
  struct mc_rule rule;
  struct mc_schedule schedule;
  const struct mc_zone *zone;
  int64_t from = 0, anchor = 0, want[MOST_NEXT];
  struct mc_err err = {0};
  bool ends;
  int count;

  if(!split(line, &v)) {
    tap_ok(0, "not a vector: %s", line);
    return;
  }
  count = read_instants(v.want, want, &ends);
  if(count < 0 || mc_instant_parse(&from, v.from, strlen(v.from), &err) ||
     (v.anchor && mc_instant_parse(&anchor, v.anchor, strlen(v.anchor), &err)) ||
     mc_rule_parse(&rule, v.expr, strlen(v.expr), &err) ||
     mc_tzdb_get(zones, &zone, v.zone, strlen(v.zone), &err)) {
    tap_ok(0, "%s in %s: %s", v.expr, v.zone, err.msg);
    return;
  }
  mc_schedule_init(&schedule, &rule, zone, 0);
  tap_ok(run(&schedule, from, anchor, want, count, ends) && (count || ends), "%s in %s: %s", v.expr,
         v.zone, why);
}

static void run_file(struct mc_tzdb *zones, const char *path)
{
  FILE *file = fopen(path, "r");
  char line[2048], why[2048] = "";
  int before = tap_count;

  if(!tap_ok(file != NULL, "%s opens", path))
    return;
  while(fgets(line, sizeof(line), file)) {
    line[strcspn(line, "\n")] = '\0';
    if(line[0] == '#')
      snprintf(why, sizeof(why), "%s", line + strspn(line, "# "));
    else if(line[strspn(line, " \t")])
      check(zones, line, why);
  }
  fclose(file);
  tap_ok(tap_count > before + 1, "%s holds vectors", path);
}

int main(int argc, char **argv)
{
  struct mc_tzdb *zones = NULL;
  struct mc_err err;
  glob_t found = {0};

  if(!tap_ok(!mc_tzdb_new(&zones, NULL, &err), "the zone database opens"))
    return tap_done();
  for(int i = 1; i < argc; i++)
    run_file(zones, argv[i]);
  if(argc == 1 && tap_ok(!glob("tests/data/*.vec", 0, NULL, &found), "tests/data has vectors")) {
    for(size_t i = 0; i < found.gl_pathc; i++)
      run_file(zones, found.gl_pathv[i]);
    globfree(&found);
  }
  mc_tzdb_free(zones);
  return tap_done();
}
