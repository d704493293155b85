---Kubernetes CronJobs, as manifests or as `kubectl get cronjobs -o json|yaml` prints them. A container runs
---a program; only one that makes an HTTP call can become a job.

local call_api <const> = require "mooncron.port.call"
local dialect <const> = require "mooncron.port.dialect"
local document <const> = require "mooncron.port.document"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local model <const> = require "mooncron.port.model"
local rules <const> = require "mooncron.api.rules"

local function get(value, ...)
  for _, key in ipairs { ... } do
    value = type(value) == "table" and value[key] or nil
  end
  return value ~= json.null and value or nil
end

local function integer(value)
  return math.tointeger(tonumber(value))
end

local function strings(list)
  local out = {}
  for i, item in ipairs(model.items(list)) do
    out[i] = type(item) == "string" and item or tostring(math.tointeger(item) or item)
  end
  return out
end

-- The words that the container runs. Without a command it is the image's own program.
local function arguments_of(container)
  local command, args = strings(container.command), strings(container.args)
  local image = type(container.image) == "string" and container.image:gsub("[@:][^/]*$", "") or ""
  if #command == 0 and image:find("%f[%w]curl$") then
    command = { "curl" }
  elseif #command == 0 and args[1] and not args[1]:find("curl$") and not args[1]:find("wget$") then
    return nil, ("image '%s' runs a program of its own"):format(tostring(container.image))
  end
  return table.move(args, 1, #args, #command + 1, command)
end

local function read_call(pod)
  local containers = model.items(get(pod, "containers"))
  if #containers ~= 1 then
    return nil, ("it has %d containers, one that makes a call is read"):format(#containers)
  end
  local arguments, why = arguments_of(model.items(containers[1]))
  if not arguments then
    return nil, why
  end
  return call_api.from_arguments(arguments)
end

local CONCURRENCY <const> = {
  Allow = "concurrencyPolicy Allow: a job of Cloud Scheduler never runs twice at once, the next run waits",
  Replace = "concurrencyPolicy Replace: the run that is on its way is not cut off, the next one waits",
}

-- spec members -> what to say of them, or to do.
local SPEC <const> = {
  concurrencyPolicy = function(say, value)
    return CONCURRENCY[value] and say(CONCURRENCY[value])
  end,
  startingDeadlineSeconds = function(say, value)
    say(("startingDeadlineSeconds %s has no counterpart"):format(tostring(value)))
  end,
}

local function set_retries(job, spec, say)
  local limit = integer(get(spec, "backoffLimit"))
  if not limit then
    return say("backoffLimit is not said, which Kubernetes takes for 6: set retry_config for retries", true)
  elseif limit > rules.max_retry_count then
    say(("backoffLimit %d becomes %d retries, more are not possible"):format(limit, rules.max_retry_count))
  end
  if limit > 0 then
    job.retry_config = job.retry_config or {}
    job.retry_config.retry_count = math.min(limit, rules.max_retry_count)
  end
end

local function set_deadline(job, spec, say)
  local seconds = integer(get(spec, "activeDeadlineSeconds"))
  if not seconds then
    return
  end
  local allowed = math.max(15, math.min(1800, seconds))
  if allowed ~= seconds then
    say(("activeDeadlineSeconds %d becomes %ds: 15s to 1800s are possible"):format(seconds, allowed))
  end
  job.attempt_deadline = ("%ds"):format(allowed)
end

local function set_schedule(job, spec, say, options)
  local text = get(spec, "schedule")
  if type(text) ~= "string" then
    return "it has no schedule"
  end
  local schedule, zone = dialect.from_kubernetes(text)
  if not schedule then
    return zone
  end
  job.schedule = schedule
  job.time_zone = get(spec, "timeZone") or zone or options.time_zone
  if not job.time_zone then
    say("timeZone is not said: UTC is assumed, give --time-zone when the cluster has another", true)
  end
  if schedule:find("^every") then
    say(("'%s' counts from the job's creation"):format(text))
  end
end

local function add(reading, manifest, locate)
  local id = get(manifest, "metadata", "name")
  local at = { line = locate(manifest, id), job = id }
  local spec = get(manifest, "spec") or {}
  local job_spec = get(spec, "jobTemplate", "spec")
  local function say(sentence, once)
    if once then
      reading.notes:once({ line = at.line }, "%s", sentence)
    else
      reading.notes:add(at, "%s", sentence)
    end
  end
  if type(id) ~= "string" then
    return reading:leave_out(at, "a CronJob without a name")
  end
  local call, why = read_call(get(job_spec, "template", "spec"))
  if not call then
    return reading:leave_out(at, "no HTTP call is recognised: %s", why)
  end
  local job = {
    name = model.name(id, reading.options),
    http_target = call.http_target,
    attempt_deadline = call.attempt_deadline,
    retry_config = call.retry_config,
    state = get(spec, "suspend") == true and "PAUSED" or nil,
  }
  why = set_schedule(job, spec, say, reading.options)
  if why then
    return reading:leave_out(at, "%s", why)
  end
  set_retries(job, job_spec, say)
  set_deadline(job, job_spec, say)
  for _, key in ipairs(model.sorted_keys(SPEC)) do
    local value = get(spec, key)
    if value ~= nil then
      SPEC[key](say, value)
    end
  end
  for _, remark in ipairs(call.remarks) do
    say(remark)
  end
  reading:add(job, at.line)
end

local function walk(reading, value, locate)
  local kind = type(value) == "table" and value.kind
  if kind == "CronJob" then
    add(reading, value, locate)
  elseif kind == "List" or kind == "CronJobList" then
    for _, item in ipairs(model.items(value.items)) do
      if kind == "CronJobList" and type(item) == "table" then
        item.kind = "CronJob" -- items of a typed list need not say it
      end
      walk(reading, item, locate)
    end
  elseif kind then
    reading.notes:add({ line = locate(value, kind) }, "a %s is passed over", tostring(kind))
  elseif value ~= json.null then
    return err.new("INVALID_ARGUMENT", "not a Kubernetes manifest: it has no kind")
  end
end

return document.reader(walk)
