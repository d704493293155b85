#include "auth/credential.h"

#include <stdio.h>
#include <string.h>

#include "auth/fields.h"
#include "base/alloc.h"

static const char *const NAMES[MC_CRED_TYPES] = {
    [MC_CRED_SERVICE_ACCOUNT] = "service_account",
    [MC_CRED_AUTHORIZED_USER] = "authorized_user",
    [MC_CRED_EXTERNAL_ACCOUNT] = "external_account",
    [MC_CRED_EXTERNAL_USER] = "external_account_authorized_user",
    [MC_CRED_IMPERSONATED] = "impersonated_service_account",
    [MC_CRED_GDCH] = "gdch_service_account",
    [MC_CRED_METADATA] = "metadata server",
    [MC_CRED_TOKEN] = "access token",
};

static const char ACCOUNT_BYTES[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "@._-";

const char *mc_credential_name(enum mc_credential_type type)
{
  return NAMES[type];
}

int mc_field_set(struct mc_credential *cred, enum mc_field field, const char *value,
                 struct mc_err *err)
{
  char *copy = value ? mc_strdup(value) : NULL;

  if(value && !copy)
    return mc_fail_nomem(err);
  if(cred->text[field])
    mc_wipe(cred->text[field], strlen(cred->text[field]));
  mc_free(cred->text[field]);
  cred->text[field] = copy;
  return MC_OK;
}

int mc_credential_make(struct mc_credential **out, enum mc_credential_type type, struct mc_err *err)
{
  struct mc_credential *cred = mc_calloc(1, sizeof(*cred));

  if(!cred)
    return mc_fail_nomem(err);
  cred->type = type;
  cred->refs = 1;
  cred->number[MC_N_LIFETIME_S] = 3600;
  mc_pairs_init(&cred->headers);
  *out = cred;
  return MC_OK;
}

int mc_credential_set_target(struct mc_credential *cred, struct mc_err *err)
{
  static const char verb[] = ":generateAccessToken";
  const char *url = cred->text[MC_F_IMPERSONATION_URL], *slash, *end;
  char *email;
  int rc;

  if(!url)
    return MC_OK;
  slash = strrchr(url, '/');
  end = strstr(slash, verb);
  if(!end || end[sizeof(verb) - 1] || end == slash + 1)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "service_account_impersonation_url: does not end in EMAIL%s", verb);
  email = mc_strndup(slash + 1, (size_t)(end - slash - 1));
  if(!email)
    return mc_fail_nomem(err);
  rc = mc_field_set(cred, MC_F_ACCOUNT, email, err);
  mc_free(email);
  return rc;
}

/* Make one of a given type with up to three texts. */
static int make_of(struct mc_credential **out, enum mc_credential_type type, enum mc_field field,
                   const char *value, const char *universe, struct mc_err *err)
{
  struct mc_credential *cred = NULL;
  int rc = mc_credential_make(&cred, type, err);

  if(!rc)
    rc = mc_field_set(cred, MC_F_UNIVERSE, universe, err);
  if(!rc)
    rc = mc_field_set(cred, field, value, err);
  if(rc) {
    mc_credential_free(cred);
    return rc;
  }
  *out = cred;
  return MC_OK;
}

int mc_credential_metadata(struct mc_credential **out, const char *host, const char *account,
                           struct mc_err *err)
{
  struct mc_credential *cred = NULL;
  int rc;

  if(account && (!*account || strspn(account, ACCOUNT_BYTES) != strlen(account)))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "account '%.64s' is not a service account",
                   account);
  rc = make_of(&cred, MC_CRED_METADATA, MC_F_HOST, host, MC_UNIVERSE, err);
  if(!rc && account)
    rc = mc_field_set(cred, MC_F_ACCOUNT, account, err);
  if(rc) {
    mc_credential_free(cred);
    return rc;
  }
  *out = cred;
  return MC_OK;
}

int mc_credential_token(struct mc_credential **out, const char *token, size_t len,
                        struct mc_err *err)
{
  char *copy;
  size_t i;
  int rc;

  for(; len && strchr(" \t\r\n", token[len - 1]) && token[len - 1]; len--)
    ;
  for(; len && strchr(" \t\r\n", *token) && *token; len--)
    token++;
  for(i = 0; i < len && token[i] > ' ' && token[i] < 127; i++)
    ;
  if(!len || i < len || len > 16384)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "access token is empty, too long or not one line of printable text");
  copy = mc_strndup(token, len);
  if(!copy)
    return mc_fail_nomem(err);
  rc = make_of(out, MC_CRED_TOKEN, MC_F_TOKEN, copy, MC_UNIVERSE, err);
  mc_wipe(copy, len);
  mc_free(copy);
  return rc;
}

int mc_credential_impersonate(struct mc_credential **out, struct mc_credential *source,
                              const char *email, struct mc_err *err)
{
  const char *universe = source->text[MC_F_UNIVERSE];
  struct mc_credential *cred = NULL;
  char url[1024];
  int rc, len;

  if(!strchr(email, '@') || strspn(email, ACCOUNT_BYTES) != strlen(email))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "'%.64s' is not a service account", email);
  len = snprintf(url, sizeof(url),
                 "https://iamcredentials.%s/v1/projects/-/serviceAccounts/%s:generateAccessToken",
                 universe, email);
  if(len < 0 || (size_t)len >= sizeof(url))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "'%.64s' is too long for an account", email);
  rc = make_of(&cred, MC_CRED_IMPERSONATED, MC_F_IMPERSONATION_URL, url, universe, err);
  if(!rc)
    rc = mc_credential_set_target(cred, err);
  if(rc) {
    mc_credential_free(cred);
    return rc;
  }
  cred->source = mc_credential_ref(source);
  *out = cred;
  return MC_OK;
}

struct mc_credential *mc_credential_ref(struct mc_credential *cred)
{
  cred->refs++;
  return cred;
}

void mc_credential_free(struct mc_credential *cred)
{
  int i;

  if(!cred || --cred->refs)
    return;
  for(i = 0; i < MC_FIELDS; i++)
    mc_field_set(cred, (enum mc_field)i, NULL, NULL);
  mc_pairs_clear(&cred->headers);
  json_decref(cred->delegates);
  mc_credential_free(cred->source);
  mc_free(cred);
}

enum mc_credential_type mc_credential_type(const struct mc_credential *cred)
{
  return cred->type;
}

const char *mc_credential_type_name(const struct mc_credential *cred)
{
  return NAMES[cred->type];
}

const char *mc_credential_account(const struct mc_credential *cred)
{
  return cred->text[MC_F_ACCOUNT];
}

const char *mc_credential_project(const struct mc_credential *cred)
{
  return cred->text[MC_F_PROJECT];
}

const char *mc_credential_quota_project(const struct mc_credential *cred)
{
  return cred->text[MC_F_QUOTA_PROJECT];
}

const char *mc_credential_universe(const struct mc_credential *cred)
{
  return cred->text[MC_F_UNIVERSE];
}

struct mc_credential *mc_credential_source(const struct mc_credential *cred)
{
  return cred->source;
}

void mc_credential_print(char *out, size_t size, const struct mc_credential *cred)
{
  const char *account = cred->text[MC_F_ACCOUNT], *project = cred->text[MC_F_PROJECT];
  const char *type = NAMES[cred->type];

  if(cred->source)
    snprintf(out, size, "%s %s through %s", type, account, NAMES[cred->source->type]);
  else
    snprintf(out, size, "%s%s%s%s%s", type, account ? " " : "", account ? account : "",
             project ? ", project " : "", project ? project : "");
}
