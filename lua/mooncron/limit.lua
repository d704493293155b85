---Limits: so many calls a minute, so many at once, one at a time for each key. First come, first
---served.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local retry <const> = require "mooncron.retry"
local task <const> = require "mooncron.task"

local M = {}

---Cloud Scheduler's documented quotas, per minute and project.
M.reads_per_minute = 1250
M.writes_per_minute = 500

-- ---- places: at most `free` at once ----

local Places = { __name = "mooncron.limit.places" }
Places.__index = Places

local function places(count)
  return setmetatable({ free = count, first = 1, last = 0 }, Places)
end

function Places:leave()
  while self.first <= self.last do
    local next_one = self[self.first]
    self[self.first] = nil
    self.first = self.first + 1
    if not next_one.gone then
      next_one.has_place = true
      next_one.turn:set()
      return
    end
  end
  self.free = self.free + 1
end

function Places:enter()
  if self.free > 0 then
    self.free = self.free - 1
    return
  end
  local me = { turn = task.event() }
  self.last = self.last + 1
  self[self.last] = me
  local ok, failure = pcall(me.turn.wait)
  if ok then
    return
  end
  if me.has_place then
    self:leave()
  end
  me.gone = true
  error(failure, 0)
end

-- A place that is left with the block: `local _ <close> = hold(set)`.
local function hold(set)
  set:enter()
  return set
end
Places.__close = Places.leave

-- ---- a limit ----

local Limit = { __name = "mooncron.limit" }
Limit.__index = Limit

---@param options { per_minute: integer?, burst: integer?, in_flight: integer? } none: no limit of that kind;
---  burst, default a tenth of per_minute, is how many may go at once after a pause
function M.new(options)
  local rate = options.per_minute
  return setmetatable({
    places = options.in_flight and places(options.in_flight),
    bucket = rate and core.net.ratelimit(rate, options.burst or math.max(1, rate // 10), core.loop.mono_ms()),
  }, Limit)
end

-- The results of a call, as they are; one that the quota has refused slows the bucket down.
local function heed(bucket, ...)
  local value, e = ...
  if value == nil and err.is(e) and e.code == "RESOURCE_EXHAUSTED" then
    bucket:refused(retry.clock.mono_ms(), retry.asked_ms(e) or 0)
  end
  return ...
end

---Call `fn(...)` when there is room. A result `nil, err` with RESOURCE_EXHAUSTED slows all further
---calls down for a while. Waits.
---@return any ... the results of fn
function Limit:call(fn, ...)
  local _ <close> = self.places and hold(self.places)
  if not self.bucket then
    return fn(...)
  end
  local clock = retry.clock
  local wait_ms = self.bucket:take(clock.mono_ms())
  if wait_ms > 0 then
    clock.sleep(wait_ms / 1000)
  end
  return heed(self.bucket, fn(...))
end

-- ---- one at a time for each key ----

local Exclusive = { __name = "mooncron.limit.exclusive" }
Exclusive.__index = Exclusive

-- Who has a key's place, or waits for it: the last one takes the key away.
local User = {}

function User:__close()
  local set = self.set
  set.users = set.users - 1
  if set.users == 0 then
    self.keys[self.key] = nil
  end
end

---Changes of one job must not overlap ("sync mutate calls cannot be queued"); those of different
---jobs may: `lock:call(job_name, fn, ...)`.
function M.exclusive()
  return setmetatable({ keys = {} }, Exclusive)
end

---@return any ... the results of fn
function Exclusive:call(key, fn, ...)
  local set = self.keys[key] or places(1)
  self.keys[key], set.users = set, (set.users or 0) + 1
  local _ <close> = setmetatable({ keys = self.keys, key = key, set = set }, User)
  local _ <close> = hold(set)
  return fn(...)
end

return M
