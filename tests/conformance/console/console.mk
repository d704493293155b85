# The pages in headless Chromium. Included by the root Makefile; needs node, npm and chromium, and is skipped
# where one of them is missing. Screenshots land in build/conformance/console/shots.

CONFORMANCE_CONSOLE := $(B)/conformance/console
CHROMIUM ?= $(or $(shell command -v chromium),$(shell command -v chromium-browser),$(shell command -v google-chrome))
EXTRA_CHECKS += conformance-console

# The packages land beside copies of the tests, never in the source tree.
$(CONFORMANCE_CONSOLE)/node_modules: tests/conformance/console/package.json
	@mkdir -p $(@D)
	@cp $< $(@D)/
	$(Q)cd $(@D) && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --silent
	@touch $@

.PHONY: conformance-console
ifeq ($(and $(CHROMIUM),$(shell command -v node),$(shell command -v npm)),)
conformance-console: ## Click through the console and the preview's page in Chromium
	@printf '1..1\nok 1 - the pages # SKIP chromium, node or npm is missing\n'
else
conformance-console: $(B)/mooncron $(CONFORMANCE_CONSOLE)/node_modules
	@cp tests/e2e/browser/*.mjs $(CONFORMANCE_CONSOLE)/
	@failed=0; for test in console preview; do \
	  MOONCRON=$(abspath $(B)/mooncron) CHROMIUM=$(CHROMIUM) SHOTS=$(abspath $(CONFORMANCE_CONSOLE)/shots) \
	    node $(CONFORMANCE_CONSOLE)/$$test.mjs || failed=1; \
	done; exit $$failed
endif
