#include <string.h>

#include "time/cron.h"
#include "time/english.h"
#include "time/schedule.h"

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* English starts with a word, or with numbers and a word: "every ...", "1st,2nd mon ...", "1, 15 of
   ...". Unix-cron has no words in its first two fields; a single letter (`H/5`, `5 L`) is left to
   its parser, which knows what was meant. */
static bool is_english(const char *text, size_t len)
{
  size_t i = 0;

  for(;;) {
    while(i < len && is_blank(text[i]))
      i++;
    while(i < len && text[i] >= '0' && text[i] <= '9')
      i++;
    while(i < len && is_blank(text[i]))
      i++;
    if(i >= len || text[i] != ',')
      break;
    i++;
  }
  return i + 1 < len && is_letter(text[i]) && is_letter(text[i + 1]);
}

int mc_rule_parse(struct mc_rule *out, const char *text, size_t len, struct mc_err *err)
{
  return is_english(text, len) ? mc_english_parse(out, text, len, err)
                               : mc_cron_parse(out, text, len, err);
}

int mc_rule_print(const struct mc_rule *rule, struct mc_buf *out, struct mc_err *err)
{
  return rule->language == MC_LANG_ENGLISH ? mc_english_print(rule, out, err)
                                           : mc_cron_print(rule, out, err);
}
