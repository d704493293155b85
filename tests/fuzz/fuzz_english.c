/* Any bytes as an App Engine schedule. */

#include "fuzz.h"
#include "time/english.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct fuzz_language language = {mc_english_parse, mc_english_print};

  fuzz_text(&language, data, size);
  return 0;
}
