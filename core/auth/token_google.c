#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/encode.h"
#include "auth/instant.h"
#include "auth/json.h"
#include "auth/jwt.h"
#include "auth/stage.h"
#include "base/alloc.h"

#define JWT_LIFETIME_S 3600
#define JWT_BACKDATE_S 30 /* so that a clock this much ahead of Google's does no harm */
#define SKEW_MIN_S 60 /* clocks further apart than this explain a refused JWT */
#define EXPIRES_IN_MAX 86400000.0
#define METADATA_TIMEOUT_MS 3000
#define METADATA_TRIES 5
#define GRANT_JWT "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define GRANT_STS "urn:ietf:params:oauth:grant-type:token-exchange"
#define GRANT_GDCH "urn:ietf:params:oauth:token-type:token-exchange" /* not RFC 8693's */
#define TYPE_GDCH "urn:k8s:params:oauth:token-type:serviceaccount"
#define TYPE_ACCESS "urn:ietf:params:oauth:token-type:access_token"

/* Make token->step a POST of JSON; the URL may be in t->url already. */
static int post_json(struct mc_token *t, const char *text, const char *url, struct mc_err *err)
{
  int rc = mc_buf_puts(&t->body, text, err);

  if(!rc)
    rc = mc_pairs_add(&t->headers, "Content-Type", "application/json", err);
  return rc ? rc : mc_step_http(t, "POST", url, err);
}

/* ---- a token that was given ---- */

static int prepare_given(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  const char *token = hop->cred->text[MC_F_TOKEN];

  return mc_keep_token(t, token, strlen(token), 0, err);
}

/* A stage that asks nobody gets no answer. */
static int take_nothing(struct mc_token *t, const struct mc_hop *hop,
                        const struct mc_answer *answer, struct mc_err *err)
{
  (void)t;
  (void)answer;
  return mc_fail(err, MC_INTERNAL, 0, "%s: an answer to no question", mc_hop_purpose(hop));
}

/* ---- service accounts ---- */

/* Sign claims that begin with issuer and times, RS256 unless it is a GDCH key; `more` is stolen.
   *out is the caller's (mc_wipe, mc_free). */
static int sign_claims(char **out, const struct mc_token *t, const struct mc_hop *hop, json_t *more,
                       struct mc_err *err)
{
  enum mc_alg alg = hop->cred->type == MC_CRED_GDCH ? MC_ALG_ES256 : MC_ALG_RS256;
  const char *pem = hop->cred->text[MC_F_PRIVATE_KEY], *email = hop->cred->text[MC_F_ACCOUNT];
  int64_t iat = t->sent_s + t->ahead_s - JWT_BACKDATE_S;
  char *text = NULL;
  int rc;

  if(more && !json_object_set_new(more, "iss", json_string(email)) &&
     !json_object_set_new(more, "iat", json_integer(iat)) &&
     !json_object_set_new(more, "exp", json_integer(iat + JWT_LIFETIME_S)))
    text = json_dumps(more, JSON_COMPACT);
  json_decref(more);
  if(!text)
    return mc_fail_nomem(err);
  rc = mc_jwt_sign(out, text, strlen(text), alg, pem, strlen(pem),
                   hop->cred->text[MC_F_PRIVATE_KEY_ID], err);
  mc_free(text);
  return rc;
}

/* AIP-4111: a JWT of our own is as good as an access token, and asks nobody. */
static int prepare_self_signed(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  json_t *claims = json_pack("{s:s,s:s}", "sub", hop->cred->text[MC_F_ACCOUNT], "scope",
                             hop->scopes ? hop->scopes : MC_SCOPE_DEFAULT);
  char *jwt = NULL;
  int rc = sign_claims(&jwt, t, hop, claims, err);

  if(rc)
    return rc;
  rc = mc_keep_token(t, jwt, strlen(jwt), t->sent_s - JWT_BACKDATE_S + JWT_LIFETIME_S, err);
  mc_wipe(jwt, strlen(jwt));
  mc_free(jwt);
  return rc;
}

/* RFC 7523: a signed assertion for a token. */
static int prepare_jwt_grant(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  const char *url = hop->cred->text[MC_F_TOKEN_URL];
  int identity = hop->kind == MC_WANT_IDENTITY;
  json_t *claims =
      json_pack("{s:s,s:s,s:s*}", "aud", url, identity ? "target_audience" : "scope",
                identity ? t->audience : (hop->scopes ? hop->scopes : MC_SCOPE_DEFAULT), "sub",
                identity ? NULL : t->subject);
  char *jwt = NULL;
  int rc = sign_claims(&jwt, t, hop, claims, err);

  if(rc)
    return rc;
  rc = mc_encode_form(&t->body, "grant_type", GRANT_JWT, err);
  if(!rc)
    rc = mc_encode_form(&t->body, "assertion", jwt, err);
  mc_wipe(jwt, strlen(jwt));
  mc_free(jwt);
  return rc ? rc : mc_step_form(t, url, err);
}

/* A service identity's signed assertion for a token of the audience, in JSON
   [google.oauth2.gdch_credentials]. */
static int prepare_gdch(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  const char *url = hop->cred->text[MC_F_TOKEN_URL];
  json_t *body = json_pack("{s:s,s:s}", "aud", url, "sub", hop->cred->text[MC_F_ACCOUNT]);
  char *jwt = NULL, *text;
  int rc = sign_claims(&jwt, t, hop, body, err);

  if(rc)
    return rc;
  body = json_pack("{s:s,s:s,s:s,s:s,s:s}", "grant_type", GRANT_GDCH, "audience", t->audience,
                   "requested_token_type", TYPE_ACCESS, "subject_token", jwt, "subject_token_type",
                   TYPE_GDCH);
  mc_wipe(jwt, strlen(jwt));
  mc_free(jwt);
  text = body ? json_dumps(body, JSON_COMPACT) : NULL;
  mc_json_wipe(body);
  if(!text)
    return mc_fail_nomem(err);
  rc = post_json(t, text, url, err);
  mc_wipe(text, strlen(text));
  mc_free(text);
  return rc;
}

/* ---- answers ---- */

/* When a lifetime in seconds, a number or its text, runs out; 0 when it is absent or absurd. */
static int64_t expiry_of(const struct mc_token *t, const json_t *expires_in)
{
  double s = json_number_value(expires_in);
  char *end;

  if(json_is_string(expires_in))
    s = strtod(json_string_value(expires_in), &end);
  return s > 0 && s < EXPIRES_IN_MAX ? t->sent_s + (int64_t)s : 0;
}

/* An identity token says itself when it runs out, on the server's clock. */
static int keep_identity(struct mc_token *t, const struct mc_answer *answer, const char *token,
                         size_t len, struct mc_err *err)
{
  int64_t exp_s;
  struct mc_err below;

  if(mc_jwt_expiry(&exp_s, token, len, &below))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: no identity token came: %s",
                   mc_hop_purpose(&t->hops[t->at]), below.msg);
  return mc_keep_token(t, token, len, exp_s - mc_answer_ahead(t, answer), err);
}

/* {"access_token","expires_in"} or {"id_token"}, as every OAuth endpoint has it. */
static int keep_oauth(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                      const json_t *root, struct mc_err *err)
{
  int identity = hop->kind == MC_WANT_IDENTITY;
  const char *name = identity ? "id_token" : "access_token", *token = mc_json_text(root, name);

  if(!token)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: the answer has no %s", mc_hop_purpose(hop),
                   name);
  if(identity)
    return keep_identity(t, answer, token, strlen(token), err);
  return mc_keep_token(t, token, strlen(token), expiry_of(t, json_object_get(root, "expires_in")),
                       err);
}

static int take_oauth(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                      struct mc_err *err)
{
  const char *renewed;
  json_t *root = NULL;
  int rc = mc_answer_json(&root, t, hop, answer, err);

  if(rc)
    return rc;
  rc = keep_oauth(t, hop, answer, root, err);
  renewed = mc_json_text(root, "refresh_token");
  if(!rc && hop->stage == MC_STAGE_REFRESH && renewed && *renewed)
    rc = mc_field_set(hop->cred, MC_F_REFRESH_TOKEN, renewed, err);
  mc_json_wipe(root);
  return rc;
}

/* A JWT refused because the clocks differ is signed once more by the server's clock. */
static int take_jwt_grant(struct mc_token *t, const struct mc_hop *hop,
                          const struct mc_answer *answer, struct mc_err *err)
{
  int64_t ahead_s = mc_answer_ahead(t, answer);
  int rc = take_oauth(t, hop, answer, err);

  if(rc != MC_UNAUTHENTICATED || t->ahead_s || (ahead_s < SKEW_MIN_S && ahead_s > -SKEW_MIN_S))
    return rc;
  t->ahead_s = ahead_s;
  t->fault.retryable = 1;
  return mc_fail(err, rc, 0, "%s: this machine's clock is %" PRId64 " s %s the server's",
                 mc_hop_purpose(hop), ahead_s < 0 ? -ahead_s : ahead_s,
                 ahead_s < 0 ? "ahead of" : "behind");
}

/* ---- users ---- */

/* Basic authentication of an OAuth client, if the credential names one. */
static int add_client(struct mc_token *t, const struct mc_credential *cred, struct mc_err *err)
{
  const char *id = cred->text[MC_F_CLIENT_ID], *secret = cred->text[MC_F_CLIENT_SECRET];
  struct mc_buf plain, value;
  int rc;

  if(!id || !secret)
    return MC_OK;
  mc_buf_init(&plain, 4096);
  mc_buf_init(&value, 8192);
  rc = mc_buf_printf(&plain, err, "%s:%s", id, secret);
  if(!rc)
    rc = mc_buf_puts(&value, "Basic ", err);
  if(!rc)
    rc = mc_encode_base64(&value, plain.data, plain.len, err);
  if(!rc)
    rc = mc_pairs_add(&t->headers, "Authorization", value.data, err);
  mc_buf_wipe(&plain);
  mc_buf_wipe(&value);
  return rc;
}

static int prepare_refresh(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  char *const *text = hop->cred->text;
  int basic = hop->cred->type == MC_CRED_EXTERNAL_USER;
  int rc = mc_encode_form(&t->body, "grant_type", "refresh_token", err);

  if(!rc && basic)
    rc = add_client(t, hop->cred, err);
  if(!rc && !basic)
    rc = mc_encode_form(&t->body, "client_id", text[MC_F_CLIENT_ID], err);
  if(!rc && !basic)
    rc = mc_encode_form(&t->body, "client_secret", text[MC_F_CLIENT_SECRET], err);
  if(!rc)
    rc = mc_encode_form(&t->body, "refresh_token", text[MC_F_REFRESH_TOKEN], err);
  if(!rc && hop->scopes)
    rc = mc_encode_form(&t->body, "scope", hop->scopes, err);
  return rc ? rc : mc_step_form(t, text[MC_F_TOKEN_URL], err);
}

/* ---- metadata server ---- */

static int add_scopes(struct mc_buf *url, const char *scopes, struct mc_err *err)
{
  size_t from = url->len + strlen("?scopes="), i;
  int rc = mc_buf_puts(url, "?scopes=", err);

  if(!rc)
    rc = mc_encode_percent(url, scopes, " ", err);
  for(i = from; !rc && i < url->len; i++) {
    if(url->data[i] == ' ')
      url->data[i] = ',';
  }
  return rc;
}

static int64_t metadata_timeout_ms(const struct mc_token *t)
{
  const char *text = mc_pairs_env(&t->env, "GCE_METADATA_TIMEOUT");
  double s = text ? strtod(text, NULL) : 0;

  return s > 0 && s <= 600 ? (int64_t)(s * 1000) : METADATA_TIMEOUT_MS;
}

static int prepare_metadata(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  const char *account = hop->cred->text[MC_F_ACCOUNT];
  int identity = hop->kind == MC_WANT_IDENTITY;
  int rc = mc_buf_printf(
      &t->url, err, "http://%s/computeMetadata/v1/instance/service-accounts/%s/%s",
      hop->cred->text[MC_F_HOST], account ? account : "default", identity ? "identity" : "token");

  if(!rc && identity) {
    rc = mc_buf_puts(&t->url, "?audience=", err);
    if(!rc)
      rc = mc_encode_percent(&t->url, t->audience, "", err);
    if(!rc)
      rc = mc_buf_puts(&t->url, "&format=full", err);
  } else if(!rc && hop->scopes) {
    rc = add_scopes(&t->url, hop->scopes, err);
  }
  if(!rc)
    rc = mc_pairs_add(&t->headers, "Metadata-Flavor", "Google", err);
  if(!rc)
    rc = mc_step_http(t, "GET", NULL, err);
  t->step.timeout_ms = metadata_timeout_ms(t);
  t->step.tries = METADATA_TRIES;
  return rc;
}

static size_t trimmed(const char *text, size_t len)
{
  while(len && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
    len--;
  return len;
}

static int take_metadata(struct mc_token *t, const struct mc_hop *hop,
                         const struct mc_answer *answer, struct mc_err *err)
{
  const char *flavor = answer->headers ? mc_pairs_get(answer->headers, "metadata-flavor") : NULL;

  if(answer->status == 200 && (!flavor || strcmp(flavor, "Google")))
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "%s: what answers at '%.64s' is not Google's metadata server",
                   mc_hop_purpose(hop), hop->cred->text[MC_F_HOST]);
  if(answer->status == 200 && hop->kind == MC_WANT_IDENTITY && answer->body)
    return keep_identity(t, answer, answer->body, trimmed(answer->body, answer->len), err);
  return take_oauth(t, hop, answer, err);
}

/* ---- federation ---- */

/* RFC 8693: the subject token, which is t->value, for an access token. */
static int add_exchange(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  char *const *text = hop->cred->text;
  const struct {
    const char *name, *value;
  } rows[] = {
      {"grant_type", GRANT_STS},
      {"audience", text[MC_F_AUDIENCE]},
      {"scope", hop->scopes ? hop->scopes : MC_SCOPE_DEFAULT},
      {"requested_token_type", TYPE_ACCESS},
      {"subject_token", t->value},
      {"subject_token_type", text[MC_F_SUBJECT_TYPE]},
  };
  size_t i;
  int rc = MC_OK;

  for(i = 0; !rc && i < sizeof(rows) / sizeof(rows[0]); i++)
    rc = mc_encode_form(&t->body, rows[i].name, rows[i].value, err);
  return rc;
}

/* Workforce pools without an OAuth client say whose quota it is: URL-encoded JSON within the
   form. */
static int add_user_project(struct mc_token *t, const struct mc_credential *cred,
                            struct mc_err *err)
{
  const char *project = cred->text[MC_F_USER_PROJECT];
  json_t *options;
  struct mc_buf quoted;
  char *text;
  int rc;

  if(!project || cred->text[MC_F_CLIENT_ID])
    return MC_OK;
  options = json_pack("{s:s}", "userProject", project);
  text = options ? json_dumps(options, JSON_COMPACT) : NULL;
  json_decref(options);
  if(!text)
    return mc_fail_nomem(err);
  mc_buf_init(&quoted, 4096);
  rc = mc_encode_percent(&quoted, text, "/", err);
  if(!rc)
    rc = mc_encode_form(&t->body, "options", quoted.data, err);
  mc_buf_clear(&quoted);
  mc_free(text);
  return rc;
}

static int prepare_sts(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  int rc = add_exchange(t, hop, err);

  if(!rc)
    rc = add_user_project(t, hop->cred, err);
  if(!rc)
    rc = add_client(t, hop->cred, err);
  return rc ? rc : mc_step_form(t, hop->cred->text[MC_F_TOKEN_URL], err);
}

/* ---- impersonation ---- */

/* "a b" as ["a","b"]; NULL when memory is out. */
static json_t *scope_list(const char *scopes)
{
  json_t *list = json_array();

  while(list && *scopes) {
    size_t len = strcspn(scopes, " ");

    if(len && json_array_append_new(list, json_stringn(scopes, len))) {
      json_decref(list);
      return NULL;
    }
    scopes += len + (scopes[len] == ' ');
  }
  return list;
}

static json_t *impersonation_body(const struct mc_token *t, const struct mc_hop *hop)
{
  int64_t lifetime_s = t->lifetime_s ? t->lifetime_s : hop->cred->number[MC_N_LIFETIME_S];
  json_t *body;
  char text[32];

  snprintf(text, sizeof(text), "%" PRId64 "s", lifetime_s);
  if(hop->kind == MC_WANT_IDENTITY)
    body = json_pack("{s:s,s:b}", "audience", t->audience, "includeEmail", 1);
  else
    body = json_pack("{s:o,s:s}", "scope", scope_list(hop->scopes ? hop->scopes : MC_SCOPE_DEFAULT),
                     "lifetime", text);
  if(body && hop->cred->delegates && json_object_set(body, "delegates", hop->cred->delegates)) {
    json_decref(body);
    return NULL;
  }
  return body;
}

/* The URL of the file with the verb for what is wanted, or the standing one of the account's
   universe. */
static int add_impersonation_url(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  static const char verb[] = ":generateAccessToken";
  const char *url = hop->cred->text[MC_F_IMPERSONATION_URL];
  const char *name = hop->kind == MC_WANT_IDENTITY ? "generateIdToken" : "generateAccessToken";

  if(url)
    return mc_buf_printf(&t->url, err, "%.*s:%s", (int)(strlen(url) - strlen(verb)), url, name);
  return mc_buf_printf(&t->url, err,
                       "https://iamcredentials.%s/v1/projects/-/serviceAccounts/%s:%s",
                       hop->cred->text[MC_F_UNIVERSE], hop->cred->text[MC_F_ACCOUNT], name);
}

static int prepare_impersonate(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  json_t *body = impersonation_body(t, hop);
  char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
  struct mc_buf bearer;
  int rc;

  json_decref(body);
  if(!text)
    return mc_fail_nomem(err);
  mc_buf_init(&bearer, MC_TOKEN_MAX + 16);
  rc = add_impersonation_url(t, hop, err);
  if(!rc)
    rc = mc_buf_printf(&bearer, err, "Bearer %s", t->value);
  if(!rc)
    rc = mc_pairs_add(&t->headers, "Authorization", bearer.data, err);
  if(!rc)
    rc = post_json(t, text, NULL, err);
  mc_free(text);
  mc_buf_wipe(&bearer);
  return rc;
}

static int keep_impersonated(struct mc_token *t, const struct mc_hop *hop,
                             const struct mc_answer *answer, const json_t *root, struct mc_err *err)
{
  const char *token = mc_json_text(root, "accessToken"),
             *expires = mc_json_text(root, "expireTime");
  const char *identity = mc_json_text(root, "token");
  int64_t expires_s = 0;

  if(hop->kind == MC_WANT_IDENTITY && identity)
    return keep_identity(t, answer, identity, strlen(identity), err);
  if(hop->kind == MC_WANT_IDENTITY || !token)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: the answer has no token", mc_hop_purpose(hop));
  if(expires && mc_instant_rfc3339(&expires_s, expires))
    expires_s -= mc_answer_ahead(t, answer);
  return mc_keep_token(t, token, strlen(token), expires_s, err);
}

static int take_impersonate(struct mc_token *t, const struct mc_hop *hop,
                            const struct mc_answer *answer, struct mc_err *err)
{
  json_t *root = NULL;
  int rc = mc_answer_json(&root, t, hop, answer, err);

  if(rc)
    return rc;
  rc = keep_impersonated(t, hop, answer, root, err);
  mc_json_wipe(root);
  return rc;
}

const struct mc_stage_ops *mc_stage_google(enum mc_stage stage)
{
  static const struct mc_stage_ops ops[MC_STAGES] = {
      [MC_STAGE_GIVEN] = {"given token", prepare_given, take_nothing},
      [MC_STAGE_SELF_SIGNED] = {"self-signed token", prepare_self_signed, take_nothing},
      [MC_STAGE_JWT_GRANT] = {"token of the service account", prepare_jwt_grant, take_jwt_grant},
      [MC_STAGE_GDCH] = {"token of the service identity", prepare_gdch, take_jwt_grant},
      [MC_STAGE_REFRESH] = {"refresh of the user's token", prepare_refresh, take_oauth},
      [MC_STAGE_METADATA] = {"token of the metadata server", prepare_metadata, take_metadata},
      [MC_STAGE_STS] = {"token exchange", prepare_sts, take_oauth},
      [MC_STAGE_IMPERSONATE] = {"impersonation", prepare_impersonate, take_impersonate},
  };

  return &ops[stage];
}
