# Our tokens checked by jose and google-auth-library, theirs by us. Included by the root Makefile; needs node and npm.

CONFORMANCE_AUTH := $(B)/conformance/auth
EXTRA_CHECKS += conformance-auth

# The packages land beside a copy of the script, never in the source tree.
$(CONFORMANCE_AUTH)/node_modules: tests/conformance/auth/package.json
	@mkdir -p $(@D)
	@cp $< $(@D)/
	$(Q)cd $(@D) && npm install --no-audit --no-fund --no-package-lock --silent
	@touch $@

.PHONY: conformance-auth
conformance-auth: $(B)/lib/mooncron/core.so $(CONFORMANCE_AUTH)/node_modules ## Check tokens against third-party libraries
	@cp tests/conformance/auth/check.mjs $(CONFORMANCE_AUTH)/
	@LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='$(B)/lib/?.so;;' \
	  node $(CONFORMANCE_AUTH)/check.mjs $(LUA) tests/conformance/auth/peer.lua
