#ifndef MC_AUTH_FIELDS_H
#define MC_AUTH_FIELDS_H

#include <jansson.h>

#include "auth/credential.h"
#include "auth/pairs.h"

/* Inside auth: what a credential holds, for the stages of the token machine. */
enum mc_field {
  MC_F_ACCOUNT,
  MC_F_PROJECT,
  MC_F_QUOTA_PROJECT,
  MC_F_UNIVERSE,
  MC_F_PRIVATE_KEY,
  MC_F_PRIVATE_KEY_ID,
  MC_F_TOKEN_URL, /* token_uri, token_url */
  MC_F_CLIENT_ID,
  MC_F_CLIENT_SECRET,
  MC_F_REFRESH_TOKEN,
  MC_F_AUDIENCE,
  MC_F_SUBJECT_TYPE,
  MC_F_IMPERSONATION_URL,
  MC_F_USER_PROJECT,
  MC_F_SOURCE_FILE,
  MC_F_SOURCE_URL,
  MC_F_SOURCE_COMMAND,
  MC_F_OUTPUT_FILE,
  MC_F_FORMAT,
  MC_F_FORMAT_FIELD,
  MC_F_AWS_ENVIRONMENT,
  MC_F_AWS_REGION_URL,
  MC_F_AWS_VERIFY_URL,
  MC_F_AWS_SESSION_URL,
  MC_F_CERT_CONFIG, /* NULL: where the environment says */
  MC_F_TRUST_CHAIN,
  MC_F_HOST, /* of the metadata server */
  MC_F_TOKEN,
  MC_F_NAME, /* of a GDCH service identity, and the version of its file */
  MC_F_FORMAT_VERSION,
  MC_F_CA_BUNDLE, /* file of certificates that the token server's must come from */
  MC_FIELDS
};
enum mc_number { MC_N_LIFETIME_S, MC_N_TIMEOUT_MS, MC_NUMBERS };

struct mc_credential {
  enum mc_credential_type type;
  int refs;
  char *text[MC_FIELDS];
  int64_t number[MC_NUMBERS];
  struct mc_pairs headers; /* of a URL source */
  int has_certificate; /* an external account that proves itself with an X.509 certificate */
  json_t *delegates; /* array of strings, or NULL */
  struct mc_credential *source;
};

/* As the files have it: "service_account". */
const char *mc_credential_name(enum mc_credential_type type);
/* An empty one, with one reference. */
int mc_credential_make(struct mc_credential **out, enum mc_credential_type type,
                       struct mc_err *err);
/* Its account is what stands between the last slash and the verb of the impersonation URL, if it
   has one. */
int mc_credential_set_target(struct mc_credential *cred, struct mc_err *err);
/* Replace a text by a copy of the value (NULL: none), wiping what was there. */
int mc_field_set(struct mc_credential *cred, enum mc_field field, const char *value,
                 struct mc_err *err);
/* 1 when secrets may be sent there: https, or http to loopback. */
int mc_url_is_safe(const char *url);

#endif
