---One attempt: from the claimed execution to the request, and from its answer to the rows that tell
---what came of it.

local err <const> = require "mooncron.err"
local outcome <const> = require "mooncron.scheduler.outcome"
local retry <const> = require "mooncron.scheduler.retry"
local target <const> = require "mooncron.scheduler.target"
local task <const> = require "mooncron.task"

local M = {}

---A run that begins so much later than its slot makes up for a missed one.
M.LATE_MS = 60000

-- Fraction digits of the schedule time: as many as there are, trailing zeros dropped [rec].
local function digits_of(ms)
  local rest = ms % 1000
  return rest == 0 and 0 or rest % 100 == 0 and 1 or rest % 10 == 0 and 2 or 3
end

local function context_of(self, execution)
  local slot_ms = execution.scheduled_ms
  return {
    schedule_time = self.header_zone:format(slot_ms, digits_of(slot_ms)),
    token = self.token,
    pubsub_endpoint = self.pubsub_endpoint,
    app_engine = self.app_engine,
  }
end

-- Send the request and say what came of it: outcome, the answer's beginning, microseconds.
local function send(self, job, execution)
  local request, e = target.request(job, context_of(self, execution))
  if not request then
    return outcome.of_refusal(e), "", 0
  end
  local sent = { method = request.method, url = request.url, headers = request.headers }
  local result, answer, latency_us = self.transport:send(job.name, request)
  result.request = sent
  return result, answer, latency_us
end

-- The same, whatever happens: an execution that is claimed is closed.
local function send_safely(self, job, execution)
  local ok, result, answer, latency_us = pcall(send, self, job, execution)
  if ok then
    return result, answer, latency_us
  end
  local e = err.is(result) and result or err.new("INTERNAL", tostring(result))
  return outcome.of_refusal(e), "", 0
end

-- App Engine's 503 is retried whatever the configuration says, and does not count (reference:
-- AppEngineHttpTarget).
local function is_uncounted(job, result)
  return job.app_engine_http_target ~= nil and result.http_status == 503
end

-- When to try again; nil: the execution is over. Counts the failure.
local function next_attempt_ms(self, row, job, execution, result, now_ms)
  if result.ok or row.state ~= "ENABLED" then
    return nil -- paused meanwhile: no spurious run
  end
  local policy = retry.policy(job.retry_config)
  if is_uncounted(job, result) then
    local k = math.min(execution.attempt - 1, policy.doublings)
    return now_ms + retry.gap_ms(policy, k, self.back_off)
  end
  execution.failures = execution.failures + 1
  return retry.next_ms(policy, execution, now_ms, self.back_off)
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

-- The attempt's row for the log.
local function record_of(job, execution, result, times, answer)
  local target_type, where = target.describe(job)
  return {
    job = job.name,
    scheduled_ms = execution.scheduled_ms,
    forced = execution.forced,
    attempt = execution.attempt,
    started_ms = times.started_ms,
    ended_ms = times.ended_ms,
    latency_us = times.latency_us,
    target_type = target_type,
    target = where,
    code = result.code,
    http_status = result.http_status,
    debug_info = result.debug_info,
    answer = answer,
    note = execution.note,
    request = result.request, -- for whoever watches; the store does not keep it
  }
end

-- Write down what an attempt came to. The job is read again: it may have been changed or deleted
-- meanwhile. Waits for the commit.
local function close(self, execution, result, record)
  local store = self.store
  local ok, e = store:insert_attempt(record)
  local row = ok and store:job_by_id(execution.job_id)
  if row then
    local job = store:resource_of(row)
    row.attempted_ms = record.started_ms
    row.status = err.number[result.code]
    execution.due_ms = next_attempt_ms(self, row, job, execution, result, record.ended_ms)
    if execution.due_ms then
      row.schedule_ms = execution.due_ms -- "or the next retry" [ref]
      ok, e = store:update_execution(execution)
    else
      ok, e = store:delete_execution(execution)
      end_execution(self, row, job, execution, record.ended_ms)
    end
    if ok then
      ok, e = store:update_job(row)
    end
  end
  if not ok then
    return nil, e
  end
  return store:durable()
end

---Make the attempt that `execution` has been claimed for. Waits for its end, and until what came of
---it is written down, however long the store refuses.
---@param self mooncron.scheduler.Dispatcher
---@param job table canonical, as it was when the attempt was claimed
---@param execution table its row
function M.make(self, job, execution)
  local started_ms, epoch = self.clock:now_ms(), self.store.epoch
  local result, answer, latency_us = send_safely(self, job, execution)
  local times = { started_ms = started_ms, ended_ms = self.clock:now_ms(), latency_us = latency_us }
  local record, failures = record_of(job, execution, result, times, answer), execution.failures
  while true do
    if self.is_closed or self.store.epoch ~= epoch then
      return -- nobody is there to write it down, or all was dropped meanwhile
    end
    local ok, e = close(self, execution, result, record)
    if ok then
      break
    end
    execution.failures = failures
    self:complain("an attempt cannot be recorded, trying again", e)
    task.sleep(self.retry_store_s)
  end
  if self.on_attempt then
    self.on_attempt(record)
  end
end

return M
