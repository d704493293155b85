---Fires what is due. A slot is claimed durably before its request goes out and closed after; what
---was claimed and not closed when the process ended is made again. So a run is never forgotten, and
---may come twice.

local attempt <const> = require "mooncron.scheduler.attempt"
local claims <const> = require "mooncron.scheduler.claims"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local target <const> = require "mooncron.scheduler.target"
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
    tasks = {}, -- set of those that attempts need
    written = {}, -- attempts whose rows wait for this turn's commit
    unwritten = {}, -- attempts that the store has refused
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
  self.transport = transport.new {
    clock = self.clock,
    max_connections = self.max_in_flight,
    on_end = function(...)
      attempt.ended(self, ...)
    end,
  }
  self.on_commit = function(e)
    attempt.committed(self, e)
  end
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

-- ---- firing ----

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

-- Claim, durably or not at all: what a mistake or a failing store has left half done is undone.
local function claim_durably(self, now_ms, room)
  local ok, starts, claimed = pcall(claims.make, self, now_ms, room)
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

---Attempts have ended for good.
---@param count integer
function Dispatcher:landed(count)
  self.in_flight = self.in_flight - count
  self:note_idle()
  if count > 0 then
    self.due:set() -- there is room again
  end
end

---What has been sent by a plan for a slot, but for its token.
---@param plan mooncron.scheduler.Plan
---@param slot_ms integer
---@return { method: string, url: string, headers: table<string, string> }
function Dispatcher:sent(plan, slot_ms)
  local headers = target.headers(plan, attempt.schedule_time(self, slot_ms), "<redacted>")
  return { method = plan.method, url = plan.url, headers = headers }
end

---Run in a task what an attempt has to wait for; it is cancelled when the dispatcher closes.
function Dispatcher:spawn(fn, ...)
  local running = task.spawn(function(...)
    fn(...)
    self.tasks[task.current()] = nil
  end, ...)
  self.tasks[running] = true
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
  self.in_flight = self.in_flight + #starts
  for _, execution in ipairs(starts) do
    if execution.attempt == 1 then
      local slot_ms = execution.forced == 1 and now_ms or execution.scheduled_ms
      self.on_due(execution.job, slot_ms, now_ms)
    end
    attempt.start(self, execution)
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
  for running in pairs(self.tasks) do
    running:cancel()
  end
  self.transport:close()
end

return M
