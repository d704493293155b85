#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/encode.h"
#include "auth/json.h"
#include "auth/sigv4.h"
#include "auth/stage.h"
#include "base/alloc.h"

/* The subject token of an external account: from a file, a URL, a program, or AWS keys;
   from a certificate, see token_certificate.c. */

#define ALLOW_RUN "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"
#define AWS_SESSION_TTL_S "300"

static int is_aws(const struct mc_credential *cred)
{
  return cred->text[MC_F_AWS_ENVIRONMENT] != NULL;
}

static const char *aws_region(const struct mc_token *t)
{
  const char *region = mc_pairs_env(&t->env, "AWS_REGION");

  region = region ? region : mc_pairs_env(&t->env, "AWS_DEFAULT_REGION");
  return region ? region : mc_pairs_get(&t->notes, "region");
}

static int has_aws_keys(const struct mc_token *t)
{
  return mc_pairs_env(&t->env, "AWS_ACCESS_KEY_ID") &&
         mc_pairs_env(&t->env, "AWS_SECRET_ACCESS_KEY");
}

static int plan_aws(struct mc_token *t, struct mc_credential *cred, struct mc_err *err)
{
  const int ask_region = !aws_region(t), ask_keys = !has_aws_keys(t);
  const struct {
    int wanted;
    enum mc_stage stage;
  } rows[] = {
      {(ask_region || ask_keys) && cred->text[MC_F_AWS_SESSION_URL], MC_STAGE_AWS_SESSION},
      {ask_region, MC_STAGE_AWS_REGION},
      {ask_keys, MC_STAGE_AWS_ROLE},
      {ask_keys, MC_STAGE_AWS_KEYS},
      {1, MC_STAGE_AWS_SIGN},
  };
  size_t i;
  int rc = MC_OK;

  if(ask_region && !cred->text[MC_F_AWS_REGION_URL])
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "no AWS region: set AWS_REGION or credential_source.region_url");
  if(ask_keys && !cred->text[MC_F_SOURCE_URL])
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "no AWS keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or "
                   "credential_source.url");
  for(i = 0; !rc && i < sizeof(rows) / sizeof(rows[0]); i++) {
    if(rows[i].wanted)
      rc = mc_plan_add(t, rows[i].stage, cred, MC_WANT_ACCESS, NULL, err);
  }
  return rc;
}

static int plan_program(struct mc_token *t, struct mc_credential *cred, struct mc_err *err)
{
  const char *allowed = mc_pairs_env(&t->env, ALLOW_RUN);
  int rc = MC_OK;

  if(!allowed || strcmp(allowed, "1"))
    return mc_fail(err, MC_FAILED_PRECONDITION, 0,
                   "the credential wants to run a program: allow it with " ALLOW_RUN "=1");
  if(cred->text[MC_F_OUTPUT_FILE])
    rc = mc_plan_add(t, MC_STAGE_OUTPUT_FILE, cred, MC_WANT_ACCESS, NULL, err);
  return rc ? rc : mc_plan_add(t, MC_STAGE_EXECUTABLE, cred, MC_WANT_ACCESS, NULL, err);
}

int mc_plan_subject(struct mc_token *t, struct mc_credential *cred, struct mc_err *err)
{
  if(is_aws(cred))
    return plan_aws(t, cred, err);
  if(cred->text[MC_F_SOURCE_COMMAND])
    return plan_program(t, cred, err);
  if(cred->has_certificate)
    return mc_plan_certificate(t, cred, err);
  return mc_plan_add(t, cred->text[MC_F_SOURCE_FILE] ? MC_STAGE_SUBJECT_FILE : MC_STAGE_SUBJECT_URL,
                     cred, MC_WANT_ACCESS, NULL, err);
}

/* ---- file and URL ---- */

/* The text itself, or one field of JSON. */
static int keep_subject(struct mc_token *t, const struct mc_hop *hop, const char *text, size_t len,
                        struct mc_err *err)
{
  const char *purpose = mc_hop_purpose(hop), *field = hop->cred->text[MC_F_FORMAT_FIELD], *value;
  struct mc_err below;
  json_t *root;
  int rc;

  if(strcmp(hop->cred->text[MC_F_FORMAT], "json")) {
    for(; len && strchr(" \t\r\n", text[len - 1]) && text[len - 1]; len--)
      ;
    for(; len && strchr(" \t\r\n", *text) && *text; len--)
      text++;
    return mc_keep_token(t, text, len, 0, err);
  }
  root = mc_json_object(text, len, MC_ANSWER_MAX, "content", &below);
  if(!root)
    return mc_fail(err, below.code, 0, "%s: %s", purpose, below.msg);
  value = json_string_value(json_object_get(root, field));
  if(value)
    rc = mc_keep_token(t, value, strlen(value), 0, err);
  else
    rc = mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: no field '%.64s' with a string", purpose, field);
  mc_json_wipe(root);
  return rc;
}

static int prepare_file(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  (void)err;
  t->step.kind = MC_STEP_FILE;
  t->step.path = hop->cred->text[MC_F_SOURCE_FILE];
  return MC_OK;
}

static int take_file(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                     struct mc_err *err)
{
  if(answer->missing)
    return mc_fail(err, MC_NOT_FOUND, 0, "%s: no file '%.128s'", mc_hop_purpose(hop),
                   hop->cred->text[MC_F_SOURCE_FILE]);
  return keep_subject(t, hop, answer->body ? answer->body : "", answer->len, err);
}

static int prepare_url(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  int rc = mc_pairs_copy(&t->headers, &hop->cred->headers, err);

  return rc ? rc : mc_step_http(t, "GET", hop->cred->text[MC_F_SOURCE_URL], err);
}

static int take_url(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                    struct mc_err *err)
{
  if(answer->status != 200)
    return mc_answer_fault(t, hop, answer, err);
  return keep_subject(t, hop, answer->body ? answer->body : "", answer->len, err);
}

/* ---- program ---- */

static int prepare_output_file(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  (void)err;
  t->step.kind = MC_STEP_FILE;
  t->step.path = hop->cred->text[MC_F_OUTPUT_FILE];
  return MC_OK;
}

static int is_saml(const struct mc_hop *hop)
{
  return strstr(hop->cred->text[MC_F_SUBJECT_TYPE], ":saml2") != NULL;
}

/* A program's refusal, in its own words. */
static int refused(const struct mc_hop *hop, const json_t *root, struct mc_err *err)
{
  const char *code = mc_json_text(root, "code"), *message = mc_json_text(root, "message");
  char short_code[32], said[100];

  mc_clean_text(short_code, sizeof(short_code), code ? code : "");
  mc_clean_text(said, sizeof(said), message ? message : "no message");
  return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: it says '%s': %s", mc_hop_purpose(hop),
                 short_code, said);
}

/* {"version":1,"success":true,"token_type","id_token"|"saml_response","expiration_time"} */
static int keep_response(struct mc_token *t, const struct mc_hop *hop, const json_t *root,
                         int must_expire, struct mc_err *err)
{
  const char *purpose = mc_hop_purpose(hop), *type = mc_json_text(root, "token_type");
  const char *name = is_saml(hop) ? "saml_response" : "id_token", *token = mc_json_text(root, name);
  const json_t *expires = json_object_get(root, "expiration_time");

  if(json_integer_value(json_object_get(root, "version")) != 1)
    return mc_fail(err, MC_UNIMPLEMENTED, 0, "%s: only version 1 of its answer is implemented",
                   purpose);
  if(!json_is_true(json_object_get(root, "success")))
    return refused(hop, root, err);
  if(!type || strcmp(type, hop->cred->text[MC_F_SUBJECT_TYPE]))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: token_type '%.64s' is not subject_token_type",
                   purpose, type ? type : "");
  if(must_expire && !json_is_integer(expires))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: no expiration_time, which output_file needs",
                   purpose);
  if(json_is_integer(expires) && json_integer_value(expires) <= t->sent_s)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: its token has expired", purpose);
  if(!token)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: the answer has no %s", purpose, name);
  return mc_keep_token(t, token, strlen(token), 0, err);
}

/* A fresh answer in the file saves running the program; whatever else is there does not matter. */
static int take_output_file(struct mc_token *t, const struct mc_hop *hop,
                            const struct mc_answer *answer, struct mc_err *err)
{
  json_t *root;

  (void)err;
  if(answer->missing || !answer->body)
    return MC_OK;
  root = mc_json_object(answer->body, answer->len, MC_ANSWER_MAX, "content", NULL);
  if(root && !keep_response(t, hop, root, 1, NULL))
    t->skip = 1;
  mc_json_wipe(root);
  return MC_OK;
}

/* Split a command at blanks; double quotes keep a part together, and go. Words are in t->args,
   one NUL after each. */
static int split_command(struct mc_token *t, const char *command, struct mc_err *err)
{
  size_t starts[MC_STEP_ARGS_MAX], count = 0, i;
  int quoted = 0, within = 0, rc = mc_buf_reserve(&t->args, strlen(command) + 2, err);

  for(; !rc && *command; command++) {
    if(*command == ' ' && !quoted) {
      if(within)
        rc = mc_buf_add(&t->args, "", 1, err);
      within = 0;
      continue;
    }
    if(!within) {
      if(count == MC_STEP_ARGS_MAX)
        return mc_fail(err, MC_INVALID_ARGUMENT, 0,
                       "credential_source.executable.command: more than %d words",
                       MC_STEP_ARGS_MAX);
      starts[count++] = t->args.len;
      within = 1;
    }
    if(*command == '"')
      quoted = !quoted;
    else
      rc = mc_buf_add(&t->args, command, 1, err);
  }
  if(!rc && within)
    rc = mc_buf_add(&t->args, "", 1, err);
  if(!rc && (!count || quoted))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "credential_source.executable.command: %s",
                   quoted ? "a quote is not closed" : "no words in it");
  for(i = 0; !rc && i < count; i++)
    t->step.argv[i] = t->args.data + starts[i];
  return rc;
}

static int prepare_executable(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  char *const *text = hop->cred->text;
  const struct {
    const char *name, *value;
  } rows[] = {
      {"GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", text[MC_F_AUDIENCE]},
      {"GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", text[MC_F_SUBJECT_TYPE]},
      {"GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0"},
      {"GOOGLE_EXTERNAL_ACCOUNT_REVOKE", "0"},
      {"GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL", text[MC_F_ACCOUNT]},
      {"GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", text[MC_F_OUTPUT_FILE]},
  };
  size_t i;
  int rc = split_command(t, text[MC_F_SOURCE_COMMAND], err);

  for(i = 0; !rc && i < sizeof(rows) / sizeof(rows[0]); i++) {
    if(rows[i].value)
      rc = mc_pairs_add(&t->child_env, rows[i].name, rows[i].value, err);
  }
  t->step.kind = MC_STEP_RUN;
  t->step.env = &t->child_env;
  t->step.timeout_ms = hop->cred->number[MC_N_TIMEOUT_MS];
  return rc;
}

static int take_executable(struct mc_token *t, const struct mc_hop *hop,
                           const struct mc_answer *answer, struct mc_err *err)
{
  struct mc_err below;
  json_t *root = mc_json_object(answer->body ? answer->body : "", answer->len, MC_ANSWER_MAX,
                                "its output", &below);
  int rc;

  if(!root && answer->status)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: it ended with exit code %d",
                   mc_hop_purpose(hop), answer->status);
  if(!root)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: %s", mc_hop_purpose(hop), below.msg);
  if(answer->status)
    rc = refused(hop, root, err);
  else
    rc = keep_response(t, hop, root, hop->cred->text[MC_F_OUTPUT_FILE] != NULL, err);
  mc_json_wipe(root);
  return rc;
}

/* ---- AWS ---- */

static int prepare_aws_session(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  int rc =
      mc_pairs_add(&t->headers, "X-aws-ec2-metadata-token-ttl-seconds", AWS_SESSION_TTL_S, err);

  return rc ? rc : mc_step_http(t, "PUT", hop->cred->text[MC_F_AWS_SESSION_URL], err);
}

/* One GET of the instance's metadata, with the session where there is one. */
static int aws_get(struct mc_token *t, const char *url, struct mc_err *err)
{
  const char *session = mc_pairs_get(&t->notes, "session");
  int rc = session ? mc_pairs_add(&t->headers, "X-aws-ec2-metadata-token", session, err) : MC_OK;

  return rc ? rc : mc_step_http(t, "GET", url, err);
}

static int prepare_aws_region(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  return aws_get(t, hop->cred->text[MC_F_AWS_REGION_URL], err);
}

static int prepare_aws_role(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  return aws_get(t, hop->cred->text[MC_F_SOURCE_URL], err);
}

static int prepare_aws_keys(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  int rc = mc_buf_printf(&t->url, err, "%s/%s", hop->cred->text[MC_F_SOURCE_URL],
                         mc_pairs_get(&t->notes, "role"));

  return rc ? rc : aws_get(t, NULL, err);
}

static const char WORD[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-";

/* Note the answer's one line under `name`. The first line of roles is the role; the zone
   us-east-2b is in us-east-2. */
static int note_line(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                     const char *name, int cut, struct mc_err *err)
{
  char line[1024];
  size_t len = 0;

  if(answer->status != 200)
    return mc_answer_fault(t, hop, answer, err);
  while(answer->body && len < answer->len && len + 1 < sizeof(line) && answer->body[len] != '\n' &&
        answer->body[len] != '\r')
    len++;
  if(len <= (size_t)cut || len + 1 == sizeof(line))
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: the answer is empty or too long",
                   mc_hop_purpose(hop));
  memcpy(line, answer->body, len - (size_t)cut);
  line[len - (size_t)cut] = '\0';
  if(strspn(line, WORD) != len - (size_t)cut)
    return mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: the answer is not one word",
                   mc_hop_purpose(hop));
  return mc_pairs_add(&t->notes, name, line, err);
}

static int take_aws_session(struct mc_token *t, const struct mc_hop *hop,
                            const struct mc_answer *answer, struct mc_err *err)
{
  return note_line(t, hop, answer, "session", 0, err);
}

static int take_aws_region(struct mc_token *t, const struct mc_hop *hop,
                           const struct mc_answer *answer, struct mc_err *err)
{
  return note_line(t, hop, answer, "region", 1, err);
}

static int take_aws_role(struct mc_token *t, const struct mc_hop *hop,
                         const struct mc_answer *answer, struct mc_err *err)
{
  return note_line(t, hop, answer, "role", 0, err);
}

static int take_aws_keys(struct mc_token *t, const struct mc_hop *hop,
                         const struct mc_answer *answer, struct mc_err *err)
{
  static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "Token"};
  json_t *root = NULL;
  const char *value;
  size_t i;
  int rc = mc_answer_json(&root, t, hop, answer, err);

  for(i = 0; !rc && i < sizeof(names) / sizeof(names[0]); i++) {
    value = mc_json_text(root, names[i]);
    if(value)
      rc = mc_pairs_add(&t->notes, names[i], value, err);
    else if(i < 2)
      rc = mc_fail(err, MC_UNAUTHENTICATED, 0, "%s: the answer has no %s", mc_hop_purpose(hop),
                   names[i]);
  }
  mc_json_wipe(root);
  return rc;
}

/* The credential's URL with {region} put in. */
static int add_verify_url(struct mc_buf *out, const char *url, const char *region,
                          struct mc_err *err)
{
  static const char mark[] = "{region}";
  const char *at = strstr(url, mark);

  if(!at)
    return mc_buf_puts(out, url, err);
  return mc_buf_printf(out, err, "%.*s%s%s", (int)(at - url), url, region, at + sizeof(mark) - 1);
}

/* The signed GetCallerIdentity request as JSON, URL-quoted: Google's STS performs it and so
   learns who we are. The headers are sorted by name, as [google.auth.aws] has them. */
static int add_subject(struct mc_buf *out, const struct mc_sigv4 *r, const char *authorization,
                       const char *host, const char *audience, struct mc_err *err)
{
  json_t *root =
      json_pack("{s:[{s:s,s:s},{s:s,s:s},{s:s,s:s}],s:s,s:s}", "headers", "key", "Authorization",
                "value", authorization, "key", "host", "value", host, "key", "x-amz-date", "value",
                r->date, "method", r->method, "url", r->url);
  json_t *headers = json_object_get(root, "headers");
  char *text = NULL;
  int rc = MC_OK;

  if(root && r->session_token)
    rc = json_array_append_new(
        headers, json_pack("{s:s,s:s}", "key", "x-amz-security-token", "value", r->session_token));
  if(root && !rc)
    rc = json_array_append_new(
        headers, json_pack("{s:s,s:s}", "key", "x-goog-cloud-target-resource", "value", audience));
  if(root && !rc)
    text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
  mc_json_wipe(root);
  if(!text)
    return mc_fail_nomem(err);
  rc = mc_encode_percent(out, text, "/", err);
  mc_wipe(text, strlen(text));
  mc_free(text);
  return rc;
}

static int prepare_aws_sign(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err)
{
  const struct mc_pairs *from = has_aws_keys(t) ? &t->env : &t->notes;
  const int env = from == &t->env;
  struct mc_sigv4 r = {.method = "POST", .service = "sts", .region = aws_region(t)};
  struct mc_buf url, host, authorization, subject;
  int rc;

  r.access_key = mc_pairs_get(from, env ? "AWS_ACCESS_KEY_ID" : "AccessKeyId");
  r.secret_key = mc_pairs_get(from, env ? "AWS_SECRET_ACCESS_KEY" : "SecretAccessKey");
  r.session_token = mc_pairs_env(from, env ? "AWS_SESSION_TOKEN" : "Token");
  mc_instant_basic(r.date, t->sent_s);
  mc_buf_init(&url, 4096);
  mc_buf_init(&host, 1024);
  mc_buf_init(&authorization, 4096);
  mc_buf_init(&subject, 65536);
  rc = add_verify_url(&url, hop->cred->text[MC_F_AWS_VERIFY_URL], r.region, err);
  r.url = url.data;
  if(!rc)
    rc = mc_sigv4_host(&host, r.url, err);
  if(!rc)
    rc = mc_sigv4_authorization(&authorization, &r, err);
  if(!rc)
    rc = add_subject(&subject, &r, authorization.data, host.data, hop->cred->text[MC_F_AUDIENCE],
                     err);
  if(!rc)
    rc = mc_keep_token(t, subject.data, subject.len, 0, err);
  mc_buf_clear(&url);
  mc_buf_clear(&host);
  mc_buf_wipe(&authorization);
  mc_buf_wipe(&subject);
  return rc;
}

static int take_nothing(struct mc_token *t, const struct mc_hop *hop,
                        const struct mc_answer *answer, struct mc_err *err)
{
  (void)t;
  (void)answer;
  return mc_fail(err, MC_INTERNAL, 0, "%s: an answer to no question", mc_hop_purpose(hop));
}

const struct mc_stage_ops *mc_stage_subject(enum mc_stage stage)
{
  static const struct mc_stage_ops ops[MC_STAGES] = {
      [MC_STAGE_SUBJECT_FILE] = {"subject token file", prepare_file, take_file},
      [MC_STAGE_SUBJECT_URL] = {"subject token URL", prepare_url, take_url},
      [MC_STAGE_OUTPUT_FILE] = {"output of the credential's program", prepare_output_file,
                                take_output_file},
      [MC_STAGE_EXECUTABLE] = {"the credential's program", prepare_executable, take_executable},
      [MC_STAGE_AWS_SESSION] = {"AWS metadata session", prepare_aws_session, take_aws_session},
      [MC_STAGE_AWS_REGION] = {"AWS region", prepare_aws_region, take_aws_region},
      [MC_STAGE_AWS_ROLE] = {"AWS role", prepare_aws_role, take_aws_role},
      [MC_STAGE_AWS_KEYS] = {"AWS keys of the role", prepare_aws_keys, take_aws_keys},
      [MC_STAGE_AWS_SIGN] = {"AWS signature", prepare_aws_sign, take_nothing},
  };

  return &ops[stage];
}
