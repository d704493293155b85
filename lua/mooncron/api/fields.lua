---The messages of the Job resource, as job.proto and target.proto of google.cloud.scheduler.v1 have
---them [ref]: the members in the order of their numbers, which is the order in which the service
---prints them [rec].

local schema <const> = require "mooncron.schema"

local M = {}

local TOKEN <const> = "authorization_header"
local PACKAGE <const> = "google.cloud.scheduler.v1."

M.http_method = schema.enum(PACKAGE .. "HttpMethod", {
  "HTTP_METHOD_UNSPECIFIED", "POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS",
})

M.state = schema.enum(PACKAGE .. "Job.State", {
  "STATE_UNSPECIFIED", "ENABLED", "PAUSED", "DISABLED", "UPDATE_FAILED",
})

M.retry_config = schema.message(PACKAGE .. "RetryConfig", {
  { name = "retry_count", number = 1, kind = "int32" },
  { name = "max_retry_duration", number = 2, kind = "duration" },
  { name = "min_backoff_duration", number = 3, kind = "duration" },
  { name = "max_backoff_duration", number = 4, kind = "duration" },
  { name = "max_doublings", number = 5, kind = "int32" },
})

M.oauth_token = schema.message(PACKAGE .. "OAuthToken", {
  { name = "service_account_email", number = 1, kind = "string" },
  { name = "scope", number = 2, kind = "string" },
})

M.oidc_token = schema.message(PACKAGE .. "OidcToken", {
  { name = "service_account_email", number = 1, kind = "string" },
  { name = "audience", number = 2, kind = "string" },
})

M.http_target = schema.message(PACKAGE .. "HttpTarget", {
  { name = "uri", number = 1, kind = "string" },
  { name = "http_method", number = 2, kind = "enum", enum = M.http_method },
  { name = "headers", number = 3, kind = "map" },
  { name = "body", number = 4, kind = "bytes" },
  { name = "oauth_token", number = 5, kind = "message", message = M.oauth_token, oneof = TOKEN },
  { name = "oidc_token", number = 6, kind = "message", message = M.oidc_token, oneof = TOKEN },
})

M.app_engine_routing = schema.message(PACKAGE .. "AppEngineRouting", {
  { name = "service", number = 1, kind = "string" },
  { name = "version", number = 2, kind = "string" },
  { name = "instance", number = 3, kind = "string" },
  { name = "host", number = 4, kind = "string", output = true },
})

M.app_engine_http_target = schema.message(PACKAGE .. "AppEngineHttpTarget", {
  { name = "http_method", number = 1, kind = "enum", enum = M.http_method },
  { name = "app_engine_routing", number = 2, kind = "message", message = M.app_engine_routing },
  { name = "relative_uri", number = 3, kind = "string" },
  { name = "headers", number = 4, kind = "map" },
  { name = "body", number = 5, kind = "bytes" },
})

M.pubsub_target = schema.message(PACKAGE .. "PubsubTarget", {
  { name = "topic_name", number = 1, kind = "string" },
  { name = "data", number = 3, kind = "bytes" },
  { name = "attributes", number = 4, kind = "map" },
})

M.status = schema.message("google.rpc.Status", {
  { name = "code", number = 1, kind = "int32" },
  { name = "message", number = 2, kind = "string" },
  { name = "details", number = 3, kind = "any" },
})

M.job = schema.message(PACKAGE .. "Job", {
  { name = "name", number = 1, kind = "string", immutable = true },
  { name = "description", number = 2, kind = "string" },
  {
    name = "pubsub_target",
    number = 4,
    kind = "message",
    message = M.pubsub_target,
    oneof = "target",
  },
  {
    name = "app_engine_http_target",
    number = 5,
    kind = "message",
    message = M.app_engine_http_target,
    oneof = "target",
  },
  {
    name = "http_target",
    number = 6,
    kind = "message",
    message = M.http_target,
    oneof = "target",
  },
  { name = "user_update_time", number = 9, kind = "timestamp", output = true },
  { name = "state", number = 10, kind = "enum", enum = M.state, output = true },
  { name = "status", number = 11, kind = "message", message = M.status, output = true },
  { name = "schedule_time", number = 17, kind = "timestamp", output = true },
  { name = "last_attempt_time", number = 18, kind = "timestamp", output = true },
  { name = "retry_config", number = 19, kind = "message", message = M.retry_config },
  { name = "schedule", number = 20, kind = "string" },
  { name = "time_zone", number = 21, kind = "string" },
  { name = "attempt_deadline", number = 22, kind = "duration" },
  -- Only in the newer discovery document, which gives no number [ref].
  { name = "satisfies_pzs", kind = "bool", output = true },
})

-- What jobs.list answers.
M.job_list = schema.message(PACKAGE .. "ListJobsResponse", {
  { name = "jobs", number = 1, kind = "messages", message = M.job },
  { name = "next_page_token", number = 2, kind = "string" },
})

---The targets, and how to speak of them.
M.targets = { "http_target", "pubsub_target", "app_engine_http_target" }

return M
