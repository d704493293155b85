# Benchmark of the client beside the official ones. Included by the root Makefile.

.PHONY: bench-client
bench-client: $(B)/mooncron ## Time the client beside Google's own for Node and Python
	@bash tests/bench/client/run.sh $(B)/bench/client $(B)/mooncron
