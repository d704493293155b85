#ifndef MC_BIND_TIME_H
#define MC_BIND_TIME_H

/* What l_zone.c and l_time.c share. */

#include "bind/bind.h"
#include "time/zone.h"

#define MCL_TZDB "mooncron.tzdb"
#define MCL_ZONE "mooncron.zone"

/* What keeps what alive, by user value 1: iterator and merge > schedule(s) > zone > database. While
   the interpreter closes, finalizers run in an order of its own: `home` tells whether the database
   is still there. */
struct tzdb_ud {
  struct mc_tzdb *db; /* NULL once it is gone */
};
struct zone_ud {
  const struct mc_zone *zone; /* NULL until it is found */
  const struct tzdb_ud *home;
};

/* [-0, +0, m] the classes of zones and their database */
void mcL_new_zone_classes(lua_State *L);
/* [-0, +0, v] the zone at `idx`; raises when it is none or closed */
const struct mc_zone *mcL_check_zone(lua_State *L, int idx);
/* [-0, +1, m] the zone of a name; on failure nothing is pushed. Upvalue 1 is the database. */
int mcL_push_zone(lua_State *L, const char *name, size_t len, struct mc_err *err);
/* [-0, +2, m] nil and the error, which names the field at fault */
int mcL_fail_in(lua_State *L, const struct mc_err *err, const char *path);
/* [-0, +0, v] an optional number of digits of a fraction, 0 to 3, default 0 */
int mcL_check_digits(lua_State *L, int idx);
/* [-0, +1|2, v] time.zone(name) -> zone | nil, err. Upvalue 1 is the database. */
int mcL_time_zone(lua_State *L);

#endif
