"""Usage: bench.py CASES START STEPS RUNS RUN_MS. Prints "name zone parse_ns next_ns checksum" a line."""

import datetime
import statistics
import sys
import time
import zoneinfo

from croniter import croniter

cases_file, start, steps, runs, run_ms = sys.argv[1], *map(int, sys.argv[2:])
with open(cases_file) as f:
    cases = f.read().split("\n")[:-1]


def median(work, units):
    """Median over the runs of the mean time of one unit, in ns; each run lasts at least run_ms."""
    means = []
    for _ in range(runs):
        began, calls = time.perf_counter_ns(), 0
        while True:
            work()
            calls += 1
            spent = time.perf_counter_ns() - began
            if spent >= run_ms * 1_000_000:
                break
        means.append(spent / calls / units)
    return statistics.median(means)


def chain(job, origin):
    job.set_current(origin, force=True)
    for _ in range(steps):
        at = job.get_next(datetime.datetime)
    return int(at.timestamp())


for zone in ("UTC", "America/New_York"):
    origin = datetime.datetime.fromtimestamp(start, zoneinfo.ZoneInfo(zone))
    parse_ns = median(lambda: [croniter(expr, origin) for expr in cases], len(cases))
    jobs = [croniter(expr, origin) for expr in cases]
    next_ns = median(lambda: [chain(job, origin) for job in jobs], len(jobs) * steps)
    total = sum(chain(job, origin) for job in jobs)
    print("croniter", zone, f"{parse_ns:.1f}", f"{next_ns:.1f}", total, sep="\t", flush=True)
