# The pages in headless Chromium. Included by the root Makefile; needs node, npm and chromium, and is skipped
# where one of them is missing. Screenshots land in build/conformance/console/shots.

CONFORMANCE_CONSOLE := $(B)/conformance/console
CHROMIUM ?= $(or $(shell command -v chromium),$(shell command -v chromium-browser),$(shell command -v google-chrome))
EXTRA_CHECKS += conformance-console

# The packages land beside copies of the tests, never in the source tree.
$(CONFORMANCE_CONSOLE)/node_modules: tests/conformance/console/package.json
	@mkdir -p $(@D)
	@cp $< $(@D)/
	$(Q)cd $(@D) && npm install --no-audit --no-fund --no-package-lock --silent
	@touch $@

.PHONY: conformance-console
ifeq ($(and $(CHROMIUM),$(shell command -v node),$(shell command -v npm)),)
conformance-console: ## Click through the console and the preview's page in Chromium
	@echo "1..0 # SKIP chromium, node or npm is missing"
else
conformance-console: $(B)/mooncron $(CONFORMANCE_CONSOLE)/node_modules ## Click through the console and the preview's page in Chromium
	@cp tests/e2e/browser/*.mjs $(CONFORMANCE_CONSOLE)/
	@for test in console preview; do \
	  MOONCRON=$(abspath $(B)/mooncron) CHROMIUM=$(CHROMIUM) SHOTS=$(abspath $(CONFORMANCE_CONSOLE)/shots) \
	    node $(CONFORMANCE_CONSOLE)/$$test.mjs || exit 1; \
	done
endif
