#ifndef MC_AUTH_JSON_H
#define MC_AUTH_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

/* A JSON object out of at most `max` bytes of text; names may not repeat. `what` begins the
   message; the text itself never gets into it, as it may hold a secret. NULL on failure, else
   the caller's (json_decref or mc_json_wipe). */
json_t *mc_json_object(const char *text, size_t len, size_t max, const char *what,
                       struct mc_err *err);
/* The string at a dotted path such as "credential_source.file"; NULL when nothing or no string
   is there. */
const char *mc_json_text(const json_t *root, const char *path);
/* Whatever is at the dotted path, borrowed; NULL when nothing or null is there. */
json_t *mc_json_at(const json_t *root, const char *path);
/* Overwrite every string in the tree, then release it. The tree must not be shared. NULL is
   fine. */
void mc_json_wipe(json_t *root);

#endif
