#include "tap.h"

#include "auth/token.h"
#include "base/alloc.h"

/* An external account that proves itself with an X.509 certificate: where its files are, what it
   makes of them, and with what it goes to the token exchange. */

#define NOW 1791164700 /* 2026-10-05T01:45:00Z */
#define CONFIG(source)                                                                             \
  "{\"type\":\"external_account\",\"audience\":\"//iam/aud\",\"subject_token_type\":"              \
  "\"urn:ietf:params:oauth:token-type:mtls\",\"credential_source\":{\"certificate\":{" source      \
  "}}}"
#define USUAL "\"use_default_certificate_config\":true"
#define PATHS "{\"cert_configs\":{\"workload\":{\"cert_path\":\"/leaf\",\"key_path\":\"/key\"}}}"
#define CHAIN USUAL ",\"trust_chain_path\":\"/chain\""

/* Two certificates, and the base64 of their DER as it stands in a form. */
#define LEAF                                                                                       \
  "-----BEGIN CERTIFICATE-----\n"                                                                  \
  "MIIBdTCCARugAwIBAgIUARlWfuTCbKrzn4OTqKRThx0H8cQwCgYIKoZIzj0EAwIw\n"                             \
  "DzENMAsGA1UEAwwEbGVhZjAgFw0yNjExMjUwMzU5MTdaGA8yMTI2MTEwMTAzNTkx\n"                             \
  "N1owDzENMAsGA1UEAwwEbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJun\n"                             \
  "nZxl9aT3GnceHo8K5BJdsq4ioVGAUERirvyQ/ya/BGNPpKOckymbhTgDHHatx6V4\n"                             \
  "oHXuC/HNGbtIaKKP5WmjUzBRMB0GA1UdDgQWBBSsoIav80CKbTsaZMfXg5eEmmPO\n"                             \
  "pjAfBgNVHSMEGDAWgBSsoIav80CKbTsaZMfXg5eEmmPOpjAPBgNVHRMBAf8EBTAD\n"                             \
  "AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDZmoFKhv7vdBOUECeKCIdgxcnNr/mOxOQN\n"                             \
  "SczM/SBX3AIgXHsYaX4zu6+ztwUcRm8H0CDfs1Yycuc2uPAH7P01PPQ=\n"                                     \
  "-----END CERTIFICATE-----\n"
#define LEAF_FORM                                                                                  \
  "MIIBdTCCARugAwIBAgIUARlWfuTCbKrzn4OTqKRThx0H8cQwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwE"               \
  "bGVhZjAgFw0yNjExMjUwMzU5MTdaGA8yMTI2MTEwMTAzNTkxN1owDzENMAsGA1UEAwwEbGVhZjBZMBMG"               \
  "ByqGSM49AgEGCCqGSM49AwEHA0IABJunnZxl9aT3GnceHo8K5BJdsq4ioVGAUERirvyQ%2Fya%2FBGNP"               \
  "pKOckymbhTgDHHatx6V4oHXuC%2FHNGbtIaKKP5WmjUzBRMB0GA1UdDgQWBBSsoIav80CKbTsaZMfXg5"               \
  "eEmmPOpjAfBgNVHSMEGDAWgBSsoIav80CKbTsaZMfXg5eEmmPOpjAPBgNVHRMBAf8EBTADAQH%2FMAoG"               \
  "CCqGSM49BAMCA0gAMEUCIQDZmoFKhv7vdBOUECeKCIdgxcnNr%2FmOxOQNSczM%2FSBX3AIgXHsYaX4z"               \
  "u6%2BztwUcRm8H0CDfs1Yycuc2uPAH7P01PPQ%3D"
#define CA                                                                                         \
  "-----BEGIN CERTIFICATE-----\n"                                                                  \
  "MIIBcDCCARegAwIBAgIUDGvMu0t2GUf4A+FGmsLlPypHa04wCgYIKoZIzj0EAwIw\n"                             \
  "DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI1MDM1OTE3WhgPMjEyNjExMDEwMzU5MTda\n"                             \
  "MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJICCddka\n"                             \
  "I+JaDS3tmN6ul8RVxiiFX6KGz/1S+28RGXGmQiqkeou+IRBIschFSjCsGjpNWpD2\n"                             \
  "Uk8/jAnblUuTdaNTMFEwHQYDVR0OBBYEFHeqkxU1vaYjbmy/OxTV48P6SjaGMB8G\n"                             \
  "A1UdIwQYMBaAFHeqkxU1vaYjbmy/OxTV48P6SjaGMA8GA1UdEwEB/wQFMAMBAf8w\n"                             \
  "CgYIKoZIzj0EAwIDRwAwRAIgGHQ+W7/IbF56mqkZH/bphO0XAFj10hY7ocIGjHpR\n"                             \
  "Z2MCIFZuQD7i0BkVI2aDLLYgHyJvL4epHOPbhck8Ot1R9jYu\n"                                             \
  "-----END CERTIFICATE-----\n"
#define CA_FORM                                                                                    \
  "MIIBcDCCARegAwIBAgIUDGvMu0t2GUf4A%2BFGmsLlPypHa04wCgYIKoZIzj0EAwIwDTELMAkGA1UEAw"               \
  "wCY2EwIBcNMjYxMTI1MDM1OTE3WhgPMjEyNjExMDEwMzU5MTdaMA0xCzAJBgNVBAMMAmNhMFkwEwYHKo"               \
  "ZIzj0CAQYIKoZIzj0DAQcDQgAEJICCddkaI%2BJaDS3tmN6ul8RVxiiFX6KGz%2F1S%2B28RGXGmQiqk"               \
  "eou%2BIRBIschFSjCsGjpNWpD2Uk8%2FjAnblUuTdaNTMFEwHQYDVR0OBBYEFHeqkxU1vaYjbmy%2FOx"               \
  "TV48P6SjaGMB8GA1UdIwQYMBaAFHeqkxU1vaYjbmy%2FOxTV48P6SjaGMA8GA1UdEwEB%2FwQFMAMBAf"               \
  "8wCgYIKoZIzj0EAwIDRwAwRAIgGHQ%2BW7%2FIbF56mqkZH%2FbphO0XAFj10hY7ocIGjHpRZ2MCIFZu"               \
  "QD7i0BkVI2aDLLYgHyJvL4epHOPbhck8Ot1R9jYu"
#define LIST(items) "&subject_token=%5B%22" items "%22%5D&subject_token_type="
#define AND "%22%2C%22"

static const struct row {
  const char *why, *source, *env[2]; /* a name and its value */
  const char *config_path; /* that is asked for; NULL: there is none */
  const char *config, *leaf, *chain; /* the files' contents; NULL: the file is not there */
  const char *form; /* part of the exchange's; NULL: it fails with the message */
  const char *message;
} ROWS[] = {
    {"gcloud's place",
     USUAL,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     LEAF,
     NULL,
     LIST(LEAF_FORM),
     NULL},
    {"gcloud's own folder",
     USUAL,
     {"CLOUDSDK_CONFIG", "/g"},
     "/g/certificate_config.json",
     PATHS,
     LEAF,
     NULL,
     LIST(LEAF_FORM),
     NULL},
    {"the environment's",
     USUAL,
     {"GOOGLE_API_CERTIFICATE_CONFIG", "/e"},
     "/e",
     PATHS,
     LEAF,
     NULL,
     LIST(LEAF_FORM),
     NULL},
    {"the credential's",
     "\"certificate_config_location\":\"/c\"",
     {"GOOGLE_API_CERTIFICATE_CONFIG", "/e"},
     "/c",
     PATHS,
     LEAF,
     NULL,
     LIST(LEAF_FORM),
     NULL},
    {"no place at all",
     USUAL,
     {NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL,
     "no certificate configuration: none of GOOGLE_API_CERTIFICATE_CONFIG, CLOUDSDK_CONFIG and "
     "HOME is set"},
    {"no configuration",
     USUAL,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     NULL,
     NULL,
     NULL,
     NULL,
     "certificate configuration: no file '/h/.config/gcloud/certificate_config.json'"},
    {"no JSON",
     USUAL,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     "x",
     NULL,
     NULL,
     NULL,
     "certificate configuration: content is not JSON: line 1, column 1"},
    {"no key",
     USUAL,
     {"CLOUDSDK_CONFIG", "/g"},
     "/g/certificate_config.json",
     "{\"cert_configs\":{\"workload\":{\"cert_path\":\"/leaf\"}}}",
     NULL,
     NULL,
     NULL,
     "certificate configuration: '/g/certificate_config.json' has no "
     "cert_configs.workload.key_path"},
    {"no certificate",
     USUAL,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     NULL,
     NULL,
     NULL,
     "certificate: no file '/leaf'"},
    {"an empty certificate",
     USUAL,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     "",
     NULL,
     NULL,
     "certificate: '/leaf' has no certificate in PEM form"},
    {"a broken certificate",
     USUAL,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
     NULL,
     NULL,
     "certificate: '/leaf': certificate 1 is broken"},
    {"a certificate that is not alone",
     USUAL,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     "remark\n" LEAF CA,
     NULL,
     LIST(LEAF_FORM),
     NULL},
    {"a chain",
     CHAIN,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     LEAF,
     CA,
     LIST(LEAF_FORM AND CA_FORM),
     NULL},
    {"a chain with the leaf before it",
     CHAIN,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     LEAF,
     LEAF CA,
     LIST(LEAF_FORM AND CA_FORM),
     NULL},
    {"an empty chain",
     CHAIN,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     LEAF,
     "",
     LIST(LEAF_FORM),
     NULL},
    {"a chain with the leaf in it",
     CHAIN,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     LEAF,
     CA LEAF,
     NULL,
     "trust chain: '/chain' has the certificate itself, but not as its first"},
    {"a broken chain",
     CHAIN,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     LEAF,
     CA "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
     NULL,
     "trust chain: '/chain': certificate 2 is broken"},
    {"no chain",
     CHAIN,
     {"HOME", "/h"},
     "/h/.config/gcloud/certificate_config.json",
     PATHS,
     LEAF,
     NULL,
     NULL,
     "trust chain: no file '/chain'"},
};

static struct mc_token *begin(const char *source, const char *const env[2], struct mc_err *err)
{
  struct mc_want want = {.kind = MC_WANT_ACCESS};
  struct mc_credential *cred = NULL;
  struct mc_token *t = NULL;
  struct mc_pairs pairs;
  char json[1024];

  snprintf(json, sizeof(json), CONFIG("%s"), source);
  mc_pairs_init(&pairs);
  if((!env[0] || !mc_pairs_add(&pairs, env[0], env[1], err)) &&
     !mc_credential_parse(&cred, json, strlen(json), err))
    mc_token_new(&t, cred, &want, &pairs, err);
  mc_credential_free(cred);
  mc_pairs_clear(&pairs);
  return t;
}

/* Give each file that is asked for, until something else is. */
static int read_files(const struct mc_step **step, struct mc_token *t, const struct row *row,
                      struct mc_err *err)
{
  int rc;

  while(!(rc = mc_token_step(step, t, NOW, err)) && (*step)->kind == MC_STEP_FILE) {
    const char *path = (*step)->path;
    const char *text = !strcmp(path, "/leaf")    ? row->leaf
                       : !strcmp(path, "/chain") ? row->chain
                                                 : row->config;
    struct mc_answer answer = {.missing = !text, .body = text, .len = text ? strlen(text) : 0};

    if(text == row->config)
      tap_is_str(path, row->config_path, row->why);
    rc = mc_token_answer(t, &answer, err);
    if(rc)
      return rc;
  }
  return rc;
}

static void play(const struct row *row)
{
  struct mc_err err = {0};
  struct mc_token *t = begin(row->source, row->env, &err);
  const struct mc_step *step = NULL;
  int rc;

  tap_ok(t != NULL, "%s: %s", row->why, err.msg);
  rc = t ? read_files(&step, t, row, &err) : 0;
  if(row->message) {
    tap_ok(rc < 0, "%s: fails", row->why);
    tap_is_str(err.msg, row->message, row->why);
  } else if(step) {
    tap_is_int(rc, MC_OK, row->why);
    tap_is_str(step->url, "https://sts.mtls.googleapis.com/v1/token", "where certificates count");
    tap_is_str(step->certificate, "/leaf", "with the certificate");
    tap_is_str(step->key, "/key", "and its key");
    tap_ok(strstr(step->body, row->form) != NULL, "%s: %s", row->why, step->body);
  }
  mc_token_free(t);
}

static void out_of_memory(void)
{
  const struct row *row = &ROWS[12];
  const struct mc_step *step = NULL;
  struct mc_err err;
  int64_t n;
  int rc = -1, bad = 0;

  for(n = 0; rc && n < 2000; n++) {
    struct mc_token *t;

    mc_alloc_fail_after(n);
    t = begin(row->source, row->env, &err);
    rc = t ? read_files(&step, t, row, &err) : -1;
    mc_alloc_fail_after(-1);
    bad += rc && err.code != MC_RESOURCE_EXHAUSTED;
    mc_token_free(t);
  }
  tap_ok(!rc && n > 10 && !bad, "every one of %d refused allocations is reported", (int)n - 1);
}

int main(void)
{
  size_t i;

  for(i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
    play(&ROWS[i]);
  out_of_memory();
  return tap_done();
}
