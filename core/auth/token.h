#ifndef MC_AUTH_TOKEN_H
#define MC_AUTH_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "auth/credential.h"
#include "auth/pairs.h"
#include "base/err.h"

#define MC_SCOPE_DEFAULT "https://www.googleapis.com/auth/cloud-platform"
#define MC_ANSWER_MAX 262144 /* bytes of an answer that are looked at */
#define MC_STEP_ARGS_MAX 64

/* From a credential to a token, one step at a time. The machine says what to do next as plain
   data; the caller does it, waits as it likes, and hands the answer back:

     mc_token_new -> [ mc_token_step -> perform -> mc_token_answer ]* -> mc_token_step says done

   A step may be asked for again at any time; after a retryable fault, that is how to try again. */

enum mc_want_kind { MC_WANT_ACCESS, MC_WANT_IDENTITY };
struct mc_want {
  enum mc_want_kind kind;
  const char *scopes; /* access: joined by blanks; NULL: the credential's own, or the default */
  const char *audience; /* identity; access of a GDCH service account: whom the token is for */
  const char *subject; /* service accounts: the user to act for, or NULL */
  int exchange; /* service accounts: ask token_uri instead of signing locally */
  int64_t lifetime_s; /* impersonation; 0: what the credential says */
};

enum mc_step_kind { MC_STEP_NONE, MC_STEP_DONE, MC_STEP_HTTP, MC_STEP_FILE, MC_STEP_RUN };
struct mc_step {
  enum mc_step_kind kind;
  const char *purpose; /* "refresh of the user's token": for progress and messages */
  /* done */
  const char *token;
  int64_t expires_s; /* on the caller's clock; 0: not known */
  /* http */
  const char *method;
  const char *url;
  const struct mc_pairs *headers;
  const char *body; /* NULL: none */
  const char *ca_bundle; /* PEM file that the server's certificate must come from; NULL: as ever */
  const char *certificate, *key; /* PEM files that we prove ourselves with; NULL: not */
  int64_t timeout_ms; /* of http and run */
  int tries; /* attempts in all that a retryable fault deserves */
  /* file */
  const char *path;
  /* run: no shell, the environment in addition to the caller's own */
  const char *argv[MC_STEP_ARGS_MAX + 1]; /* NULL-terminated */
  const struct mc_pairs *env;
};

/* What came of a step. File read: status 0. Program run: status = its exit code. A file that is
   not there: missing. */
struct mc_answer {
  int status;
  int missing;
  const struct mc_pairs *headers; /* NULL: none */
  const char *body; /* standard output of a program; need not end in NUL */
  size_t len;
};

/* About the last failure of mc_token_answer. */
struct mc_token_fault {
  int status; /* HTTP status, 0 if there was none */
  int retryable; /* the same step may work in a moment: 5xx, 408, 429, or the server says so */
};

struct mc_token;

/* Plan the way. Adds a reference to the credential, copies all else. Of env it reads
   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION,
   GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES, GCE_METADATA_TIMEOUT, GOOGLE_API_CERTIFICATE_CONFIG,
   CLOUDSDK_CONFIG, HOME. MC_FAILED_PRECONDITION when
   this credential cannot give what is wanted; the message says what can. */
int mc_token_new(struct mc_token **out, struct mc_credential *cred, const struct mc_want *want,
                 const struct mc_pairs *env, struct mc_err *err);
void mc_token_free(struct mc_token *token);

/* What to do next. *out and all in it is the machine's, until the next call. Signing happens
   here. */
int mc_token_step(const struct mc_step **out, struct mc_token *token, int64_t now_s,
                  struct mc_err *err);

/* Take the answer to the last step. Failures leave the machine at that step, see mc_token_fault.
   No secret gets into a message. */
int mc_token_answer(struct mc_token *token, const struct mc_answer *answer, struct mc_err *err);
const struct mc_token_fault *mc_token_fault(const struct mc_token *token);

#endif
