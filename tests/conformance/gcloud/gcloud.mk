# mooncron's jobs and locations beside the real gcloud, on the same invocations; skipped where gcloud is not.
# What gcloud answered is kept in recorded.json, so that tests/e2e/jobs_spec.lua compares with it everywhere.

GCLOUD_CASES := tests/conformance/gcloud
EXTRA_CHECKS += conformance-gcloud

.PHONY: conformance-gcloud record-gcloud
conformance-gcloud: $(B)/mooncron $(B)/lib/mooncron/core.so ## The same invocations by gcloud and by mooncron
	@MOONCRON_BUILD=$(B) LUA_CPATH="$(B)/lib/?.so;;" $(LUA) $(GCLOUD_CASES)/main.lua check

record-gcloud: $(B)/mooncron $(B)/lib/mooncron/core.so ## Record what the gcloud on PATH answers
	@MOONCRON_BUILD=$(B) LUA_CPATH="$(B)/lib/?.so;;" $(LUA) $(GCLOUD_CASES)/main.lua record $(GCLOUD_CASES)/recorded.json
