#include <string.h>

#include "auth/certificates.h"
#include "auth/json.h"
#include "auth/stage.h"
#include "base/alloc.h"

/* The subject token of an external account that proves itself with an X.509 certificate: the list
   of its certificates. The proof itself is the TLS connection to the token exchange, which is made
   with the key. [google.auth.identity_pool, google.auth.transport._mtls_helper] */

#define CONFIG_ENV "GOOGLE_API_CERTIFICATE_CONFIG"
#define CONFIG_NAME "certificate_config.json"

int mc_plan_certificate(struct mc_token *t, struct mc_credential *cred, struct mc_err *err)
{
  int rc = mc_plan_add(t, MC_STAGE_CERT_CONFIG, cred, MC_WANT_ACCESS, NULL, err);

  if(!rc)
    rc = mc_plan_add(t, MC_STAGE_CERTIFICATE, cred, MC_WANT_ACCESS, NULL, err);
  if(!rc && cred->text[MC_F_TRUST_CHAIN])
    rc = mc_plan_add(t, MC_STAGE_TRUST_CHAIN, cred, MC_WANT_ACCESS, NULL, err);
  return rc;
}

/* Where the credential says, else where the environment says, else where gcloud keeps it. */
static int add_config_path(struct mc_token *t, const struct mc_credential *cred, struct mc_err *err)
{
  const char *given = cred->text[MC_F_CERT_CONFIG], *folder, *home;

  given = given ? given : mc_pairs_env(&t->env, CONFIG_ENV);
  if(given)
    return mc_buf_puts(&t->args, given, err);
  folder = mc_pairs_env(&t->env, "CLOUDSDK_CONFIG");
  if(folder)
    return mc_buf_printf(&t->args, err, "%s/" CONFIG_NAME, folder);
  home = mc_pairs_env(&t->env, "HOME");
  if(home)
    return mc_buf_printf(&t->args, err, "%s/.config/gcloud/" CONFIG_NAME, home);
  return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                 "no certificate configuration: none of " CONFIG_ENV
                 ", CLOUDSDK_CONFIG and HOME is set");
}

static int file_step(struct mc_token *t, const char *path)
{
  t->step.kind = MC_STEP_FILE;
  t->step.path = path;
  return MC_OK;
}

static int no_file(const struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  return mc_fail(err, MC_NOT_FOUND, 0, "%s: no file '%.128s'", mc_hop_purpose(hop), t->step.path);
}

static int prepare_config(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  int rc = add_config_path(t, hop->cred, err);

  return rc ? rc : file_step(t, t->args.data);
}

/* {"cert_configs":{"workload":{"cert_path","key_path"}}} */
static int take_config(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                       struct mc_err *err)
{
  static const char *const names[] = {"cert_path", "key_path"};
  const char *const paths[] = {"cert_configs.workload.cert_path", "cert_configs.workload.key_path"};
  struct mc_err below;
  json_t *root;
  size_t i;
  int rc = MC_OK;

  if(answer->missing)
    return no_file(t, hop, err);
  root = mc_json_object(answer->body ? answer->body : "", answer->len, MC_ANSWER_MAX, "content",
                        &below);
  if(!root)
    return mc_fail(err, below.code, 0, "%s: %s", mc_hop_purpose(hop), below.msg);
  for(i = 0; !rc && i < sizeof(names) / sizeof(names[0]); i++) {
    const char *value = mc_json_text(root, paths[i]);

    if(value && *value)
      rc = mc_pairs_add(&t->notes, names[i], value, err);
    else
      rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: '%.128s' has no %s", mc_hop_purpose(hop),
                   t->step.path, paths[i]);
  }
  json_decref(root);
  return rc;
}

static int prepare_certificate(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  (void)hop;
  (void)err;
  return file_step(t, mc_pairs_get(&t->notes, "cert_path"));
}

/* Keep a list as the subject token, and let it go. */
static int keep_list(struct mc_token *t, json_t *list, struct mc_err *err)
{
  char *text = json_dumps(list, JSON_COMPACT);
  int rc = text ? mc_keep_token(t, text, strlen(text), 0, err) : mc_fail_nomem(err);

  mc_free(text);
  json_decref(list);
  return rc;
}

/* The certificates of the answer, at most so many. *out is the caller's (json_decref). */
static int read_list(json_t **out, const struct mc_token *t, const struct mc_hop *hop,
                     const struct mc_answer *answer, size_t most, struct mc_err *err)
{
  json_t *list = json_array();
  struct mc_err below;
  int rc;

  if(!list)
    return mc_fail_nomem(err);
  rc = mc_certificates_add(list, answer->body ? answer->body : "", answer->len, most, &below);
  if(rc) {
    json_decref(list);
    return mc_fail(err, rc, 0, "%s: '%.128s': %s", mc_hop_purpose(hop), t->step.path, below.msg);
  }
  *out = list;
  return MC_OK;
}

/* The leaf is the first in its file. */
static int take_certificate(struct mc_token *t, const struct mc_hop *hop,
                            const struct mc_answer *answer, struct mc_err *err)
{
  json_t *list = NULL;
  int rc;

  if(answer->missing)
    return no_file(t, hop, err);
  rc = read_list(&list, t, hop, answer, 1, err);
  if(rc)
    return rc;
  if(json_array_size(list))
    return keep_list(t, list, err);
  json_decref(list);
  return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: '%.128s' has no certificate in PEM form",
                 mc_hop_purpose(hop), t->step.path);
}

static int prepare_chain(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  (void)err;
  return file_step(t, hop->cred->text[MC_F_TRUST_CHAIN]);
}

/* The chain behind the leaf, which may be the chain's first but no other one. */
static int take_chain(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                      struct mc_err *err)
{
  json_t *list, *chain = NULL, *item;
  size_t i;
  int rc;

  if(answer->missing)
    return no_file(t, hop, err);
  rc = read_list(&chain, t, hop, answer, MC_CERTIFICATES_MAX, err);
  if(rc)
    return rc;
  list = json_loads(t->value, 0, NULL);
  if(!list)
    rc = mc_fail_nomem(err);
  json_array_foreach(chain, i, item)
  {
    int leaf = json_equal(item, json_array_get(list, 0));

    if(!rc && leaf && i)
      rc = mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "%s: '%.128s' has the certificate itself, but not as its first",
                   mc_hop_purpose(hop), t->step.path);
    if(!rc && !leaf && json_array_append(list, item))
      rc = mc_fail_nomem(err);
  }
  json_decref(chain);
  if(!rc)
    return keep_list(t, list, err);
  json_decref(list);
  return rc;
}

const struct mc_stage_ops *mc_stage_certificate(enum mc_stage stage)
{
  static const struct mc_stage_ops ops[MC_STAGES] = {
      [MC_STAGE_CERT_CONFIG] = {"certificate configuration", prepare_config, take_config},
      [MC_STAGE_CERTIFICATE] = {"certificate", prepare_certificate, take_certificate},
      [MC_STAGE_TRUST_CHAIN] = {"trust chain", prepare_chain, take_chain},
  };

  return &ops[stage];
}
