#include "auth/token.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "auth/encode.h"
#include "auth/instant.h"
#include "auth/json.h"
#include "auth/stage.h"
#include "base/alloc.h"

#define BODY_MAX 131072
#define URL_MAX 8192
#define HTTP_TIMEOUT_MS 30000
#define TRIES 3
#define SECRET_RUN 32 /* this many token characters in a row may be a secret */

static const struct mc_stage_ops *ops_of(enum mc_stage stage)
{
  static const struct mc_stage_ops *(*const files[])(enum mc_stage) = {
      mc_stage_google, mc_stage_subject, mc_stage_certificate};
  const struct mc_stage_ops *ops = NULL;
  size_t i;

  for(i = 0; i < sizeof(files) / sizeof(files[0]) && (!ops || !ops->prepare); i++)
    ops = files[i](stage);
  return ops;
}

const char *mc_hop_purpose(const struct mc_hop *hop)
{
  return ops_of(hop->stage)->purpose;
}

/* ---- the plan ---- */

int mc_plan_add(struct mc_token *t, enum mc_stage stage, struct mc_credential *cred,
                enum mc_want_kind kind, const char *scopes, struct mc_err *err)
{
  if(t->count == MC_HOPS_MAX)
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "more than %d steps to a token", MC_HOPS_MAX);
  t->hops[t->count++] = (struct mc_hop){stage, cred, kind, scopes};
  return MC_OK;
}

static int plan_access(struct mc_token *t, struct mc_credential *cred, const char *scopes,
                       struct mc_err *err);

/* An access token of the identity from which `cred` impersonates its account. */
static int plan_source(struct mc_token *t, struct mc_credential *cred, struct mc_err *err)
{
  int rc;

  if(cred->type == MC_CRED_IMPERSONATED)
    return plan_access(t, cred->source, NULL, err);
  rc = mc_plan_subject(t, cred, err);
  return rc ? rc : mc_plan_add(t, MC_STAGE_STS, cred, MC_WANT_ACCESS, NULL, err);
}

/* Its tokens are for one audience, and it impersonates nobody [google.oauth2.gdch_credentials]. */
static int check_gdch(const struct mc_token *t, const struct mc_credential *cred,
                      struct mc_err *err)
{
  if(cred != t->cred)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "a credential of type %s cannot impersonate a service account",
                   mc_credential_type_name(cred));
  if(!t->audience)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "a token of a credential of type %s needs an audience: the host of the API",
                   mc_credential_type_name(cred));
  return MC_OK;
}

static int plan_access(struct mc_token *t, struct mc_credential *cred, const char *scopes,
                       struct mc_err *err)
{
  static const enum mc_stage only[MC_CRED_TYPES] = {
      [MC_CRED_SERVICE_ACCOUNT] = MC_STAGE_SELF_SIGNED,
      [MC_CRED_AUTHORIZED_USER] = MC_STAGE_REFRESH,
      [MC_CRED_EXTERNAL_USER] = MC_STAGE_REFRESH,
      [MC_CRED_METADATA] = MC_STAGE_METADATA,
      [MC_CRED_TOKEN] = MC_STAGE_GIVEN,
      [MC_CRED_GDCH] = MC_STAGE_GDCH,
  };
  enum mc_stage stage = only[cred->type];
  int rc;

  switch(cred->type) {
  case MC_CRED_EXTERNAL_ACCOUNT:
    if(!cred->text[MC_F_IMPERSONATION_URL]) {
      rc = mc_plan_subject(t, cred, err);
      return rc ? rc : mc_plan_add(t, MC_STAGE_STS, cred, MC_WANT_ACCESS, scopes, err);
    }
    /* fall through */
  case MC_CRED_IMPERSONATED:
    rc = plan_source(t, cred, err);
    return rc ? rc : mc_plan_add(t, MC_STAGE_IMPERSONATE, cred, MC_WANT_ACCESS, scopes, err);
  case MC_CRED_SERVICE_ACCOUNT:
    if(cred == t->cred && (t->exchange || t->subject))
      stage = MC_STAGE_JWT_GRANT;
    break;
  case MC_CRED_GDCH:
    rc = check_gdch(t, cred, err);
    if(rc)
      return rc;
    break;
  default:
    break;
  }
  return mc_plan_add(t, stage, cred, MC_WANT_ACCESS, scopes, err);
}

static int no_identity(const struct mc_token *t, const struct mc_credential *cred,
                       struct mc_err *err)
{
  return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                 "a credential of type %s cannot make an identity token for '%.80s'%s",
                 mc_credential_type_name(cred), t->audience,
                 cred->type == MC_CRED_GDCH ? "" : ": impersonate a service account");
}

static int plan_identity(struct mc_token *t, struct mc_credential *cred, struct mc_err *err)
{
  int rc = MC_OK;

  switch(cred->type) {
  case MC_CRED_SERVICE_ACCOUNT:
    if(!strcmp(cred->text[MC_F_UNIVERSE], MC_UNIVERSE))
      return mc_plan_add(t, MC_STAGE_JWT_GRANT, cred, MC_WANT_IDENTITY, NULL, err);
    rc = mc_plan_add(t, MC_STAGE_SELF_SIGNED, cred, MC_WANT_ACCESS, NULL, err);
    break;
  case MC_CRED_AUTHORIZED_USER: /* its identity tokens are for the OAuth client, and nobody else */
    if(strcmp(t->audience, cred->text[MC_F_CLIENT_ID]))
      return no_identity(t, cred, err);
    return mc_plan_add(t, MC_STAGE_REFRESH, cred, MC_WANT_IDENTITY, NULL, err);
  case MC_CRED_METADATA:
    return mc_plan_add(t, MC_STAGE_METADATA, cred, MC_WANT_IDENTITY, NULL, err);
  case MC_CRED_EXTERNAL_ACCOUNT:
  case MC_CRED_IMPERSONATED:
    if(!cred->text[MC_F_IMPERSONATION_URL])
      return no_identity(t, cred, err);
    rc = plan_source(t, cred, err);
    break;
  default:
    return no_identity(t, cred, err);
  }
  return rc ? rc : mc_plan_add(t, MC_STAGE_IMPERSONATE, cred, MC_WANT_IDENTITY, NULL, err);
}

/* ---- the machine ---- */

static int copy_text(char **out, const char *text, struct mc_err *err)
{
  *out = text && *text ? mc_strdup(text) : NULL;
  return text && *text && !*out ? mc_fail_nomem(err) : MC_OK;
}

static int copy_want(struct mc_token *t, const struct mc_want *want, struct mc_err *err)
{
  int rc = copy_text(&t->scopes, want->scopes, err);

  if(!rc)
    rc = copy_text(&t->audience, want->audience, err);
  if(!rc)
    rc = copy_text(&t->subject, want->subject, err);
  if(!rc && want->kind == MC_WANT_IDENTITY && !t->audience)
    rc = mc_fail(err, MC_INVALID_ARGUMENT, 0, "an identity token needs an audience");
  if(!rc && t->subject && t->cred->type != MC_CRED_SERVICE_ACCOUNT)
    rc = mc_fail(err, MC_FAILED_PRECONDITION, 0,
                 "only a service account key can act for a user, not a credential of type %s",
                 mc_credential_type_name(t->cred));
  t->kind = want->kind;
  t->exchange = want->exchange;
  t->lifetime_s = want->lifetime_s;
  return rc;
}

int mc_token_new(struct mc_token **out, struct mc_credential *cred, const struct mc_want *want,
                 const struct mc_pairs *env, struct mc_err *err)
{
  struct mc_token *t = mc_calloc(1, sizeof(*t));
  int rc;

  if(!t)
    return mc_fail_nomem(err);
  t->cred = mc_credential_ref(cred);
  mc_buf_init(&t->url, URL_MAX);
  mc_buf_init(&t->body, BODY_MAX);
  mc_buf_init(&t->args, URL_MAX);
  rc = copy_want(t, want, err);
  if(!rc)
    rc = mc_pairs_copy(&t->env, env, err);
  if(!rc && want->kind == MC_WANT_IDENTITY)
    rc = plan_identity(t, cred, err);
  else if(!rc)
    rc = plan_access(t, cred, t->scopes, err);
  if(rc) {
    mc_token_free(t);
    return rc;
  }
  *out = t;
  return MC_OK;
}

static void clear_step(struct mc_token *t)
{
  t->step = (struct mc_step){.kind = MC_STEP_NONE};
  mc_buf_wipe(&t->url);
  mc_buf_wipe(&t->body);
  mc_buf_wipe(&t->args);
  mc_pairs_clear(&t->headers);
  mc_pairs_clear(&t->child_env);
}

static void drop_value(struct mc_token *t)
{
  if(t->value)
    mc_wipe(t->value, strlen(t->value));
  mc_free(t->value);
  t->value = NULL;
}

void mc_token_free(struct mc_token *t)
{
  if(!t)
    return;
  clear_step(t);
  drop_value(t);
  mc_pairs_clear(&t->env);
  mc_pairs_clear(&t->notes);
  mc_free(t->scopes);
  mc_free(t->audience);
  mc_free(t->subject);
  mc_credential_free(t->cred);
  mc_free(t);
}

int mc_token_step(const struct mc_step **out, struct mc_token *t, int64_t now_s, struct mc_err *err)
{
  int rc;

  clear_step(t);
  t->sent_s = now_s;
  for(; t->at < t->count; t->at++) {
    const struct mc_hop *hop = &t->hops[t->at];

    rc = ops_of(hop->stage)->prepare(t, hop, err);
    if(rc) {
      clear_step(t);
      return rc;
    }
    if(t->step.kind != MC_STEP_NONE) {
      t->step.purpose = mc_hop_purpose(hop);
      *out = &t->step;
      return MC_OK;
    }
  }
  t->step = (struct mc_step){
      .kind = MC_STEP_DONE, .purpose = "token", .token = t->value, .expires_s = t->expires_s};
  *out = &t->step;
  return MC_OK;
}

int mc_token_answer(struct mc_token *t, const struct mc_answer *answer, struct mc_err *err)
{
  const struct mc_hop *hop = &t->hops[t->at];
  int rc;

  t->fault = (struct mc_token_fault){0, 0};
  if(t->step.kind == MC_STEP_NONE || t->step.kind == MC_STEP_DONE)
    return mc_fail(err, MC_FAILED_PRECONDITION, 0, "no step is waiting for an answer");
  if(answer->len > MC_ANSWER_MAX)
    return mc_fail(err, MC_RESOURCE_EXHAUSTED, 0, "%s: answer has %zu bytes, more than %d",
                   mc_hop_purpose(hop), answer->len, MC_ANSWER_MAX);
  t->skip = 0;
  rc = ops_of(hop->stage)->take(t, hop, answer, err);
  clear_step(t);
  if(rc)
    return rc;
  t->at += 1 + (size_t)t->skip;
  return MC_OK;
}

const struct mc_token_fault *mc_token_fault(const struct mc_token *t)
{
  return &t->fault;
}

/* ---- what the stages share ---- */

int mc_step_http(struct mc_token *t, const char *method, const char *url, struct mc_err *err)
{
  const struct mc_credential *cred = t->hops[t->at].cred;
  int rc = t->url.len ? MC_OK : mc_buf_puts(&t->url, url, err);

  if(rc)
    return rc;
  t->step.kind = MC_STEP_HTTP;
  t->step.method = method;
  t->step.url = t->url.data;
  t->step.headers = &t->headers;
  t->step.body = t->body.data;
  t->step.timeout_ms = HTTP_TIMEOUT_MS;
  t->step.tries = TRIES;
  t->step.ca_bundle = cred->text[MC_F_CA_BUNDLE];
  if(cred->has_certificate) {
    t->step.certificate = mc_pairs_get(&t->notes, "cert_path");
    t->step.key = mc_pairs_get(&t->notes, "key_path");
  }
  return MC_OK;
}

int mc_step_form(struct mc_token *t, const char *url, struct mc_err *err)
{
  int rc = mc_pairs_add(&t->headers, "Content-Type", "application/x-www-form-urlencoded", err);

  return rc ? rc : mc_step_http(t, "POST", url, err);
}

int mc_keep_token(struct mc_token *t, const char *value, size_t len, int64_t expires_s,
                  struct mc_err *err)
{
  const char *purpose = mc_hop_purpose(&t->hops[t->at]);
  char *copy;
  size_t i;

  for(i = 0; i < len && value[i] > ' ' && value[i] < 127; i++)
    ;
  if(!len || i < len || len > MC_TOKEN_MAX)
    return mc_fail(err, MC_UNAUTHENTICATED, 0,
                   "%s: the token is empty, too long or not one line of printable text", purpose);
  copy = mc_strndup(value, len);
  if(!copy)
    return mc_fail_nomem(err);
  drop_value(t);
  t->value = copy;
  t->expires_s = expires_s;
  return MC_OK;
}

int64_t mc_answer_ahead(const struct mc_token *t, const struct mc_answer *answer)
{
  const char *date = answer->headers ? mc_pairs_get(answer->headers, "date") : NULL;
  int64_t s;

  return date && mc_instant_http(&s, date) ? s - t->sent_s : 0;
}

static int is_token_byte(char c)
{
  return isalnum((unsigned char)c) || (c && strchr("_+=~-", c));
}

void mc_clean_text(char *out, size_t size, const char *text)
{
  size_t len = 0, run;

  while(*text && len + 1 < size) {
    for(run = 0; is_token_byte(text[run]); run++)
      ;
    if(run >= SECRET_RUN) {
      len += (size_t)snprintf(out + len, size - len, "<redacted>");
      len = len < size ? len : size - 1;
      text += run;
      continue;
    }
    out[len++] = (unsigned char)*text < ' ' || *text == 127 ? ' ' : *text;
    text++;
    /* the rest of a short run goes over as it is */
    for(; run > 1 && len + 1 < size; run--)
      out[len++] = *text++;
  }
  while(len && (out[len - 1] == ' ' || out[len - 1] == '.'))
    len--;
  out[len] = '\0';
}

static const struct {
  int status, code, retryable;
} BY_STATUS[] = {
    {400, MC_INVALID_ARGUMENT, 0},  {401, MC_UNAUTHENTICATED, 0},   {403, MC_PERMISSION_DENIED, 0},
    {404, MC_NOT_FOUND, 0},         {408, MC_DEADLINE_EXCEEDED, 1}, {429, MC_RESOURCE_EXHAUSTED, 1},
    {500, MC_UNAVAILABLE, 1},       {502, MC_UNAVAILABLE, 1},       {503, MC_UNAVAILABLE, 1},
    {504, MC_DEADLINE_EXCEEDED, 1},
};

/* The OAuth words that mean "again, please" [google.oauth2._client]. */
static const char *const TRANSIENT[] = {"internal_failure", "server_error",
                                        "temporarily_unavailable"};

static int classify(struct mc_token *t, int status, const char *word)
{
  int code = MC_UNKNOWN;
  size_t i;

  t->fault.status = status;
  for(i = 0; i < sizeof(BY_STATUS) / sizeof(BY_STATUS[0]); i++) {
    if(BY_STATUS[i].status == status) {
      code = BY_STATUS[i].code;
      t->fault.retryable = BY_STATUS[i].retryable;
    }
  }
  for(i = 0; i < sizeof(TRANSIENT) / sizeof(TRANSIENT[0]); i++) {
    if(!strcmp(word, TRANSIENT[i])) {
      t->fault.retryable = 1;
      return MC_UNAVAILABLE;
    }
  }
  if(!strcmp(word, "invalid_grant") || !strcmp(word, "invalid_client"))
    return MC_UNAUTHENTICATED;
  return code;
}

#define LOGIN "run gcloud auth application-default login"

/* What helps, by what went wrong; the first row that fits. */
static const struct {
  unsigned stages; /* set of 1u << stage */
  int status; /* 0: any */
  const char *word; /* NULL: any */
  const char *advice;
} ADVICE[] = {
    {1u << MC_STAGE_REFRESH, 0, "invalid_rapt", "reauthentication is needed: " LOGIN},
    {1u << MC_STAGE_REFRESH, 0, "invalid_grant", "the login has expired or was revoked: " LOGIN},
    {1u << MC_STAGE_JWT_GRANT | 1u << MC_STAGE_GDCH, 0, "invalid_grant",
     "the key or its account is gone or disabled, or this machine's clock is wrong"},
    {1u << MC_STAGE_IMPERSONATE, 403, NULL,
     "the caller needs roles/iam.serviceAccountTokenCreator on the account"},
    {1u << MC_STAGE_METADATA, 404, NULL, "this machine has no such service account"},
};

static const char *advice_for(const struct mc_hop *hop, int status, const char *word,
                              const char *subtype)
{
  size_t i;

  for(i = 0; i < sizeof(ADVICE) / sizeof(ADVICE[0]); i++) {
    if((ADVICE[i].stages & (1u << hop->stage)) &&
       (!ADVICE[i].status || ADVICE[i].status == status) &&
       (!ADVICE[i].word || !strcmp(ADVICE[i].word, word) || !strcmp(ADVICE[i].word, subtype)))
      return ADVICE[i].advice;
  }
  return NULL;
}

static const char *text_or(const json_t *root, const char *path, const char *otherwise)
{
  const char *text = root ? mc_json_text(root, path) : NULL;

  return text ? text : otherwise;
}

int mc_answer_fault(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                    struct mc_err *err)
{
  /* {"error":"invalid_grant","error_description":..} [RFC 6749] or
     {"error":{"status":..,"message":..}} [google.rpc] */
  json_t *root =
      mc_json_object(answer->body ? answer->body : "", answer->len, MC_ANSWER_MAX, "answer", NULL);
  const char *word = text_or(root, "error", text_or(root, "error.status", ""));
  const char *said = text_or(root, "error_description", text_or(root, "error.message", ""));
  const char *advice = advice_for(hop, answer->status, word, text_or(root, "error_subtype", ""));
  char short_word[48], short_said[120];
  int code = classify(t, answer->status, word);

  mc_clean_text(short_word, sizeof(short_word), word);
  mc_clean_text(short_said, sizeof(short_said), said);
  mc_fail(err, code, 0, "%s: HTTP %d%s%s%s%s%s%s", mc_hop_purpose(hop), answer->status,
          *short_word ? " " : "", short_word, *short_said && !advice ? ": " : "",
          advice ? "" : short_said, advice ? ": " : "", advice ? advice : "");
  mc_json_wipe(root);
  return code;
}

int mc_answer_json(json_t **out, struct mc_token *t, const struct mc_hop *hop,
                   const struct mc_answer *answer, struct mc_err *err)
{
  struct mc_err below;
  json_t *root;

  if(answer->status < 200 || answer->status > 299)
    return mc_answer_fault(t, hop, answer, err);
  root = mc_json_object(answer->body ? answer->body : "", answer->len, MC_ANSWER_MAX, "answer",
                        &below);
  if(!root) {
    t->fault.status = answer->status;
    return mc_fail(err, below.code == MC_RESOURCE_EXHAUSTED ? below.code : MC_INTERNAL, 0, "%s: %s",
                   mc_hop_purpose(hop), below.msg);
  }
  *out = root;
  return MC_OK;
}
