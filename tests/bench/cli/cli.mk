# Benchmark of the command line beside gcloud's. Included by the root Makefile.

.PHONY: bench-cli
bench-cli: $(B)/mooncron $(B)/lib/mooncron/core.so ## Time jobs describe and jobs list beside gcloud, where it is
	@LUA="$(LUA)" bash tests/bench/cli/run.sh $(B)/bench/cli $(B)/mooncron
