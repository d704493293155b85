#ifndef TESTS_BENCH_SCHEDULE_BENCH_H
#define TESTS_BENCH_SCHEDULE_BENCH_H

/* What the C drivers share: the cases, the clock, the median. Arguments: CASES START STEPS RUNS
   RUN_MS; output: lines of "name, zone, ns per parse, ns per chained next, checksum" between tabs.
   */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_MAX_CASES 64

struct bench {
  char text[BENCH_MAX_CASES][80];
  size_t count;
  int64_t start; /* seconds */
  int steps, runs, run_ms;
};

static inline int bench_init(struct bench *bench, char **argv)
{
  FILE *file = fopen(argv[1], "r");

  if(!file)
    return -1;
  bench->count = 0;
  while(bench->count < BENCH_MAX_CASES && fgets(bench->text[bench->count], 80, file)) {
    bench->text[bench->count][strcspn(bench->text[bench->count], "\n")] = '\0';
    bench->count++;
  }
  fclose(file);
  bench->start = atoll(argv[2]);
  bench->steps = atoi(argv[3]);
  bench->runs = atoi(argv[4]);
  bench->run_ms = atoi(argv[5]);
  return 0;
}

static inline int64_t bench_now_ns(void)
{
  struct timespec ts;

  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline int bench_by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

/* The compiler has to come up with the value. */
static inline void bench_keep(int64_t value)
{
  __asm__ volatile("" : : "r"(value) : "memory");
}

/* Median over the runs of the mean time of one of `units`, in ns; `work` is called 256 times
   between looks at the clock. */
static inline double bench_median(const struct bench *bench, size_t units,
                                  int64_t (*work)(const struct bench *, void *), void *arg)
{
  double means[32];
  int runs = bench->runs < 32 ? bench->runs : 32;

  for(int r = 0; r < runs; r++) {
    int64_t began = bench_now_ns(), spent, calls = 0;

    do {
      for(int i = 0; i < 256; i++)
        bench_keep(work(bench, arg));
      calls += 256;
      spent = bench_now_ns() - began;
    } while(spent < (int64_t)bench->run_ms * 1000000);
    means[r] = (double)spent / (double)calls / (double)units;
  }
  qsort(means, (size_t)runs, sizeof(means[0]), bench_by_value);
  return means[runs / 2];
}

static inline void bench_report(const char *name, const char *zone, double parse_ns, double next_ns,
                                int64_t sum)
{
  printf("%s\t%s\t%.1f\t%.1f\t%" PRId64 "\n", name, zone, parse_ns, next_ns, sum);
}

#endif
