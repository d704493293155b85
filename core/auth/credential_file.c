#include <stdio.h>
#include <string.h>

#include "auth/fields.h"
#include "auth/json.h"
#include "auth/keys.h"

/* What stands in a credential's file, and what must. */

#define SA (1u << MC_CRED_SERVICE_ACCOUNT)
#define USER (1u << MC_CRED_AUTHORIZED_USER)
#define EXTERNAL (1u << MC_CRED_EXTERNAL_ACCOUNT)
#define EXTERNAL_USER (1u << MC_CRED_EXTERNAL_USER)
#define IMPERSONATED (1u << MC_CRED_IMPERSONATED)
#define GDCH (1u << MC_CRED_GDCH)
#define ALL (SA | USER | EXTERNAL | EXTERNAL_USER | IMPERSONATED | GDCH)

enum { REQUIRED = 1, SAFE_URL = 2, ANY_URL = 4, DOMAIN = 8 };

/* Every text of every type: where it stands in the JSON and what it must be. "{universe}" in a
   fallback is replaced. */
static const struct text_row {
  unsigned types;
  enum mc_field field;
  const char *path;
  unsigned flags;
  const char *fallback;
} TEXTS[] = {
    {ALL, MC_F_UNIVERSE, "universe_domain", DOMAIN, MC_UNIVERSE},
    {ALL, MC_F_QUOTA_PROJECT, "quota_project_id", 0, NULL},
    {SA, MC_F_ACCOUNT, "client_email", REQUIRED, NULL},
    {USER | EXTERNAL_USER, MC_F_ACCOUNT, "account", 0, NULL},
    {SA, MC_F_PROJECT, "project_id", 0, NULL},
    {GDCH, MC_F_FORMAT_VERSION, "format_version", REQUIRED, NULL},
    {GDCH, MC_F_PROJECT, "project", REQUIRED, NULL},
    {GDCH, MC_F_NAME, "name", REQUIRED, NULL},
    {SA | GDCH, MC_F_PRIVATE_KEY, "private_key", REQUIRED, NULL},
    {SA, MC_F_PRIVATE_KEY_ID, "private_key_id", 0, NULL},
    {GDCH, MC_F_PRIVATE_KEY_ID, "private_key_id", REQUIRED, NULL},
    {GDCH, MC_F_TOKEN_URL, "token_uri", REQUIRED | SAFE_URL, NULL},
    {GDCH, MC_F_CA_BUNDLE, "ca_cert_path", 0, NULL},
    {SA | USER, MC_F_TOKEN_URL, "token_uri", SAFE_URL, "https://oauth2.{universe}/token"},
    {EXTERNAL, MC_F_TOKEN_URL, "token_url", SAFE_URL, "https://sts.{universe}/v1/token"},
    {EXTERNAL_USER, MC_F_TOKEN_URL, "token_url", SAFE_URL, "https://sts.{universe}/v1/oauthtoken"},
    {USER | EXTERNAL_USER, MC_F_CLIENT_ID, "client_id", REQUIRED, NULL},
    {USER | EXTERNAL_USER, MC_F_CLIENT_SECRET, "client_secret", REQUIRED, NULL},
    {USER | EXTERNAL_USER, MC_F_REFRESH_TOKEN, "refresh_token", REQUIRED, NULL},
    {EXTERNAL, MC_F_CLIENT_ID, "client_id", 0, NULL},
    {EXTERNAL, MC_F_CLIENT_SECRET, "client_secret", 0, NULL},
    {EXTERNAL, MC_F_AUDIENCE, "audience", REQUIRED, NULL},
    {EXTERNAL, MC_F_SUBJECT_TYPE, "subject_token_type", REQUIRED, NULL},
    {EXTERNAL, MC_F_IMPERSONATION_URL, "service_account_impersonation_url", SAFE_URL, NULL},
    {IMPERSONATED, MC_F_IMPERSONATION_URL, "service_account_impersonation_url", REQUIRED | SAFE_URL,
     NULL},
    {EXTERNAL, MC_F_USER_PROJECT, "workforce_pool_user_project", 0, NULL},
    {EXTERNAL, MC_F_SOURCE_FILE, "credential_source.file", 0, NULL},
    {EXTERNAL, MC_F_SOURCE_URL, "credential_source.url", ANY_URL, NULL},
    {EXTERNAL, MC_F_SOURCE_COMMAND, "credential_source.executable.command", 0, NULL},
    {EXTERNAL, MC_F_OUTPUT_FILE, "credential_source.executable.output_file", 0, NULL},
    {EXTERNAL, MC_F_FORMAT, "credential_source.format.type", 0, "text"},
    {EXTERNAL, MC_F_FORMAT_FIELD, "credential_source.format.subject_token_field_name", 0, NULL},
    {EXTERNAL, MC_F_CERT_CONFIG, "credential_source.certificate.certificate_config_location", 0,
     NULL},
    {EXTERNAL, MC_F_TRUST_CHAIN, "credential_source.certificate.trust_chain_path", 0, NULL},
    {EXTERNAL, MC_F_AWS_ENVIRONMENT, "credential_source.environment_id", 0, NULL},
    {EXTERNAL, MC_F_AWS_REGION_URL, "credential_source.region_url", ANY_URL, NULL},
    {EXTERNAL, MC_F_AWS_VERIFY_URL, "credential_source.regional_cred_verification_url", SAFE_URL,
     NULL},
    {EXTERNAL, MC_F_AWS_SESSION_URL, "credential_source.imdsv2_session_token_url", ANY_URL, NULL},
};

static const struct number_row {
  unsigned types;
  enum mc_number number;
  const char *path;
  int64_t min, max, fallback;
} NUMBERS[] = {
    {EXTERNAL, MC_N_LIFETIME_S, "service_account_impersonation.token_lifetime_seconds", 600, 43200,
     3600},
    {EXTERNAL, MC_N_TIMEOUT_MS, "credential_source.executable.timeout_millis", 5000, 120000, 30000},
};

static const char DOMAIN_BYTES[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   ".-";

static int starts(const char *text, const char *prefix)
{
  return !strncmp(text, prefix, strlen(prefix));
}

static int is_url(const char *url)
{
  const unsigned char *p = (const unsigned char *)url;

  if(!starts(url, "https://") && !starts(url, "http://"))
    return 0;
  while(*p > ' ' && *p < 127)
    p++;
  return !*p;
}

int mc_url_is_safe(const char *url)
{
  static const char *const loopback[] = {"127.0.0.1", "localhost", "[::1]"};
  size_t i;

  if(starts(url, "https://"))
    return is_url(url);
  if(!is_url(url) || strchr(url, '@'))
    return 0;
  for(i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
    const char *rest = url + strlen("http://"), *end = rest + strlen(loopback[i]);

    if(starts(rest, loopback[i]) && (*end == ':' || *end == '/' || !*end))
      return 1;
  }
  return 0;
}

/* The fallback of a row with the universe put in. */
static int set_fallback(struct mc_credential *cred, const struct text_row *row, struct mc_err *err)
{
  static const char mark[] = "{universe}";
  const char *at = row->fallback ? strstr(row->fallback, mark) : NULL;
  char url[512];
  int len;

  if(!at)
    return mc_field_set(cred, row->field, row->fallback, err);
  len = snprintf(url, sizeof(url), "%.*s%s%s", (int)(at - row->fallback), row->fallback,
                 cred->text[MC_F_UNIVERSE], at + sizeof(mark) - 1);
  if(len < 0 || (size_t)len >= sizeof(url))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "universe_domain: longer than it can be");
  return mc_field_set(cred, row->field, url, err);
}

static int read_text(struct mc_credential *cred, const struct text_row *row, const json_t *root,
                     struct mc_err *err)
{
  const json_t *value = mc_json_at(root, row->path);
  const char *text = json_string_value(value);

  if(value && !text)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: not a string", row->path);
  if(!text || !*text) {
    if(row->flags & REQUIRED)
      return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: missing, a credential of type %s needs it",
                     row->path, mc_credential_name(cred->type));
    return set_fallback(cred, row, err);
  }
  if((row->flags & SAFE_URL) && !mc_url_is_safe(text))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "%s: must be an https URL (or http on loopback), a secret is sent there",
                   row->path);
  if((row->flags & ANY_URL) && !is_url(text))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: must be an http or https URL", row->path);
  if((row->flags & DOMAIN) && strspn(text, DOMAIN_BYTES) != strlen(text))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: not a domain", row->path);
  return mc_field_set(cred, row->field, text, err);
}

static int read_number(struct mc_credential *cred, const struct number_row *row, const json_t *root,
                       struct mc_err *err)
{
  const json_t *value = mc_json_at(root, row->path);
  int64_t n = json_integer_value(value);

  cred->number[row->number] = row->fallback;
  if(!value)
    return MC_OK;
  if(!json_is_integer(value) || n < row->min || n > row->max)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: not an integer in %lld-%lld", row->path,
                   (long long)row->min, (long long)row->max);
  cred->number[row->number] = n;
  return MC_OK;
}

static int read_headers(struct mc_credential *cred, json_t *root, struct mc_err *err)
{
  static const char path[] = "credential_source.headers";
  json_t *headers = mc_json_at(root, path), *value;
  const char *name;
  int rc = MC_OK;

  if(headers && !json_is_object(headers))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: not an object", path);
  json_object_foreach(headers, name, value)
  {
    if(!rc && !json_is_string(value))
      rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s.%.64s: not a string", path, name);
    if(!rc)
      rc = mc_pairs_add(&cred->headers, name, json_string_value(value), err);
  }
  return rc;
}

/* Its configuration is at one place or at the usual one, and one of the two must be said; the
   exchange is at the host that asks for certificates. */
static int check_certificate(struct mc_credential *cred, json_t *root, struct mc_err *err)
{
  static const char path[] = "credential_source.certificate";
  static const struct text_row mtls = {EXTERNAL, MC_F_TOKEN_URL, "token_url", SAFE_URL,
                                       "https://sts.mtls.{universe}/v1/token"};
  json_t *usual = mc_json_at(root, "credential_source.certificate.use_default_certificate_config");
  const char *url = mc_json_text(root, mtls.path);

  if(!json_is_object(mc_json_at(root, path)))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: not an object", path);
  if(usual && !json_is_boolean(usual))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s.use_default_certificate_config: not a boolean",
                   path);
  if(json_is_true(usual) == (cred->text[MC_F_CERT_CONFIG] != NULL))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "%s: needs either certificate_config_location or "
                   "use_default_certificate_config: true",
                   path);
  return url && *url ? MC_OK : set_fallback(cred, &mtls, err);
}

/* What an external account proves itself with: exactly one source, whole. */
static int check_external(struct mc_credential *cred, json_t *root, struct mc_err *err)
{
  char *const *t = cred->text;
  int aws = t[MC_F_AWS_ENVIRONMENT] != NULL;
  int count;

  cred->has_certificate = mc_json_at(root, "credential_source.certificate") != NULL;
  count = !!t[MC_F_SOURCE_FILE] + (t[MC_F_SOURCE_URL] && !aws) + !!t[MC_F_SOURCE_COMMAND] + aws +
          cred->has_certificate;
  if(count != 1)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "credential_source: needs exactly one of file, url, executable.command, "
                   "certificate and environment_id, has %d",
                   count);
  if(cred->has_certificate)
    return check_certificate(cred, root, err);
  if(aws && strcmp(t[MC_F_AWS_ENVIRONMENT], "aws1"))
    return mc_fail(err, MC_UNIMPLEMENTED, 0,
                   "credential_source.environment_id '%.32s' is not implemented, aws1 is",
                   t[MC_F_AWS_ENVIRONMENT]);
  if(aws && !t[MC_F_AWS_VERIFY_URL])
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "credential_source.regional_cred_verification_url: missing");
  if(strcmp(t[MC_F_FORMAT], "text") && strcmp(t[MC_F_FORMAT], "json"))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   "credential_source.format.type: '%.32s' is neither text nor json",
                   t[MC_F_FORMAT]);
  if(!strcmp(t[MC_F_FORMAT], "json") && !t[MC_F_FORMAT_FIELD])
    return mc_fail(
        err, MC_INVALID_ARGUMENT, 0,
        "credential_source.format.subject_token_field_name: missing, format json needs it");
  return read_headers(cred, root, err);
}

static int check_key(const struct mc_credential *cred, enum mc_alg wanted, const char *otherwise,
                     struct mc_err *err)
{
  const char *pem = cred->text[MC_F_PRIVATE_KEY];
  enum mc_alg alg;
  struct mc_err below;

  if(mc_key_alg(&alg, pem, strlen(pem), &below))
    return mc_fail(err, below.code, 0, "private_key: %s", below.msg);
  return alg == wanted ? MC_OK : mc_fail(err, MC_INVALID_ARGUMENT, 0, "private_key: %s", otherwise);
}

/* Its account is a service identity of the cluster [google.oauth2.gdch_credentials]. */
static int check_gdch(struct mc_credential *cred, struct mc_err *err)
{
  char account[1024];
  int rc, len = snprintf(account, sizeof(account), "system:serviceaccount:%s:%s",
                         cred->text[MC_F_PROJECT], cred->text[MC_F_NAME]);

  if(strcmp(cred->text[MC_F_FORMAT_VERSION], "1"))
    return mc_fail(err, MC_UNIMPLEMENTED, 0, "format_version: '%.32s' is not implemented, 1 is",
                   cred->text[MC_F_FORMAT_VERSION]);
  if(len < 0 || (size_t)len >= sizeof(account))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "name: longer than it can be");
  rc = check_key(cred, MC_ALG_ES256, "not a key of the curve P-256", err);
  return rc ? rc : mc_field_set(cred, MC_F_ACCOUNT, account, err);
}

static int parse_object(struct mc_credential **out, json_t *root, int depth, struct mc_err *err);

static int check_impersonated(struct mc_credential *cred, json_t *root, int depth,
                              struct mc_err *err)
{
  json_t *source = mc_json_at(root, "source_credentials"), *item;
  json_t *delegates = mc_json_at(root, "delegates");
  struct mc_err below;
  size_t i;

  if(!json_is_object(source))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "source_credentials: missing or not an object");
  if(delegates && (!json_is_array(delegates) || json_array_size(delegates) > 16))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "delegates: not a list of at most 16 accounts");
  json_array_foreach(delegates, i, item)
  {
    if(!json_is_string(item))
      return mc_fail(err, MC_INVALID_ARGUMENT, 0, "delegates: item %zu is not a string", i + 1);
  }
  if(parse_object(&cred->source, source, depth + 1, &below))
    return mc_fail(err, below.code, 0, "source_credentials.%s", below.msg);
  if(delegates && !(cred->delegates = json_deep_copy(delegates)))
    return mc_fail_nomem(err);
  if(mc_json_at(root, "universe_domain"))
    return MC_OK;
  return mc_field_set(cred, MC_F_UNIVERSE, cred->source->text[MC_F_UNIVERSE], err);
}

static int find_type(enum mc_credential_type *out, const json_t *root, struct mc_err *err)
{
  const char *name = mc_json_text(root, "type");
  size_t i;

  if(!name)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                   mc_json_at(root, "installed") || mc_json_at(root, "web")
                       ? "type: missing, this is an OAuth client and not a credential"
                       : "type: missing");
  for(i = 0; i <= MC_CRED_GDCH; i++) {
    if(!strcmp(name, mc_credential_name((enum mc_credential_type)i))) {
      *out = (enum mc_credential_type)i;
      return MC_OK;
    }
  }
  return mc_fail(err, MC_INVALID_ARGUMENT, 0, "type: '%.64s' is not known", name);
}

static int fill(struct mc_credential *cred, json_t *root, int depth, struct mc_err *err)
{
  int rc = MC_OK;
  size_t i;

  for(i = 0; !rc && i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
    if(TEXTS[i].types & (1u << cred->type))
      rc = read_text(cred, &TEXTS[i], root, err);
  }
  for(i = 0; !rc && i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
    if(NUMBERS[i].types & (1u << cred->type))
      rc = read_number(cred, &NUMBERS[i], root, err);
  }
  if(!rc)
    rc = mc_credential_set_target(cred, err);
  if(!rc && cred->type == MC_CRED_SERVICE_ACCOUNT)
    rc = check_key(cred, MC_ALG_RS256, "not an RSA key", err);
  if(!rc && cred->type == MC_CRED_GDCH)
    rc = check_gdch(cred, err);
  if(!rc && cred->type == MC_CRED_EXTERNAL_ACCOUNT)
    rc = check_external(cred, root, err);
  if(!rc && cred->type == MC_CRED_IMPERSONATED)
    rc = check_impersonated(cred, root, depth, err);
  return rc;
}

static int parse_object(struct mc_credential **out, json_t *root, int depth, struct mc_err *err)
{
  enum mc_credential_type type = MC_CRED_TYPES;
  struct mc_credential *cred = NULL;
  int rc = find_type(&type, root, err);

  if(!rc && depth == MC_CREDENTIAL_DEPTH)
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "type: more than %d credentials within one another",
                 MC_CREDENTIAL_DEPTH);
  if(!rc)
    rc = mc_credential_make(&cred, type, err);
  if(!rc)
    rc = fill(cred, root, depth, err);
  if(rc) {
    mc_credential_free(cred);
    return rc;
  }
  *out = cred;
  return MC_OK;
}

int mc_credential_parse(struct mc_credential **out, const char *json, size_t len,
                        struct mc_err *err)
{
  struct mc_err own = {0};
  json_t *root;
  int rc;

  err = err ? err : &own;
  root = mc_json_object(json, len, MC_CREDENTIAL_TEXT_MAX, "credential", err);
  if(!root)
    return err->code;
  rc = parse_object(out, root, 0, err);
  mc_json_wipe(root);
  return rc;
}
