---What the commands about schedules share: their options, instants from text, occurrences as rows.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"

local M = {}

---Options of every command about one schedule.
M.options = {
  zone = { "--time-zone", value = "ZONE", help = "IANA time zone (default UTC)" },
  from = {
    "--from",
    value = "INSTANT",
    help = "as 2026-03-01T00:00:00Z, or a day of the time zone (default now)",
  },
  anchor = {
    "--anchor",
    value = "INSTANT",
    help = "where plain intervals count from (default --from)",
  },
  json = { "--json", help = "print JSON" },
}

---A zone by its name. Raises what is wrong with it.
---@param name string? default UTC
---@return table zone of the core
function M.zone(name)
  local zone, e = core.time.zone(name or "UTC")
  if not zone then
    error(err.new("INVALID_ARGUMENT", "--time-zone: " .. e.message), 0)
  end
  return zone
end

local MS_PER_DAY <const> = 86400000

-- When a day begins: at midnight, or where the clock is set past it, then.
local function beginning_of(day, zone)
  local local_ms, e = core.time.parse_instant(day .. "T00:00:00Z")
  if not local_ms then
    return nil, e
  end
  return zone:instants(local_ms) or local_ms - zone:offset(local_ms - MS_PER_DAY) * 1000
end

---Whether an option names a day instead of an instant.
---@param text string?
---@return boolean
function M.is_day(text)
  return text ~= nil and text:find("^%d+%-%d+%-%d+$") ~= nil
end

---An instant of an option, `default` when it is not there. Raises what is wrong with it.
---@param text string? RFC 3339, or a day as 2026-03-01
---@param default integer
---@param flag string
---@param zone string? whose days are meant, default UTC
---@return integer ms
function M.instant(text, default, flag, zone)
  if not text then
    return default
  end
  local ms, e
  if M.is_day(text) then
    ms, e = beginning_of(text, M.zone(zone))
  else
    ms, e = core.time.parse_instant(text)
  end
  if not ms then
    local message = ("%s '%s': write it like 2026-03-01T00:00:00Z or 2026-03-01"):format(flag, text)
    error(err.new("INVALID_ARGUMENT", message, { cause = e }), 0)
  end
  return ms
end

---After which instant a command's runs are, and where its plain intervals count from: an instant of --from
---is before the first run, a day of --from begins with it.
---@param options table `from`, `anchor`, `time_zone`
---@return integer after_ms
---@return integer anchor_ms
function M.beginning(options)
  local from_ms = M.instant(options.from, core.loop.wall_ms(), "--from", options.time_zone)
  local anchor_ms = M.instant(options.anchor, from_ms, "--anchor", options.time_zone)
  return M.is_day(options.from) and from_ms - 1 or from_ms, anchor_ms
end

---Parse, or raise the one line that says what is wrong and, on a terminal, where.
function M.parse(text, zone)
  local schedule, e = core.time.schedule(text, zone or "UTC")
  if not schedule then
    error(err.new(e.code, M.problem_line(text, e)), 0)
  end
  return schedule
end

---`schedule '61 * * * *': minute 61 is not in 0-59`; errors about the zone name it themselves.
---@return string
function M.problem_line(text, e)
  if e.path == "time_zone" then
    return e.message
  end
  return ("schedule '%s': %s"):format(text, e.message)
end

---The schedule with a mark under the byte at fault: two lines for a terminal.
---@return string?
function M.pointer(text, e)
  if not e.pos or text:find("[%c\128-\255]") then
    return nil
  end
  return ("  %s\n  %s^"):format(text, (" "):rep(e.pos))
end

local WEEKDAYS <const> = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }

---An occurrence as data: `local_time` with its offset, `zone` abbreviation, `utc`, `weekday`.
---@param zone table of the core
---@param ms integer
---@return table
function M.occurrence(zone, ms)
  local offset, abbreviation = zone:offset(ms)
  local day = (ms + offset * 1000) // MS_PER_DAY
  return {
    weekday = WEEKDAYS[(day + 4) % 7 + 1], -- day 0, 1970-01-01, was a Thursday
    local_time = zone:format(ms),
    zone = abbreviation,
    utc = core.time.format(ms),
  }
end

---The next `n` occurrences after an instant.
---@return table[]
function M.occurrences(schedule, from_ms, anchor_ms, n)
  local rows, zone = {}, schedule:zone()
  for ms in schedule:iter(from_ms, anchor_ms) do
    if #rows == n then
      break
    end
    rows[#rows + 1] = M.occurrence(zone, ms)
  end
  return rows
end

return M
