---When jobs will run: all runs of a span in time order, the changes of the clock in it, and its load. A
---pure function of jobs and instants; nothing is asked and nobody waits.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local exceptions <const> = require "mooncron.exceptions"

local M = {}

local MINUTE_MS <const> = 60000
M.DAY_MS = 86400000
---The longest span, which bounds the table of minutes.
M.MAX_DAYS = 400

---@class mooncron.preview.Job
---@field name string full, or as it was given
---@field id string its last segment
---@field schedule string
---@field time_zone string
---@field words string the schedule in plain English
---@field handle core.time.Schedule
---@field anchor integer where a plain interval counts from
---@field paused boolean it does not run
---@field active { from_ms: integer, to_ms: integer }? outside of it there is no such job
---@field kept table? its schedule with exceptions: what that does not allow is left out
---@field key string the same for jobs that run at the same instants
---@field runs integer in the span

---@class mooncron.Preview
---@field from_ms integer inclusive, as people mean it; the core's spans are (from, to]
---@field to_ms integer exclusive
---@field jobs mooncron.preview.Job[]
---@field total integer runs
---@field minutes integer[] runs in each minute; the first one is that of `first_ms`
---@field first_ms integer
---@field peak { count: integer, at: integer }
---@field busy_minutes integer minutes in which something runs
---@field changes mooncron.preview.Change[] of the clock, in time order
---@field notes { at: integer, job: mooncron.preview.Job, kind: string, message: string }[] runs that a
--- change skips, doubles or moves
local Preview = { __name = "mooncron.Preview" }
Preview.__index = Preview

---@class mooncron.preview.Change
---@field at integer
---@field time_zone string
---@field before integer offset in seconds
---@field after integer
---@field jobs integer how many jobs follow this clock

-- Handles are shared: thousands of jobs have a few hundred schedules.
local cache = setmetatable({}, { __mode = "v" })

local function handle_of(schedule, time_zone)
  local key = schedule .. "\0" .. time_zone
  local known = cache[key]
  if not known then
    local handle, e = core.time.schedule(schedule, time_zone)
    if not handle then
      return nil, e
    end
    known = { handle = handle, words = handle:describe() or schedule, key = key }
    cache[key] = known
  end
  return known
end

-- Where a plain interval has to count from so that its next run is the one that the service tells.
local function anchor_of(handle, next_ms, from_ms)
  if not handle:is_anchored() or not next_ms then
    return from_ms
  end
  local period_ms = handle:next(next_ms, next_ms) - next_ms
  local periods = math.max(0, (next_ms - from_ms) // period_ms) + 1
  return next_ms - periods * period_ms
end

---A job as a preview takes it.
---@param job table a Job with `name`, `schedule`, `time_zone`, and of a live one `state`, `schedule_time`
---@param from_ms integer
---What a job file says beside it:
---@param declared { paused: boolean?, active: table?, exceptions: mooncron.Exceptions? }?
---@return mooncron.preview.Job?
---@return mooncron.Err?
function M.job(job, from_ms, declared)
  declared = declared or {}
  local name, time_zone = job.name or "?", job.time_zone or "Etc/UTC"
  if not job.schedule then
    return nil, err.new("INVALID_ARGUMENT", ("job '%s' has no schedule"):format(name))
  end
  local known, e = handle_of(job.schedule, time_zone)
  if not known then
    return nil, err.new(e.code, ("job '%s': %s"):format(name, e.message), { path = e.path, pos = e.pos })
  end
  local next_ms = job.schedule_time and core.time.parse_instant(job.schedule_time)
  local anchor, active = anchor_of(known.handle, next_ms, from_ms), declared.active
  return {
    name = name,
    id = name:match("[^/]+$") or name,
    schedule = job.schedule,
    time_zone = time_zone,
    words = known.words,
    handle = known.handle,
    key = table.concat({ known.key, known.handle:is_anchored() and anchor or "",
      active and active.from_ms or "", active and active.to_ms or "",
      exceptions.encode(declared.exceptions) or "" }, "\0"),
    shared = known, -- keeps it in the cache
    anchor = anchor,
    active = active,
    kept = declared.exceptions and exceptions.over(known.handle, declared.exceptions),
    paused = declared.paused or (job.state ~= nil and job.state ~= "ENABLED"),
    runs = 0,
  }
end

-- Jobs with the same runs are counted once, times their number.
local function grouped(jobs)
  local groups, list = {}, {}
  for _, job in ipairs(jobs) do
    if not job.paused then
      local group = groups[job.key]
      if not group then
        group = { handle = job.handle, jobs = {} }
        groups[job.key] = group
        list[#list + 1] = group
      end
      table.insert(group.jobs, job)
    end
  end
  return list
end

local CHUNK <const> = 100000

local function without_exceptions(runs, kept)
  local out = {}
  for i = 1, #runs do
    out[#out + 1] = kept:allows(runs[i]) and runs[i] or nil
  end
  return out
end

---The runs of a job, many at a time: `for runs in preview:chunks(job) do`.
---@param job mooncron.preview.Job
---@return fun(): integer[]? ms, ascending
function Preview:chunks(job)
  local from_ms, to_ms = self.from_ms - 1, self.to_ms - 1
  if job.active then
    from_ms, to_ms = math.max(from_ms, job.active.from_ms - 1), math.min(to_ms, job.active.to_ms)
  end
  return function()
    if not from_ms or from_ms >= to_ms then
      return nil
    end
    local runs = job.handle:between(from_ms, to_ms, CHUNK, job.anchor)
    from_ms = #runs == CHUNK and runs[CHUNK] or nil
    return job.kept and without_exceptions(runs, job.kept) or runs
  end
end

-- Adds a group's runs to the minutes.
local function add_runs(preview, group)
  local minutes, first_ms, weight, count = preview.minutes, preview.first_ms, #group.jobs, 0
  for runs in preview:chunks(group.jobs[1]) do
    for i = 1, #runs do
      local minute = (runs[i] - first_ms) // MINUTE_MS + 1
      minutes[minute] = minutes[minute] + weight
    end
    count = count + #runs
  end
  for _, job in ipairs(group.jobs) do
    job.runs = count
  end
  preview.total = preview.total + count * weight
end

local function find_peak(preview)
  local peak = { count = 0, at = preview.first_ms }
  for i, count in ipairs(preview.minutes) do
    if count > peak.count then
      peak = { count = count, at = preview.first_ms + (i - 1) * MINUTE_MS }
    end
    preview.busy_minutes = preview.busy_minutes + (count > 0 and 1 or 0)
  end
  preview.peak = peak
end

-- The changes of the clocks that jobs follow.
local function find_changes(preview, groups)
  local zones, names = {}, {}
  for _, group in ipairs(groups) do
    local name = group.jobs[1].time_zone
    local known = zones[name]
    if not known then
      known = { zone = group.handle:zone(), jobs = 0 }
      zones[name], names[#names + 1] = known, name
    end
    known.jobs = known.jobs + #group.jobs
  end
  for _, name in ipairs(names) do
    for _, change in ipairs(zones[name].zone:transitions(preview.from_ms - 1, preview.to_ms - 1)) do
      if change.before ~= change.after then
        table.insert(preview.changes, {
          at = change.at, before = change.before, after = change.after,
          time_zone = name, jobs = zones[name].jobs,
        })
      end
    end
  end
  table.sort(preview.changes, function(a, b)
    return a.at < b.at or a.at == b.at and a.time_zone < b.time_zone
  end)
end

-- Whether there is such a job at the time.
local function is_there(job, ms)
  return (not job.active or ms >= job.active.from_ms and ms <= job.active.to_ms)
    and (not job.kept or job.kept:allows(ms))
end

local function find_notes(preview, groups)
  if not preview.changes[1] then
    return
  end
  for _, group in ipairs(groups) do
    for _, warning in ipairs(group.handle:warnings(preview.from_ms - 1, preview.to_ms - 1)) do
      if warning.at and is_there(group.jobs[1], warning.at) then
        for _, job in ipairs(group.jobs) do
          table.insert(preview.notes,
            { at = warning.at, job = job, kind = warning.kind, message = warning.message })
        end
      end
    end
  end
  table.sort(preview.notes, function(a, b)
    return a.at < b.at or a.at == b.at and a.job.name < b.job.name
  end)
end

---Preview jobs over [from, to).
---@param jobs mooncron.preview.Job[]
---@param from_ms integer
---@param to_ms integer
---@return mooncron.Preview?
---@return mooncron.Err?
function M.make(jobs, from_ms, to_ms)
  if to_ms <= from_ms then
    return nil, err.new("INVALID_ARGUMENT", "the span is empty: its end must be after its beginning")
  elseif to_ms - from_ms > M.MAX_DAYS * M.DAY_MS then
    return nil, err.new("INVALID_ARGUMENT", ("the span has more than %d days"):format(M.MAX_DAYS))
  end
  local preview = setmetatable({
    from_ms = from_ms, to_ms = to_ms, jobs = jobs, total = 0, busy_minutes = 0, minutes = {}, changes = {},
    notes = {}, first_ms = from_ms // MINUTE_MS * MINUTE_MS,
  }, Preview)
  for i = 1, (to_ms - 1 - preview.first_ms) // MINUTE_MS + 1 do
    preview.minutes[i] = 0
  end
  local groups = grouped(jobs)
  for _, group in ipairs(groups) do
    add_runs(preview, group)
  end
  find_peak(preview)
  find_changes(preview, groups)
  find_notes(preview, groups)
  return preview
end

---The runs in time order: `for ms, job in preview:runs() do`. Those of an instant come in the jobs' order.
---@return fun(): integer?, mooncron.preview.Job?
function Preview:runs()
  local rows, jobs = {}, {}
  for _, job in ipairs(self.jobs) do
    if not job.paused then
      rows[#rows + 1] = { schedule = job.handle, anchor = job.anchor }
      jobs[#jobs + 1] = job
    end
  end
  local step = assert(core.time.merge(rows, self.from_ms - 1, self.to_ms - 1))
  return function()
    local ms, index = step()
    while ms and not is_there(jobs[index], ms) do
      ms, index = step()
    end
    return ms, index and jobs[index]
  end
end

---What happens, in time order: runs, and before what comes at or after it each change of the clock:
---`for kind, ms, thing in preview:events() do`, kind "run" or "change".
---@return fun(): string?, integer?, table?
function Preview:events()
  local step, at = self:runs(), 1
  local ms, job = step()
  return function()
    local change = self.changes[at]
    if change and (not ms or change.at <= ms) then
      at = at + 1
      return "change", change.at, change
    elseif ms then
      local run_ms, run_job = ms, job
      ms, job = step()
      return "run", run_ms, run_job
    end
  end
end

---A change of the clock in words: `Europe/Berlin: 02:00 -> 03:00, the clock goes forward 1 h (2 jobs)`.
---@param change mooncron.preview.Change
---@return string
function M.describe_change(change)
  local function clock(offset)
    local minutes = (change.at // 1000 + offset) // 60 % 1440
    return ("%02d:%02d"):format(minutes // 60, minutes % 60)
  end
  local moved = (change.after - change.before) // 60
  local amount = math.abs(moved) % 60 == 0 and ("%d h"):format(math.abs(moved) // 60)
    or ("%d min"):format(math.abs(moved))
  return ("%s: the clock goes %s %s, %s is %s (%d %s)"):format(change.time_zone,
    moved > 0 and "forward" or "back", amount, clock(change.before), clock(change.after), change.jobs,
    change.jobs == 1 and "job" or "jobs")
end

return M
