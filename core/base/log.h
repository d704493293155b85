#ifndef MC_BASE_LOG_H
#define MC_BASE_LOG_H

enum mc_log_level { MC_LOG_ERROR, MC_LOG_WARN, MC_LOG_INFO, MC_LOG_DEBUG };

/* Where lines go. `line` has no newline and lives for the call only. */
typedef void (*mc_log_sink)(int level, const char *line, void *arg);

/* Lines at or below `level` reach the sink; a NULL sink means stderr, as "mooncron: warn: ...". The
   default is MC_LOG_WARN on stderr. */
void mc_log_to(int level, mc_log_sink sink, void *arg);
void mc_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
