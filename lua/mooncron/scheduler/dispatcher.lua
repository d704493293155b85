---Fires what is due. A slot is claimed durably before its request goes out and closed after; what
---was claimed and not closed when the process ended is made again. So a run is never forgotten, and
---may come twice.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local outcome <const> = require "mooncron.scheduler.outcome"
local retry <const> = require "mooncron.scheduler.retry"
local target <const> = require "mooncron.scheduler.target"
local task <const> = require "mooncron.task"
local transport <const> = require "mooncron.scheduler.transport"

local M = {}

---@class mooncron.scheduler.Dispatcher
local Dispatcher = { __name = "mooncron.scheduler.Dispatcher" }
Dispatcher.__index = Dispatcher

local MAX_IN_FLIGHT <const> = 1000 -- attempts at once
local MAX_SLEEP_S <const> = 60 -- clocks jump and machines sleep: look again now and then
local RETRY_STORE_S <const> = 1 -- after a store that failed, as on a full disk

---@class mooncron.scheduler.DispatcherOptions
---@field store mooncron.scheduler.Store
---@field jobs mooncron.scheduler.Jobs
---@field clock mooncron.scheduler.Clock
---@field back_off "recorded"|"documented"
---@field catch_up "none"|"last"|"all"
---@field catch_up_window_ms integer how late a missed slot is still made up for
---@field token fun(target: table): string?, mooncron.Err?
---@field pubsub_endpoint string?
---@field app_engine table<string, string>?
---@field on_attempt fun(attempt: table)?

---@param options mooncron.scheduler.DispatcherOptions
function M.new(options)
  local self = setmetatable({ in_flight = 0, due = task.event(), idle = task.event():set() }, Dispatcher)
  for key, value in pairs(options) do
    self[key] = value
  end
  self.transport = transport.new()
  -- Whatever the job's own zone [rec].
  self.header_zone = assert(core.time.zone("America/Los_Angeles"))
  return self
end

---Something became due earlier than the loop knows.
function Dispatcher:poke()
  self.due:set()
end

-- ---- one attempt ----

local function context_of(self, execution)
  return {
    schedule_time = self.header_zone:format(execution.scheduled_ms),
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
  return self.transport:send(request)
end

-- App Engine's 503 is retried whatever the configuration says, and does not count (reference:
-- AppEngineHttpTarget).
local function is_uncounted(job, result)
  return job.app_engine_http_target ~= nil and result.http_status == 503
end

-- What follows an attempt: another one, or the end of the execution. Changes `row` and `execution`.
local function decide(self, row, job, execution, result, now_ms)
  local policy = retry.policy(job.retry_config)
  local again_ms
  if row.state ~= "ENABLED" then
    again_ms = nil -- paused meanwhile: no spurious run
  elseif is_uncounted(job, result) then
    again_ms = now_ms + retry.gap_ms(policy, math.min(execution.attempt - 1, policy.doublings), self.back_off)
  elseif not result.ok then
    execution.failures = execution.failures + 1
    again_ms = retry.next_ms(policy, execution, now_ms, self.back_off)
  end
  execution.due_ms = again_ms
  if again_ms then
    row.schedule_ms = again_ms -- "or the next retry" [ref]
  elseif row.state == "ENABLED" and (execution.forced == 0 or row.due_ms) then
    -- A slot that came during the execution is not run late but left out: the next start is the
    -- slot after its end [rec].
    local from_ms = math.max(execution.forced == 0 and execution.scheduled_ms or now_ms, now_ms)
    local slot_ms = row.due_ms or self.jobs:schedule_of(job):next(from_ms, row.anchor_ms)
    row.due_ms, row.schedule_ms = slot_ms, slot_ms
  end
  return again_ms
end

local function record(self, row, job, execution, result, times, answer)
  local target_type, where = target.describe(job)
  local attempt = {
    job = row.name,
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
  }
  if self.on_attempt then
    self.on_attempt(attempt)
  end
  return self.store:insert_attempt(attempt)
end

-- Write down what an attempt came to. The job is read again: it may have been changed or deleted
-- meanwhile.
local function close(self, execution, job_then, result, times, answer)
  local store = self.store
  local row = store:job_by_id(execution.job_id)
  if not row then
    return true
  end
  local job = store:resource_of(row)
  row.attempted_ms = times.started_ms
  row.status = err.number[result.code]
  local again_ms = decide(self, row, job, execution, result, times.ended_ms)
  local ok, e = record(self, row, job_then, execution, result, times, answer)
  if ok and again_ms then
    ok, e = store:update_execution(execution)
  elseif ok then
    ok, e = store:delete_execution(execution)
  end
  if ok then
    ok, e = store:update_job(row)
  end
  if not ok then
    return nil, e
  end
  return store:durable()
end

-- The whole of an attempt, as a task. Its record is written however long the store refuses.
local function attempt(self, job, execution)
  local started_ms = self.clock:now_ms()
  local result, answer, latency_us = send(self, job, execution)
  local times = { started_ms = started_ms, ended_ms = self.clock:now_ms(), latency_us = latency_us }
  local failures = execution.failures
  while true do
    local ok, e = close(self, execution, job, result, times, answer)
    if ok then
      return
    end
    execution.failures = failures
    io.stderr:write("mooncron: an attempt cannot be recorded, trying again: ", e:line(), "\n")
    task.sleep(RETRY_STORE_S)
  end
end

-- ---- claiming ----

-- Which slot a job that is `late` runs: after a time in which nothing ran there may be many.
local function slot_to_run(self, row, job, now_ms)
  local schedule = self.jobs:schedule_of(job)
  if self.catch_up == "all" or now_ms - row.due_ms < 60000 then
    return row.due_ms
  end
  local last_ms = schedule:prev(now_ms + 1, row.anchor_ms)
  if self.catch_up == "last" and last_ms and now_ms - last_ms <= self.catch_up_window_ms then
    return math.max(last_ms, row.due_ms), "late: the scheduler was not running"
  end
end

local function start_execution(self, row, job, execution, starts)
  execution.attempt = execution.attempt + 1
  execution.first_ms = execution.first_ms or self.clock:now_ms()
  execution.due_ms = nil
  starts[#starts + 1] = { row = row, job = job, execution = execution }
end

local function claim_job(self, row, now_ms, starts)
  local job = self.store:resource_of(row)
  local slot_ms, note = slot_to_run(self, row, job, now_ms)
  if not slot_ms then
    row.due_ms = self.jobs:schedule_of(job):next(now_ms, row.anchor_ms)
    row.schedule_ms = row.due_ms
    return self.store:update_job(row)
  end
  local execution = {
    job_id = row.id,
    forced = 0,
    scheduled_ms = slot_ms,
    attempt = 0,
    failures = 0,
    note = note,
  }
  start_execution(self, row, job, execution, starts)
  row.due_ms = nil -- no second execution of a job while one is out [ref]
  row.schedule_ms = self.jobs:schedule_of(job):next(math.max(slot_ms, now_ms), row.anchor_ms)
  local ok, e = self.store:insert_execution(execution)
  if not ok then
    return nil, e
  end
  return self.store:update_job(row)
end

local function claim_execution(self, execution, starts)
  local row = self.store:job_by_id(execution.job_id)
  if not row then
    return self.store:delete_execution(execution)
  end
  start_execution(self, row, self.store:resource_of(row), execution, starts)
  return self.store:update_execution(execution)
end

local function claim(self, now_ms, limit)
  local starts = {}
  local executions, e = self.store:due_executions(now_ms, limit)
  if not executions then
    return nil, e
  end
  for _, execution in ipairs(executions) do
    local ok
    ok, e = claim_execution(self, execution, starts)
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
  return starts, nil, #executions + #rows
end

local function set_in_flight(self, n)
  self.in_flight = n
  if n == 0 then
    self.idle:set()
  else
    self.idle:clear()
  end
  if n < MAX_IN_FLIGHT then
    self.due:set() -- there is room again
  end
end

---Start every attempt that is due, as far as there is room. Waits for the claims to be durable, not
---for the attempts.
---@return integer? started
---@return mooncron.Err?
function Dispatcher:fire_due()
  local room = MAX_IN_FLIGHT - self.in_flight
  if room <= 0 then
    return 0
  end
  local starts, e, claimed = claim(self, self.clock:now_ms(), room)
  if not starts then
    return nil, e
  end
  local ok
  ok, e = self.store:durable()
  if not ok then
    return nil, e
  end
  for _, start in ipairs(starts) do
    set_in_flight(self, self.in_flight + 1)
    task.spawn(function()
      attempt(self, start.job, start.execution)
      set_in_flight(self, self.in_flight - 1)
    end)
  end
  return claimed
end

---Wait until no attempt is on its way.
function Dispatcher:wait_until_idle()
  while self.in_flight > 0 do
    self.idle.wait()
  end
end

-- ---- time ----

-- Sleep until something is due, at most a minute, or until poked.
local function sleep_until_due(self)
  local due_ms = self.store:next_due_ms()
  local wait_s = due_ms and math.max(due_ms - self.clock:now_ms(), 0) / 1000 or MAX_SLEEP_S
  if self.in_flight >= MAX_IN_FLIGHT then
    wait_s = MAX_SLEEP_S
  end
  if wait_s > 0 then
    task.with_timeout(math.min(wait_s, MAX_SLEEP_S), self.due.wait)
  end
  self.due:clear()
end

---Fire on the flowing clock until the task is cancelled.
function Dispatcher:run()
  while true do
    if self.clock.held_ms then
      task.sleep(0.1)
    else
      local n, e = self:fire_due()
      if not n then
        io.stderr:write("mooncron: nothing can be fired: ", e:line(), "\n")
        task.sleep(RETRY_STORE_S)
      elseif n == 0 or self.in_flight >= MAX_IN_FLIGHT then
        sleep_until_due(self)
      end
    end
  end
end

-- Fire all that is due at the held instant, with all that follows from it at the same instant.
local function drain_instant(self)
  repeat
    local n = assert(self:fire_due())
    self:wait_until_idle()
  until n == 0
end

---Let `ms` of the scheduler's time pass at once: the clock stands still at each due instant until
---its attempts have ended.
---@param ms integer
---@return integer instants at which something fired
function Dispatcher:advance(ms)
  local clock = self.clock
  clock:hold()
  local until_ms = clock:now_ms() + ms
  local instants = 0
  local ok, failure = pcall(function()
    while true do
      local due_ms = self.store:next_due_ms()
      if not due_ms or due_ms > until_ms then
        break
      end
      clock:set(math.max(due_ms, clock:now_ms()))
      drain_instant(self)
      instants = instants + 1
    end
    clock:set(until_ms)
  end)
  clock:release()
  self:poke()
  if not ok then
    error(failure, 0)
  end
  return instants
end

---After a start: what was on its way when the process ended is due again.
function Dispatcher:recover()
  local n, e = self.store:requeue_lost(self.clock:now_ms())
  if not n then
    return nil, e
  end
  return self.store:durable()
end

function Dispatcher:close()
  self.transport:close()
end

return M
