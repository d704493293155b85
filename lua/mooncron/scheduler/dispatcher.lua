---Fires what is due. A slot is claimed durably before its request goes out and closed after; what
---was claimed and not closed when the process ended is made again. So a run is never forgotten, and
---may come twice.

local attempt <const> = require "mooncron.scheduler.attempt"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Dispatcher
local Dispatcher = { __name = "mooncron.scheduler.Dispatcher" }
Dispatcher.__index = Dispatcher

-- Attempts at once: a region's jobs (fact sheet 7), so that targets which do not answer cannot keep
-- the others from being called, as far as there are files for their connections.
local MAX_IN_FLIGHT <const> = 5000
local MIN_IN_FLIGHT <const> = 100
local OTHER_FILES <const> = 1500 -- the server's connections, the database, a script's own
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
---@field say (fun(text: string))? where complaints go; default standard error
---@field max_in_flight integer? attempts at once
---@field retry_store_s number? pause after a store that failed, as on a full disk; default 1

---@param options mooncron.scheduler.DispatcherOptions
function M.new(options)
  local self = setmetatable({
    in_flight = 0,
    retry_store_s = 1,
    say = function(text)
      io.stderr:write(text)
    end,
    due = task.event(),
    idle = task.event():set(),
    looked_ms = nil, -- when due jobs were last looked for
    awake_ms = nil, -- since when that happens without a gap
  }, Dispatcher)
  for key, value in pairs(options) do
    self[key] = value
  end
  local room = core.fs.raise_open_files() - OTHER_FILES
  self.max_in_flight = self.max_in_flight or math.max(math.min(room, MAX_IN_FLIGHT), MIN_IN_FLIGHT)
  self.client = assert(core.net.client(task.loop(), {
    no_proxy = "localhost,127.0.0.1,::1",
    max_connections = self.max_in_flight, -- idle ones give way
  }))
  -- Whatever the job's own zone [rec].
  self.header_zone = assert(core.time.zone("America/Los_Angeles"))
  return self
end

---Something became due earlier than the loop knows.
function Dispatcher:poke()
  self.due:set()
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
  local schedule, e = self.jobs:schedule_of(job)
  local slot_ms, note
  if schedule then
    slot_ms, note = slot_to_run(self, row, schedule, now_ms)
  else
    self:complain(("job '%s' is disabled"):format(row.name), e)
  end
  if not slot_ms then
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

local function set_in_flight(self, n)
  self.in_flight = n
  if n == 0 then
    self.idle:set()
  else
    self.idle:clear()
  end
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

---Start every attempt that is due, as far as there is room. Waits for the claims to be durable, not
---for the attempts.
---@return integer? claimed
---@return mooncron.Err?
function Dispatcher:fire_due()
  local room = self.max_in_flight - self.in_flight
  if room <= 0 then
    return 0
  end
  local now_ms = self.clock:now_ms()
  note_gap(self, now_ms)
  local starts, claimed = claim_durably(self, now_ms, room)
  if not starts then
    return nil, claimed
  end
  self.looked_ms = now_ms
  for _, start in ipairs(starts) do
    set_in_flight(self, self.in_flight + 1)
    task.spawn(function()
      attempt.make(self, start.job, start.execution)
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
  if self.in_flight >= self.max_in_flight then
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
  self.client:close()
end

return M
