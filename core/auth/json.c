#include "auth/json.h"

#include <string.h>

#include "base/alloc.h"

json_t *mc_json_object(const char *text, size_t len, size_t max, const char *what,
                       struct mc_err *err)
{
  json_error_t e;
  json_t *root;

  if(len > max) {
    mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s has %zu bytes, more than %zu", what, len, max);
    return NULL;
  }
  root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
  if(!root) {
    if(!*e.text) /* the parser has a text for whatever the input is to blame for */
      mc_fail_nomem(err);
    else
      mc_fail_at(err, MC_INVALID_ARGUMENT, e.position, "%s is not JSON: line %d, column %d", what,
                 e.line, e.column);
    return NULL;
  }
  if(!json_is_object(root)) {
    mc_json_wipe(root);
    mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s is not a JSON object", what);
    return NULL;
  }
  return root;
}

json_t *mc_json_at(const json_t *root, const char *path)
{
  const char *dot;
  char name[64];

  while((dot = strchr(path, '.')) != NULL) {
    size_t len = (size_t)(dot - path);

    MC_ASSERT(len < sizeof(name));
    memcpy(name, path, len);
    name[len] = '\0';
    root = json_object_get(root, name);
    path = dot + 1;
  }
  root = json_object_get(root, path);
  return json_is_null(root) ? NULL : (json_t *)root;
}

const char *mc_json_text(const json_t *root, const char *path)
{
  return json_string_value(mc_json_at(root, path));
}

static void wipe_strings(json_t *node)
{
  const char *name;
  json_t *value;
  size_t i;

  if(json_is_string(node)) {
    mc_wipe((char *)(uintptr_t)json_string_value(node), json_string_length(node));
  } else if(json_is_array(node)) {
    json_array_foreach(node, i, value) wipe_strings(value);
  } else if(json_is_object(node)) {
    json_object_foreach(node, name, value) wipe_strings(value);
  }
}

void mc_json_wipe(json_t *root)
{
  wipe_strings(root);
  json_decref(root);
}
