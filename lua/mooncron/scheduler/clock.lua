---The scheduler's one source of "now". It flows with the system's clock, moved by an offset; while
---it is held, it stands still and moves only by `set`: so a simulation steps from one due instant
---to the next. A virtual clock is held for ever.

local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.scheduler.Clock
---@field on_sleep fun()? told when somebody begins to wait for a held clock to move
local Clock = { __name = "mooncron.scheduler.Clock" }
Clock.__index = Clock

---@param wall_ms fun(): integer milliseconds since the epoch, UTC
---@param is_virtual boolean? it stands still from the beginning, and is never released
---@return mooncron.scheduler.Clock
function M.new(wall_ms, is_virtual)
  return setmetatable({
    wall_ms = wall_ms,
    offset_ms = 0,
    is_virtual = is_virtual or false,
    held_ms = is_virtual and wall_ms() or nil,
    sleepers = {}, -- set of { at_ms, moved = event }
    sleeper_count = 0,
  }, Clock)
end

---@return integer ms since the epoch, UTC
function Clock:now_ms()
  return self.held_ms or self.wall_ms() + self.offset_ms
end

-- Those whose instant has come; without one, all look at the clock again.
local function wake_sleepers(self, until_ms)
  for sleeper in pairs(self.sleepers) do
    if not until_ms or sleeper.at_ms <= until_ms then
      sleeper.moved:set()
    end
  end
end

---Stand still at the present instant.
function Clock:hold()
  self.held_ms = self:now_ms()
end

---Move a held clock.
---@param ms integer
function Clock:set(ms)
  assert(self.held_ms, "the clock is not held")
  self.held_ms = ms
  wake_sleepers(self, ms)
end

---Flow on from the held instant; a virtual clock does not.
function Clock:release()
  if not self.is_virtual then
    self.offset_ms = self.held_ms - self.wall_ms()
    self.held_ms = nil
    wake_sleepers(self)
  end
end

---Whether it ever left the system's time.
function Clock:is_moved()
  return self.held_ms ~= nil or self.offset_ms ~= 0
end

-- ---- waiting for time to pass ----

---Wait until the clock has come to an instant, whether it flows there or is set.
---@param at_ms integer
function Clock:sleep_until(at_ms)
  local sleeper = { at_ms = at_ms, moved = task.event() }
  local awake <close> = setmetatable({}, {
    __close = function()
      self.sleepers[sleeper] = nil
      self.sleeper_count = self.sleeper_count - 1
    end,
  })
  self.sleepers[sleeper] = awake
  self.sleeper_count = self.sleeper_count + 1
  while self:now_ms() < at_ms do
    sleeper.moved:clear()
    if not self.held_ms then
      task.with_timeout((at_ms - self:now_ms()) / 1000, sleeper.moved.wait)
    else
      if self.on_sleep then
        self.on_sleep()
      end
      sleeper.moved.wait()
    end
  end
end

---How many wait for a clock that stands still: nothing but `set` helps them on.
---@return integer
function Clock:asleep()
  local count = 0
  if self.held_ms then
    for sleeper in pairs(self.sleepers) do
      count = count + (sleeper.at_ms > self.held_ms and 1 or 0)
    end
  end
  return count
end

---The next instant that somebody waits for.
---@return integer?
function Clock:next_wake_ms()
  local next_ms
  for sleeper in pairs(self.sleepers) do
    next_ms = math.min(next_ms or sleeper.at_ms, sleeper.at_ms)
  end
  return next_ms
end

return M
