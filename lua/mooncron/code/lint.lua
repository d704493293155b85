---Rules for declared jobs: what is allowed but mostly not meant. A rule is one function in the table below;
---`ignore = { "herd" }` in a job says that it is meant. What the service refuses (a body with GET, a schedule
---that is none) does not come so far: it is an error of loading. Pure.

local exceptions <const> = require "mooncron.exceptions"
local lint_names <const> = require "mooncron.code.lint_names"
local names <const> = require "mooncron.api.name"
local normalise <const> = require "mooncron.code.normalise"
local rules_api <const> = require "mooncron.api.rules"
local schedule_of <const> = require("mooncron.schedule").new

local M = {}

---@class mooncron.code.Finding
---@field rule string
---@field level "error"|"warning" an error is a job that cannot do what it is for
---@field name string? of the job
---@field where string
---@field message string

---So many jobs at one minute of the hour are a herd, when they are also more than a quarter of all.
M.herd = 20
local YEAR_MS <const> = 366 * 86400000

-- ---- rules about one job: (declared, report, ctx), report(message) ----

local one <const> = {}

-- Warnings of the schedule itself, by their kind.
local KINDS <const> = {
  dst_skipped = "dst", dst_twice = "dst", dst_moved = "dst",
  uneven_step = "uneven-step", day_union = "day-union", short_months = "short-months",
  popular = "minute-zero",
}

local function schedule_rule(rule)
  return function(declared, report, ctx)
    for _, warning in ipairs(ctx.warnings(declared.job)) do
      if KINDS[warning.kind] == rule then
        report(warning.message)
      end
    end
  end
end

for _, rule in pairs(KINDS) do
  one[rule] = { "warning", schedule_rule(rule) }
end

one["never-fires"] = { "error", function(declared, report, ctx)
  local schedule = ctx.schedule(declared.job)
  if schedule and not exceptions.over(schedule, declared.exceptions):next(ctx.now_ms) then
    report("the schedule never fires again")
  elseif declared.active and ctx.now_ms > declared.active.to_ms then
    report("its time is over, take it out of the file")
  end
end }

one["missing-retry"] = { "warning", function(declared, report)
  local config = declared.job.retry_config
  if not config or not config.retry_count and not config.max_retry_duration then
    report("no retry: a target that fails once has failed; set retry_config = { retry_count = 3 }")
  end
end }

local function has_authorization(target)
  for key in pairs(target.headers or {}) do
    if key:lower() == "authorization" or key:lower():find("api%-?key") then
      return true
    end
  end
  return false
end

local LOOPBACK <const> = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

one["missing-auth"] = { "warning", function(declared, report)
  local target = declared.job.http_target
  local is_https = target and target.uri:lower():find("^https://")
  if is_https and not target.oidc_token and not target.oauth_token and not has_authorization(target) then
    report("an https target without a token: anybody may call it; set http_target.oidc_token")
  end
end }

one["plain-http"] = { "warning", function(declared, report)
  local target = declared.job.http_target
  local host = target and target.uri:lower():find("^http://") and rules_api.host_of(target.uri)
  if host and not LOOPBACK[host] and (target.oidc_token or target.oauth_token
    or has_authorization(target)) then
    report(("a credential is sent in the clear to '%s', use https"):format(host))
  end
end }

-- https://host/path?x -> https://host
local function origin_of(uri)
  return uri:lower():match("^(https?://[^/?#]+)")
end

one["audience"] = { "warning", function(declared, report)
  local target = declared.job.http_target
  local audience = target and target.oidc_token and target.oidc_token.audience
  if audience and audience:find("^https?://") and origin_of(audience) ~= origin_of(target.uri) then
    report(("audience '%s' is of another host than the uri: a target that checks it refuses the token")
      :format(audience))
  end
end }

one["ignored-field"] = { "warning", function(declared, report)
  if declared.job.pubsub_target and declared.job.attempt_deadline then
    report("attempt_deadline is ignored for Pub/Sub")
  end
end }

one["ignored-header"] = { "warning", function(declared, report)
  local target = declared.job.http_target or declared.job.app_engine_http_target
  local keys = {}
  for key in pairs(target and target.headers or {}) do
    local lower = key:lower()
    local agent = lower == "user-agent" and declared.job.app_engine_http_target
    local token = lower == "authorization" and (target.oidc_token or target.oauth_token)
    if normalise.is_service_header(lower) and not agent or token then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    report(("header '%s' is the service's own, it is not sent as it is here"):format(key))
  end
end }

one["name"] = { "warning", function(declared, report)
  local id = names.id(declared.name)
  if not id:find("^%a") then
    report(("name '%s' does not begin with a letter, which Terraform and others want"):format(id))
  elseif id:find("%u") then
    report(("name '%s' has capitals: two names may then differ only by them"):format(id))
  elseif #id > 63 then
    report(("name '%s...' is longer than 63 characters, which labels hold"):format(id:sub(1, 60)))
  end
end }

-- ---- a rule about all of them ----

-- Minutes of the hour at which a cron schedule fires, when its hours are not all the same it counts too.
local function minute_of(schedule)
  if schedule:language() ~= "cron" then
    return nil
  end
  return schedule:canonical():match("^(%d+) ")
end

local function herd(declared, ctx, report)
  local groups, total = {}, 0
  for _, item in ipairs(declared.jobs) do
    local schedule = ctx.schedule(item.job)
    local minute = schedule and minute_of(schedule)
    if minute and not item.ignore.herd then
      total = total + 1
      groups[minute] = groups[minute] or {}
      table.insert(groups[minute], item)
    end
  end
  local minutes = {}
  for minute, items in pairs(groups) do
    if #items >= M.herd and 4 * #items > total then
      minutes[#minutes + 1] = minute
    end
  end
  table.sort(minutes)
  for _, minute in ipairs(minutes) do
    local items = groups[minute]
    report {
      rule = "herd", level = "warning", where = items[1].where,
      message = ("%d jobs start at minute %s, one of them '%s': spread(id, \"every hour\") moves them apart")
        :format(#items, minute, names.id(items[1].name)),
    }
  end
end

local function caches(now_ms)
  local schedules, warnings = {}, {}
  local function schedule(job)
    local key = (job.schedule or "") .. "\0" .. (job.time_zone or "UTC")
    if schedules[key] == nil then
      schedules[key] = job.schedule and schedule_of(job.schedule, job.time_zone or "UTC") or false
    end
    return schedules[key] or nil, key
  end
  return schedule, function(job)
    local parsed, key = schedule(job)
    warnings[key] = warnings[key] or parsed and parsed:warnings(now_ms, now_ms + YEAR_MS) or {}
    return warnings[key]
  end
end

---@param declared mooncron.code.Declared
---@param options { now_ms: integer }
---@return mooncron.code.Finding[] in the order of the declarations
function M.check(declared, options)
  local findings = {}
  local ctx = { now_ms = options.now_ms }
  ctx.schedule, ctx.warnings = caches(options.now_ms)
  for _, item in ipairs(declared.jobs) do
    for _, rule in ipairs(lint_names.list) do
      if one[rule] and not item.ignore[rule] then
        one[rule][2](item, function(message)
          findings[#findings + 1] = {
            rule = rule, level = one[rule][1], name = item.name, where = item.where, message = message,
          }
        end, ctx)
      end
    end
  end
  herd(declared, ctx, function(finding)
    findings[#findings + 1] = finding
  end)
  return findings
end

return M
