# Benchmark of jobs as code: 5,000 declared jobs, applied and planned again. Included by the root Makefile.

.PHONY: bench-plan
bench-plan: $(B)/mooncron ## Time plan and apply of 5,000 jobs
	@sh tests/bench/plan/run.sh $(B)/mooncron
