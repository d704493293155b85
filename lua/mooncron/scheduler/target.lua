---From a job to the request that its target receives. Pure: zones, tokens and routes come in.

local base64 <const> = require "mooncron.api.base64"
local duration <const> = require "mooncron.duration"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

---@class mooncron.scheduler.TargetContext
---@field schedule_time string value of X-CloudScheduler-ScheduleTime
---@field token fun(target: table): string?, mooncron.Err? a bearer token for oidc_token or oauth_token
---@field pubsub_endpoint string? "http://127.0.0.1:8085"
---@field app_engine table<string, string>? "service/version" , "service" or "default" -> base URL

-- Ignored or replaced when the user sets them (reference: HttpTarget.headers); hop-by-hop ones are
-- the transport's.
local RESERVED <const> = {
  ["host"] = true,
  ["content-length"] = true,
  ["transfer-encoding"] = true,
  ["connection"] = true,
  ["user-agent"] = true,
}
local RESERVED_PREFIXES <const> = { "^x%-google%-", "^x%-appengine%-", "^x%-cloudscheduler" }

local function is_reserved(lower)
  if RESERVED[lower] then
    return true
  elseif lower:sub(1, 2) == "x-" then
    for _, prefix in ipairs(RESERVED_PREFIXES) do
      if lower:find(prefix) then
        return true
      end
    end
  end
  return false
end

-- Headers of every HTTP-like attempt [rec], and the names of the user's by their lower-case form. The
-- short id is the job's name there.
local function common_headers(job, target, context)
  local headers, own = {}, {}
  for name, value in pairs(target.headers or {}) do
    local lower = name:lower()
    if not is_reserved(lower) then
      headers[name], own[lower] = value, name
    end
  end
  headers["X-CloudScheduler"] = "true"
  headers["X-CloudScheduler-JobName"] = job.name:match("[^/]+$")
  headers["X-CloudScheduler-ScheduleTime"] = context.schedule_time
  if target.body and not own["content-type"] then
    headers["Content-Type"] = "application/octet-stream"
  end
  return headers, own
end

-- Bytes that no URI has are sent percent-encoded, as the service does (reference: HttpTarget.uri);
-- what is encoded already stays.
local function encode_uri(uri)
  return (uri:gsub("[^%w%-._~:/?#%[%]@!$&'()*+,;=%%]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

-- HTTP targets: default 180 s [ref].
local DEFAULT_DEADLINE_MS <const> = 180000

local function http_request(job, context)
  local target = job.http_target
  local headers, own = common_headers(job, target, context)
  headers["User-Agent"] = "Google-Cloud-Scheduler"
  if not own["accept-encoding"] then
    headers["Accept-Encoding"] = "gzip, deflate, br" -- [rec]
  end
  if target.oidc_token or target.oauth_token then
    local token, e = context.token(target)
    if not token then
      return nil, e
    end
    if own["authorization"] then
      headers[own["authorization"]] = nil
    end
    headers["Authorization"] = "Bearer " .. token
  end
  return {
    method = target.http_method or "POST",
    url = encode_uri(target.uri),
    headers = headers,
    body = target.body,
    timeout_ms = job.attempt_deadline and duration.to_ms(job.attempt_deadline) or DEFAULT_DEADLINE_MS,
  }
end

-- The more of service and version a route names, the sooner it is taken; an unknown one goes to the
-- default (reference: AppEngineRouting).
local function app_engine_base(routing, routes)
  local service, version = routing.service or "default", routing.version
  return version and routes[service .. "/" .. version] or routes[service] or routes.default
end

local APP_ENGINE_AGENT <const> = "AppEngine-Google; (+http://code.google.com/appengine)"

-- Reference: attemptDeadline; 0 or unset is 10 minutes of automatic scaling.
local APP_ENGINE_DEADLINE_MS <const> = 600000

local function app_engine_request(job, context)
  local target = job.app_engine_http_target
  local base = app_engine_base(target.app_engine_routing or {}, context.app_engine or {})
  if not base then
    return nil, err.new("FAILED_PRECONDITION",
      "no App Engine here: say where it runs, as with --app-engine default=http://127.0.0.1:8080")
  end
  local headers = common_headers(job, target, context)
  headers["User-Agent"] = (target.headers or {})["User-Agent"] or APP_ENGINE_AGENT
  local deadline_ms = job.attempt_deadline and duration.to_ms(job.attempt_deadline) or 0
  return {
    method = target.http_method or "POST",
    url = base:gsub("/$", "") .. encode_uri(target.relative_uri or "/"),
    headers = headers,
    body = target.body,
    timeout_ms = deadline_ms > 0 and deadline_ms or APP_ENGINE_DEADLINE_MS,
  }
end

-- One message with the configured data and attributes and nothing else [rec], published over REST.
local function pubsub_request(job, context)
  local target = job.pubsub_target
  if not context.pubsub_endpoint then
    return nil, err.new("FAILED_PRECONDITION",
      "no Pub/Sub here: start its emulator and set PUBSUB_EMULATOR_HOST")
  end
  local message = { data = target.data and base64.encode(target.data), attributes = target.attributes }
  return {
    method = "POST",
    url = context.pubsub_endpoint .. "/v1/" .. target.topic_name:gsub("%%", "%%25") .. ":publish",
    headers = { ["Content-Type"] = "application/json" },
    body = json.encode { messages = json.list { message } },
    timeout_ms = 60000,
  }
end

local BUILDERS <const> = {
  { field = "http_target", type = "HTTP", build = http_request },
  { field = "app_engine_http_target", type = "APP_ENGINE_HTTP", build = app_engine_request },
  { field = "pubsub_target", type = "PUB_SUB", build = pubsub_request },
}

---The request of an attempt.
---@param job table canonical
---@param context mooncron.scheduler.TargetContext
---@return table? request for mooncron.http, with `timeout_ms`
---@return mooncron.Err? err why it cannot be made
function M.request(job, context)
  for _, row in ipairs(BUILDERS) do
    if job[row.field] then
      return row.build(job, context)
    end
  end
  return nil, err.new("INTERNAL", "the job has no target")
end

---The target's kind as Cloud Logging names it, and where it points.
---@param job table canonical
---@return "HTTP"|"APP_ENGINE_HTTP"|"PUB_SUB" type
---@return string where
function M.describe(job)
  if job.http_target then
    return "HTTP", job.http_target.uri
  elseif job.pubsub_target then
    return "PUB_SUB", job.pubsub_target.topic_name
  end
  return "APP_ENGINE_HTTP", job.app_engine_http_target.relative_uri or "/"
end

return M
