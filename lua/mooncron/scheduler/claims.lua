---What is due becomes an execution, which is claimed for its next attempt: rows of the store, which last
---once the turn is committed.

local attempt <const> = require "mooncron.scheduler.attempt"

local M = {}

local NOTE_LATE <const> = "late: the scheduler was not running"

-- Which slot a due job runs: its own, or after a time in which nothing ran, when there may be many,
-- what the catch-up has it make up for.
local function slot_to_run(self, row, schedule, now_ms)
  if row.due_ms >= self.awake_ms - attempt.LATE_MS then
    return row.due_ms
  elseif self.catch_up == "all" then
    return row.due_ms, NOTE_LATE
  end
  local last_ms = schedule:prev(now_ms + 1, row.anchor_ms)
  if self.catch_up == "last" and last_ms and now_ms - last_ms <= self.catch_up_window_ms then
    return math.max(last_ms, row.due_ms), NOTE_LATE
  end
end

-- The job's schedule, which is kept with what is known of the job.
local function schedule_of(self, known, row)
  if not known.schedule or known.exceptions ~= row.exceptions then
    local e
    known.schedule, e = self.jobs:schedule_of(known.job, row)
    known.exceptions = row.exceptions
    return known.schedule, e
  end
  return known.schedule
end

local function claim_job(self, row, now_ms, starts)
  local known = self.store:known(row)
  local schedule, e = schedule_of(self, known, row)
  local slot_ms, note
  if schedule then
    slot_ms, note = slot_to_run(self, row, schedule, now_ms)
  else
    self:complain(("job '%s' is disabled"):format(row.name), e)
  end
  if not slot_ms then
    self.on_due(row.name, nil, now_ms)
    self.jobs:set_next_slot(row, known.job, now_ms)
    return self.store:update_slot(row)
  end
  local execution = {
    id = nil,
    job_id = row.id,
    forced = 0,
    scheduled_ms = slot_ms,
    first_ms = now_ms,
    attempt = 1,
    failures = 0,
    due_ms = nil,
    note = note,
    row = row,
    known = known,
    epoch = self.store.epoch,
    job = row.name,
    -- room for the attempt
    plan = nil, schedule_time = nil, token = nil, started_ms = nil, ended_ms = nil,
    latency_us = nil, target_type = nil, target = nil, code = nil, http_status = nil, debug_info = nil,
    answer = nil, attempt_id = nil,
  }
  starts[#starts + 1] = execution
  row.due_ms = nil -- no second execution of a job while one is out [ref]
  row.schedule_ms = schedule:next(math.max(slot_ms, now_ms), row.anchor_ms)
  local ok
  ok, e = self.store:insert_execution(execution)
  if not ok then
    return nil, e
  end
  return self.store:claim_slot(row)
end

local function claim_execution(self, execution, now_ms, starts)
  local row, e = self.store:job_by_id(execution.job_id)
  if e then
    return nil, e
  elseif not row then
    return self.store:delete_execution(execution)
  end
  execution.attempt = execution.attempt + 1
  execution.first_ms = execution.first_ms or now_ms
  execution.due_ms = nil
  execution.job, execution.known, execution.epoch = row.name, self.store:known(row), self.store.epoch
  starts[#starts + 1] = execution
  return self.store:update_execution(execution)
end

---Claim what is due. Returns what is to be started, and how many rows were due.
---@param self mooncron.scheduler.Dispatcher
---@param now_ms integer
---@param limit integer
---@return table[]? executions
---@return integer|mooncron.Err
function M.make(self, now_ms, limit)
  local starts = {}
  local executions, e = self.store:due_executions(now_ms, limit)
  if not executions then
    return nil, e
  end
  for _, execution in ipairs(executions) do
    local ok
    ok, e = claim_execution(self, execution, now_ms, starts)
    if not ok then
      return nil, e
    end
  end
  local rows
  rows, e = self.store:due_jobs(now_ms, limit - #starts)
  if not rows then
    return nil, e
  end
  for _, row in ipairs(rows) do
    local ok
    ok, e = claim_job(self, row, now_ms, starts)
    if not ok then
      return nil, e
    end
  end
  return starts, #executions + #rows
end

return M
