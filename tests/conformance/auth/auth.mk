# Our tokens checked by jose and google-auth-library, theirs by us, and our requests beside those of Python's
# google-auth. Included by the root Makefile; needs node and npm, python3 with venv.

CONFORMANCE_AUTH := $(B)/conformance/auth
EXTRA_CHECKS += conformance-auth

# The packages land beside a copy of the script, never in the source tree.
$(CONFORMANCE_AUTH)/node_modules: tests/conformance/auth/package.json
	@mkdir -p $(@D)
	@cp $< $(@D)/
	$(Q)cd $(@D) && npm install --no-audit --no-fund --no-package-lock --silent
	@touch $@

$(CONFORMANCE_AUTH)/python/installed: tests/conformance/auth/requirements.txt
	@rm -rf $(@D)
	$(Q)python3 -m venv $(@D)
	$(Q)$(@D)/bin/pip install --quiet --no-compile --disable-pip-version-check --requirement $<
	@touch $@

.PHONY: conformance-auth
conformance-auth: $(B)/lib/mooncron/core.so $(CONFORMANCE_AUTH)/node_modules $(CONFORMANCE_AUTH)/python/installed ## Check tokens against third-party libraries
	@cp tests/conformance/auth/check.mjs $(CONFORMANCE_AUTH)/
	@export LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='$(B)/lib/?.so;;' PYTHONDONTWRITEBYTECODE=1; failed=0; \
	 node $(CONFORMANCE_AUTH)/check.mjs $(LUA) tests/conformance/auth/peer.lua || failed=1; \
	 $(CONFORMANCE_AUTH)/python/bin/python -W ignore tests/conformance/auth/check.py $(LUA) \
	   tests/conformance/auth/peer.lua || failed=1; \
	 exit $$failed
