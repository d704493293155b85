---From a job to the request that its target receives. Pure: zones, tokens and routes come in. What all
---attempts of a job send alike is its plan, which whoever fires the job again and again keeps.

local base64 <const> = require "mooncron.api.base64"
local duration <const> = require "mooncron.duration"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local names <const> = require "mooncron.api.name"
local tables <const> = require "mooncron.tables"

local M = {}

---@class mooncron.scheduler.Routes
---@field pubsub_endpoint string? "http://127.0.0.1:8085"
---@field app_engine table<string, string>? "service/version" , "service" or "default" -> base URL

---@class mooncron.scheduler.TargetContext: mooncron.scheduler.Routes
---@field schedule_time string value of X-CloudScheduler-ScheduleTime
---@field token fun(target: table): string?, mooncron.Err? a bearer token for oidc_token or oauth_token

---@class mooncron.scheduler.Plan
---@field job string full name
---@field target_type string
---@field target string where it points, as M.describe has it
---@field method string
---@field url string
---@field body string?
---@field timeout_ms integer
---@field headers table<string, string> those that each attempt sends alike
---@field is_timed boolean the slot's time goes with them, in M.TIME
---@field options table? of the transport, as the next two
---@field recorder string|false|nil
---@field path string?
---@field token_target table? http_target whose bearer token goes with them, in M.TOKEN

---Headers that are an attempt's own.
M.TIME, M.TOKEN = "X-CloudScheduler-ScheduleTime", "Authorization"

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
local function common_headers(job, target)
  local headers, own = {}, {}
  for name, value in pairs(target.headers or {}) do
    local lower = name:lower()
    if not is_reserved(lower) then
      headers[name], own[lower] = value, name
    end
  end
  headers["X-CloudScheduler"] = "true"
  headers["X-CloudScheduler-JobName"] = names.id(job.name)
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

local function plan_http(plan, job)
  local target = job.http_target
  local headers, own = common_headers(job, target)
  headers["User-Agent"] = "Google-Cloud-Scheduler"
  if not own["accept-encoding"] then
    headers["Accept-Encoding"] = "gzip, deflate, br" -- [rec]
  end
  local has_token = target.oidc_token or target.oauth_token
  if has_token and own["authorization"] then
    headers[own["authorization"]] = nil
  end
  plan.url, plan.method, plan.body = encode_uri(target.uri), target.http_method or "POST", target.body
  plan.headers, plan.is_timed, plan.token_target = headers, true, has_token and target or nil
  plan.timeout_ms = job.attempt_deadline and duration.to_ms(job.attempt_deadline) or DEFAULT_DEADLINE_MS
  return plan
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

local function plan_app_engine(plan, job, routes)
  local target = job.app_engine_http_target
  local base = app_engine_base(target.app_engine_routing or {}, routes.app_engine or {})
  if not base then
    return nil, err.new("FAILED_PRECONDITION",
      "no App Engine here: say where it runs, as with --app-engine default=http://127.0.0.1:8080")
  end
  local headers = common_headers(job, target)
  headers["User-Agent"] = (target.headers or {})["User-Agent"] or APP_ENGINE_AGENT
  local deadline_ms = job.attempt_deadline and duration.to_ms(job.attempt_deadline) or 0
  plan.url = base:gsub("/$", "") .. encode_uri(target.relative_uri or "/")
  plan.method, plan.body = target.http_method or "POST", target.body
  plan.headers, plan.is_timed = headers, true
  plan.timeout_ms = deadline_ms > 0 and deadline_ms or APP_ENGINE_DEADLINE_MS
  return plan
end

-- One message with the configured data and attributes and nothing else [rec], published over REST.
local function plan_pubsub(plan, job, routes)
  local target = job.pubsub_target
  if not routes.pubsub_endpoint then
    return nil, err.new("FAILED_PRECONDITION",
      "no Pub/Sub here: start its emulator and set PUBSUB_EMULATOR_HOST")
  end
  local message = { data = target.data and base64.encode(target.data), attributes = target.attributes }
  plan.url = routes.pubsub_endpoint .. "/v1/" .. target.topic_name:gsub("%%", "%%25") .. ":publish"
  plan.method, plan.body = "POST", json.encode { messages = json.list { message } }
  plan.headers, plan.is_timed = { ["Content-Type"] = "application/json" }, false
  plan.timeout_ms = 60000
  return plan
end

local PLANNERS <const> = {
  { field = "http_target", fill = plan_http },
  { field = "app_engine_http_target", fill = plan_app_engine },
  { field = "pubsub_target", fill = plan_pubsub },
}

---What all attempts of a job send alike.
---@param job table canonical
---@param routes mooncron.scheduler.Routes
---@return mooncron.scheduler.Plan?
---@return mooncron.Err? err why nothing can be sent
function M.plan(job, routes)
  for _, row in ipairs(PLANNERS) do
    if job[row.field] then
      local target_type, where = M.describe(job)
      return row.fill({
        job = job.name, target_type = target_type, target = where,
        method = nil, url = nil, body = nil, timeout_ms = nil, headers = nil, is_timed = nil,
        token_target = nil, options = nil, recorder = nil, path = nil,
      }, job, routes)
    end
  end
  return nil, err.new("INTERNAL", "the job has no target")
end

---The headers of an attempt, in a table of its own.
---@param plan mooncron.scheduler.Plan
---@param schedule_time string
---@param token string?
---@return table<string, string> by name
function M.headers(plan, schedule_time, token)
  local headers = tables.copy(plan.headers, 2)
  if plan.is_timed then
    headers[M.TIME] = schedule_time
  end
  if plan.token_target then
    headers[M.TOKEN] = "Bearer " .. token
  end
  return headers
end

---The request of an attempt.
---@param job table canonical
---@param context mooncron.scheduler.TargetContext
---@return table? request
---@return mooncron.Err? err why it cannot be made
function M.request(job, context)
  local plan, e = M.plan(job, context)
  local token
  if plan and plan.token_target then
    token, e = context.token(plan.token_target)
  end
  if e then
    return nil, e
  end
  return {
    method = plan.method,
    url = plan.url,
    headers = M.headers(plan, context.schedule_time, token),
    body = plan.body,
    timeout_ms = plan.timeout_ms,
  }
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
