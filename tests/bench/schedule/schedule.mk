# Benchmark of the schedules beside the libraries of the field. Included by the root Makefile.

BENCH_SCHEDULE := $(B)/bench/schedule

$(BENCH_SCHEDULE)/mooncron: tests/bench/schedule/mooncron.c tests/bench/schedule/bench.h $(B)/libmooncron.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(B)/libmooncron.a

$(BENCH_SCHEDULE)/baseline: tests/bench/schedule/baseline.c tests/bench/schedule/bench.h
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<

.PHONY: bench-schedule
bench-schedule: $(BENCH_SCHEDULE)/mooncron $(BENCH_SCHEDULE)/baseline ## Time schedules beside other libraries
	@sh tests/bench/schedule/run.sh $(BENCH_SCHEDULE) $^
