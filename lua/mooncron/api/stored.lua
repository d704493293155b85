---What the service fills in when it writes a job, so that it is there when the job is read back.

local tables <const> = require "mooncron.tables"

local M = {}

local USER_AGENT <const> = "Google-Cloud-Scheduler"
local APP_ENGINE_AGENT <const> = "AppEngine-Google; (+http://code.google.com/appengine)"
local OCTET_STREAM <const> = "application/octet-stream"
local CLOUD_PLATFORM <const> = "https://www.googleapis.com/auth/cloud-platform"

-- Read back with the service's own User-Agent and the default Content-Type of a body [tf].
local function fill_headers(target, agent, copy)
  local headers = target.headers and copy(target.headers, 2) or {}
  local agent_key, has_type = "User-Agent", not target.body
  for key in next, headers do
    local lower = #key == #"user-agent" and key:lower() -- most keys have another length
    if lower == "user-agent" then
      agent_key = key
    elseif #key == #"content-type" and key:lower() == "content-type" then
      has_type = true
    end
  end
  local custom = headers[agent_key]
  headers[agent_key] = nil
  headers["User-Agent"] = agent(custom)
  if not has_type then
    headers["Content-Type"] = OCTET_STREAM
  end
  target.headers = headers
end

local function http_agent()
  return USER_AGENT
end

-- Appended to a custom one [ref]; not twice when a job is written again.
local function app_engine_agent(custom)
  if not custom or custom == "" or custom == APP_ENGINE_AGENT then
    return APP_ENGINE_AGENT
  end
  local appended = custom:sub(-#APP_ENGINE_AGENT) == APP_ENGINE_AGENT
  return appended and custom or custom .. " " .. APP_ENGINE_AGENT
end

-- Default scope [ref], default audience = the uri [ref], both shown when read back [tf].
local function fill_tokens(target, copy)
  if target.oidc_token and not target.oidc_token.audience then
    target.oidc_token = copy(target.oidc_token, 1)
    target.oidc_token.audience = target.uri
  elseif target.oauth_token and not target.oauth_token.scope then
    target.oauth_token = copy(target.oauth_token, 1)
    target.oauth_token.scope = CLOUD_PLATFORM
  end
end

local function has_no_path(uri)
  local _, scheme = uri:find("://", 1, true)
  return scheme and not uri:find("/", scheme + 1, true) and uri:find("^%a+://[^/?#]+$")
end

local function http_target(given, copy)
  local target = copy(given, 2)
  target.http_method = target.http_method or "POST"
  if target.uri and has_no_path(target.uri) then
    target.uri = target.uri .. "/" -- [tf]
  end
  fill_headers(target, http_agent, copy)
  fill_tokens(target, copy)
  return target
end

-- [instance.][version.][service.]domain, the domain being that of the project's app [ref].
local function routing_host(routing, project)
  local parts = {}
  for _, part in ipairs { "instance", "version", "service" } do
    parts[#parts + 1] = routing[part]
  end
  parts[#parts + 1] = project .. ".appspot.com"
  return table.concat(parts, ".")
end

local function app_engine_http_target(given, project, copy)
  local target = copy(given, 2)
  target.http_method = target.http_method or "POST"
  target.relative_uri = target.relative_uri or "/"
  fill_headers(target, app_engine_agent, copy)
  if target.app_engine_routing and project then
    target.app_engine_routing = copy(target.app_engine_routing, 1)
    target.app_engine_routing.host = routing_host(target.app_engine_routing, project)
  end
  return target
end

local function or_default(text, default)
  return (text == nil or text == "0s") and default or text
end

-- Absent stays absent; once one field is given, the others read back with their defaults; zero
-- means the default [rec].
local function retry_config(given, copy)
  local config = copy(given, 4)
  config.max_retry_duration = config.max_retry_duration or "0s"
  config.min_backoff_duration = or_default(config.min_backoff_duration, "5s")
  config.max_backoff_duration = or_default(config.max_backoff_duration, "3600s")
  config.max_doublings = config.max_doublings ~= 0 and config.max_doublings or 5
  return config
end

local function itself(value)
  return value
end

---The job as the service stores it; the given one is left alone. Doing it twice changes nothing
---more.
---@param given table canonical, valid
---@param is_ours boolean? nobody else needs it: it may become the one that is stored
---@return table job
function M.normalise(given, is_ours)
  local copy = is_ours and itself or tables.copy
  local job = copy(given, 2)
  job.time_zone = job.time_zone or "UTC" -- [ref]
  if job.retry_config then
    job.retry_config = retry_config(job.retry_config, copy)
  end
  if job.http_target then
    job.http_target = http_target(job.http_target, copy)
    job.attempt_deadline = job.attempt_deadline or "180s" -- [tf]; Pub/Sub jobs have none [rec]
  elseif job.app_engine_http_target then
    local project = job.name and job.name:match("^projects/([^/]+)/")
    job.app_engine_http_target = app_engine_http_target(job.app_engine_http_target, project, copy)
  end
  return job
end

return M
