#include "time/names.h"

const char *const mc_weekday_names[8] = {"Sunday",   "Monday", "Tuesday",  "Wednesday",
                                         "Thursday", "Friday", "Saturday", "Sunday"};
const char *const mc_month_names[13] = {"",        "January",  "February", "March",  "April",
                                        "May",     "June",     "July",     "August", "September",
                                        "October", "November", "December"};
const uint32_t mc_ordinal_windows[6] = {0, 0xFEu, 0x7F00u, 0x3F8000u, 0x1FC00000u, 0xE0000000u};
