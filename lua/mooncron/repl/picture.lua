---Jobs and schedules as people want to see them: a list of jobs is a table, a schedule has its next runs.

local names <const> = require "mooncron.api.name"
local text <const> = require "mooncron.text"

local M = {}

local RUNS <const>, ROWS <const> = 5, 100
local COLUMNS <const> = {
  "id", "schedule", "time_zone", "target", "state", "next_run", "last_attempt", "status",
}
local TARGETS <const> = {
  http_target = "HTTP", pubsub_target = "Pub/Sub", app_engine_http_target = "App Engine",
}

local function target_of(job)
  for field, title in pairs(TARGETS) do
    if job[field] then
      return title
    end
  end
end

-- How the last attempt ended: `ok`, a code's word, nothing before the first one.
local function status_of(job)
  if not job.last_attempt_time then
    return nil
  end
  local code = job.status and job.status.code or 0
  for word, number in pairs(require("mooncron.err").number) do
    if number == code then
      return word == "OK" and "ok" or word
    end
  end
  return tostring(code)
end

local function row_of(job)
  return {
    id = names.id(job.name),
    schedule = job.schedule,
    time_zone = job.time_zone,
    target = target_of(job),
    state = job.state,
    next_run = job.schedule_time,
    last_attempt = job.last_attempt_time,
    status = status_of(job),
  }
end

-- Only columns that have something to show.
local function used_columns(rows)
  local columns = {}
  for _, column in ipairs(COLUMNS) do
    for _, row in ipairs(rows) do
      if row[column] ~= nil then
        columns[#columns + 1] = column
        break
      end
    end
  end
  return columns
end

---A list of jobs as a table.
---@param jobs mooncron.Job[]
---@return string
function M.jobs(jobs)
  local rows = {}
  for i = 1, math.min(#jobs, ROWS) do
    rows[i] = row_of(jobs[i])
  end
  local more = #jobs > ROWS and ("\n... %d more"):format(#jobs - ROWS) or ""
  return text.table(rows, used_columns(rows)):gsub("\n$", "") .. more
end

---The next runs of a schedule as a table.
---@param schedule table of mooncron.schedule or the core
---@param now_ms integer
---@return string
function M.runs(schedule, now_ms)
  local rows = require("mooncron.cli.schedules").occurrences(schedule, now_ms, now_ms, RUNS)
  if #rows == 0 then
    return "it never runs again"
  end
  return (text.table(rows, { "weekday", "local_time", "zone", "utc" }):gsub("\n$", ""))
end

---A schedule in words, with its next runs.
---@param schedule table
---@param now_ms integer
---@return string
function M.schedule(schedule, now_ms)
  local head = ("%s: %s, in %s"):format(schedule:canonical(), schedule:describe(), schedule:zone():name())
  return head .. "\n" .. M.runs(schedule, now_ms)
end

local function is_list_of_jobs(value)
  local is_job = require("mooncron.repl.help").is_job
  if type(value) ~= "table" or getmetatable(value) ~= nil or not is_job(rawget(value, 1)) then
    return false
  end
  for key, item in next, value do
    if math.type(key) ~= "integer" or not is_job(item) then
      return false
    end
  end
  return true
end

---The picture of a value, nil when it has none.
---@param value any
---@param now_ms integer
---@return string?
function M.of(value, now_ms)
  local meta = debug.getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  if name == "mooncron.Schedule" then
    return M.schedule(value, now_ms)
  end
  return is_list_of_jobs(value) and M.jobs(value) or nil
end

---What is said below one job: when it runs next. Nothing for a job that is paused, or whose schedule is not
---understood here.
---@param value any
---@param now_ms integer
---@return string?
function M.footer(value, now_ms)
  if not require("mooncron.repl.help").is_job(value) or value.state == "PAUSED" then
    return nil
  end
  local schedule = require("mooncron.schedule").new(value.schedule, value.time_zone)
  return schedule and "next runs:\n" .. M.runs(schedule, now_ms) or nil
end

return M
