---Durations. A duration is an integer count of nanoseconds here; in jobs it is the text that the
---API has (`180s`).

local err <const> = require "mooncron.err"

local M = {}

local SECOND <const> = 1000000000
-- google/protobuf/duration.proto: about 10,000 years. It does not fit 63 bits of nanoseconds; 292
-- years do.
local MAX_SECONDS <const> = 9223372036 - 1

M.second = SECOND

---Nanoseconds of each unit that people may write.
M.units = {
  ns = 1,
  us = 1000,
  ms = 1000000,
  s = SECOND,
  m = 60 * SECOND,
  h = 3600 * SECOND,
  d = 86400 * SECOND,
}

-- ("1", ".5", unit) -> nanoseconds, or nil when that is too long or too fine.
local function scale(whole, fraction, unit)
  local count = math.tointeger(tonumber(whole))
  if not count or count > MAX_SECONDS * SECOND // unit or #fraction > 10 then
    return nil
  end
  local digits = fraction:sub(2)
  if digits == "" then
    return count * unit
  end
  return count * unit + math.tointeger(tonumber(digits)) * unit // math.tointeger(10 ^ #digits)
end

---Read the API's form alone: `180s`, `1.500s`, `-3s`.
---@param text any
---@return integer? nanoseconds
function M.parse_json(text)
  if type(text) ~= "string" then
    return nil
  end
  local sign, whole, fraction = text:match("^(%-?)(%d+)(%.?%d*)s$")
  if not whole or fraction == "." or #whole > 12 then
    return nil
  end
  local n = scale(whole, fraction, SECOND)
  return n and (sign == "-" and -n or n)
end

local function fail(value, why)
  return nil, err.new(
    "INVALID_ARGUMENT", ("'%s' is not a duration: %s"):format(tostring(value), why)
  )
end

local function parse_text(text)
  local rest, sum, last = text:gsub("%s+", ""), 0, math.huge
  local negative = rest:sub(1, 1) == "-"
  rest = negative and rest:sub(2) or rest
  if rest == "" then
    return fail(text, "write 90s, 1.5s, 15m or 1h30m")
  end
  while rest ~= "" do
    local whole, fraction, name, tail = rest:match("^(%d+)(%.?%d*)(%a+)(.*)$")
    local unit = M.units[name]
    if not whole or fraction == "." then
      return fail(text, "write 90s, 1.5s, 15m or 1h30m")
    elseif not unit then
      return fail(text, ("unit '%s' is not one of d, h, m, s, ms, us, ns"):format(name))
    elseif unit >= last then
      return fail(text, ("'%s' must come before the smaller units, and once"):format(name))
    end
    local n = #whole <= 18 and scale(whole, fraction, unit)
    if not n or sum + n > MAX_SECONDS * SECOND then
      return fail(text, "too long or too fine")
    end
    sum, last, rest = sum + n, unit, tail
  end
  return negative and -sum or sum
end

---Read what a person may write: `90s`, `1.500s`, `1h30m`, or a number of seconds.
---@param value string|number
---@return integer? nanoseconds
---@return mooncron.Err? err
function M.parse(value)
  if type(value) == "string" then
    return parse_text(value)
  elseif type(value) ~= "number" then
    return fail(value, "write a number of seconds, or text such as 90s")
  elseif value ~= value or value > MAX_SECONDS or value < -MAX_SECONDS then
    return fail(value, "too long")
  end
  return math.tointeger(value) and math.tointeger(value) * SECOND or (value * SECOND + 0.5) // 1 | 0
end

---The API's form: no fraction, or 3, 6 or 9 digits of it.
---@param nanoseconds integer
---@return string
function M.format(nanoseconds)
  local sign = nanoseconds < 0 and "-" or ""
  local n = math.abs(nanoseconds)
  local seconds, rest = n // SECOND, n % SECOND
  if rest == 0 then
    return ("%s%ds"):format(sign, seconds)
  elseif rest % 1000000 == 0 then
    return ("%s%d.%03ds"):format(sign, seconds, rest // 1000000)
  elseif rest % 1000 == 0 then
    return ("%s%d.%06ds"):format(sign, seconds, rest // 1000)
  end
  return ("%s%d.%09ds"):format(sign, seconds, rest)
end

---Milliseconds, rounded down, of a duration as jobs hold it; `nil` of `nil`.
---@param text string?
---@return integer?
function M.to_ms(text)
  local n = M.parse_json(text)
  return n and n // 1000000
end

return M
