---Whether two jobs are the same to the service, though not to the letter: what it fills in by itself is
---no difference.

local job_api <const> = require "mooncron.api.job"
local mask_api <const> = require "mooncron.api.mask"

local M = {}

-- Headers that the service sets whatever the job says, or shows beside a token [ref] [tf].
local function is_service_header(name, has_token)
  name = name:lower()
  return name == "user-agent" or name == "content-length" or name == "host"
    or has_token and name == "authorization"
    or name:find("^x%-google%-") or name:find("^x%-appengine%-") or name:find("^x%-cloudscheduler")
end

local function own_headers(target)
  local headers = {}
  for name, value in pairs(target.headers or {}) do
    if not is_service_header(name, target.oidc_token or target.oauth_token) then
      headers[name:lower()] = value
    end
  end
  return next(headers) and headers or nil
end

-- A retry config of defaults only is none: gcloud sends one with every job.
local function is_default(config)
  return (config.retry_count or 0) == 0 and config.max_retry_duration == "0s"
    and config.min_backoff_duration == "5s" and config.max_backoff_duration == "3600s"
    and config.max_doublings == 5
end

---A job as it is to be compared: with the defaults, without what only the service sets.
---@param job mooncron.Job
---@return mooncron.Job
function M.comparable(job)
  local out = job_api.strip_output(job_api.normalise_stored(job))
  for _, name in ipairs { "http_target", "app_engine_http_target" } do
    if out[name] then
      out[name].headers = own_headers(out[name])
    end
  end
  if out.retry_config and is_default(out.retry_config) then
    out.retry_config = nil
  end
  return out
end

---The paths in which a job is to be changed to be the wanted one; none when it is that already.
---@param live mooncron.Job
---@param wanted mooncron.Job
---@return string[]
function M.mask(live, wanted)
  local from, to = M.comparable(live), M.comparable(wanted)
  if to.pubsub_target then
    from.attempt_deadline, to.attempt_deadline = nil, nil -- ignored there [ref]
  end
  return mask_api.compute(from, to)
end

return M
