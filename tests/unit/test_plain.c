/* Units of base/plain: quick looks at names, URIs, headers and addresses. */

#include "base/plain.h"
#include "tap.h"

static const char PARENT[] = "projects/p/locations/l";

static void test_names(void)
{
  static const struct {
    const char *name, *parent;
    size_t want;
    const char *why;
  } rows[] = {
      {"projects/p/locations/l/jobs/j", NULL, 22, "the least"},
      {"projects/p/locations/l/jobs/j", PARENT, 22, "under the parent"},
      {"projects/p/locations/l2/jobs/j", PARENT, 0, "under one that begins like it"},
      {"projects/p/locations/k/jobs/j", PARENT, 0, "under another"},
      {"projects/e.com:p-1/locations/us-1/jobs/J_-9", NULL, 33, "all that may be in it"},
      {"projects/p/locations/l/jobs/", NULL, 0, "no id"},
      {"projects/p/locations/l/jobs", NULL, 0, "cut short"},
      {"projects//locations/l/jobs/j", NULL, 0, "no project"},
      {"projects/p/locations/l.x/jobs/j", NULL, 0, "a point in the location"},
      {"projects/p/locations/l/jobs/j.x", NULL, 0, "a point in the id"},
      {"projects/p/locations/l/jobs/j/k", NULL, 0, "something after it"},
      {"", NULL, 0, "nothing"},
  };
  char longest[28 + 501] = "projects/p/locations/l/jobs/";
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    tap_is_int((int64_t)mc_plain_parent(rows[i].name, strlen(rows[i].name), rows[i].parent,
                                        rows[i].parent ? strlen(rows[i].parent) : 0),
               (int64_t)rows[i].want, rows[i].why);
  memset(longest + 28, 'x', 501);
  tap_is_int((int64_t)mc_plain_parent(longest, 528, NULL, 0), 22, "an id of 500");
  tap_is_int((int64_t)mc_plain_parent(longest, 529, NULL, 0), 0, "an id of 501");
  longest[300] = '\0';
  tap_is_int((int64_t)mc_plain_parent(longest, 528, NULL, 0), 0, "a NUL in it");
}

static void test_uris(void)
{
  static const struct {
    const char *uri;
    int want;
    const char *why;
  } rows[] = {
      {"https://example.com/a?b#c", 1, "https"},
      {"http://h", 1, "http, no path"},
      {"http://h:80?q", 1, "a port"},
      {"http://h:/", 1, "a port left out"},
      {"http://h/\xC3\xA9 x", 1, "to be encoded"},
      {"HTTP://h/", 0, "capitals: a closer look"},
      {"http://u@h/", 0, "a user: a closer look"},
      {"http://[::1]/", 0, "an address: a closer look"},
      {"http://", 0, "no host"},
      {"https://", 0, "no host"},
      {"http:///x", 0, "no host, a path"},
      {"http://h:80x", 0, "no port"},
      {"http://h/\x7F", 0, "a control character"},
      {"http://h/\n", 0, "a line break"},
      {"ftp://h/", 0, "another scheme"},
      {"", 0, "nothing"},
  };
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    tap_is_int(mc_is_plain_uri(rows[i].uri, strlen(rows[i].uri)), rows[i].want, rows[i].why);
  tap_is_int(mc_is_plain_uri("http://h/\0", 10), 0, "a NUL");
}

static void test_words(void)
{
  tap_ok(mc_is_plain_token("X-a_1!#$%&'*+.^`|~", 18), "a header's name");
  tap_ok(!mc_is_plain_token("", 0) && !mc_is_plain_token("a b", 3) && !mc_is_plain_token("a\0", 2),
         "what is none");
  tap_ok(mc_is_plain_value("", 0) && mc_is_plain_value("a\t\xC3\xA9", 4), "a header's value");
  tap_ok(!mc_is_plain_value("a\r", 2) && !mc_is_plain_value("\n", 1) && !mc_is_plain_value("\0", 1),
         "what would break the message");
  tap_ok(mc_is_plain_mailbox("a@b", 3), "an address");
  tap_ok(!mc_is_plain_mailbox("@b", 2) && !mc_is_plain_mailbox("a@", 2) &&
             !mc_is_plain_mailbox("a", 1) && !mc_is_plain_mailbox("a@b@c", 5) &&
             !mc_is_plain_mailbox("a @b", 4) && !mc_is_plain_mailbox("a@b\v", 4) &&
             !mc_is_plain_mailbox("", 0),
         "what is none");
}

int main(void)
{
  test_names();
  test_uris();
  test_words();
  return tap_done();
}
