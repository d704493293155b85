---One attempt: from the claimed execution to the request, and from its answer to the rows that tell
---what came of it. It takes a task only where something may wait: the answer comes as an event.

local err <const> = require "mooncron.err"
local outcome <const> = require "mooncron.scheduler.outcome"
local retry <const> = require "mooncron.scheduler.retry"
local target <const> = require "mooncron.scheduler.target"
local task <const> = require "mooncron.task"

local M = {}

---A row of `executions` that has been claimed, and its attempt that is on its way: what that is sent
---with (see mooncron.scheduler.Sending), and the columns of its row in `attempts`.
---@class mooncron.scheduler.Execution: mooncron.scheduler.Sending
---@field row table? the job's row as a claim of its slot has left it
---@field known mooncron.scheduler.Known of the job, when it was claimed
---@field epoch integer of the store at that time
---@field attempt_id integer? of the attempt's row, once there is one

---A run that begins so much later than its slot makes up for a missed one.
M.LATE_MS = 60000

-- Fraction digits of the schedule time: as many as there are, trailing zeros dropped [rec].
local function digits_of(ms)
  local rest = ms % 1000
  return rest == 0 and 0 or rest % 100 == 0 and 1 or rest % 10 == 0 and 2 or 3
end

---What a request says of its slot. Many of a lot have the same.
---@param self mooncron.scheduler.Dispatcher
---@param slot_ms integer
---@return string
function M.schedule_time(self, slot_ms)
  if self.shown_ms ~= slot_ms then
    self.shown_ms, self.shown = slot_ms, self.header_zone:format(slot_ms, digits_of(slot_ms))
  end
  return self.shown
end

-- App Engine's 503 is retried whatever the configuration says, and does not count (reference:
-- AppEngineHttpTarget).
local function is_uncounted(job, execution)
  return job.app_engine_http_target ~= nil and execution.http_status == 503
end

-- When to try again, nil: the execution is over; and the failures that count by then.
local function next_attempt(self, row, job, execution)
  local now_ms = execution.ended_ms
  if execution.code == "OK" or row.state ~= "ENABLED" then
    return nil -- paused meanwhile: no spurious run
  end
  local policy = retry.policy(job.retry_config)
  if is_uncounted(job, execution) then
    local k = math.min(execution.attempt - 1, policy.doublings)
    return now_ms + retry.gap_ms(policy, k, self.back_off), execution.failures
  end
  local state = { failures = execution.failures + 1, first_ms = execution.first_ms }
  return retry.next_ms(policy, state, now_ms, self.back_off), state.failures
end

-- The slot after an instant, that the claim has found already: the job is as it was then.
local function is_found(row, execution, from_ms)
  return row == execution.row and row.schedule_ms ~= nil and from_ms < row.schedule_ms
    and from_ms >= execution.first_ms and from_ms >= execution.scheduled_ms
end

-- What the row shows and when it is due, after its execution is over.
local function end_execution(self, row, job, execution, now_ms)
  if row.state ~= "ENABLED" then
    return
  elseif execution.forced == 0 then
    -- A slot that came during the execution is not run late but left out: the next start is the
    -- slot after its end [rec]. Whoever makes up for all that was missed goes on from where he is.
    local was_late = execution.first_ms - execution.scheduled_ms >= M.LATE_MS
    local from_ms = execution.scheduled_ms
    if not (was_late and self.catch_up == "all") then
      from_ms = math.max(from_ms, now_ms)
    end
    if is_found(row, execution, from_ms) then
      row.due_ms = row.schedule_ms
      return
    end
    local ok, e = self.jobs:set_next_slot(row, job, from_ms)
    if not ok then
      self:complain(("job '%s' is disabled"):format(row.name), e)
    end
  else
    local natural = not row.due_ms and self.store:natural_execution(row.id)
    local schedule = self.jobs:schedule_of(job, row)
    row.schedule_ms = row.due_ms or natural and natural.due_ms
      or schedule and schedule:next(now_ms, row.anchor_ms)
  end
end

-- ---- writing down ----

-- Write down what an attempt came to. The job is read again when it has been changed meanwhile, or
-- deleted. Lasts once the turn is committed.
local function close(self, execution)
  local store = self.store
  local ok, e = store:insert_attempt(execution)
  if not ok then
    return nil, e
  end
  local row, job = store:unchanged(execution.row), execution.known.job
  if not row then
    row, e = store:job_by_id(execution.job_id)
    if not row then
      return not e, e
    end
    job = store:resource_of(row)
  end
  local due_ms, failures = next_attempt(self, row, job, execution)
  if due_ms then
    row.schedule_ms = due_ms -- "or the next retry" [ref]
    ok, e = store:put_off_execution(execution, due_ms, failures)
  else
    ok, e = store:delete_execution(execution)
    end_execution(self, row, job, execution, execution.ended_ms)
  end
  if not ok then
    return nil, e
  end
  return store:update_outcome(row, execution.started_ms, err.number[execution.code])
end

local write

-- What the store has refused is written after a pause, however long it refuses.
local function put_off(self, execution, e)
  self:complain("an attempt cannot be recorded, trying again", e)
  self.unwritten[#self.unwritten + 1] = execution
  if self.unwritten[2] then
    return
  end
  self:spawn(function()
    task.sleep(self.retry_store_s)
    local executions = self.unwritten
    self.unwritten = {}
    for _, late in ipairs(executions) do
      write(self, late)
    end
  end)
end

function write(self, execution)
  local store = self.store
  if self.is_closed or store.epoch ~= execution.epoch then
    return self:landed(1) -- nobody is there to write it down, or all was dropped meanwhile
  end
  local fine, ok, e = pcall(close, self, execution)
  if not fine then
    ok, e = nil, err.is(ok) and ok or err.new("INTERNAL", tostring(ok))
    store:fail(e)
  end
  if not ok then
    return put_off(self, execution, e)
  end
  self.written[#self.written + 1] = execution
  if not self.written[2] then
    store:after_commit(self.on_commit)
  end
end

---The commit of what has been written in a turn has come off, or has not.
---@param self mooncron.scheduler.Dispatcher
---@param e mooncron.Err?
function M.committed(self, e)
  local executions = self.written
  self.written = {}
  for _, execution in ipairs(executions) do
    if e then
      put_off(self, execution, e)
    elseif self.on_attempt then
      self.on_attempt(execution)
    end
  end
  self:landed(e and 0 or #executions)
end

---An attempt has ended: write down what came of it.
---@param self mooncron.scheduler.Dispatcher
---@param execution table
---@param result mooncron.scheduler.Outcome
---@param answer string its first bytes
---@param latency_us integer
function M.ended(self, execution, result, answer, latency_us)
  execution.ended_ms, execution.latency_us, execution.answer = self.clock:now_ms(), latency_us, answer
  execution.code, execution.http_status = result.code, result.http_status
  execution.debug_info = result.debug_info
  write(self, execution)
end

-- ---- sending ----

local function send(self, execution)
  local wanted = execution.plan.token_target
  if wanted then
    local token, e = self.token(wanted)
    if not token then
      return outcome.of_refusal(e), "", 0
    end
    execution.token = token
  end
  return self.transport:send(execution)
end

-- The same, whatever happens: an execution that is claimed is closed.
local function send_safely(self, execution)
  local ok, result, answer, latency_us = pcall(send, self, execution)
  if not ok then
    local e = err.is(result) and result or err.new("INTERNAL", tostring(result))
    result, answer, latency_us = outcome.of_refusal(e), "", 0
  end
  if result then
    M.ended(self, execution, result, answer, latency_us)
  end
end

---Make the attempt that `execution` has been claimed for; what came of it is written down later.
---@param self mooncron.scheduler.Dispatcher
---@param execution mooncron.scheduler.Execution
function M.start(self, execution)
  local known, e = execution.known, nil
  execution.started_ms = self.clock:now_ms()
  if not known.plan then
    known.plan, e = target.plan(known.job, self)
  end
  local plan = known.plan
  if not plan then
    execution.target_type, execution.target = target.describe(known.job)
    return M.ended(self, execution, outcome.of_refusal(e), "", 0)
  end
  execution.target_type, execution.target = plan.target_type, plan.target
  execution.plan, execution.schedule_time = plan, M.schedule_time(self, execution.scheduled_ms)
  if plan.token_target or self.transport:may_wait(plan) then
    self:spawn(send_safely, self, execution)
  else
    send_safely(self, execution)
  end
end

return M
