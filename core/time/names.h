#ifndef MC_TIME_NAMES_H
#define MC_TIME_NAMES_H

#include <stdint.h>

/* English names, for what people read. Index 0 of the weekdays is Sunday, and so is 7; index 0 of
   the months is empty. */
extern const char *const mc_weekday_names[8];
extern const char *const mc_month_names[13];

/* Bits 1-31: the days of a month on which the first to fifth of a weekday falls; index 1-5. [groc]
   */
extern const uint32_t mc_ordinal_windows[6];

/* Masks of all days (bits 1-31) and all months (bits 1-12). */
#define MC_ALL_DAYS 0xFFFFFFFEu
#define MC_ALL_MONTHS 0x1FFEu
#define MC_ALL_WEEKDAYS 0x7Fu

#endif
