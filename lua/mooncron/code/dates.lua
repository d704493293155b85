---Dates in job files: `at`, `window` and `except`, compiled into the five fields where cron can say the
---same thing exactly, and refused with the reason where it cannot (mooncron.exceptions is what the local
---scheduler makes of those). Nothing here knows what day it is.
---
---Cron has no year. What is bound to one (`at`, `window`) comes back with the span of its life,
---`active`: plan creates the job only once its next run lies in the span, and sync deletes it after.

local civil <const> = require "mooncron.code.civil"
local err <const> = require "mooncron.err"
local exceptions <const> = require "mooncron.exceptions"
local schedule_of <const> = require("mooncron.schedule").new

local M = {}

local day_start <const> = exceptions.day_start

---@class mooncron.code.Active
---@field from_ms integer
---@field to_ms integer inclusive

local FIELD <const> = {}
for _, field in ipairs(civil.fields) do
  FIELD[field.name] = field
end

local function refuse(code, path, message, ...)
  return nil, err.new(code, message:format(...), { path = path })
end

local function invalid(path, message, ...)
  return refuse("INVALID_ARGUMENT", path, message, ...)
end

-- The service holds back no single dates; the local scheduler does.
local function inexpressible(path, value, schedule, why)
  return refuse("UNIMPLEMENTED", path, "'%s' cannot be said of '%s' in cron: %s; Cloud Scheduler holds"
    .. " no single days back: pause the job over them, only the local scheduler can", value, schedule, why)
end

-- The instant of a local minute; nil and why when there is none, or two.
local function instant(zone, local_ms, text)
  local first, second = zone:instants(local_ms)
  if not first then
    return nil, ("'%s' does not exist in %s: the clock is put forward over it"):format(text, zone:name())
  elseif second and second ~= first then
    return nil, ("'%s' comes twice in %s: the clock is put back over it"):format(text, zone:name())
  end
  return first
end

---One run at a local minute: `at("2026-12-24T18:00", zone)`.
---@param text any
---@param time_zone string?
---@return { schedule: string, active: mooncron.code.Active }?
---@return mooncron.Err?
function M.at(text, time_zone)
  local date, hour, minute = tostring(text):match("^(%d%d%d%d%-%d%d%-%d%d)T(%d%d):(%d%d)$")
  local day = date and civil.parse_date(date)
  if not day or tonumber(hour) > 23 or tonumber(minute) > 59 then
    return invalid("at", "at '%s': write the job's own local time like 2026-12-24T18:00", text)
  end
  local cron = ("%d %d %d %d *"):format(tonumber(minute), tonumber(hour), day.day, day.month)
  local schedule, e = schedule_of(cron, time_zone)
  if not schedule then
    return nil, e
  end
  local local_ms = civil.days(day.year, day.month, day.day) * civil.ms_per_day
    + tonumber(hour) * 3600000 + tonumber(minute) * 60000
  local ms, why = instant(schedule:zone(), local_ms, text)
  if not ms then
    return invalid("at", "at %s", why)
  end
  return { schedule = cron, active = { from_ms = ms, to_ms = ms } }
end

local function cron_of(sets, path)
  local words = {}
  for i, field in ipairs(civil.fields) do
    words[i] = civil.compress(sets[field.name], field)
    if not words[i] then
      return invalid(path, "%s leaves no %s on which it could fire", path, field.name)
    end
  end
  return table.concat(words, " ")
end

local function only(set, first, last)
  local out = {}
  for n in pairs(set) do
    out[n] = n >= first and n <= last or nil
  end
  return out
end

-- The months, from one to the other and over the end of the year too, in which it fires in the window.
local function months_of(schedule, from, to, active)
  local out, zone = {}, schedule:zone()
  for i = 0, (to.year - from.year) * 12 + to.month - from.month do
    local month, year = (from.month - 1 + i) % 12 + 1, from.year + (from.month - 1 + i) // 12
    local start = civil.days(year, month, 1)
    local first = math.max(active.from_ms, day_start(zone, start))
    local last = math.min(active.to_ms, day_start(zone, start + civil.month_length(year, month)) - 1)
    out[month] = schedule:count(first - 1, last) > 0 or nil
  end
  return out
end

-- Whether the candidate fires in its months as the schedule does in the window.
local function same_runs(candidate, schedule, zone, from, to, active)
  local first = day_start(zone, civil.days(from.year, from.month, 1)) - 1
  local last = day_start(zone, civil.days(to.year, to.month, civil.month_length(to.year, to.month)) + 1) - 1
  return candidate:count(first, last) == schedule:count(active.from_ms - 1, active.to_ms)
end

local function in_window(schedule, sets, given)
  local window, e = exceptions.read_window(given)
  if not window then
    return nil, e
  end
  local from, to, zone = window.from, window.to, schedule:zone()
  local active = { from_ms = day_start(zone, from.days), to_ms = day_start(zone, to.days + 1) - 1 }
  if (to.year - from.year) * 12 + to.month - from.month > 11 then
    return inexpressible("window", window.text, schedule.text,
      "cron has no year, the window has more than one")
  elseif schedule:count(active.from_ms - 1, active.to_ms) == 0 then
    return invalid("window", "'%s' does not fire within the window %s", schedule.text, window.text)
  end
  local out = {}
  for name, set in pairs(sets) do
    out[name] = set
  end
  out.month = months_of(schedule, from, to, active)
  local one_month = from.year == to.year and from.month == to.month
  if one_month and civil.is_full(sets.weekday, FIELD.weekday) then
    out.day = only(sets.day, from.day, to.day)
  end
  local cron
  cron, e = cron_of(out, "window")
  if not cron then
    return nil, e
  end
  if not same_runs(schedule_of(cron, schedule.time_zone), schedule, zone, from, to, active) then
    return inexpressible("window", window.text, schedule.text, one_month
      and "a day of the month beside a day of the week means either of them"
      or "days hold for all months alike, so let it begin on the first and end on the last day of a month")
  end
  return { sets = out, active = active }
end

-- ---- except ----

local function without(set, n)
  local out = {}
  for key in pairs(set) do
    out[key] = key ~= n or nil
  end
  return out
end

-- A day that comes every year: taken out of the days when there is but its month, or the month goes when
-- it has no other day.
local function except_day(sets, month, day, schedule, text)
  local by_day_only = civil.is_full(sets.weekday, FIELD.weekday)
  if not sets.month[month] or by_day_only and not sets.day[day] then
    return sets
  elseif not by_day_only then
    return inexpressible("except", text, schedule.text,
      "a day of the month beside a day of the week means either")
  end
  local out = { minute = sets.minute, hour = sets.hour, weekday = sets.weekday }
  if next(without(sets.month, month)) == nil then
    out.day, out.month = without(sets.day, day), sets.month
  elseif next(without(sets.day, day)) == nil then
    out.day, out.month = sets.day, without(sets.month, month)
  else
    return inexpressible("except", text, schedule.text, "a day is left out of all of its months or of none")
  end
  return out
end

local function except_one(sets, entry, schedule, active)
  local date, e = exceptions.read_entry(entry)
  if not date then
    return nil, e
  elseif date.weekday and not civil.is_full(sets.day, FIELD.day) then
    return inexpressible("except", entry, schedule.text,
      "a day of the week beside a day of the month means either")
  elseif date.weekday then
    return setmetatable({ weekday = without(sets.weekday, date.weekday) }, { __index = sets })
  elseif not date.day then
    return setmetatable({ month = without(sets.month, date.month) }, { __index = sets })
  elseif not date.year then
    return except_day(sets, date.month, date.day, schedule, entry)
  end
  local days, zone = civil.days(date.year, date.month, date.day), schedule:zone()
  local first, last = day_start(zone, days), day_start(zone, days + 1) - 1
  if schedule:count(first - 1, last) == 0 or active and (last < active.from_ms or first > active.to_ms) then
    return sets -- it does not fire on that day as it is
  elseif active then
    return except_day(sets, date.month, date.day, schedule, entry)
  end
  return inexpressible("except", entry, schedule.text, "cron has no year")
end

---@param spec { schedule: string, time_zone: string?, window: table?, except: any[]? }
---@return { schedule: string, active: mooncron.code.Active? }?
---@return mooncron.Err?
function M.compile(spec)
  local schedule, e = schedule_of(spec.schedule, spec.time_zone)
  if not schedule then
    return nil, e
  end
  local what = spec.window and "window" or "except"
  if schedule:language() ~= "cron" then
    return inexpressible(what, what, spec.schedule, "it wants the five fields of a unix-cron schedule")
  elseif spec.except ~= nil and type(spec.except) ~= "table" then
    return invalid("except", "except must be a list of days")
  end
  local sets, active = civil.expand(schedule:canonical()), nil
  if spec.window then
    local out
    out, e = in_window(schedule, sets, spec.window)
    if not out then
      return nil, e
    end
    sets, active = out.sets, out.active
  end
  for _, entry in ipairs(spec.except or {}) do
    sets, e = except_one(sets, entry, schedule, active)
    if not sets then
      return nil, e
    end
  end
  local cron
  cron, e = cron_of(sets, what)
  if not cron then
    return nil, e
  end
  return { schedule = cron, active = active }
end

---The same, and where cron cannot say it exactly, the schedule as it is and what is to be kept beside it.
---@return { schedule: string, active: mooncron.code.Active?, exceptions: mooncron.Exceptions? }?
---@return mooncron.Err?
function M.compile_or_keep(spec)
  local out, e = M.compile(spec)
  if out or e.code ~= "UNIMPLEMENTED" then
    return out, e
  end
  local kept
  kept, e = exceptions.check { except = spec.except, window = spec.window }
  if not kept then
    return nil, e
  end
  local active
  if kept.window then -- it may be there before: nothing fires before its time
    local zone = schedule_of(spec.schedule, spec.time_zone):zone()
    local window = exceptions.read_window(kept.window)
    active = { from_ms = 0, to_ms = day_start(zone, window.to.days + 1) - 1 }
  end
  return { schedule = spec.schedule, active = active, exceptions = kept }
end

return M
