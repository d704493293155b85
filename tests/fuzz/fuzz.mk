# Fuzzing of the parsers of core/time. Included by the root Makefile. The corpus is replayed as plain
# tests; a smoke run starts from it and writes what it finds under build/.

FUZZ := $(B)/fuzz
FUZZ_NAMES := cron english tzif text
FUZZ_SRC := $(wildcard core/base/*.c core/time/*.c)
FUZZ_CC ?= $(if $(shell command -v clang-14),clang-14,clang)
FUZZ_SECONDS ?= 10
FUZZ_SAN := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined -std=c11 -D_GNU_SOURCE -Icore
FUZZ_DEPS := tests/fuzz/check.c tests/fuzz/fuzz.h $(FUZZ_SRC) $(wildcard core/base/*.h core/time/*.h)

$(FUZZ)/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(FUZZ_DEPS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(FUZZ_SAN) -fsanitize=address,undefined -o $@ $(filter %.c,$^)

$(FUZZ)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_DEPS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer,address,undefined -o $@ $(filter %.c,$^)

.PHONY: fuzz-replay fuzz-smoke
fuzz-replay: $(FUZZ_NAMES:%=$(FUZZ)/replay_%) ## Run the fuzzers' corpus as plain tests, with sanitizers
	$(Q)for name in $(FUZZ_NAMES); do $(FUZZ)/replay_$$name tests/fuzz/corpus/$$name || exit 1; done

fuzz-smoke: $(FUZZ_NAMES:%=$(FUZZ)/fuzz_%) ## Fuzz each parser for FUZZ_SECONDS (10)
	$(Q)for name in $(FUZZ_NAMES); do \
	  mkdir -p $(FUZZ)/found/$$name; \
	  dict=; test ! -f tests/fuzz/$$name.dict || dict=-dict=tests/fuzz/$$name.dict; \
	  $(FUZZ)/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=5 -print_final_stats=1 \
	    -verbosity=0 $$dict -artifact_prefix=$(FUZZ)/found/$$name- \
	    $(FUZZ)/found/$$name tests/fuzz/corpus/$$name || exit 1; \
	done
