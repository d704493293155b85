---The messages beside the job: locations, customer-managed keys, long-running operations [ref].

local fields <const> = require "mooncron.api.fields"
local schema <const> = require "mooncron.schema"

local M = {}

M.location = schema.message("google.cloud.location.Location", {
  { name = "name", number = 1, kind = "string" },
  { name = "labels", number = 2, kind = "map" },
  { name = "metadata", number = 3, kind = "any" },
  { name = "location_id", number = 4, kind = "string" },
  { name = "display_name", number = 5, kind = "string" },
})

M.cmek_config = schema.message("google.cloud.scheduler.v1.CmekConfig", {
  { name = "name", number = 1, kind = "string", immutable = true },
  { name = "kms_key_name", number = 2, kind = "string" },
})

M.operation = schema.message("google.longrunning.Operation", {
  { name = "name", number = 1, kind = "string" },
  { name = "metadata", number = 2, kind = "any" },
  { name = "done", number = 3, kind = "bool" },
  { name = "error", number = 4, kind = "message", message = fields.status, oneof = "result" },
  { name = "response", number = 5, kind = "any", oneof = "result" },
})

return M
