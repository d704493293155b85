---Functions of projections on instants and durations.

local duration <const> = require "mooncron.duration"
local text_of <const> = require("mooncron.text").scalar

local M = {}

-- An instant in milliseconds: seconds since 1970 by their number, or RFC 3339.
local function ms_of(value, unit)
  local number = tonumber(value)
  if number then
    return (number / (tonumber(unit) or 1) * 1000 + 0.5) // 1 | 0
  end
  return type(value) == "string" and require("mooncron.core").time.parse_instant(value) or nil
end

-- The zone as +0530, +05:30, or Z where it is UTC.
local function offset_text(seconds, colon, utc)
  local minutes = math.abs(seconds) // 60
  return seconds == 0 and utc or ("%s%02d%s%02d"):format(seconds < 0 and "-" or "+", minutes // 60, colon,
    minutes % 60)
end

-- What strftime does not know here: the zone, and fractions of a second in so many digits.
local function fill_in(format, ms, seconds, abbreviation)
  local special <const> = {
    ["%%"] = "%",
    ["%Ez"] = offset_text(seconds, ":", "Z"),
    ["%f"] = ("%03d000"):format(ms % 1000),
    ["%Oz"] = offset_text(seconds, ":"),
    ["%Z"] = abbreviation,
    ["%z"] = offset_text(seconds, ""),
  }
  return (format:gsub("%%([OE1-6]?)([%a%%])", function(modifier, letter)
    local digits = tonumber(modifier)
    if digits and letter == "f" then
      return special["%f"]:sub(1, digits)
    end
    local text = special["%" .. modifier .. letter]
    return text and text:gsub("%%", "%%%%")
  end))
end

local function format_date(value, a)
  local core = require "mooncron.core"
  local ms = ms_of(value, a.unit)
  if not ms then
    return a.undefined or ""
  end
  local zone, e = core.time.zone(a.tz or "UTC")
  if not zone then
    error(e, 0)
  end
  local seconds, abbreviation = zone:offset(ms)
  local format = fill_in(a.format or "%Y-%m-%dT%H:%M:%S", ms, seconds, abbreviation)
  local ok, result = pcall(os.date, "!" .. format, ms // 1000 + seconds)
  return ok and result or a.undefined or ""
end

-- ---- durations ----

local DAYS_OF_A_YEAR <const> = 365.2422

-- Whole years, no months, days, hours and minutes, and seconds; years only once 366 days are over, as gcloud
-- counts.
local function parts_of(seconds)
  local days, rest = seconds // 86400, seconds % 86400
  local years = 0
  if days >= 366 then
    days, years = days - 366, 1
    local more = days // DAYS_OF_A_YEAR
    days, years = days - (more * DAYS_OF_A_YEAR) // 1, years + more
  end
  return { years, 0, days, rest // 3600, rest % 3600 // 60, rest % 60 }
end

local UNITS <const> = {
  { "Y", DAYS_OF_A_YEAR * 86400 }, { "M", 0 }, { "D", 86400 }, { "H", 3600 }, { "M", 60 }, { "S", 1 },
}

-- The largest `most` parts in ISO 8601, the last of them rounded.
local function iso(seconds, most, precision)
  local out, count, left = { seconds < 0 and "-P" or "P" }, 0, math.abs(seconds)
  for i, value in ipairs(parts_of(left)) do
    local letter, size = UNITS[i][1], UNITS[i][2]
    if letter == "H" then
      out[#out + 1] = "T"
    end
    if count < most and value > 0 then
      local is_last = letter ~= "S" and count == most - 1
      left = left - value * size
      local text = ("%.*f"):gsub("%*", letter == "S" and precision or 0)
        :format(is_last and value + left / size or value)
      out[#out + 1] = (text:find(".", 1, true) and text:gsub("%.?0+$", "") or text) .. letter
    end
    count = count + ((count > 0 or value > 0) and 1 or 0)
  end
  if out[#out] == "T" then
    out[#out] = nil
  end
  return #out == 1 and out[1] .. "0" or table.concat(out)
end

local function seconds_of(value, unit)
  local number = tonumber(value)
  if number then
    return number / (tonumber(unit) or 1)
  end
  local text = require("mooncron.cli.jobs.values").duration(text_of(value))
  local nanoseconds = text and duration.parse_json(text)
  return nanoseconds and nanoseconds / duration.second
end

-- From one instant to another or to now.
local function span(from, to)
  local first = type(from) == "string" and ms_of(from)
  return first and ((ms_of(to) or require("mooncron.core").loop.wall_ms()) - first) / 1000
end

local function format_duration(value, a, record, parse)
  local seconds
  if a.start then
    local of = value == nil and record or value
    seconds = span(parse(a.start).get(of), a["end"] and parse(a["end"]).get(of))
  else
    seconds = seconds_of(value, a.unit) or span(value)
  end
  local most = math.tointeger(tonumber(a.parts or 3)) or 3
  return seconds and iso(seconds, most > 0 and most or 7, math.tointeger(tonumber(a.precision or 3)) or 3)
    or a.undefined or ""
end

M.date = { "format", "unit", "undefined", "tz", fn = format_date }
M.duration = { "start", "end", "parts", "precision", "calendar", "unit", "undefined", fn = format_duration }

M.iso = {
  "undefined",
  fn = function(value, a)
    return format_date(value, { format = "%Y-%m-%dT%H:%M:%S.%3f%Oz", undefined = a.undefined or "T" })
  end,
}

return M
