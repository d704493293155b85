#ifndef MC_AUTH_STAGE_H
#define MC_AUTH_STAGE_H

#include <jansson.h>

#include "auth/fields.h"
#include "auth/token.h"
#include "base/buf.h"

/* Inside auth: the token machine's stages. A plan is a list of hops; each is a stage and the
   credential it works on. What passes from hop to hop is one token (`value`) and a few notes. */

enum mc_stage {
  MC_STAGE_GIVEN,
  MC_STAGE_SELF_SIGNED,
  MC_STAGE_JWT_GRANT,
  MC_STAGE_GDCH,
  MC_STAGE_REFRESH,
  MC_STAGE_METADATA,
  MC_STAGE_SUBJECT_FILE,
  MC_STAGE_SUBJECT_URL,
  MC_STAGE_OUTPUT_FILE,
  MC_STAGE_EXECUTABLE,
  MC_STAGE_AWS_SESSION,
  MC_STAGE_AWS_REGION,
  MC_STAGE_AWS_ROLE,
  MC_STAGE_AWS_KEYS,
  MC_STAGE_AWS_SIGN,
  MC_STAGE_CERT_CONFIG,
  MC_STAGE_CERTIFICATE,
  MC_STAGE_TRUST_CHAIN,
  MC_STAGE_STS,
  MC_STAGE_IMPERSONATE,
  MC_STAGES
};

struct mc_hop {
  enum mc_stage stage;
  struct mc_credential *cred;
  enum mc_want_kind kind;
  const char *scopes; /* NULL: the default */
};

#define MC_HOPS_MAX 24
#define MC_TOKEN_MAX 16384 /* bytes of a token */

struct mc_token {
  struct mc_credential *cred;
  enum mc_want_kind kind;
  char *scopes, *audience, *subject;
  int exchange;
  int64_t lifetime_s;
  struct mc_pairs env;

  struct mc_hop hops[MC_HOPS_MAX];
  size_t count, at;
  int skip; /* hops to leave out after this one */

  char *value; /* the token so far */
  int64_t expires_s;
  struct mc_pairs notes; /* of AWS: session, region, role, AccessKeyId, SecretAccessKey,
                            Token; of a certificate: cert_path, key_path */
  int64_t sent_s; /* the caller's clock when the step was asked for */
  int64_t ahead_s; /* how far the server's clock is ahead of the caller's, once known to matter */

  struct mc_step step; /* points into the buffers below */
  struct mc_buf url, body, args;
  struct mc_pairs headers, child_env;
  struct mc_token_fault fault;
};

/* Prepare fills token->step, or leaves MC_STEP_NONE when all is done locally. Take reads the
   answer. */
struct mc_stage_ops {
  const char *purpose;
  int (*prepare)(struct mc_token *t, const struct mc_hop *hop, struct mc_err *err);
  int (*take)(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
              struct mc_err *err);
};
const struct mc_stage_ops *mc_stage_google(enum mc_stage stage); /* token_google.c */
const struct mc_stage_ops *mc_stage_subject(enum mc_stage stage); /* token_subject.c */
const struct mc_stage_ops *mc_stage_certificate(enum mc_stage stage); /* token_certificate.c */

/* What the stages share, in token.c. */

/* Append a hop. */
int mc_plan_add(struct mc_token *t, enum mc_stage stage, struct mc_credential *cred,
                enum mc_want_kind kind, const char *scopes, struct mc_err *err);
/* The hops that end in a subject token of an external account. */
int mc_plan_subject(struct mc_token *t, struct mc_credential *cred, struct mc_err *err);
/* The same, of one with a certificate. */
int mc_plan_certificate(struct mc_token *t, struct mc_credential *cred, struct mc_err *err);
/* Make token->step an HTTP request; the body is what the stage has put in t->body. */
int mc_step_http(struct mc_token *t, const char *method, const char *url, struct mc_err *err);
/* The same, posting the form in t->body. */
int mc_step_form(struct mc_token *t, const char *url, struct mc_err *err);
/* Keep the token; refuses what could not stand in a header. */
int mc_keep_token(struct mc_token *t, const char *value, size_t len, int64_t expires_s,
                  struct mc_err *err);
/* The answer's JSON object if it is a 2xx with one, else a fault. *out is the caller's
   (mc_json_wipe). */
int mc_answer_json(json_t **out, struct mc_token *t, const struct mc_hop *hop,
                   const struct mc_answer *answer, struct mc_err *err);
/* Fill fault and err from an answer that is no success; returns its code. */
int mc_answer_fault(struct mc_token *t, const struct mc_hop *hop, const struct mc_answer *answer,
                    struct mc_err *err);
/* How far the server's clock is ahead, by its Date header; 0 when it does not say. */
int64_t mc_answer_ahead(const struct mc_token *t, const struct mc_answer *answer);
/* A stranger's own words, fit for one line of ours: no control bytes, and no run of bytes that
   could be a secret. */
void mc_clean_text(char *out, size_t size, const char *text);
/* Purpose of a hop, as in "token exchange". */
const char *mc_hop_purpose(const struct mc_hop *hop);

#endif
