---What the commands about schedules share: their options, instants from text, occurrences as rows.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"

local M = {}

---Options of every command about one schedule.
M.options = {
  zone = { "--time-zone", value = "ZONE", help = "IANA time zone (default UTC)" },
  from = { "--from", value = "INSTANT", help = "RFC 3339, as 2026-03-01T00:00:00Z (default now)" },
  anchor = {
    "--anchor",
    value = "INSTANT",
    help = "where plain intervals count from (default --from)",
  },
  json = { "--json", help = "print JSON" },
}

---An instant of an option, `default` when it is not there. Raises what is wrong with it.
---@param text string?
---@param default integer
---@return integer ms
function M.instant(text, default, flag)
  if not text then
    return default
  end
  local ms, e = core.time.parse_instant(text)
  if not ms then
    local message = ("%s '%s': write it like 2026-03-01T00:00:00Z"):format(flag, text)
    error(err.new("INVALID_ARGUMENT", message, { cause = e }), 0)
  end
  return ms
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
local MS_PER_DAY <const> = 86400000

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
