#include "tap.h"

#include <jansson.h>
#include <stdlib.h>

#include "auth/encode.h"
#include "auth/jwt.h"
#include "auth/token.h"
#include "base/alloc.h"

/* The token machine against scripted answers: what it asks for, in which order, and what it
   makes of the replies. */

#define NOW 1791164700 /* 2026-10-05T01:45:00Z */
#define USER                                                                                       \
  "{\"type\":\"authorized_user\",\"client_id\":\"cid\",\"client_secret\":\"hush1\","               \
  "\"refresh_token\":\"hush2\"}"
#define EXTERNAL_WITH(more, source)                                                                \
  "{\"type\":\"external_account\",\"audience\":\"//iam/aud\",\"subject_token_type\":"              \
  "\"urn:ietf:params:oauth:token-type:jwt\"," more "\"credential_source\":" source "}"
#define EXTERNAL(source) EXTERNAL_WITH("", source)
#define IAM "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
#define IMPERSONATED(source)                                                                       \
  "{\"type\":\"impersonated_service_account\",\"delegates\":[\"d@p\"],"                            \
  "\"service_account_impersonation_url\":\"" IAM "t@p:generateAccessToken\","                      \
  "\"source_credentials\":" source "}"
#define STS_FORM(token)                                                                            \
  "POST https://sts.googleapis.com/v1/token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%"  \
  "3Atoken-exchange&audience=%2F%2Fiam%2Faud&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%"       \
  "2Fcloud-"                                                                                       \
  "platform&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&subject_" \
  "token=" token "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
#define CLOUD "https://www.googleapis.com/auth/cloud-platform"
/* {"alg":"x"}.{"exp":1791168300}.AA */
#define ID_TOKEN "eyJhbGciOiJ4In0.eyJleHAiOjE3OTExNjgzMDB9.AA"
#define AWS                                                                                        \
  "{\"environment_id\":\"aws1\",\"region_url\":\"http://169.254.169.254/az\",\"url\":"             \
  "\"http://169.254.169.254/creds\",\"imdsv2_session_token_url\":\"http://169.254.169.254/"        \
  "token\","                                                                                       \
  "\"regional_cred_verification_url\":\"https://sts.{region}.amazonaws.com?Action="                \
  "GetCallerIdentity&Version=2011-06-15\"}"
#define RUN_OK(type)                                                                               \
  "{\"version\":1,\"success\":true,\"token_type\":\"urn:ietf:params:oauth:token-type:" type        \
  "\",\"id_token\":\"sub\",\"expiration_time\":1791164701}"

struct turn {
  const char
      *step; /* "METHOD URL body", "file PATH", "run argv[0] argv[1]"; NULL ends the script */
  int status; /* -1: the file is missing */
  const char *body;
  const char *header; /* "name=value", or NULL */
};

static const struct script {
  const char *why, *credential, *audience, *scopes, *env; /* env: "A=b", or NULL */
  struct turn turns[8];
  const char *token; /* NULL: it ends in `message` */
  int64_t expires_s;
  const char *message;
} SCRIPTS[] = {
    {"a user's refresh",
     USER,
     NULL,
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       200, "{\"access_token\":\"at\",\"expires_in\":\"3599\"}", NULL}},
     "at",
     NOW + 3599,
     NULL},
    {"a user's identity token, for the client alone",
     USER,
     "cid",
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       200, "{\"access_token\":\"at\",\"id_token\":\"" ID_TOKEN "\"}", NULL}},
     ID_TOKEN,
     1791168300,
     NULL},
    {"reauthentication",
     USER,
     NULL,
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       400, "{\"error\":\"invalid_grant\",\"error_subtype\":\"invalid_rapt\"}", NULL}},
     NULL,
     0,
     "refresh of the user's token: HTTP 400 invalid_grant: reauthentication is needed: run gcloud "
     "auth application-default login"},
    {"a revoked login",
     USER,
     NULL,
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       400, "{\"error\":\"invalid_grant\",\"error_description\":\"Bad Request\"}", NULL}},
     NULL,
     0,
     "refresh of the user's token: HTTP 400 invalid_grant: the login has expired or was revoked: "
     "run gcloud auth application-default login"},
    {"an answer that is no JSON",
     USER,
     NULL,
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       200, "<html>", NULL}},
     NULL,
     0,
     "refresh of the user's token: answer is not JSON: line 1, column 1"},
    {"a token with a line break in it",
     USER,
     NULL,
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       200, "{\"access_token\":\"a\\r\\nX: y\"}", NULL}},
     NULL,
     0,
     "refresh of the user's token: the token is empty, too long or not one line of printable text"},
    {"the server's words, without what may be a secret",
     USER,
     NULL,
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       401,
       "{\"error\":\"invalid_client\",\"error_description\":\"no\\nsecret "
       "GOCSPX-abcdefghijklmnopqrstuvwxyz12 here.\"}",
       NULL}},
     NULL,
     0,
     "refresh of the user's token: HTTP 401 invalid_client: no secret <redacted> here"},
    {"federation by file, json",
     EXTERNAL(
         "{\"file\":\"/f\",\"format\":{\"type\":\"json\",\"subject_token_field_name\":\"t\"}}"),
     NULL,
     NULL,
     NULL,
     {{"file /f", 0, "{\"t\":\"sub\"}", NULL},
      {STS_FORM("sub"), 200, "{\"access_token\":\"at\",\"expires_in\":60}", NULL}},
     "at",
     NOW + 60,
     NULL},
    {"a missing file",
     EXTERNAL("{\"file\":\"/f\"}"),
     NULL,
     NULL,
     NULL,
     {{"file /f", -1, "", NULL}},
     NULL,
     0,
     "subject token file: no file '/f'"},
    {"federation by URL, then impersonation",
     EXTERNAL_WITH("\"service_account_impersonation_url\":\"" IAM "t@p:generateAccessToken\","
                   "\"service_account_impersonation\":{\"token_lifetime_seconds\":1200},",
                   "{\"url\":\"http://169.254.169.254/t\",\"headers\":{\"Metadata\":\"true\"}}"),
     NULL,
     "s1 s2",
     NULL,
     {{"GET http://169.254.169.254/t -", 200, " sub\n", NULL},
      {STS_FORM("sub"), 200, "{\"access_token\":\"at\",\"expires_in\":60}", NULL},
      {"POST " IAM "t@p:generateAccessToken {\"scope\":[\"s1\",\"s2\"],\"lifetime\":\"1200s\"}",
       200, "{\"accessToken\":\"imp\",\"expireTime\":\"2026-10-05T02:05:00Z\"}",
       "Date=Mon, 05 Oct 2026 01:45:00 GMT"}},
     "imp",
     NOW + 1200,
     NULL},
    {"an expiry by a server whose clock is an hour ahead",
     IMPERSONATED(USER),
     NULL,
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       200, "{\"access_token\":\"at\"}", NULL},
      {"POST " IAM "t@p:generateAccessToken {\"scope\":[\"" CLOUD
       "\"],\"lifetime\":\"3600s\",\"delegates\":[\"d@p\"]}",
       200, "{\"accessToken\":\"imp\",\"expireTime\":\"2026-10-05T03:45:00Z\"}",
       "Date=Mon, 05 Oct 2026 02:45:00 GMT"}},
     "imp",
     NOW + 3600,
     NULL},
    {"impersonation that is not allowed",
     IMPERSONATED(USER),
     "https://aud",
     NULL,
     NULL,
     {{"POST https://oauth2.googleapis.com/token "
       "grant_type=refresh_token&client_id=cid&client_secret=hush1&refresh_token=hush2",
       200, "{\"access_token\":\"at\"}", NULL},
      {"POST " IAM "t@p:generateIdToken "
       "{\"audience\":\"https://aud\",\"includeEmail\":true,\"delegates\":[\"d@p\"]}",
       403, "{\"error\":{\"code\":403,\"status\":\"PERMISSION_DENIED\",\"message\":\"no\"}}",
       NULL}},
     NULL,
     0,
     "impersonation: HTTP 403 PERMISSION_DENIED: the caller needs "
     "roles/iam.serviceAccountTokenCreator on the account"},
    {"a program, after its output file",
     EXTERNAL("{\"executable\":{\"command\":\"/bin/x \\\"a b\\\" c\",\"output_file\":\"/o\"}}"),
     NULL,
     NULL,
     "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1",
     {{"file /o", -1, "", NULL},
      {"run /bin/x a b", 0, RUN_OK("jwt"), NULL},
      {STS_FORM("sub"), 200, "{\"access_token\":\"at\",\"expires_in\":60}", NULL}},
     "at",
     NOW + 60,
     NULL},
    {"an output file that is fresh",
     EXTERNAL("{\"executable\":{\"command\":\"/bin/x\",\"output_file\":\"/o\"}}"),
     NULL,
     NULL,
     "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1",
     {{"file /o", 0, RUN_OK("jwt"), NULL},
      {STS_FORM("sub"), 200, "{\"access_token\":\"at\",\"expires_in\":60}", NULL}},
     "at",
     NOW + 60,
     NULL},
    {"a program that refuses",
     EXTERNAL("{\"executable\":{\"command\":\"/bin/x\"}}"),
     NULL,
     NULL,
     "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1",
     {{"run /bin/x", 0,
       "{\"version\":1,\"success\":false,\"code\":\"401\",\"message\":\"caller unknown\"}", NULL}},
     NULL,
     0,
     "the credential's program: it says '401': caller unknown"},
    {"a program that crashes",
     EXTERNAL("{\"executable\":{\"command\":\"/bin/x\"}}"),
     NULL,
     NULL,
     "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1",
     {{"run /bin/x", 127, "", NULL}},
     NULL,
     0,
     "the credential's program: it ended with exit code 127"},
    {"a program with another kind of token",
     EXTERNAL("{\"executable\":{\"command\":\"/bin/x\"}}"),
     NULL,
     NULL,
     "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1",
     {{"run /bin/x", 0, RUN_OK("saml2"), NULL}},
     NULL,
     0,
     "the credential's program: token_type 'urn:ietf:params:oauth:token-type:saml2' is not "
     "subject_token_type"},
    {"a refresh of a federated user",
     "{\"type\":\"external_account_authorized_user\",\"client_id\":\"cid\",\"client_secret\":"
     "\"hush1\",\"refresh_token\":\"hush2\"}",
     NULL,
     NULL,
     NULL,
     {{"POST https://sts.googleapis.com/v1/oauthtoken "
       "grant_type=refresh_token&refresh_token=hush2",
       200, "{\"access_token\":\"at\",\"expires_in\":60,\"refresh_token\":\"hush3\"}", NULL}},
     "at",
     NOW + 60,
     NULL},
    {"AWS metadata that answers nonsense",
     EXTERNAL(AWS),
     NULL,
     NULL,
     NULL,
     {{"PUT http://169.254.169.254/token -", 200, "sess", NULL},
      {"GET http://169.254.169.254/az -", 200, "us-east-2b", NULL},
      {"GET http://169.254.169.254/creds -", 200, "../../evil role", NULL}},
     NULL,
     0,
     "AWS role: the answer is not one word"},
    {"AWS keys that lack the secret",
     EXTERNAL(AWS),
     NULL,
     NULL,
     "AWS_REGION=eu-west-1",
     {{"PUT http://169.254.169.254/token -", 200, "sess", NULL},
      {"GET http://169.254.169.254/creds -", 200, "role", NULL},
      {"GET http://169.254.169.254/creds/role -", 200, "{\"AccessKeyId\":\"AK\"}", NULL}},
     NULL,
     0,
     "AWS keys of the role: the answer has no SecretAccessKey"},
};

static void step_text(char *out, size_t size, const struct mc_step *s)
{
  switch(s->kind) {
  case MC_STEP_HTTP:
    snprintf(out, size, "%s %s %s", s->method, s->url, s->body ? s->body : "-");
    break;
  case MC_STEP_FILE:
    snprintf(out, size, "file %s", s->path);
    break;
  case MC_STEP_RUN:
    snprintf(out, size, "run %s%s%s", s->argv[0], s->argv[1] ? " " : "",
             s->argv[1] ? s->argv[1] : "");
    break;
  default:
    snprintf(out, size, "kind %d", s->kind);
  }
}

static void add_pair(struct mc_pairs *pairs, const char *text)
{
  char name[64];
  const char *eq = text ? strchr(text, '=') : NULL;

  mc_pairs_init(pairs);
  if(!eq)
    return;
  snprintf(name, sizeof(name), "%.*s", (int)(eq - text), text);
  mc_pairs_add(pairs, name, eq + 1, NULL);
}

static int give(struct mc_token *t, const struct turn *turn, struct mc_err *err)
{
  struct mc_pairs headers;
  struct mc_answer answer = {.status = turn->status < 0 ? 0 : turn->status,
                             .missing = turn->status < 0,
                             .headers = &headers,
                             .body = turn->body,
                             .len = strlen(turn->body)};
  int rc;

  add_pair(&headers, turn->header);
  rc = mc_token_answer(t, &answer, err);
  mc_pairs_clear(&headers);
  return rc;
}

static struct mc_token *begin(const char *json, const char *audience, const char *scopes,
                              const char *env_text, struct mc_err *err)
{
  struct mc_want want = {
      .kind = audience ? MC_WANT_IDENTITY : MC_WANT_ACCESS, .audience = audience, .scopes = scopes};
  struct mc_credential *cred = NULL;
  struct mc_token *t = NULL;
  struct mc_pairs env;

  add_pair(&env, env_text);
  if(!mc_credential_parse(&cred, json, strlen(json), err))
    mc_token_new(&t, cred, &want, &env, err);
  mc_credential_free(cred);
  mc_pairs_clear(&env);
  return t;
}

static void play(const struct script *s)
{
  struct mc_err err = {0};
  struct mc_token *t = begin(s->credential, s->audience, s->scopes, s->env, &err);
  const struct mc_step *step;
  char text[4096];
  int rc = MC_OK;
  size_t i;

  tap_ok(t != NULL, "%s: %s", s->why, t ? "planned" : err.msg);
  for(i = 0; t && !rc && s->turns[i].step; i++) {
    rc = mc_token_step(&step, t, NOW, &err);
    if(rc)
      break;
    step_text(text, sizeof(text), step);
    tap_is_str(text, s->turns[i].step, s->why);
    rc = give(t, &s->turns[i], &err);
  }
  if(s->message) {
    tap_ok(rc < 0, "%s: fails", s->why);
    tap_is_str(err.msg, s->message, s->why);
    tap_ok(!strstr(err.msg, "hush"), "no secret is told");
  } else if(t && !rc && !mc_token_step(&step, t, NOW, &err)) {
    tap_is_int(step->kind, MC_STEP_DONE, s->why);
    tap_is_str(step->token, s->token, s->why);
    tap_is_int(step->expires_s, s->expires_s, s->why);
  } else {
    tap_ok(0, "%s: %s", s->why, err.msg);
  }
  mc_token_free(t);
}

/* ---- service accounts ---- */

/* A private key, and the set of its public half. */
static char *make_key(enum mc_alg alg, struct mc_keyset **keys)
{
  char *pem = NULL, *jwk = NULL;
  struct mc_buf set;
  struct mc_err err;

  mc_key_generate(&pem, alg, &err);
  mc_key_jwk(&jwk, pem, strlen(pem), &err);
  mc_buf_init(&set, 65536);
  mc_buf_printf(&set, &err, "{\"keys\":[%s]}", jwk);
  mc_keyset_parse(keys, set.data, set.len, &err);
  mc_buf_clear(&set);
  mc_free(jwk);
  return pem;
}

static char *service_account(const char *universe, struct mc_keyset **keys)
{
  char *pem = make_key(MC_ALG_RS256, keys), *text;
  json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type", "service_account", "project_id",
                           "p", "private_key_id", mc_keyset_at(*keys, 0)->kid, "private_key", pem,
                           "client_email", "s@p", "universe_domain", universe);
  text = json_dumps(json, 0);
  json_decref(json);
  mc_free(pem);
  return text;
}

#define GDCH_ACCOUNT "system:serviceaccount:p:n"

static char *gdch_account(struct mc_keyset **keys)
{
  char *pem = make_key(MC_ALG_ES256, keys), *text;
  json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "type", "gdch_service_account",
                           "format_version", "1", "project", "p", "name", "n", "private_key_id",
                           mc_keyset_at(*keys, 0)->kid, "private_key", pem, "token_uri",
                           "https://gdc/authenticate", "ca_cert_path", "/ca.pem");

  text = json_dumps(json, 0);
  json_decref(json);
  mc_free(pem);
  return text;
}

static void check_claims(const char *jwt, const struct mc_keyset *keys, const char *aud,
                         const char *iss, const char *want_name, const char *want_value)
{
  struct mc_jwt_expect e = {
      .algs = MC_ALG_ANY, .audiences = &aud, .audience_count = aud != NULL, .now_s = NOW};
  struct mc_err err = {0};
  char *claims = NULL;
  json_t *root;

  tap_is_int(mc_jwt_verify(&claims, jwt, strlen(jwt), keys, &e, &err), MC_OK, "its JWT verifies");
  root = json_loads(claims ? claims : "{}", 0, NULL);
  tap_is_str(json_string_value(json_object_get(root, "iss")), iss, "iss");
  tap_is_str(json_string_value(json_object_get(root, want_name)), want_value, want_name);
  tap_is_int(json_integer_value(json_object_get(root, "exp")) -
                 json_integer_value(json_object_get(root, "iat")),
             3600, "an hour");
  json_decref(root);
  mc_free(claims);
}

static void self_signed(void)
{
  struct mc_keyset *keys = NULL;
  char *json = service_account("googleapis.com", &keys);
  struct mc_err err;
  struct mc_token *t = begin(json, NULL, "s1 s2", NULL, &err);
  const struct mc_step *step;

  tap_is_int(mc_token_step(&step, t, NOW, &err), MC_OK, "a service account needs nobody");
  tap_is_int(step->kind, MC_STEP_DONE, "done at once");
  tap_is_int(step->expires_s, NOW + 3570, "a little under an hour");
  check_claims(step->token, keys, NULL, "s@p", "scope", "s1 s2");
  mc_token_free(t);
  mc_keyset_free(keys);
  mc_free(json);
}

/* A service identity of GDC: an assertion of its own key, in JSON, for one audience; then to be
   had no other way. */
static void gdch(void)
{
  static const struct turn granted = {"", 200, "{\"access_token\":\"at\",\"expires_in\":600}",
                                      NULL};
  static const struct mc_want none = {.kind = MC_WANT_ACCESS};
  static const struct mc_want wanted = {.kind = MC_WANT_ACCESS, .audience = "https://api"};
  struct mc_keyset *keys = NULL;
  char *json = gdch_account(&keys);
  struct mc_credential *cred = NULL, *target = NULL;
  struct mc_token *t = NULL;
  const struct mc_step *step;
  struct mc_pairs env;
  struct mc_err err;
  json_t *body;

  add_pair(&env, NULL);
  mc_credential_parse(&cred, json, strlen(json), &err);
  tap_ok(!begin(json, "https://api", NULL, NULL, &err), "no identity token");
  tap_is_str(err.msg,
             "a credential of type gdch_service_account cannot make an identity token for "
             "'https://api'",
             "and no advice that would not help");
  tap_ok(mc_token_new(&t, cred, &none, &env, &err) < 0, "no token for nobody");
  tap_is_str(err.msg,
             "a token of a credential of type gdch_service_account needs an audience: the host of "
             "the API",
             "says what is missing");
  mc_credential_impersonate(&target, cred, "a@b", &err);
  tap_ok(mc_token_new(&t, target, &wanted, &env, &err) < 0, "and none of another account");
  tap_is_int(mc_token_new(&t, cred, &wanted, &env, &err), MC_OK, "one for an audience");
  mc_token_step(&step, t, NOW, &err);
  tap_is_str(step->url, "https://gdc/authenticate", "asks its own server");
  tap_is_str(step->ca_bundle, "/ca.pem", "which it knows by its own authority");
  tap_ok(!step->certificate && !step->key, "and shows it no certificate");
  tap_is_str(mc_pairs_get(step->headers, "Content-Type"), "application/json", "in JSON");
  body = json_loads(step->body, 0, NULL);
  tap_is_str(json_string_value(json_object_get(body, "audience")), "https://api", "audience");
  tap_is_str(json_string_value(json_object_get(body, "subject_token_type")),
             "urn:k8s:params:oauth:token-type:serviceaccount", "subject_token_type");
  check_claims(json_string_value(json_object_get(body, "subject_token")), keys,
               "https://gdc/authenticate", GDCH_ACCOUNT, "sub", GDCH_ACCOUNT);
  json_decref(body);
  tap_is_int(give(t, &granted, &err), MC_OK, "granted");
  mc_token_step(&step, t, NOW, &err);
  tap_is_str(step->token, "at", "the token");
  tap_is_int(step->expires_s, NOW + 600, "for as long as it says");
  mc_token_free(t);
  mc_credential_free(target);
  mc_credential_free(cred);
  mc_keyset_free(keys);
  mc_free(json);
}

/* The identity token's grant, refused once because the clocks differ by ten minutes. */
static void skewed(void)
{
  static const struct turn refused = {"", 400, "{\"error\":\"invalid_grant\"}",
                                      "Date=Mon, 05 Oct 2026 01:55:00 GMT"};
  static const struct turn granted = {"", 200, "{\"id_token\":\"" ID_TOKEN "\"}", NULL};
  struct mc_keyset *keys = NULL;
  char *json = service_account("googleapis.com", &keys);
  struct mc_err err;
  struct mc_token *t = begin(json, "https://aud", NULL, NULL, &err);
  const struct mc_step *step;
  const char *jwt;

  mc_token_step(&step, t, NOW, &err);
  tap_is_str(step->url, "https://oauth2.googleapis.com/token", "a grant");
  jwt = strstr(step->body, "assertion=") + 10;
  check_claims(jwt, keys, "https://oauth2.googleapis.com/token", "s@p", "target_audience",
               "https://aud");
  tap_is_int(give(t, &refused, &err), MC_UNAUTHENTICATED, "refused");
  tap_is_str(err.msg,
             "token of the service account: this machine's clock is 600 s behind the server's",
             "for the clock");
  tap_is_int(mc_token_fault(t)->retryable, 1, "which is worth another try");
  mc_token_step(&step, t, NOW, &err);
  {
    int64_t exp_s = 0;

    jwt = strstr(step->body, "assertion=") + 10;
    mc_jwt_expiry(&exp_s, jwt, strlen(jwt), &err);
    tap_is_int(exp_s, NOW + 600 + 3570, "signed by the server's clock");
  }
  tap_is_int(give(t, &refused, &err), MC_UNAUTHENTICATED, "refused once more");
  tap_is_int(mc_token_fault(t)->retryable, 0, "then it is not the clock");
  mc_token_step(&step, t, NOW, &err);
  tap_is_int(give(t, &granted, &err), MC_OK, "granted");
  mc_token_step(&step, t, NOW, &err);
  tap_is_str(step->token, ID_TOKEN, "the token");
  mc_token_free(t);
  mc_keyset_free(keys);
  mc_free(json);
}

static void other_universe(void)
{
  struct mc_keyset *keys = NULL;
  char *json = service_account("example.goog", &keys);
  struct mc_err err;
  struct mc_token *t = begin(json, "https://aud", NULL, NULL, &err);
  const struct mc_step *step;

  mc_token_step(&step, t, NOW, &err);
  tap_is_str(
      step->url,
      "https://iamcredentials.example.goog/v1/projects/-/serviceAccounts/s@p:generateIdToken",
      "identity tokens of another universe come from its IAM");
  mc_token_free(t);
  mc_keyset_free(keys);
  mc_free(json);
}

/* ---- metadata server ---- */

static void metadata(void)
{
  static const struct turn impostor = {"", 200, "{\"access_token\":\"at\",\"expires_in\":9}", NULL};
  static const struct turn real = {"", 200, "{\"access_token\":\"at\",\"expires_in\":9}",
                                   "Metadata-Flavor=Google"};
  static const struct turn busy = {"", 503, "", "Metadata-Flavor=Google"};
  static const struct turn none = {"", 404, "", "Metadata-Flavor=Google"};
  static const struct turn identity = {"", 200, ID_TOKEN "\n", "metadata-flavor=Google"};
  struct mc_credential *cred = NULL;
  struct mc_want want = {.kind = MC_WANT_ACCESS, .scopes = "a b"};
  struct mc_want id = {.kind = MC_WANT_IDENTITY, .audience = "https://x?y"};
  struct mc_token *t = NULL;
  const struct mc_step *step;
  struct mc_pairs env;
  struct mc_err err;

  add_pair(&env, "GCE_METADATA_TIMEOUT=1.5");
  mc_credential_metadata(&cred, "h:80", NULL, &err);
  mc_token_new(&t, cred, &want, &env, &err);
  mc_token_step(&step, t, NOW, &err);
  tap_is_str(step->url,
             "http://h:80/computeMetadata/v1/instance/service-accounts/default/token"
             "?scopes=a,b",
             "where it asks");
  tap_is_str(mc_pairs_get(step->headers, "metadata-flavor"), "Google", "with the header");
  tap_ok(step->timeout_ms == 1500 && step->tries == 5, "not long, but five times");
  give(t, &impostor, &err);
  tap_is_str(err.msg,
             "token of the metadata server: what answers at 'h:80' is not Google's "
             "metadata server",
             "an impostor");
  mc_token_step(&step, t, NOW, &err);
  give(t, &busy, &err);
  tap_ok(mc_token_fault(t)->retryable && mc_token_fault(t)->status == 503, "busy: again");
  mc_token_step(&step, t, NOW, &err);
  give(t, &none, &err);
  tap_is_str(err.msg,
             "token of the metadata server: HTTP 404: this machine has no such service "
             "account",
             "no account");
  mc_token_step(&step, t, NOW, &err);
  tap_is_int(give(t, &real, &err), MC_OK, "the real one");
  mc_token_step(&step, t, NOW, &err);
  tap_is_int(step->expires_s, NOW + 9, "expiry is what it says, not an hour");
  mc_token_free(t);
  mc_token_new(&t, cred, &id, &env, &err);
  mc_token_step(&step, t, NOW, &err);
  tap_is_str(step->url,
             "http://h:80/computeMetadata/v1/instance/service-accounts/default/identity"
             "?audience=https%3A%2F%2Fx%3Fy&format=full",
             "identity");
  tap_is_int(give(t, &identity, &err), MC_OK, "a bare token");
  mc_token_free(t);
  mc_credential_free(cred);
  mc_pairs_clear(&env);
}

/* ---- AWS ---- */

static void aws(void)
{
  static const struct turn turns[] = {
      {"PUT http://169.254.169.254/token -", 200, "sess", NULL},
      {"GET http://169.254.169.254/az -", 200, "us-east-2b", NULL},
      {"GET http://169.254.169.254/creds -", 200, "my-role\n", NULL},
      {"GET http://169.254.169.254/creds/my-role -", 200,
       "{\"AccessKeyId\":\"AK\",\"SecretAccessKey\":\"hush\",\"Token\":\"tok\"}", NULL},
  };
  struct mc_err err;
  struct mc_token *t = begin(EXTERNAL(AWS), NULL, NULL, NULL, &err);
  const struct mc_step *step = NULL;
  char text[4096];
  size_t i;

  for(i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
    mc_token_step(&step, t, NOW, &err);
    step_text(text, sizeof(text), step);
    tap_is_str(text, turns[i].step, "AWS asks");
    if(i)
      tap_is_str(mc_pairs_get(step->headers, "x-aws-ec2-metadata-token"), "sess", "in its session");
    tap_is_int(give(t, &turns[i], &err), MC_OK, "and takes the answer");
  }
  mc_token_step(&step, t, NOW, &err);
  tap_ok(strstr(step->body, "sts.us-east-2.amazonaws.com") != NULL, "in the zone's region");
  tap_ok(strstr(step->body, "x-goog-cloud-target-resource") != NULL, "for this audience alone");
  tap_ok(strstr(step->body, "x-amz-security-token") != NULL, "with the session's token");
  tap_ok(!strstr(step->body, "hush"), "the secret key itself goes nowhere");
  mc_token_free(t);
}

/* ---- faults ---- */

static void faults(void)
{
  static const struct {
    int status, retryable, code;
    const char *body;
  } rows[] = {
      {500, 1, MC_UNAVAILABLE, ""},
      {502, 1, MC_UNAVAILABLE, "<html>"},
      {503, 1, MC_UNAVAILABLE, "{}"},
      {504, 1, MC_DEADLINE_EXCEEDED, ""},
      {408, 1, MC_DEADLINE_EXCEEDED, ""},
      {429, 1, MC_RESOURCE_EXHAUSTED, ""},
      {400, 1, MC_UNAVAILABLE, "{\"error\":\"internal_failure\"}"},
      {400, 1, MC_UNAVAILABLE, "{\"error\":\"temporarily_unavailable\"}"},
      {400, 0, MC_UNAUTHENTICATED, "{\"error\":\"invalid_grant\"}"},
      {401, 0, MC_UNAUTHENTICATED, "{\"error\":\"invalid_client\"}"},
      {400, 0, MC_INVALID_ARGUMENT, "{\"error\":7}"},
      {403, 0, MC_PERMISSION_DENIED, "null"},
      {302, 0, MC_UNKNOWN, ""},
  };
  const struct mc_step *step;
  struct mc_err err;
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    struct turn turn = {"", rows[i].status, rows[i].body, NULL};
    struct mc_token *t = begin(USER, NULL, NULL, NULL, &err);

    mc_token_step(&step, t, NOW, &err);
    tap_is_int(give(t, &turn, &err), rows[i].code, err.msg);
    tap_is_int(mc_token_fault(t)->retryable, rows[i].retryable, "retryable or not");
    mc_token_free(t);
  }
}

static void refused_plans(void)
{
  static const struct {
    const char *json, *audience, *message;
  } rows[] = {
      {EXTERNAL("{\"file\":\"f\"}"), "https://a",
       "a credential of type external_account cannot make an identity token for 'https://a': "
       "impersonate a service account"},
      {EXTERNAL("{\"executable\":{\"command\":\"x\"}}"), NULL,
       "the credential wants to run a program: allow it with "
       "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"},
      {EXTERNAL("{\"environment_id\":\"aws1\",\"regional_cred_verification_url\":\"https://x\"}"),
       NULL, "no AWS region: set AWS_REGION or credential_source.region_url"},
  };
  struct mc_err err;
  size_t i;

  for(i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    tap_ok(!begin(rows[i].json, rows[i].audience, NULL, NULL, &err), "refused at once");
    tap_is_str(err.msg, rows[i].message, "and says what helps");
  }
}

static void out_of_memory(void)
{
  struct mc_keyset *keys = NULL;
  char *json = service_account("googleapis.com", &keys);
  const struct mc_step *step;
  struct mc_err err;
  int64_t n;
  int rc = -1;

  for(n = 0; rc && n < 2000; n++) {
    struct mc_token *t;

    mc_alloc_fail_after(n);
    t = begin(json, "https://aud", NULL, NULL, &err);
    rc = t ? mc_token_step(&step, t, NOW, &err) : -1;
    mc_alloc_fail_after(-1);
    mc_token_free(t);
  }
  tap_ok(!rc && n > 10, "every one of %d refused allocations is reported", (int)n - 1);
  mc_keyset_free(keys);
  mc_free(json);
}

int main(void)
{
  size_t i;

  for(i = 0; i < sizeof(SCRIPTS) / sizeof(SCRIPTS[0]); i++)
    play(&SCRIPTS[i]);
  self_signed();
  gdch();
  skewed();
  other_universe();
  metadata();
  aws();
  faults();
  refused_plans();
  out_of_memory();
  return tap_done();
}
