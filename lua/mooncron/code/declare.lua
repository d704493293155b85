---One declaration: over its defaults, with its dates compiled, checked, and noted or reported.

local dates <const> = require "mooncron.code.dates"
local err <const> = require "mooncron.err"
local fields <const> = require "mooncron.api.fields"
local job_api <const> = require "mooncron.api.job"
local lint_names <const> = require "mooncron.code.lint_names"
local merge <const> = require "mooncron.code.merge"
local names <const> = require "mooncron.api.name"
local problem <const> = require "mooncron.problem"
local schedule_of <const> = require("mooncron.schedule").new
local spelling <const> = require "mooncron.spelling"

local M = {}

local JOB <const> = fields.job

-- What a declaration says beside the job's own fields.
local META <const> = {
  project = "string", location = "string", paused = "boolean", at = "string", window = "table",
  except = "table", ignore = "table",
}
local META_NAMES <const> = { "project", "location", "paused", "at", "window", "except", "ignore" }

---A declaration as what is beside the job and the job itself.
---@return table meta
---@return table job
function M.split(given)
  local meta, job = {}, {}
  for key, value in pairs(given) do
    if META[key] then
      meta[key] = value
    else
      job[key] = value
    end
  end
  if type(job.schedule) == "table" and job.schedule.at then
    meta.at, job.schedule = job.schedule.at, nil
  end
  return meta, job
end

---What is wrong beside the job, if anything.
---@return string?
function M.check_meta(meta)
  for _, key in ipairs(META_NAMES) do
    local value = meta[key]
    if value and type(value) ~= META[key] then
      return ("%s must be %s %s"):format(key, META[key] == "table" and "a" or "of type", META[key])
    end
  end
  for _, rule in ipairs(meta.ignore or {}) do
    if not lint_names.known[rule] then
      local hint = spelling.hint(tostring(rule), lint_names.list)
      return ("ignore: no lint rule '%s'%s"):format(tostring(rule), hint and ", " .. hint or "")
    end
  end
end

---A problem in words, with a hint at what of a misplaced name belongs to the declaration.
---@return string
function M.describe(p)
  local text, near = problem.describe(p), spelling.hint(p.path, META_NAMES)
  return (near and not text:find("did you mean", 1, true)) and text .. ", " .. near or text
end

local function check_schedule(loading)
  return function(text, zone)
    local key = text .. "\0" .. zone
    local known = loading.checked[key]
    if known == nil then
      local schedule, e = schedule_of(text, zone)
      if e and e.path == "schedule" then
        e.message = e.message:gsub("^schedule '.-': ", "")
      end
      known = schedule and true or e
      loading.checked[key] = known
    end
    if known == true then
      return true
    end
    return nil, known
  end
end

-- `at`, `window`, `except` as a schedule; the span in which the job may exist; and what the schedule does
-- not say, where that can be kept.
local function compile_dates(meta, job, holds_exceptions)
  local compiled, e
  if meta.at and (job.schedule or meta.window or meta.except) then
    return nil, err.new("INVALID_ARGUMENT",
      "at is the whole schedule: leave out schedule, window and except")
  elseif meta.at then
    compiled, e = dates.at(meta.at, job.time_zone)
  elseif (meta.window or meta.except) and type(job.schedule) == "string" then
    local compile = holds_exceptions and dates.compile_or_keep or dates.compile
    compiled, e = compile {
      schedule = job.schedule, time_zone = job.time_zone,
      window = meta.window or nil, except = meta.except or nil, -- false takes a default away
    }
  else
    return { schedule = job.schedule }
  end
  if not compiled then
    return nil, e
  end
  return compiled
end

local function full_name(loading, meta, given)
  if type(given) ~= "string" or given == "" then
    return nil, "the job has no name: job \"ID\" { ... } or name = \"ID\""
  end
  local name, why = names.resolve(given, {
    project = meta.project or loading.project,
    location = meta.location or loading.location,
  })
  return name, why and ("name '%s': %s"):format(problem.cut(given), why)
end

---Declare a job.
---@param loading mooncron.code.Loading
---@param where string "file:line"
---@param given table
---@param origin string? of its row
function M.declare(loading, where, given, origin)
  local shown = type(given.name) == "string" and ("job '%s': "):format(problem.cut(given.name)) or ""
  local tail = origin and (" (%s)"):format(origin) or ""
  local function report(text, code)
    loading:report(where, shown .. text .. tail, code)
  end
  local meta, raw = M.split(merge.settle(JOB, merge.merge(JOB, loading.defaults, given)))
  local wrong = M.check_meta(meta)
  local name, why = full_name(loading, meta, raw.name)
  if wrong or not name then
    return report(wrong or why)
  end
  local dated, e = compile_dates(meta, raw, loading.holds_exceptions)
  if not dated then
    return report(e:line(), e.code)
  end
  raw.name, raw.schedule = name, dated.schedule
  local job, problems = job_api.from_lua(raw)
  if job then
    local ok
    ok, problems = job_api.validate(job, { need_name = true, check_schedule = check_schedule(loading) })
    problems = not ok and problems or nil
  end
  for _, p in ipairs(problems or {}) do
    report(M.describe(p))
  end
  local first = loading.by_name[name]
  if first then
    return report("is declared already at " .. first)
  end
  loading.by_name[name] = where
  if problems then
    return
  end
  local ignore = {}
  for _, rule in ipairs(meta.ignore or {}) do
    ignore[rule] = true
  end
  loading.jobs[#loading.jobs + 1] = {
    name = name, job = job_api.strip_output(job), where = where,
    paused = meta.paused, active = dated.active, exceptions = dated.exceptions, ignore = ignore,
  }
end

return M
