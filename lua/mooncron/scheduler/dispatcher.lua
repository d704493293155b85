---Fires what is due. A slot is claimed durably before its request goes out and closed after; what
---was claimed and not closed when the process ended is made again. So a run is never forgotten, and
---may come twice.

local attempt <const> = require "mooncron.scheduler.attempt"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local task <const> = require "mooncron.task"
local transport <const> = require "mooncron.scheduler.transport"

local M = {}

---@class mooncron.scheduler.Dispatcher
local Dispatcher = { __name = "mooncron.scheduler.Dispatcher" }
Dispatcher.__index = Dispatcher

-- Attempts at once: a region's jobs (fact sheet 7), so that targets which do not answer cannot keep
-- the others from being called, as far as there are files for their connections.
local MAX_IN_FLIGHT <const> = 5000
local MIN_IN_FLIGHT <const> = 100
local OTHER_FILES <const> = 1500 -- the server's connections, the database, a script's own
-- Claimed in one turn of the loop: answers, also those of the API, come in between, and a target that
-- is quick is called over few connections. libcurl looks through all of a host's for each request.
local MAX_CLAIM <const> = 250
local MAX_SLEEP_S <const> = 60 -- clocks jump and machines sleep: look again now and then
local GAP_MS <const> = 2 * MAX_SLEEP_S * 1000 -- who has not looked for so long was not running
local NOTE_LATE <const> = "late: the scheduler was not running"

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
---@field on_due (fun(job: string, slot_ms: integer?, now_ms: integer))? a slot or a forced run has come
--- due; without `slot_ms` the catch-up leaves it out
---@field say (fun(text: string))? where complaints go; default standard error
---@field max_in_flight integer? attempts at once
---@field retry_store_s number? pause after a store that failed, as on a full disk; default 1

---@param options mooncron.scheduler.DispatcherOptions
function M.new(options)
  local self = setmetatable({
    in_flight = 0,
    claiming = 0, -- who claims just now, and has not started what he claimed
    attempts = {}, -- set of tasks
    retry_store_s = 1,
    on_due = function() end,
    say = function(text) io.stderr:write(text) end,
    due = task.event(),
    idle = task.event(), -- set when nothing goes on by itself any more
    stepped = task.event():set(), -- no `advance` is under way
    looked_ms = nil, -- when due jobs were last looked for
    awake_ms = nil, -- since when that happens without a gap
    wakes_ms = nil, -- monotonic: when it looks again, while it sleeps
  }, Dispatcher)
  for key, value in pairs(options) do
    self[key] = value
  end
  local room = core.fs.raise_open_files() - OTHER_FILES
  self.max_in_flight = self.max_in_flight or math.max(math.min(room, MAX_IN_FLIGHT), MIN_IN_FLIGHT)
  self.transport = transport.new(self.clock, self.max_in_flight)
  self.clock.on_sleep = function()
    self:note_idle()
  end
  -- Whatever the job's own zone [rec].
  self.header_zone = assert(core.time.zone("America/Los_Angeles"))
  return self
end

---Something became due earlier than the loop knows, or may have become so.
---@param due_ms integer? when it is due, if that is known: later than the loop wakes, it waits for that
function Dispatcher:poke(due_ms)
  if not (due_ms and self.wakes_ms) or due_ms - self.clock:now_ms() < self.wakes_ms - core.loop.mono_ms() then
    self.due:set()
  end
end

---Tell whoever watches the process about something that keeps it from its work; the same thing once
---a minute.
---@param what string
---@param e mooncron.Err
function Dispatcher:complain(what, e)
  local text, now_ms = ("mooncron: %s: %s\n"):format(what, e:line()), core.loop.mono_ms()
  if self.complaint ~= text or now_ms - self.complained_ms >= 60000 then
    self.complaint, self.complained_ms = text, now_ms
    self.say(text)
  end
end

-- ---- claiming ----

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

local function start_execution(self, row, job, execution, starts)
  execution.attempt = execution.attempt + 1
  execution.first_ms = execution.first_ms or self.clock:now_ms()
  execution.due_ms = nil
  starts[#starts + 1] = { row = row, job = job, execution = execution }
end

local function claim_job(self, row, now_ms, starts)
  local job = self.store:resource_of(row)
  local schedule, e = self.jobs:schedule_of(job, row)
  local slot_ms, note
  if schedule then
    slot_ms, note = slot_to_run(self, row, schedule, now_ms)
  else
    self:complain(("job '%s' is disabled"):format(row.name), e)
  end
  if not slot_ms then
    self.on_due(row.name, nil, now_ms)
    self.jobs:set_next_slot(row, job, now_ms)
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
  row.schedule_ms = schedule:next(math.max(slot_ms, now_ms), row.anchor_ms)
  local ok
  ok, e = self.store:insert_execution(execution)
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

-- Claim what is due. Returns what is to be started, and how many rows were due.
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
  return starts, #executions + #rows
end

---Attempts go on, but for those that wait for a clock that stands still.
function Dispatcher:is_idle()
  local n = self.in_flight
  return self.claiming == 0 and n <= self.clock.sleeper_count and n <= self.clock:asleep()
end

---Tell who waits for it that nothing goes on by itself, if that is so.
function Dispatcher:note_idle()
  if self:is_idle() then
    self.idle:set()
  end
end

local function set_in_flight(self, n)
  self.in_flight = n
  self:note_idle()
  if n < self.max_in_flight then
    self.due:set() -- there is room again
  end
end

-- Claim, durably or not at all: what a mistake or a failing store has left half done is undone.
local function claim_durably(self, now_ms, room)
  local ok, starts, claimed = pcall(claim, self, now_ms, room)
  if not ok then
    starts, claimed = nil, err.is(starts) and starts or err.new("INTERNAL", tostring(starts))
  end
  if not starts then
    self.store:fail(claimed)
    self.store:durable() -- the end of the turn, which undoes it
    return nil, claimed
  end
  local e
  ok, e = self.store:durable()
  if not ok then
    return nil, e
  end
  return starts, claimed
end

-- Since when somebody has looked for due jobs without a gap: slots before that were missed. A clock
-- that is set back is no gap.
local function note_gap(self, now_ms)
  if not self.looked_ms or now_ms - self.looked_ms > GAP_MS or now_ms < self.awake_ms then
    self.awake_ms = now_ms
  end
end

local function start_attempt(self, start)
  set_in_flight(self, self.in_flight + 1)
  local running = task.spawn(function()
    attempt.make(self, start.job, start.execution)
    self.attempts[task.current()] = nil
    set_in_flight(self, self.in_flight - 1)
  end)
  self.attempts[running] = true
end

---Start every attempt that is due, as far as there is room. Waits for the claims to be durable, not
---for the attempts.
---@return integer? claimed
---@return mooncron.Err?
function Dispatcher:fire_due()
  local room = math.min(self.max_in_flight - self.in_flight, MAX_CLAIM)
  if room <= 0 or self.is_closed then
    return 0
  end
  local now_ms = self.clock:now_ms()
  note_gap(self, now_ms)
  self.claiming = self.claiming + 1
  local starts, claimed = claim_durably(self, now_ms, room)
  self.claiming = self.claiming - 1
  if not starts or self.is_closed then
    self:note_idle()
    return starts and 0, claimed
  end
  self.looked_ms = now_ms
  for _, start in ipairs(starts) do
    local execution = start.execution
    if execution.attempt == 1 then
      self.on_due(start.row.name, execution.forced == 1 and now_ms or execution.scheduled_ms, now_ms)
    end
    start_attempt(self, start)
  end
  self:note_idle()
  return claimed
end

---Wait until no attempt is on its way, but for those that wait for a clock that stands still.
function Dispatcher:wait_until_idle()
  while not self:is_idle() do
    self.idle:clear()
    self.idle.wait()
  end
end

---Wait until nothing is due either: somebody fires meanwhile.
function Dispatcher:drain()
  while true do
    self:wait_until_idle()
    local due_ms = self.store:next_due_ms()
    if not due_ms or due_ms > self.clock:now_ms() then
      return
    end
    task.sleep(0.001)
  end
end

-- ---- time ----

-- Sleep until something is due, at most a minute, or until poked; a clock that stands still makes
-- nothing due.
local function sleep_until_due(self)
  if self.clock.held_ms then
    self.due.wait()
    return self.due:clear()
  end
  local due_ms = self.in_flight < self.max_in_flight and self.store:next_due_ms() or math.huge
  local wait_ms = math.min(math.max(due_ms - self.clock:now_ms(), 0), MAX_SLEEP_S * 1000)
  if wait_ms > 0 then
    self.wakes_ms = core.loop.mono_ms() + wait_ms
    task.with_timeout(wait_ms / 1000, self.due.wait)
    self.wakes_ms = nil
  end
  self.due:clear()
end

---Fire what is due by the clock until the task is cancelled.
function Dispatcher:run()
  self.wakes_ms = nil -- it may have been cancelled in its sleep
  while true do
    self.stepped.wait()
    if self.stepped.is_set() then
      local n, e = task.shield(self.fire_due, self) -- what is claimed is started
      if not n then
        self:complain("nothing can be fired", e)
        task.sleep(self.retry_store_s)
      elseif n == 0 or self.in_flight >= self.max_in_flight then
        sleep_until_due(self)
      end
    end
  end
end

-- When something happens next: a slot or a retry, or an attempt that has waited for time goes on.
local function next_instant(self)
  local due_ms, wake_ms = self.store:next_due_ms(), self.clock:next_wake_ms()
  if self.in_flight >= self.max_in_flight then
    due_ms = nil -- no room: first somebody has to end
  end
  return due_ms and wake_ms and math.min(due_ms, wake_ms) or due_ms or wake_ms
end

local function step_until(self, until_ms)
  local clock, instants, last_ms = self.clock, 0, nil
  while true do
    local at_ms = next_instant(self)
    if not at_ms or at_ms > until_ms then
      break
    end
    at_ms = math.max(at_ms, clock:now_ms())
    instants = instants + (at_ms == last_ms and 0 or 1)
    last_ms = at_ms
    clock:set(at_ms)
    assert(task.shield(self.fire_due, self)) -- what is claimed is started
    self:wait_until_idle()
  end
  clock:set(math.max(until_ms, clock:now_ms()))
  return instants
end

---Let the scheduler's time pass at once up to an instant: the clock stands still at each due instant
---until its attempts have ended. One at a time: who comes meanwhile waits.
---@param until_ms integer? nil: just do what is due
---@return integer instants at which something happened
function Dispatcher:advance_to(until_ms)
  while not self.stepped.is_set() do
    self.stepped.wait()
  end
  self.stepped:clear()
  local clock = self.clock
  clock:hold()
  local ok, result = pcall(step_until, self, until_ms or clock:now_ms())
  clock:release()
  self.stepped:set()
  self:poke()
  if not ok then
    error(result, 0)
  end
  return result
end

---After a start: what was on its way when the process ended is due again.
function Dispatcher:recover()
  local n, e = self.store:requeue_lost(self.clock:now_ms())
  if not n then
    return nil, e
  end
  return self.store:durable()
end

---End what is on its way, unrecorded: it is made again at the next start.
function Dispatcher:close()
  self.is_closed = true
  for running in pairs(self.attempts) do
    running:cancel()
  end
  self.transport:close()
end

return M
