#include "tap.h"

#include <stdlib.h>

#include "auth/adc.h"
#include "auth/credential.h"
#include "auth/keys.h"
#include "base/alloc.h"

#define EXTERNAL(source)                                                                           \
  "{\"type\":\"external_account\",\"audience\":\"//iam/x\",\"subject_token_type\":\"urn:jwt\","    \
  "\"credential_source\":" source "}"
#define GDCH(version, url)                                                                         \
  "{\"type\":\"gdch_service_account\",\"format_version\":\"" version "\",\"project\":\"p\","       \
  "\"name\":\"n\",\"private_key_id\":\"k\",\"private_key\":\"hush\",\"token_uri\":\"" url "\"}"
#define CERTIFICATE_PLACE                                                                          \
  "credential_source.certificate: needs either certificate_config_location or "                    \
  "use_default_certificate_config: true"
#define USER                                                                                       \
  "{\"type\":\"authorized_user\",\"client_id\":\"i\",\"client_secret\":\"hush\","                  \
  "\"refresh_token\":\"hush-hush\",\"quota_project_id\":\"q\"}"
#define TARGET "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/t@p.iam"
#define IMPERSONATED(url, source)                                                                  \
  "{\"type\":\"impersonated_service_account\",\"service_account_impersonation_url\":\"" url        \
  "\",\"source_credentials\":" source "}"

/* What each malformed credential is told: the field by its path, what is wrong, and never the
   value of a secret. */
static const struct {
  const char *json;
  int code;
  const char *message;
} BAD[] = {
    {"", MC_INVALID_ARGUMENT, "credential is not JSON: line 1, column 0"},
    {"{\"private_key\":\"hush\" x}", MC_INVALID_ARGUMENT,
     "credential is not JSON: line 1, column 23"},
    {"[]", MC_INVALID_ARGUMENT, "credential is not a JSON object"},
    {"{}", MC_INVALID_ARGUMENT, "type: missing"},
    {"{\"installed\":{}}", MC_INVALID_ARGUMENT,
     "type: missing, this is an OAuth client and not a credential"},
    {"{\"type\":\"x\"}", MC_INVALID_ARGUMENT, "type: 'x' is not known"},
    {"{\"type\":\"gdch_service_account\"}", MC_INVALID_ARGUMENT,
     "format_version: missing, a credential of type gdch_service_account needs it"},
    {GDCH("1", "http://evil/"), MC_INVALID_ARGUMENT,
     "token_uri: must be an https URL (or http on loopback), a secret is sent there"},
    {GDCH("2", "https://t"), MC_UNIMPLEMENTED, "format_version: '2' is not implemented, 1 is"},
    {GDCH("1", "https://t"), MC_INVALID_ARGUMENT,
     "private_key: not an unencrypted private key in PEM form"},
    {"{\"type\":\"authorized_user\"}", MC_INVALID_ARGUMENT,
     "client_id: missing, a credential of type authorized_user needs it"},
    {"{\"type\":\"authorized_user\",\"client_id\":7}", MC_INVALID_ARGUMENT,
     "client_id: not a string"},
    {"{\"type\":\"authorized_user\",\"token_uri\":\"http://evil/\"}", MC_INVALID_ARGUMENT,
     "token_uri: must be an https URL (or http on loopback), a secret is sent there"},
    {"{\"type\":\"authorized_user\",\"token_uri\":\"http://localhost.evil/\"}", MC_INVALID_ARGUMENT,
     "token_uri: must be an https URL (or http on loopback), a secret is sent there"},
    {"{\"type\":\"authorized_user\",\"token_uri\":\"http://localhost:1@evil/\"}",
     MC_INVALID_ARGUMENT,
     "token_uri: must be an https URL (or http on loopback), a secret is sent there"},
    {"{\"type\":\"authorized_user\",\"universe_domain\":\"evil/x\"}", MC_INVALID_ARGUMENT,
     "universe_domain: not a domain"},
    {"{\"type\":\"service_account\",\"client_email\":\"a@b\",\"private_key\":\"hush\"}",
     MC_INVALID_ARGUMENT, "private_key: not an unencrypted private key in PEM form"},
    {EXTERNAL("{}"), MC_INVALID_ARGUMENT,
     "credential_source: needs exactly one of file, url, executable.command, certificate and "
     "environment_id, has 0"},
    {EXTERNAL("{\"file\":\"f\",\"url\":\"https://u\"}"), MC_INVALID_ARGUMENT,
     "credential_source: needs exactly one of file, url, executable.command, certificate and "
     "environment_id, has 2"},
    {EXTERNAL("{\"file\":\"f\",\"certificate\":{}}"), MC_INVALID_ARGUMENT,
     "credential_source: needs exactly one of file, url, executable.command, certificate and "
     "environment_id, has 2"},
    {EXTERNAL("{\"certificate\":{}}"), MC_INVALID_ARGUMENT, CERTIFICATE_PLACE},
    {EXTERNAL("{\"certificate\":{\"use_default_certificate_config\":false}}"), MC_INVALID_ARGUMENT,
     CERTIFICATE_PLACE},
    {EXTERNAL("{\"certificate\":{\"use_default_certificate_config\":true,"
              "\"certificate_config_location\":\"/c\"}}"),
     MC_INVALID_ARGUMENT, CERTIFICATE_PLACE},
    {EXTERNAL("{\"certificate\":{\"use_default_certificate_config\":\"yes\"}}"),
     MC_INVALID_ARGUMENT,
     "credential_source.certificate.use_default_certificate_config: not a boolean"},
    {EXTERNAL("{\"certificate\":true}"), MC_INVALID_ARGUMENT,
     "credential_source.certificate: not an object"},
    {EXTERNAL("{\"environment_id\":\"aws2\"}"), MC_UNIMPLEMENTED,
     "credential_source.environment_id 'aws2' is not implemented, aws1 is"},
    {EXTERNAL("{\"environment_id\":\"aws1\"}"), MC_INVALID_ARGUMENT,
     "credential_source.regional_cred_verification_url: missing"},
    {EXTERNAL("{\"file\":\"f\",\"format\":{\"type\":\"xml\"}}"), MC_INVALID_ARGUMENT,
     "credential_source.format.type: 'xml' is neither text nor json"},
    {EXTERNAL("{\"file\":\"f\",\"format\":{\"type\":\"json\"}}"), MC_INVALID_ARGUMENT,
     "credential_source.format.subject_token_field_name: missing, format json needs it"},
    {EXTERNAL("{\"url\":\"ftp://u\"}"), MC_INVALID_ARGUMENT,
     "credential_source.url: must be an http or https URL"},
    {EXTERNAL("{\"url\":\"http://u\",\"headers\":{\"A\":\"b\\r\\nC: d\"}}"), MC_INVALID_ARGUMENT,
     "the value of 'A' has a line break"},
    {EXTERNAL("{\"executable\":{\"command\":\"c\",\"timeout_millis\":1}}"), MC_INVALID_ARGUMENT,
     "credential_source.executable.timeout_millis: not an integer in 5000-120000"},
    {IMPERSONATED("https://x/t@p", USER), MC_INVALID_ARGUMENT,
     "service_account_impersonation_url: does not end in EMAIL:generateAccessToken"},
    {IMPERSONATED(TARGET ":generateAccessToken", "{\"type\":\"authorized_user\"}"),
     MC_INVALID_ARGUMENT,
     "source_credentials.client_id: missing, a credential of type authorized_user needs it"},
    {IMPERSONATED(TARGET ":generateAccessToken", "null"), MC_INVALID_ARGUMENT,
     "source_credentials: missing or not an object"},
};

static void bad_ones(void)
{
  size_t i;

  for(i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
    struct mc_credential *cred = NULL;
    struct mc_err err = {0};

    tap_is_int(mc_credential_parse(&cred, BAD[i].json, strlen(BAD[i].json), &err), BAD[i].code,
               BAD[i].message);
    tap_is_str(err.msg, BAD[i].message, "the message");
    tap_ok(!cred && !strstr(err.msg, "hush"), "nothing given out, no secret told");
  }
}

static void too_deep(void)
{
  char *json = strdup(USER), *next;
  struct mc_credential *cred = NULL;
  struct mc_err err = {0};
  int i;

  for(i = 0; i < MC_CREDENTIAL_DEPTH; i++) {
    next = malloc(strlen(json) + 512);
    sprintf(next, IMPERSONATED(TARGET ":generateAccessToken", "%s"), json);
    free(json);
    json = next;
  }
  tap_is_int(mc_credential_parse(&cred, json, strlen(json), &err), MC_INVALID_ARGUMENT,
             "a chain that is too long");
  tap_ok(strstr(err.msg, "more than 4 credentials within one another") != NULL, "says so: %s",
         err.msg);
  free(json);
}

static void described(void)
{
  static const struct {
    const char *json, *print, *account, *quota;
  } rows[] = {
      {USER, "authorized_user", NULL, "q"},
      {IMPERSONATED(TARGET ":generateAccessToken", USER),
       "impersonated_service_account t@p.iam through authorized_user", "t@p.iam", NULL},
      {EXTERNAL("{\"file\":\"f\"}"), "external_account", NULL, NULL},
  };
  struct mc_credential *cred;
  struct mc_err err;
  char text[256];
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    cred = NULL;
    tap_is_int(mc_credential_parse(&cred, rows[i].json, strlen(rows[i].json), &err), MC_OK,
               rows[i].print);
    mc_credential_print(text, sizeof(text), cred);
    tap_is_str(text, rows[i].print, "prints without a secret");
    tap_is_str(mc_credential_account(cred), rows[i].account, "account");
    tap_is_str(mc_credential_quota_project(cred), rows[i].quota, "quota project");
    tap_is_str(mc_credential_universe(cred), "googleapis.com", "universe");
    mc_credential_free(cred);
  }
}

static void made(void)
{
  static const char *const bad_tokens[] = {"", " \n", "a b", "a\nb", "a\x01"};
  struct mc_credential *token = NULL, *other = NULL, *none = NULL;
  struct mc_err err;
  char text[256];
  size_t i;

  for(i = 0; i < sizeof(bad_tokens) / sizeof(bad_tokens[0]); i++)
    tap_ok(mc_credential_token(&none, bad_tokens[i], strlen(bad_tokens[i]), &err) < 0 && !none,
           "token %zu is refused", i);
  tap_is_int(mc_credential_token(&token, " hush\n", 6, &err), MC_OK, "a token with a line break");
  mc_credential_print(text, sizeof(text), token);
  tap_is_str(text, "access token", "prints without itself");
  tap_is_int(mc_credential_impersonate(&other, token, "a@b.iam.gserviceaccount.com", &err), MC_OK,
             "impersonates");
  tap_ok(mc_credential_impersonate(&none, token, "a@b/../c", &err) < 0, "no path for an account");
  tap_ok(mc_credential_metadata(&none, "h", "x/y", &err) < 0, "nor for a metadata account");
  mc_credential_free(token);
  mc_credential_print(text, sizeof(text), other);
  tap_is_str(text, "impersonated_service_account a@b.iam.gserviceaccount.com through access token",
             "its source lives as long as it does");
  mc_credential_free(other);
}

static void out_of_memory(void)
{
  static const char json[] = IMPERSONATED(TARGET ":generateAccessToken", USER);
  struct mc_err err;
  int64_t n;
  int rc = -1, bad = 0;

  for(n = 0; rc && n < 2000; n++) {
    struct mc_credential *cred = NULL;

    mc_alloc_fail_after(n);
    rc = mc_credential_parse(&cred, json, sizeof(json) - 1, &err);
    mc_alloc_fail_after(-1);
    bad += rc && (rc != MC_RESOURCE_EXHAUSTED || cred);
    mc_credential_free(cred);
  }
  tap_ok(!rc && n > 10 && !bad, "every one of %d refused allocations is reported (%d not)",
         (int)n - 1, bad);
}

static void places(void)
{
  struct mc_adc_place at[MC_ADC_PLACES];
  struct mc_pairs env;
  struct mc_err err;
  char *path = malloc(MC_ADC_PATH_MAX + 1);

  mc_pairs_init(&env);
  tap_is_int(mc_adc_places(at, NULL, &env, &err), MC_OK, "an empty environment");
  tap_ok(!at[0].looks && !at[1].looks && !at[2].looks && at[3].looks, "leaves the metadata server");
  tap_is_str(at[2].reason, "neither CLOUDSDK_CONFIG nor HOME is set", "and says why not gcloud's");
  mc_pairs_add(&env, "GOOGLE_APPLICATION_CREDENTIALS", "/k.json", &err);
  mc_pairs_add(&env, "HOME", "/h", &err);
  mc_adc_places(at, "/mine.json", &env, &err);
  tap_ok(at[0].looks && at[0].required && at[1].required && !at[2].required,
         "what is named must be there, what is customary need not");
  tap_is_str(at[2].value, "/h/.config/gcloud/application_default_credentials.json", "gcloud");
  memset(path, 'p', MC_ADC_PATH_MAX);
  path[MC_ADC_PATH_MAX] = '\0';
  tap_is_int(mc_adc_places(at, path, &env, &err), MC_INVALID_ARGUMENT, "a path too long");
  mc_pairs_clear(&env);
  free(path);
}

int main(void)
{
  bad_ones();
  too_deep();
  described();
  made();
  out_of_memory();
  places();
  return tap_done();
}
