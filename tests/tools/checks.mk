# Tests and checks, included by the root Makefile. Every check prints TAP, so that `tests/tools/run-tests`
# can count it.

RUN_TESTS := tests/tools/run-tests

.PHONY: deps deps-test demo test
deps: ## Install what the build needs (Debian, Ubuntu)
	@tests/tools/install-deps build

deps-test: ## Install what the tests need too
	@tests/tools/install-deps build test

# What these two need may only just have been installed by their first line: a second make sees it.
demo: deps ## Build, and run scripts/hello.lua in a data folder of its own
	@$(MAKE) -s --no-print-directory $(B)/mooncron
	@rm -rf $(B)/demo && mkdir -p $(B)/demo
	@env -u GOOGLE_CLOUD_PROJECT XDG_DATA_HOME=$(CURDIR)/$(B)/demo $(B)/mooncron scripts/hello.lua

test: deps-test ## Build and run all tests
	@$(MAKE) -s --no-print-directory all unit-build
	@$(RUN_TESTS) --build $(B) units bind spec e2e scripts

# Each target below prints TAP. C files and headers of the project, and the flags under which the linters
# see them:
C_FILES := $(wildcard core/*/*.c core/*/*.h tests/unit/*.c tests/unit/*.h tests/fuzz/*.c tests/bench/*.c)
CORE_FILES := $(wildcard core/*/*.c)
LINT_FLAGS = -std=c11 -D_GNU_SOURCE -Icore -DMC_VERSION=\"$(VERSION)\" $(PKG_CFLAGS) $(LUA_CFLAGS)
TAP_EACH := tests/tools/tap-each
CLANG ?= $(if $(shell command -v clang-14),clang-14,clang)
# the variants of check-compilers
OPT_gcc := -O2 -g
OPT_$(CLANG) := -O2 -g

CHECKS := check-layers check-style check-repo check-headers check-format lint-lua lint-c check-compilers docs-check \
  check-asan check-valgrind check-rock
.PHONY: check $(CHECKS)
check: ## Run all checks, each of which is a target too
	@$(RUN_TESTS) $(addprefix make:,$(CHECKS))

check-layers: ## Who may include and require whom
	@tests/tools/check-layers

check-style: ## The house style
	@tests/tools/check-style

check-repo: ## No machine's paths, nothing generated
	@tests/tools/check-repo

check-headers: ## Each header compiles alone
	@$(TAP_EACH) 'compiles alone' \
	  '$(CC) -fsyntax-only -Wall -Wextra -Werror -x c $(LINT_FLAGS) "$$1"' $(wildcard core/*/*.h)

check-format: ## The C files are as clang-format leaves them
	@$(TAP_EACH) 'is formatted' 'clang-format --dry-run -Werror "$$1"' $(C_FILES)

lint-lua: ## luacheck
	@$(TAP_EACH) 'pleases luacheck' 'luacheck -q --no-color "$$1"' \
	  $(shell find lua scripts tests core -name '*.lua' -not -path '*/node_modules/*' 2>/dev/null | LC_ALL=C sort) \
	  $(shell grep -l '^#!.*lua' tests/tools/* | LC_ALL=C sort)

lint-c: ## clang-tidy and cppcheck
	@$(TAP_EACH) 'pleases clang-tidy and cppcheck' \
	  'clang-tidy --quiet "$$1" -- $(LINT_FLAGS) $$(test "$$1" = core/base/err.c || \
	     echo -include tests/tools/analyzer.h) && \
	   cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr -Icore \
	     --enable=warning,performance,portability --suppressions-list=tests/tools/cppcheck.supp "$$1"' \
	  $(CORE_FILES)

check-compilers: ## gcc and clang compile without a warning
	@$(TAP_EACH) 'compiles all without a warning' \
	  '$(MAKE) -s WERROR=1 CC="$$1" VARIANT="$$1" all unit-build' gcc $(CLANG)

docs-check: $(B)/mooncron ## The documents' examples run and their links lead somewhere
	@tests/tools/check-docs $(B)

# The specs' interpreter is a stock one, so the sanitizer's library has to be in the process before the
# module is.
# intercept_tls_get_addr: where a library's thread-local block begins 16 bytes into a page, the sanitizer takes what
# is before it for the header of an old glibc, and its leak check dies of the addresses in there. Whether one does
# hangs on the layout of memory, so on anything. Without it the leak check has fewer roots, and is no less strict.
check-asan: all ## Units, bindings, specs and the interpreter under ASan and UBSan
	@$(MAKE) -s --no-print-directory VARIANT=asan all unit-build
	@ASAN_OPTIONS=abort_on_error=0:detect_leaks=1:strict_string_checks=1:intercept_tls_get_addr=0 \
	  UBSAN_OPTIONS=print_stacktrace=1 \
	  LSAN_OPTIONS=suppressions=$(CURDIR)/tests/tools/lsan.supp:print_suppressions=0 \
	  $(RUN_TESTS) --build build/asan --preload "$$($(CC) -print-file-name=libasan.so)" units bind spec e2e

check-valgrind: unit-build ## The units under valgrind
	@$(TAP_EACH) 'is clean under valgrind' \
	  'valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect "$$1"' \
	  $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))

check-rock: ## The rockspec installs what a stock lua5.4 can require
	@tests/tools/check-rock $(B)/rock

# What a folder of tests adds to the CI run: its fragment says `EXTRA_CHECKS += target`.
EXTRA_CHECKS :=
.PHONY: list-checks list-extra-checks
list-checks:
	@echo $(CHECKS)
list-extra-checks:
	@echo $(EXTRA_CHECKS)
