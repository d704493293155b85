#ifndef MC_AUTH_ADC_H
#define MC_AUTH_ADC_H

#include "auth/pairs.h"
#include "base/err.h"

#define MC_ADC_PLACES 4
#define MC_ADC_PATH_MAX 4096

/* Application Default Credentials: where a credential may be, in order [google.auth._default]. A
   pure function of the environment; the caller opens the files and asks the server. */
enum mc_adc_kind { MC_ADC_FILE, MC_ADC_METADATA };
struct mc_adc_place {
  const char *name; /* "explicit", "GOOGLE_APPLICATION_CREDENTIALS", "gcloud", ... */
  enum mc_adc_kind kind;
  int looks; /* 0: skipped, for the reason given */
  int required; /* nothing usable there is an error: no falling through to the next place */
  char value[MC_ADC_PATH_MAX]; /* the path, or host[:port] of the server */
  const char *reason; /* one phrase: why it is looked at, or why not */
};

/* Fill the four places. `explicit_path` may be NULL. Reads GOOGLE_APPLICATION_CREDENTIALS,
   CLOUDSDK_CONFIG, HOME, GCE_METADATA_HOST, GCE_METADATA_ROOT, NO_GCE_CHECK of env.
   MC_INVALID_ARGUMENT for an overlong path or a host that is none. */
int mc_adc_places(struct mc_adc_place out[MC_ADC_PLACES], const char *explicit_path,
                  const struct mc_pairs *env, struct mc_err *err);

#endif
