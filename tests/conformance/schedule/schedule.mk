# Our schedules against other implementations, where the rules agree: unix-cron against croner (needs node
# and npm), App Engine schedules against a plain reading of the rules in Python. Included by the root
# Makefile.

CONFORMANCE_SCHEDULE := $(B)/conformance/schedule

$(CONFORMANCE_SCHEDULE)/next: tests/conformance/schedule/next.c $(B)/libmooncron.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

# The packages land beside a copy of the script, never in the source tree.
$(CONFORMANCE_SCHEDULE)/node_modules: tests/conformance/schedule/package.json
	@mkdir -p $(@D)
	@cp $< $(@D)/
	$(Q)cd $(@D) && npm install --no-audit --no-fund --no-package-lock --silent
	@touch $@

.PHONY: differential
differential: $(CONFORMANCE_SCHEDULE)/next $(CONFORMANCE_SCHEDULE)/node_modules ## Compare with other implementations
	@cp tests/conformance/schedule/differential.mjs $(CONFORMANCE_SCHEDULE)/
	@node $(CONFORMANCE_SCHEDULE)/differential.mjs $(CONFORMANCE_SCHEDULE)/next
	@python3 tests/conformance/schedule/reference.py $(CONFORMANCE_SCHEDULE)/next
