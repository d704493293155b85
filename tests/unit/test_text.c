/* Units of base/text and base/base64. */

#include "base/alloc.h"
#include "base/base64.h"
#include "base/text.h"
#include "tap.h"

static void test_utf8(void)
{
  static const struct {
    const char *text;
    size_t len;
    int want;
    const char *why;
  } rows[] = {
      {"", 0, 1, "nothing is UTF-8"},
      {"\0", 1, 1, "a NUL is a character"},
      {"abcdefgh\xC3\xA9", 10, 1, "two bytes after a word of ASCII"},
      {"abcdefg\xC3\xA9", 9, 1, "two bytes across the end of a word"},
      {"\xE2\x82\xAC\xF0\x9F\x98\x80", 7, 1, "three and four bytes"},
      {"\xF4\x8F\xBF\xBF", 4, 1, "the last character"},
      {"\xF4\x90\x80\x80", 4, 0, "past the last character"},
      {"\xED\x9F\xBF\xEE\x80\x80", 6, 1, "on both sides of the surrogates"},
      {"\xED\xA0\x80", 3, 0, "a surrogate"},
      {"\xC0\x80", 2, 0, "two bytes for one"},
      {"\xE0\x9F\xBF", 3, 0, "three bytes for two"},
      {"\xF0\x8F\xBF\xBF", 4, 0, "four bytes for three"},
      {"\xF8\x88\x80\x80\x80", 5, 0, "five bytes"},
      {"\xFF", 1, 0, "no first byte"},
      {"\x80", 1, 0, "a byte that continues nothing"},
      {"abcdefgh\xC3", 9, 0, "cut short"},
      {"\xE2\x82", 2, 0, "cut shorter than it says"},
      {"\xC3(", 2, 0, "not continued"},
  };
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    tap_is_int(mc_is_utf8(rows[i].text, rows[i].len), rows[i].want, rows[i].why);
}

static void test_json_strings(void)
{
  static const struct {
    const char *text, *want, *why;
  } rows[] = {
      {"", "\"\"", "nothing"},
      {"plain text of some length /\x7F\xC3\xA9", "\"plain text of some length /\x7F\xC3\xA9\"",
       "what needs no escape stands as it is"},
      {"\"\\\b\f\n\r\t", "\"\\\"\\\\\\b\\f\\n\\r\\t\"", "what has a short escape"},
      {"1234567\x01", "\"1234567\\u0001\"", "a control character at the end of a word"},
      {"12345678\x1F", "\"12345678\\u001f\"", "and after it"},
      {"\x1F\x20\x21\x22\x23\x5B\x5C\x5D", "\"\\u001f !\\\"#[\\\\]\"", "the neighbours"},
  };
  struct mc_buf buf;
  struct mc_err err;
  size_t i;
  int c, rc;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    mc_buf_init(&buf, 1000);
    mc_buf_add_json(&buf, rows[i].text, strlen(rows[i].text), NULL);
    tap_is_str(buf.data, rows[i].want, rows[i].why);
    mc_buf_clear(&buf);
  }
  for(c = 0, rc = 1; c < 256; c++) { /* each byte at each place of a word */
    char text[9] = "--------";

    text[c % 8] = (char)c;
    mc_buf_init(&buf, 1000);
    mc_buf_add_json(&buf, text, 8, NULL);
    rc = rc && (buf.len == 10) == (c >= 0x20 && c != '"' && c != '\\');
    mc_buf_clear(&buf);
  }
  tap_ok(rc, "every byte is escaped or not as it must be");
  mc_buf_init(&buf, 8);
  mc_buf_puts(&buf, "[", NULL);
  tap_is_int(mc_buf_add_json(&buf, "a\n\n\n", 4, &err), MC_RESOURCE_EXHAUSTED, "no room");
  tap_is_str(buf.data, "[", "and the buffer is as it was");
  mc_buf_clear(&buf);
}

static void test_base64(void)
{
  static const char *const texts[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                      "Zm9vYg==", "Zm9vYmE=", "AAH+/w=="};
  static const char *const datas[] = {"", "f", "fo", "foo", "foob", "fooba", "\0\1\376\377"};
  static const char *const bad[] = {"A",        "AAAAA", "AA=",   "A===", "AAA==", "=",
                                    "AA==AA==", "A A=",  "AA\n=", "A*AA", "===="};
  unsigned char bytes[MC_BASE64_BYTES(16)];
  char text[MC_BASE64_TEXT(16)];
  size_t i, n, len;

  for(i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    len = i == 6 ? 4 : strlen(datas[i]);
    n = mc_base64_encode(text, datas[i], len, 0);
    tap_ok(n == strlen(texts[i]) && n <= MC_BASE64_TEXT(len) && !memcmp(text, texts[i], n),
           "'%s' is written", texts[i]);
    tap_ok(!mc_base64_decode(bytes, &n, texts[i], strlen(texts[i])) && n == len &&
               !memcmp(bytes, datas[i], n),
           "and read");
    n = mc_base64_encode(text, datas[i], len, 1);
    tap_ok(!memchr(text, '=', n) && !memchr(text, '/', n) && !memchr(text, '+', n),
           "its other form has neither padding nor what URLs mean something by");
    tap_ok(!mc_base64_decode(bytes, &n, text, n) && n == len && !memcmp(bytes, datas[i], n),
           "and is read too");
  }
  for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    tap_is_int(mc_base64_decode(bytes, &n, bad[i], strlen(bad[i])), -1, "what is not base64");
}

int main(void)
{
  test_utf8();
  test_json_strings();
  test_base64();
  return tap_done();
}
