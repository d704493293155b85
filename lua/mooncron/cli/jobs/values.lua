---The text of a flag as the value of a field, as gcloud reads it.

local duration <const> = require "mooncron.duration"

local M = {}

local DICT_HINT <const> = "write K=V,..., or ^;^K=V;... when a comma is in the way"

-- ---- lists: `a,b`, or `^;^a;b` with another delimiter ----

local function split(text, delimiter)
  if text == "" then
    return {}
  end
  if text:sub(-#delimiter) ~= delimiter then
    text = text .. delimiter
  end
  local items, at = {}, 1
  for first, last in function() return text:find(delimiter, at, true) end do
    items[#items + 1] = text:sub(at, first - 1)
    at = last + 1
  end
  return items
end

---@param text string
---@return string[]? items
---@return string? problem
function M.list(text)
  if text:sub(1, 1) ~= "^" then
    return split(text, ",")
  end
  local delimiter, rest = text:match("^%^([^^]+)%^(.*)$")
  if not delimiter then
    return nil, ("Invalid delimiter in [%s]: %s"):format(text, DICT_HINT)
  end
  return split(rest, delimiter)
end

---@param text string
---@return table<string, string>? map
---@return string? problem
function M.map(text)
  local items, problem = M.list(text)
  if not items then
    return nil, problem
  end
  local map = {}
  for _, item in ipairs(items) do
    local key, value = item:match("^([^=]+)=(.*)$")
    if not key then
      return nil, ("Bad syntax for dict arg: [%s]: %s"):format(item, DICT_HINT)
    end
    map[key] = value
  end
  return map
end

-- ---- durations: 90s, 1m30s, 1.5h, PT1H30M ----

local UNITS <const> = {
  W = 7 * 86400, D = 86400, H = 3600, M = 60, S = 1, MS = 1e-3, US = 1e-6, NS = 1e-9,
}

local function nanoseconds(amount, unit)
  return math.tointeger(amount) and unit >= 1 and math.tointeger(amount) * unit * duration.second
    or math.tointeger((amount * unit * duration.second + 0.5) // 1)
end

---@param text string
---@return string? duration as jobs hold it
---@return string? problem
function M.duration(text)
  local bad = ("'%s' is not a duration: write 90s, 1m30s or PT1H30M"):format(text)
  local sign, rest = text:upper():match("^([+-]?)(.*)$")
  local is_iso = rest:sub(1, 1) == "P"
  local in_time, sum = not is_iso, 0
  rest = is_iso and rest:sub(2) or rest
  if rest == "" or (rest == "0" and not is_iso) then
    return nil, bad
  end
  rest = is_iso and rest:gsub("^0$", "0S") or rest
  while rest ~= "" do
    if is_iso and not in_time and rest:sub(1, 1) == "T" then
      in_time, rest = true, rest:sub(2)
    end
    local amount, unit, tail = rest:match("^(%d+[.,]?%d*)(%a%a?)(.*)$")
    if unit and not UNITS[unit] then
      amount, unit, tail = rest:match("^(%d+[.,]?%d*)(%a)(.*)$")
    end
    local number = amount and #amount < 16 and tonumber((amount:gsub(",", ".")))
    if not number or not UNITS[unit] then
      return nil, bad
    elseif unit == "M" and not in_time then
      return nil, ("'%s': months have no length here, write PT...M for minutes"):format(text)
    end
    local n = number * UNITS[unit] < 9e9 and nanoseconds(number, UNITS[unit])
    sum, rest = n and sum + n or nil, tail
    if not sum or sum < 0 then
      return nil, ("'%s' is too long a duration"):format(text)
    end
  end
  return duration.format(sign == "-" and -sum or sum)
end

-- ---- single values ----

---@return integer?
---@return string? problem
function M.integer(text)
  local n = text:find("^[+-]?%d+$") and math.tointeger(tonumber(text))
  if not n then
    return nil, ("invalid int value: '%s'"):format(text)
  end
  return n
end

---@return string?
---@return string? problem
function M.uri(text)
  if not text:find("^https?:?//.*") then
    return nil, ("Bad value [%s]: Must be a valid HTTP or HTTPS URL."):format(text)
  end
  return text
end

---@return string?
---@return string? problem
function M.path(text)
  if text:sub(1, 1) ~= "/" then
    return nil, ("Bad value [%s]: Must begin with [/]."):format(text)
  end
  return text
end

---One of `flag.choices`, in any case; the API's word.
---@return string?
---@return string? problem
function M.choice(text, flag)
  for _, choice in ipairs(flag.choices) do
    if choice == text:lower() then
      return choice:upper()
    end
  end
  local sorted = table.move(flag.choices, 1, #flag.choices, 1, {})
  table.sort(sorted)
  return nil, ("Invalid choice: '%s'. Valid choices are [%s]."):format(text, table.concat(sorted, ", "))
end

---@return string
function M.topic(text, _, context)
  return text:find("/", 1, true) and text or ("projects/%s/topics/%s"):format(context.project, text)
end

---@return string?
---@return string? problem
function M.file(path, _, context)
  local text, why = context.read_file(path)
  if not text then
    return nil, ("Unable to read file [%s]: %s"):format(path, why)
  end
  return text
end

---@class mooncron.cli.jobs.World what the reading of flags may ask for
---@field project string
---@field read_file fun(path: string): string?, string?

---Read a flag's text.
---@param flag mooncron.cli.Flag
---@param text string
---@param context mooncron.cli.jobs.World
---@return any value
---@return string? problem one line
function M.read(flag, text, context)
  local value, problem = (M[flag.kind] or function() return text end)(text, flag, context)
  if problem then
    return nil, ("argument %s: %s"):format(flag[1], problem)
  end
  return value
end

return M
