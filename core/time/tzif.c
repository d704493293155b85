#include "time/tzif.h"

#include <string.h>

#include "base/alloc.h"

#define HEADER_BYTES 44
#define TYPE_BYTES 6
#define OFFSET_MIN (-89999) /* RFC 9636, 3.2 */
#define OFFSET_MAX 93599

/* The counts of one header; each is checked against its maximum, so sums of them cannot overflow.
   */
struct block {
  uint32_t is_ut, is_std, leaps, times, types, chars;
  size_t time_bytes; /* 4 or 8 */
  const unsigned char *data; /* after the header */
  size_t bytes; /* of the data */
};

static uint64_t big_endian(const unsigned char *p, size_t bytes)
{
  uint64_t n = 0;

  while(bytes--)
    n = n << 8 | *p++;
  return n;
}

static int damaged(struct mc_err *err, size_t at, const char *what)
{
  return mc_fail_at(err, MC_DATA_LOSS, (int64_t)at, "not a usable TZif file: %s", what);
}

static int read_header(struct block *out, const unsigned char *bytes, size_t len, size_t at,
                       size_t time_bytes, struct mc_err *err)
{
  const unsigned char *p = bytes + at;

  if(len - at < HEADER_BYTES)
    return damaged(err, at, "it is too short");
  if(memcmp(p, "TZif", 4))
    return damaged(err, at, "it does not start with 'TZif'");
  out->is_ut = (uint32_t)big_endian(p + 20, 4);
  out->is_std = (uint32_t)big_endian(p + 24, 4);
  out->leaps = (uint32_t)big_endian(p + 28, 4);
  out->times = (uint32_t)big_endian(p + 32, 4);
  out->types = (uint32_t)big_endian(p + 36, 4);
  out->chars = (uint32_t)big_endian(p + 40, 4);
  if(out->leaps)
    return damaged(err, at + 28, "it counts leap seconds");
  if(out->times > MC_TZIF_TRANSITIONS_MAX || out->types > 256 || out->types < 1 ||
     out->chars >= MC_TZIF_ABBR_MAX || out->chars < 1 || (out->is_ut && out->is_ut != out->types) ||
     (out->is_std && out->is_std != out->types))
    return damaged(err, at + 20, "its counts are out of range");
  out->time_bytes = time_bytes;
  out->data = p + HEADER_BYTES;
  out->bytes = out->times * (time_bytes + 1) + out->types * TYPE_BYTES + out->chars + out->is_std +
               out->is_ut;
  if(len - at - HEADER_BYTES < out->bytes)
    return damaged(err, at, "it is cut short");
  return MC_OK;
}

static int64_t transition_time(const struct block *b, uint32_t i)
{
  uint64_t n = big_endian(b->data + i * b->time_bytes, b->time_bytes);

  return b->time_bytes == 8 ? (int64_t)n : (int32_t)(uint32_t)n;
}

static int read_type(struct mc_era *era, const struct block *b, uint32_t type, struct mc_err *err)
{
  const unsigned char *p = b->data + b->times * (b->time_bytes + 1) + type * TYPE_BYTES;

  if(type >= b->types)
    return damaged(err, 0, "a transition names a type that is not there");
  era->offset_s = (int32_t)(uint32_t)big_endian(p, 4);
  era->is_dst = p[4];
  era->abbr = p[5];
  if(era->offset_s < OFFSET_MIN || era->offset_s > OFFSET_MAX || p[4] > 1 || p[5] >= b->chars)
    return damaged(err, 0, "a type of local time is out of range");
  return MC_OK;
}

static int read_eras(struct mc_tzif *out, const struct block *b, struct mc_err *err)
{
  uint32_t i;
  int rc;

  rc = read_type(&out->eras[0], b, 0, err); /* what holds before the first transition */
  out->eras[0].from_s = INT64_MIN;
  for(i = 0; i < b->times && !rc; i++) {
    struct mc_era *era = &out->eras[i + 1];

    era->from_s = transition_time(b, i);
    if(era->from_s <= era[-1].from_s)
      return damaged(err, 0, "its transitions are not in order");
    rc = read_type(era, b, b->data[b->times * b->time_bytes + i], err);
  }
  out->n_eras = b->times + 1;
  return rc;
}

/* A newline, the rule, a newline. */
static int read_footer(struct mc_tzif *out, const unsigned char *p, size_t len, size_t at,
                       struct mc_err *err)
{
  const unsigned char *end;

  if(at >= len || p[at] != '\n')
    return damaged(err, at, "its last line is missing");
  at++;
  end = memchr(p + at, '\n', len - at);
  if(!end)
    return damaged(err, at, "its last line is cut short");
  if(end == p + at)
    return MC_OK;
  return mc_posix_tz_parse(&out->footer, (const char *)p + at, (size_t)(end - p) - at, err);
}

int mc_tzif_parse(struct mc_tzif *out, const void *bytes, size_t len, struct mc_err *err)
{
  const unsigned char *p = bytes;
  struct mc_tzif tzif = {0};
  struct block b;
  int version, rc;

  if(len > MC_TZIF_BYTES_MAX)
    return damaged(err, MC_TZIF_BYTES_MAX, "it is too long");
  rc = read_header(&b, p, len, 0, 4, err);
  if(rc)
    return rc;
  version = p[4];
  if(version && (version < '2' || version > '4'))
    return damaged(err, 4, "its version is unknown");
  if(version) {
    rc = read_header(&b, p, len, HEADER_BYTES + b.bytes, 8, err);
    if(rc)
      return rc;
  }
  tzif.eras = mc_calloc(b.times + 1, sizeof(*tzif.eras));
  if(!tzif.eras)
    return mc_fail_nomem(err);
  memcpy(tzif.abbrs, b.data + b.times * (b.time_bytes + 1) + b.types * TYPE_BYTES, b.chars);
  tzif.abbrs_len = b.chars + 1;
  rc = read_eras(&tzif, &b, err);
  if(!rc && version)
    rc = read_footer(&tzif, p, len, (size_t)(b.data - p) + b.bytes, err);
  if(rc) {
    mc_tzif_clear(&tzif);
    return rc;
  }
  *out = tzif;
  return MC_OK;
}

void mc_tzif_clear(struct mc_tzif *tzif)
{
  mc_free(tzif->eras);
  tzif->eras = NULL;
  tzif->n_eras = 0;
}
