/* Runs a fuzzer on the files of folders, in the order of their names, as plain tests. A broken
   property ends the program before its plan, which a TAP reader takes as a failure. */

#include <dirent.h>
#include <stdlib.h>

#include "../unit/tap.h"
#include "fuzz.h"

#define MOST_BYTES (1u << 20)

static int is_visible(const struct dirent *entry)
{
  return entry->d_name[0] != '.';
}

static void run_file(const char *folder, const char *name)
{
  char path[1024];
  uint8_t *bytes = NULL;
  size_t size = 0;
  FILE *file;

  snprintf(path, sizeof(path), "%s/%s", folder, name);
  file = fopen(path, "rb");
  if(file) {
    bytes = malloc(MOST_BYTES);
    size = bytes ? fread(bytes, 1, MOST_BYTES, file) : 0;
    fclose(file);
  }
  if(tap_ok(bytes != NULL, "%s opens", path)) {
    uint8_t *exact = malloc(size ? size : 1); /* so that a byte read past the end is seen */

    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    tap_ok(1, "%s holds", path);
  }
  free(bytes);
}

int main(int argc, char **argv)
{
  for(int i = 1; i < argc; i++) {
    struct dirent **entries = NULL;
    int count = scandir(argv[i], &entries, is_visible, alphasort);

    tap_ok(count > 0, "%s has a corpus", argv[i]);
    for(int n = 0; n < count; n++) {
      run_file(argv[i], entries[n]->d_name);
      free(entries[n]);
    }
    free(entries);
  }
  return tap_done();
}
