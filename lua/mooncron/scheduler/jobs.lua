---The jobs service: what each method of the API does to a job. Validates, decides, changes rows;
---answers a canonical job or an error. It never waits: whoever calls it waits for the store's
---commit.

local core <const> = require "mooncron.core"
local errors <const> = require "mooncron.api.errors"
local exceptions_api <const> = require "mooncron.exceptions"
local job_api <const> = require "mooncron.api.job"
local mask_api <const> = require "mooncron.api.mask"
local tables <const> = require "mooncron.tables"

local M = {}

---@class mooncron.scheduler.Jobs
local Jobs = { __name = "mooncron.scheduler.Jobs" }
Jobs.__index = Jobs

---@param options { store: table, clock: table, on_due: fun(due_ms: integer?), random: fun(): integer }
--- `on_due` is called whenever something may have become due earlier, with when, if known; `random` makes the
---ids of jobs without a name
function M.new(options)
  return setmetatable({
    store = options.store,
    clock = options.clock,
    on_due = options.on_due,
    random = options.random,
    schedules = {},
    schedule_count = 0,
  }, Jobs)
end

-- ---- schedules ----

local MAX_SCHEDULES <const> = 10000

---The schedule of a job without what is excepted, evaluated by the core; parsed once for each.
---@param job table canonical
---@param row table for its exceptions
---@return table? schedule
---@return mooncron.Err? err it was fine once, and its zone is gone from the tz database
function Jobs:schedule_of(job, row)
  local exceptions = row.exceptions
  local key = job.schedule .. "\0" .. (job.time_zone or "") .. "\0" .. (exceptions or "")
  local schedule = self.schedules[key]
  if not schedule then
    local e
    schedule, e = core.time.schedule(job.schedule, job.time_zone or "UTC")
    if not schedule then
      return nil, e
    end
    schedule = exceptions_api.over(schedule, exceptions and exceptions_api.decode(exceptions))
    if self.schedule_count >= MAX_SCHEDULES then
      self.schedules, self.schedule_count = {}, 0
    end
    self.schedules[key], self.schedule_count = schedule, self.schedule_count + 1
  end
  return schedule
end

local check_schedule <const> = core.time.check_schedule -- what api.job asks of a schedule

---The slot after `after_ms` becomes the row's next one. While an execution is out it is only shown;
---the execution's end makes it due. A schedule that cannot be evaluated any more disables the job.
---@param row table changed, not stored
---@param job table canonical
---@param after_ms integer every slot lies strictly after the instant of a change [rec]
---@return true?
---@return mooncron.Err? err the job is disabled
function Jobs:set_next_slot(row, job, after_ms)
  local schedule, e = self:schedule_of(job, row)
  if not schedule then
    row.state, row.schedule_ms, row.due_ms = "DISABLED", nil, nil
    return nil, e
  end
  row.schedule_ms = schedule:next(after_ms, row.anchor_ms)
  row.due_ms = row.schedule_ms
  if row.id and self.store:natural_execution(row.id) then
    row.due_ms = nil
  end
  return true
end

-- ---- what is shown ----

-- Without a fraction, or with three digits of it, as proto3 JSON has timestamps.
local function timestamp(ms)
  return ms and core.time.format(ms, ms % 1000 == 0 and 0 or 3)
end

---The job of a row, with the fields that the service keeps.
---@return table job canonical
function Jobs:view(row)
  local job = tables.copy(self.store:resource_of(row), 6)
  job.name = row.name
  job.state = row.state
  job.user_update_time = timestamp(row.updated_ms)
  job.schedule_time = row.state == "ENABLED" and timestamp(row.schedule_ms) or nil
  job.last_attempt_time = timestamp(row.attempted_ms)
  job.status = { code = row.status } -- -1: never tried; success is {} [rec]
  return job
end

function Jobs:find(name)
  local row, e = self.store:job(name)
  if row then
    return row
  elseif e then
    return nil, e
  end
  return nil, errors.job_not_found()
end

-- ---- changing ----

local function check(job, context)
  local ok, problems = job_api.validate(job, context)
  if not ok then
    return nil, job_api.error(problems)
  end
  return true
end

---@param parent string "projects/P/locations/L"
---@param given table canonical, and what is in it the service's from then on; without a name the service
--- makes one [ref]
function Jobs:create(parent, given)
  local job = job_api.strip_output(given)
  job.name = job.name or ("%s/jobs/%d"):format(parent, self.random())
  local ok, e = check(job, { parent = parent, need_name = true, check_schedule = check_schedule })
  if not ok then
    return nil, e
  end
  job = job_api.normalise_stored(job, true)
  local now_ms = self.clock:now_ms()
  local row = {
    name = job.name,
    parent = parent,
    resource = job_api.to_text(job),
    state = "ENABLED",
    anchor_ms = now_ms,
    updated_ms = now_ms,
    status = -1,
  }
  ok, e = self:set_next_slot(row, job, now_ms)
  if ok then
    ok, e = self.store:insert_job(row, job)
  end
  if not ok then
    if e.code == "ALREADY_EXISTS" then
      e = errors.already_exists(job.name)
    end
    return nil, e
  end
  self.on_due(row.due_ms or math.huge)
  return self:view(row)
end

function Jobs:get(name)
  local row, e = self:find(name)
  if not row then
    return nil, e
  end
  return self:view(row)
end

---@return table[]? jobs a page of them
---@return mooncron.Err|boolean err, or whether there are more
function Jobs:list(parent, last_name, limit)
  local rows, more = self.store:list(parent, last_name, limit)
  if not rows then
    return nil, more
  end
  local jobs = {}
  for i, row in ipairs(rows) do
    jobs[i] = self:view(row)
  end
  return jobs, more
end

---@param name string from the URL
---@param patch table canonical
---@param mask mooncron.api.Mask
function Jobs:patch(name, patch, mask)
  local row, e = self:find(name)
  if not row then
    return nil, e
  end
  local before = self.store:resource_of(row)
  local job = mask_api.apply(before, patch, mask)
  job.name = name
  local ok
  ok, e = check(job, { parent = row.parent, need_name = true, check_schedule = check_schedule })
  if not ok then
    return nil, e
  end
  job = job_api.normalise_stored(job)
  local now_ms = self.clock:now_ms()
  row.resource = job_api.to_text(job)
  row.updated_ms = now_ms
  local is_new = job.schedule ~= before.schedule or job.time_zone ~= before.time_zone
  if is_new then
    row.anchor_ms = now_ms -- a new schedule counts from its own beginning [ours]
  end
  local is_mended = row.state == "UPDATE_FAILED" -- by a good update [ref]
  if is_mended then
    row.state = "ENABLED"
  end
  if row.state == "ENABLED" and (is_new or is_mended) then
    ok, e = self:set_next_slot(row, job, now_ms)
  end
  if ok then
    ok, e = self.store:update_job(row)
  end
  if not ok then
    return nil, e
  end
  self.on_due(row.due_ms or math.huge)
  return self:view(row)
end

function Jobs:delete(name)
  local row, e = self:find(name)
  if not row then
    return nil, e
  end
  return self.store:delete_job(row)
end

---Pausing a paused job is a no-op: the real answer is not known [ours].
function Jobs:pause(name)
  local row, e = self:find(name)
  if not row then
    return nil, e
  end
  if row.state ~= "PAUSED" then
    row.state = "PAUSED"
    row.updated_ms = self.clock:now_ms()
    row.due_ms, row.schedule_ms = nil, nil
    local ok
    ok, e = self.store:delete_waiting_executions(row.id)
    if ok then
      ok, e = self.store:update_job(row)
    end
    if not ok then
      return nil, e
    end
  end
  return self:view(row)
end

---Resuming an enabled job is a no-op: Terraform does so after every create [tf]. Slots that passed
---during the pause are not made up for [ours].
function Jobs:resume(name)
  local row, e = self:find(name)
  if not row then
    return nil, e
  end
  if row.state ~= "ENABLED" then
    local now_ms = self.clock:now_ms()
    row.state = "ENABLED"
    row.updated_ms = now_ms
    local ok
    ok, e = self:set_next_slot(row, self.store:resource_of(row), now_ms)
    if ok then
      ok, e = self.store:update_job(row)
    end
    if not ok then
      return nil, e
    end
    self.on_due(row.due_ms or math.huge)
  end
  return self:view(row)
end

-- The slot that comes next, also while the row shows a retry's instant.
local function coming_slot(self, row, now_ms)
  local schedule = self:schedule_of(self.store:resource_of(row), row)
  return row.due_ms or schedule and schedule:next(now_ms, row.anchor_ms) or now_ms
end

---Force a run now, beside one that may be on its way [ref]. It carries the job's next schedule time
---[rec].
function Jobs:run(name)
  local row, e = self:find(name)
  if not row then
    return nil, e
  end
  if row.state ~= "ENABLED" then
    return nil, errors.wrong_state("ENABLED", "RunJob")
  end
  local now_ms = self.clock:now_ms()
  local ok
  ok, e = self.store:insert_execution {
    job_id = row.id,
    forced = 1,
    scheduled_ms = coming_slot(self, row, now_ms),
    attempt = 0,
    failures = 0,
    due_ms = now_ms,
  }
  if not ok then
    return nil, e
  end
  self.on_due(now_ms)
  return self:view(row)
end

return M
