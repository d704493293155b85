---Schedules for people: instants may be ms since the epoch or RFC 3339 texts such as `2026-11-25T09:00:00Z`.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"

local time <const> = core.time

local M = {}

---An instant in ms; raises in the caller's caller, as a wrong instant is a bug of the script.
local function to_ms(value, what, level)
  if math.type(value) == "integer" then
    return value
  elseif type(value) == "string" then
    local ms, e = time.parse_instant(value)
    if not ms then
      error(("%s '%s': %s"):format(what, value, e.message), level + 1)
    end
    return ms
  end
  error(("%s must be integer ms or an RFC 3339 text, not %s"):format(what, type(value)), level + 1)
end

local function optional_ms(value, what, level)
  return value ~= nil and to_ms(value, what, level + 1) or nil
end

---@class mooncron.Schedule
---@field text string as given
---@field time_zone string as given, `Etc/UTC` when none was
---@field core core.time.Schedule
local Schedule = {}
local metatable <const> = { __index = Schedule, __name = "mooncron.Schedule" }

---Parse a unix-cron or App Engine schedule in an IANA zone (default `Etc/UTC`).
---@param text string
---@param time_zone string?
---@param options { once: boolean? }?
---@return mooncron.Schedule?
---@return mooncron.Err? err `path` is `schedule` or `time_zone`, `pos` the byte at fault
function M.new(text, time_zone, options)
  time_zone = time_zone or "Etc/UTC"
  local handle, e = time.schedule(text, time_zone, options)
  if not handle then
    local what = e.path == "schedule" and ("schedule '%s': "):format(text) or ""
    return nil, err.new(e.code, what .. e.message, { path = e.path, pos = e.pos })
  end
  return setmetatable({ text = text, time_zone = time_zone, core = handle }, metatable)
end

---The first occurrence strictly after `from`; nil when there is none before the year 10000.
---@param from integer|string
---@param anchor integer|string|nil where a plain interval counts from; default `from`
---@return integer? ms
function Schedule:next(from, anchor)
  return self.core:next(to_ms(from, "from", 2), optional_ms(anchor, "anchor", 2))
end

---The last occurrence strictly before `from`.
---@param from integer|string
---@param anchor integer|string|nil plain intervals need it
---@return integer? ms
function Schedule:prev(from, anchor)
  return self.core:prev(to_ms(from, "from", 2), optional_ms(anchor, "anchor", 2))
end

---Whether it fires in the minute of `at`.
---@param at integer|string
---@param anchor integer|string|nil plain intervals need it
---@return boolean
function Schedule:matches(at, anchor)
  return self.core:matches(to_ms(at, "at", 2), optional_ms(anchor, "anchor", 2))
end

---How many occurrences lie in (from, to].
---@param from integer|string
---@param to integer|string
---@param anchor integer|string|nil
---@return integer
function Schedule:count(from, to, anchor)
  return self.core:count(to_ms(from, "from", 2), to_ms(to, "to", 2), optional_ms(anchor, "anchor", 2))
end

---At most `limit` occurrences in (from, to].
---@param from integer|string
---@param to integer|string
---@param limit integer 1 to 1000000
---@param anchor integer|string|nil
---@return integer[] ms
function Schedule:between(from, to, limit, anchor)
  return self.core:between(to_ms(from, "from", 2), to_ms(to, "to", 2), limit,
    optional_ms(anchor, "anchor", 2))
end

---`for ms in schedule:iter(from) do`
---@param from integer|string
---@param anchor integer|string|nil
---@return fun(): integer?
function Schedule:iter(from, anchor)
  return self.core:iter(to_ms(from, "from", 2), optional_ms(anchor, "anchor", 2))
end

---What is allowed but often not meant, with the changes of the clock in (from, to].
---@param from integer|string
---@param to integer|string
---@return { kind: string, at: integer?, message: string }[]
function Schedule:warnings(from, to)
  return self.core:warnings(to_ms(from, "from", 2), to_ms(to, "to", 2))
end

---An instant on the schedule's own clock, RFC 3339 with its offset.
---@param at integer|string
---@param digits integer? of the second's fraction, 0 to 3
---@return string
function Schedule:format(at, digits)
  return self.core:zone():format(to_ms(at, "at", 2), digits)
end

for _, name in ipairs { "canonical", "describe", "kind", "language", "is_anchored", "zone" } do
  Schedule[name] = function(self)
    return self.core[name](self.core)
  end
end

function metatable:__tostring()
  return ("%s (%s)"):format(self.text, self.time_zone)
end

---The occurrences of many schedules in (from, to], in time order:
---`for ms, index in schedule.merge({ { schedule = s, anchor = ms }, ... }, from, to) do`
---@param rows { schedule: mooncron.Schedule, anchor: integer|string|nil }[]
---@param from integer|string
---@param to integer|string
---@return fun(): integer?, integer?
function M.merge(rows, from, to)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { schedule = row.schedule.core, anchor = optional_ms(row.anchor, "anchor", 2) }
  end
  return time.merge(list, to_ms(from, "from", 2), to_ms(to, "to", 2))
end

M.format = time.format
M.parse_instant = time.parse_instant

return M
