---Jobs in the form in which they are compared: what the user set, without what the service fills in or adds
---by itself, each thing in one spelling. What is declared and what is read back after it was applied come
---out equal; a field that is missing means its default on both sides.

local fields <const> = require "mooncron.api.fields"
local job_api <const> = require "mooncron.api.job"
local sets <const> = require "mooncron.code.set"
local tables <const> = require "mooncron.tables"

local M = {}

local CLOUD_PLATFORM <const> = "https://www.googleapis.com/auth/cloud-platform"
local APP_ENGINE_AGENT <const> = "AppEngine-Google; (+http://code.google.com/appengine)"
local OCTET_STREAM <const> = "application/octet-stream"

---What a missing field means, by its path: not kept, and shown in its place.
M.defaults = {
  time_zone = "UTC", -- [ref]
  ["http_target.http_method"] = "POST",
  ["app_engine_http_target.http_method"] = "POST",
  ["app_engine_http_target.relative_uri"] = "/",
  ["http_target.oauth_token.scope"] = CLOUD_PLATFORM,
  -- Absent, zero and the default read back as one [rec].
  ["retry_config.max_retry_duration"] = "0s",
  ["retry_config.min_backoff_duration"] = "5s",
  ["retry_config.max_backoff_duration"] = "3600s",
  ["retry_config.max_doublings"] = 5,
}
local ZERO <const> = {
  ["retry_config.min_backoff_duration"] = "0s",
  ["retry_config.max_backoff_duration"] = "0s",
}

-- Replaced, or made by the service and by what is sent: what stands there says nothing [ref, tf].
local SERVICE_HEADERS <const> = {
  host = true, ["content-length"] = true, ["user-agent"] = true,
}
local SERVICE_PREFIXES <const> = { "x-google-", "x-appengine-", "x-cloudscheduler" }

---Whether the service ignores or replaces this header of a target [ref].
---@param lower string its name in lower case
---@return boolean
function M.is_service_header(lower)
  if SERVICE_HEADERS[lower] then
    return true
  end
  for _, prefix in ipairs(SERVICE_PREFIXES) do
    if lower:sub(1, #prefix) == prefix then
      return true
    end
  end
  return false
end

-- An App Engine target's own User-Agent has the service's appended [ref].
local function own_agent(value)
  if value == APP_ENGINE_AGENT then
    return nil
  elseif value:sub(-#APP_ENGINE_AGENT - 1) == " " .. APP_ENGINE_AGENT then
    return value:sub(1, -#APP_ENGINE_AGENT - 2)
  end
  return value
end

local function headers_of(target, is_app_engine)
  local out
  for key, value in next, target.headers do
    local lower = key:lower()
    if is_app_engine and lower == "user-agent" then
      value = own_agent(value)
    elseif M.is_service_header(lower)
      or lower == "content-type" and value == OCTET_STREAM and target.body
      or lower == "authorization" and (target.oauth_token or target.oidc_token)
    then
      value = nil
    end
    if value then
      out = out or {}
      out[lower] = value
    end
  end
  return out
end

local function http_target(given)
  local target = tables.copy(given)
  target.headers = given.headers and headers_of(given, false)
  if target.uri and target.uri:find("^%a+://[^/?#]+$") then
    target.uri = target.uri .. "/" -- [tf]
  end
  local oidc = target.oidc_token
  if oidc and oidc.audience and (oidc.audience == target.uri or oidc.audience .. "/" == target.uri) then
    target.oidc_token = tables.copy(oidc)
    target.oidc_token.audience = nil -- the default is the uri [ref]
  end
  return target
end

local function app_engine_target(given)
  local target = tables.copy(given)
  target.headers = given.headers and headers_of(given, true)
  return target
end

-- What is kept of a message's fields, by their names: fields of the service are not.
local function shape_of(message, prefix)
  local shape = {}
  for _, field in ipairs(message.fields) do
    local path = prefix .. field.name
    shape[field.name] = not field.output and {
      default = M.defaults[path],
      zero = ZERO[path],
      inner = field.kind == "message" and shape_of(field.message, path .. ".") or nil,
      is_target = field.oneof ~= nil,
    } or nil
  end
  return shape
end

local JOB <const> = shape_of(fields.job, "")

-- Drops defaults and empty messages; the target stays, whatever is in it.
local function strip(shape, value)
  local out
  for name, item in next, value do
    local field = shape[name]
    if field and item ~= field.default and item ~= field.zero then
      local kept = item
      if field.inner then
        kept = strip(field.inner, item) or field.is_target and {} or nil
      end
      if kept ~= nil then
        out = out or {}
        out[name] = kept
      end
    end
  end
  return out
end

---The compared form.
---@param job mooncron.Job canonical, declared or live
---@return table
function M.compared(job)
  local out = tables.copy(job)
  if out.http_target then
    out.http_target = http_target(out.http_target)
    if out.attempt_deadline == "180s" then
      out.attempt_deadline = nil -- [tf]
    end
  elseif out.app_engine_http_target then
    out.app_engine_http_target = app_engine_target(out.app_engine_http_target)
    if out.attempt_deadline == "0s" then
      out.attempt_deadline = nil
    end
  else
    out.attempt_deadline = nil -- ignored for Pub/Sub [ref]
  end
  return strip(JOB, out) or {}
end

local SENT <const> = { -- defaults that a patch names, so that nothing depends on what clearing means
  "time_zone", "http_target.http_method", "app_engine_http_target.http_method",
  "app_engine_http_target.relative_uri", "retry_config.min_backoff_duration",
  "retry_config.max_backoff_duration", "retry_config.max_doublings",
}

---The job as a patch sends it: as declared, with the documented defaults where it says nothing.
---@param job mooncron.Job
---@return mooncron.Job
function M.filled(job)
  local out = tables.copy(job)
  for _, path in ipairs(SENT) do
    local outer, inner = path:match("^(.-)%.(.*)$")
    if not outer then
      out[path] = out[path] or M.defaults[path]
    elseif out[outer] and (out[outer][inner] == nil or out[outer][inner] == ZERO[path]) then
      out[outer] = tables.copy(out[outer])
      out[outer][inner] = M.defaults[path]
    end
  end
  if out.http_target and not out.attempt_deadline then
    out.attempt_deadline = "180s"
  end
  return out
end

---The set of a job and its description without the mark.
---@param job mooncron.Job
---@return string? description
---@return string? set
function M.description(job)
  return sets.detach(job.description)
end

M.message = job_api.message

return M
