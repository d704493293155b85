/* Any bytes as a unix-cron schedule. */

#include "fuzz.h"
#include "time/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct fuzz_language language = {mc_cron_parse, mc_cron_print};

  fuzz_text(&language, data, size);
  return 0;
}
