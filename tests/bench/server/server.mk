# Benchmark of the server: its API under wrk, and what it fires. Included by the root Makefile.

BENCH_SERVER := $(B)/bench/server

$(BENCH_SERVER)/sink: tests/bench/server/sink.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<

.PHONY: bench-server
bench-server: all $(BENCH_SERVER)/sink ## Measure the server beside its goals (SCALE=10: quickly)
	@sh tests/bench/server/run.sh $(B)/mooncron $(BENCH_SERVER)/sink $(BENCH_SERVER)/out
