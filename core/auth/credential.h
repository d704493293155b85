#ifndef MC_AUTH_CREDENTIAL_H
#define MC_AUTH_CREDENTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MC_CREDENTIAL_TEXT_MAX 65536 /* bytes of a credential's JSON */
#define MC_CREDENTIAL_DEPTH 4 /* impersonated of impersonated of ... */
#define MC_UNIVERSE "googleapis.com"

enum mc_credential_type {
  MC_CRED_SERVICE_ACCOUNT,
  MC_CRED_AUTHORIZED_USER,
  MC_CRED_EXTERNAL_ACCOUNT,
  MC_CRED_EXTERNAL_USER, /* external_account_authorized_user */
  MC_CRED_IMPERSONATED, /* impersonated_service_account */
  MC_CRED_GDCH, /* gdch_service_account: of a Google Distributed Cloud without the internet */
  MC_CRED_METADATA, /* this machine's own account */
  MC_CRED_TOKEN, /* an access token that was given to us */
  MC_CRED_TYPES
};

/* One credential with its secrets. Reference counted; secrets are wiped when the last reference
   goes. */
struct mc_credential;

/* Parse the JSON of a credential file. MC_INVALID_ARGUMENT names the field ("private_key: not an
   unencrypted private key in PEM form"). Every URL to which a secret is sent must be https, or
   http on loopback. *out is the caller's (mc_credential_free). */
int mc_credential_parse(struct mc_credential **out, const char *json, size_t len,
                        struct mc_err *err);
/* The metadata server at host[:port]; `account` NULL means "default". */
int mc_credential_metadata(struct mc_credential **out, const char *host, const char *account,
                           struct mc_err *err);
/* An access token as it is; surrounding white space is cut off. */
int mc_credential_token(struct mc_credential **out, const char *token, size_t len,
                        struct mc_err *err);
/* The service account `email`, through `source` (which gets a reference more). */
int mc_credential_impersonate(struct mc_credential **out, struct mc_credential *source,
                              const char *email, struct mc_err *err);

struct mc_credential *mc_credential_ref(struct mc_credential *cred);
/* Give one reference back; NULL is fine. */
void mc_credential_free(struct mc_credential *cred);

/* Borrowed; NULL where the credential does not say. */
enum mc_credential_type mc_credential_type(const struct mc_credential *cred);
const char *mc_credential_type_name(const struct mc_credential *cred);
/* E-mail address; of a GDCH one "system:serviceaccount:PROJECT:NAME". */
const char *mc_credential_account(const struct mc_credential *cred);
const char *mc_credential_project(const struct mc_credential *cred);
const char *mc_credential_quota_project(const struct mc_credential *cred);
const char *mc_credential_universe(const struct mc_credential *cred); /* never NULL */
/* What an impersonated one is reached through; NULL for the others. */
struct mc_credential *mc_credential_source(const struct mc_credential *cred);

/* "service_account svc@p.iam.gserviceaccount.com, project p": no secret in it. NUL-terminated,
   cut to size. */
void mc_credential_print(char *out, size_t size, const struct mc_credential *cred);

#endif
