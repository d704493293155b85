# The server against Google's own clients, unmodified but for the endpoint. Included by the root Makefile.
# Everything they need is installed below the build folder.

CLIENTS := tests/conformance/clients
CLIENTS_BUILD := $(B)/conformance/clients
EXTRA_CHECKS += conformance-clients

$(CLIENTS_BUILD)/node/installed: $(CLIENTS)/package.json
	@rm -rf $(@D) && mkdir -p $(@D) && cp $< $(@D)/
	$(Q)cd $(@D) && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --silent
	@touch $@

$(CLIENTS_BUILD)/python/installed: $(CLIENTS)/requirements.txt
	@rm -rf $(@D)
	$(Q)python3 -m venv $(@D)
	$(Q)$(@D)/bin/pip install --quiet --no-compile --disable-pip-version-check --requirement $<
	@touch $@

# Each suite prints TAP, beside a server of its own. All run, whatever became of the one before.
.PHONY: conformance-clients
conformance-clients: $(B)/mooncron $(CLIENTS_BUILD)/node/installed $(CLIENTS_BUILD)/python/installed ## Google's clients drive the server
	@export MOONCRON_BUILD=$(B) PYTHONDONTWRITEBYTECODE=1 NODE_NO_WARNINGS=1; \
	 export NODE_PATH=$(CLIENTS_BUILD)/node/node_modules; failed=0; \
	 for suite in node-gapic node-googleapis; do \
	   $(CLIENTS)/with-server node $(CLIENTS)/$$suite.js || failed=1; \
	 done; \
	 for suite in python-gapic python-discovery recorded terraform; do \
	   $(CLIENTS)/with-server $(CLIENTS_BUILD)/python/bin/python $(CLIENTS)/$$suite.py || failed=1; \
	 done; \
	 exit $$failed

.PHONY: conformance
conformance: ## Run all comparisons with other people's clients and libraries
	@$(MAKE) --no-print-directory $(filter conformance-%,$(EXTRA_CHECKS))
