---The scheduler's one source of "now". It flows with the system's clock, moved by an offset; while
---it is held, it stands still and moves only by `set`: so a simulation steps from one due instant
---to the next.

local M = {}

---@class mooncron.scheduler.Clock
local Clock = { __name = "mooncron.scheduler.Clock" }
Clock.__index = Clock

---@param wall_ms fun(): integer milliseconds since the epoch, UTC
---@return mooncron.scheduler.Clock
function M.new(wall_ms)
  return setmetatable({ wall_ms = wall_ms, offset_ms = 0 }, Clock)
end

---@return integer ms since the epoch, UTC
function Clock:now_ms()
  return self.held_ms or self.wall_ms() + self.offset_ms
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
end

---Flow on from the held instant.
function Clock:release()
  self.offset_ms = self.held_ms - self.wall_ms()
  self.held_ms = nil
end

---Whether it ever left the system's time.
function Clock:is_moved()
  return self.held_ms ~= nil or self.offset_ms ~= 0
end

return M
