---Days on which a job of the local scheduler does not fire, beside its schedule: `except` a list of days,
---and a `window` outside of which nothing fires. Days are those of the job's own zone. Pure.

local civil <const> = require "mooncron.code.civil"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

---@class mooncron.Exceptions
---@field except string[]? "2026-12-25", "12-25" of each year, "AUG" or "SUN"; sorted, each once
---@field window { from: string, to: string }? days, both inclusive

local WEEKDAYS <const> = { SUN = 0, MON = 1, TUE = 2, WED = 3, THU = 4, FRI = 5, SAT = 6 }
local MONTHS <const> = { JAN = 1, FEB = 2, MAR = 3, APR = 4, MAY = 5, JUN = 6, JUL = 7, AUG = 8, SEP = 9,
  OCT = 10, NOV = 11, DEC = 12 }
local MAX_ENTRIES <const> = 1000

-- Excluded days with a run on them that are passed over in a row: after that many, it is never.
local MAX_SKIPPED <const> = 4000

local function invalid(path, message, ...)
  return nil, err.new("INVALID_ARGUMENT", message:format(...), { path = path })
end

---What an entry of `except` names.
---@param entry any
---@return { weekday: integer?, year: integer?, month: integer?, day: integer? }?
---@return mooncron.Err?
function M.read_entry(entry)
  local text = tostring(entry)
  local word = text:upper()
  local month, day = text:match("^(%d%d)%-(%d%d)$")
  if MONTHS[word] then
    return { month = MONTHS[word] }
  elseif WEEKDAYS[word] then
    return { weekday = WEEKDAYS[word] }
  elseif month and civil.parse_date(("2024-%s-%s"):format(month, day)) then
    return { month = tonumber(month), day = tonumber(day) }
  end
  local date = civil.parse_date(entry)
  if not date then
    return invalid("except", "except '%s': write a day (2026-12-25), a day of each year (12-25), a month"
      .. " (AUG) or a weekday (SUN)", text)
  end
  return date
end

---@param window any
---@return { from: table, to: table, text: string }? days of the calendar, with `days` since 1970
---@return mooncron.Err?
function M.read_window(window)
  if type(window) ~= "table" then
    return invalid("window", "window must be { from = \"YYYY-MM-DD\", to = \"YYYY-MM-DD\" }")
  end
  local from, to = civil.parse_date(window.from), civil.parse_date(window.to)
  if not from or not to then
    local bad = from and window.to or window.from
    return invalid("window", "window '%s': write days that exist, like 2026-12-01", tostring(bad))
  end
  for key in pairs(window) do
    if key ~= "from" and key ~= "to" then
      return invalid("window", "window has no '%s', only from and to", tostring(key))
    end
  end
  from.days, to.days = civil.days(from.year, from.month, from.day), civil.days(to.year, to.month, to.day)
  if from.days > to.days then
    return invalid("window", "window ends on %s, before it begins", window.to)
  end
  return { from = from, to = to, text = window.from .. ".." .. window.to }
end

local function read_except(list)
  if type(list) ~= "table" or #list > MAX_ENTRIES then
    return invalid("except", "except must be a list of days, at most %d", MAX_ENTRIES)
  end
  local out, seen = {}, {}
  for _, entry in ipairs(list) do
    local day, e = M.read_entry(entry)
    local word = tostring(entry):upper()
    if not day then
      return nil, e
    elseif not seen[word] then
      seen[word] = true
      out[#out + 1] = word
    end
  end
  table.sort(out)
  return out[1] and out
end

---Exceptions in their one spelling; an empty table of none.
---@param given any
---@return mooncron.Exceptions?
---@return mooncron.Err?
function M.check(given)
  given = given or {}
  if type(given) ~= "table" then
    return invalid("exceptions", "exceptions must be { except = { ... }, window = { from =, to = } }")
  end
  for key in pairs(given) do
    if key ~= "except" and key ~= "window" then
      return invalid("exceptions", "exceptions have no '%s', only except and window", tostring(key))
    end
  end
  local out, e = {}, nil
  if given.except then
    out.except, e = read_except(given.except)
  end
  if given.window and not e then
    local window
    window, e = M.read_window(given.window)
    out.window = window and { from = given.window.from, to = given.window.to }
  end
  if e then
    return nil, e
  end
  return out
end

---As text for storing and comparing; nil of none.
---@param spec mooncron.Exceptions? checked
---@return string?
function M.encode(spec)
  return spec and next(spec) and assert(json.canonical(spec)) or nil
end

---@param text string
---@return mooncron.Exceptions
function M.decode(text)
  return assert(json.decode(text))
end

---The two members as people read them.
---@param spec mooncron.Exceptions?
---@return string? except
---@return string? window
function M.words(spec)
  local except, window = spec and spec.except, spec and spec.window
  return except and table.concat(except, ", "), window and window.from .. ".." .. window.to
end

-- ---- schedules with exceptions ----

-- The first instant of a local day; where midnight is skipped, the end of the gap.
local function day_start(zone, days)
  local midnight = days * civil.ms_per_day
  for quarter = 0, 12 do
    local ms = zone:instants(midnight + quarter * 900000)
    if ms then
      return ms
    end
  end
  return midnight
end
M.day_start = day_start

---@class mooncron.exceptions.Schedule
local Schedule = {}
Schedule.__index = Schedule

---A schedule that leaves out what is excepted.
---@param schedule table of the core or of mooncron.schedule
---@param spec mooncron.Exceptions? checked
---@return table schedule the same one when there is nothing to leave out
function M.over(schedule, spec)
  if not spec or not next(spec) then
    return schedule
  end
  local self = { schedule = schedule, zone = schedule:zone(), weekdays = {}, months = {}, dates = {} }
  for _, entry in ipairs(spec.except or {}) do
    local day = assert(M.read_entry(entry))
    if day.weekday then
      self.weekdays[day.weekday] = true
    elseif not day.day then
      self.months[("%02d"):format(day.month)] = true
    else
      self.dates[entry] = true
    end
  end
  local window = spec.window and assert(M.read_window(spec.window))
  if window then
    self.first_ms = day_start(self.zone, window.from.days)
    self.end_ms = day_start(self.zone, window.to.days + 1)
  end
  return setmetatable(self, Schedule)
end

-- The local day of an instant when it is excepted, else nil.
local function excepted_day(self, ms)
  local date = self.zone:format(ms):sub(1, 10)
  local days = (ms + self.zone:offset(ms) * 1000) // civil.ms_per_day
  if self.dates[date] or self.dates[date:sub(6)] or self.months[date:sub(6, 7)]
    or self.weekdays[(days + 4) % 7]
  then
    return days
  end
end

---Whether a run at this instant is left in.
---@return boolean
function Schedule:allows(ms)
  return not excepted_day(self, ms)
    and (not self.first_ms or ms >= self.first_ms and ms < self.end_ms)
end

---The first run strictly after `from_ms`, as of the schedule; nil when there is none.
---@return integer?
function Schedule:next(from_ms, anchor_ms)
  anchor_ms = anchor_ms or from_ms
  from_ms = math.max(from_ms, self.first_ms and self.first_ms - 1 or from_ms)
  for _ = 0, MAX_SKIPPED do
    local ms = self.schedule:next(from_ms, anchor_ms)
    local days = ms and excepted_day(self, ms)
    if not ms or self.end_ms and ms >= self.end_ms then
      return nil
    elseif not days then
      return ms
    end
    from_ms = math.max(ms, day_start(self.zone, days + 1) - 1)
  end
end

---The last run strictly before `from_ms`, as of the schedule; nil when there is none.
---@return integer?
function Schedule:prev(from_ms, anchor_ms)
  from_ms = math.min(from_ms, self.end_ms or from_ms)
  for _ = 0, MAX_SKIPPED do
    local ms = self.schedule:prev(from_ms, anchor_ms)
    local days = ms and excepted_day(self, ms)
    if not ms or self.first_ms and ms < self.first_ms then
      return nil
    elseif not days then
      return ms
    end
    from_ms = math.min(ms, day_start(self.zone, days))
  end
end

return M
