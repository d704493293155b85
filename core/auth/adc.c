#include "auth/adc.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WELL_KNOWN "application_default_credentials.json"
#define METADATA_HOST "metadata.google.internal"

static int set_value(struct mc_adc_place *place, struct mc_err *err, const char *a, const char *b,
                     const char *c)
{
  int len = snprintf(place->value, sizeof(place->value), "%s%s%s", a, b, c);

  if(len < 0 || (size_t)len >= sizeof(place->value))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "%s: path is longer than %d bytes", place->name,
                   MC_ADC_PATH_MAX - 1);
  return MC_OK;
}

static int named_file(struct mc_adc_place *place, const char *path, const char *set,
                      const char *unset, struct mc_err *err)
{
  place->looks = place->required = path != NULL;
  place->reason = path ? set : unset;
  return set_value(place, err, path ? path : "", "", "");
}

static int gcloud_file(struct mc_adc_place *place, const struct mc_pairs *env, struct mc_err *err)
{
  const char *config = mc_pairs_env(env, "CLOUDSDK_CONFIG"), *home = mc_pairs_env(env, "HOME");

  place->looks = config || home;
  if(config) {
    place->reason = "CLOUDSDK_CONFIG is set";
    return set_value(place, err, config, "/", WELL_KNOWN);
  }
  place->reason = home ? "the place of gcloud" : "neither CLOUDSDK_CONFIG nor HOME is set";
  return home ? set_value(place, err, home, "/.config/gcloud/", WELL_KNOWN) : MC_OK;
}

static int metadata(struct mc_adc_place *place, const struct mc_pairs *env, struct mc_err *err)
{
  const char *host = mc_pairs_env(env, "GCE_METADATA_HOST"), *off;

  place->reason = host ? "GCE_METADATA_HOST is set" : "the server of Google's machines";
  if(!host && (host = mc_pairs_env(env, "GCE_METADATA_ROOT")))
    place->reason = "GCE_METADATA_ROOT is set";
  if(!host)
    host = METADATA_HOST;
  off = mc_pairs_env(env, "NO_GCE_CHECK");
  place->looks = !off || strcasecmp(off, "true");
  if(!place->looks)
    place->reason = "NO_GCE_CHECK is true";
  if(strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") !=
     strlen(host))
    return mc_fail(err, MC_INVALID_ARGUMENT, 0, "metadata server '%.64s' is not a host", host);
  return set_value(place, err, host, "", "");
}

int mc_adc_places(struct mc_adc_place out[MC_ADC_PLACES], const char *explicit_path,
                  const struct mc_pairs *env, struct mc_err *err)
{
  static const char *const names[MC_ADC_PLACES] = {"explicit", "GOOGLE_APPLICATION_CREDENTIALS",
                                                   "gcloud", "metadata server"};
  int i, rc;

  for(i = 0; i < MC_ADC_PLACES; i++) {
    out[i] = (struct mc_adc_place){.name = names[i], .kind = MC_ADC_FILE};
  }
  out[3].kind = MC_ADC_METADATA;
  rc = named_file(&out[0], explicit_path, "given", "not given", err);
  if(!rc)
    rc = named_file(&out[1], mc_pairs_env(env, names[1]), "set", "not set", err);
  if(!rc)
    rc = gcloud_file(&out[2], env, err);
  return rc ? rc : metadata(&out[3], env, err);
}
