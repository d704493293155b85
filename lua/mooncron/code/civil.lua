---Days of the calendar as numbers, and the fields of a unix-cron schedule as sets. Pure arithmetic.

local M = {}

M.ms_per_day = 86400000

---Days since 1970-01-01.
---@return integer
function M.days(year, month, day)
  local y = month <= 2 and year - 1 or year
  local era, m = y // 400, (month + 9) % 12
  local of_era = y - era * 400
  local of_year = (153 * m + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local LENGTHS <const> = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

---@return integer
function M.month_length(year, month)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  return month == 2 and leap and 29 or LENGTHS[month]
end

---@param text any "YYYY-MM-DD"
---@return { year: integer, month: integer, day: integer }?
function M.parse_date(text)
  local y, m, d = tostring(text):match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  local year, month, day = tonumber(y), tonumber(m), tonumber(d)
  if not year or month < 1 or month > 12 or day < 1 or day > M.month_length(year, month) then
    return nil
  end
  return { year = year, month = month, day = day }
end

-- ---- cron fields ----

M.fields = {
  { name = "minute", first = 0, last = 59 },
  { name = "hour", first = 0, last = 23 },
  { name = "day", first = 1, last = 31 },
  { name = "month", first = 1, last = 12 },
  { name = "weekday", first = 0, last = 6 },
}

local function expand(text, first, last)
  local set = {}
  for part in text:gmatch("[^,]+") do
    local range, step = part:match("^([^/]+)/?(%d*)$")
    local a, b = range:match("^(%d+)%-(%d+)$")
    if range == "*" then
      a, b = first, last
    elseif not a then
      a, b = range, step ~= "" and last or range
    end
    for n = math.tointeger(tonumber(a)), math.tointeger(tonumber(b)), math.tointeger(tonumber(step)) or 1 do
      set[last == 6 and n % 7 or n] = true
    end
  end
  return set
end

---The five sets of a schedule in canonical form (numbers only).
---@param text string
---@return table<string, table<integer, true>> sets by field name
function M.expand(text)
  local sets, i = {}, 0
  for word in text:gmatch("%S+") do
    i = i + 1
    local field = M.fields[i]
    sets[field.name] = expand(word, field.first, field.last)
  end
  return sets
end

---@return boolean
function M.is_full(set, field)
  for n = field.first, field.last do
    if not set[n] then
      return false
    end
  end
  return true
end

---A set as the text of a field: `*`, ranges and single numbers.
---@return string? text nil of an empty set
function M.compress(set, field)
  if M.is_full(set, field) then
    return "*"
  end
  local parts, n = {}, field.first
  while n <= field.last do
    if set[n] then
      local start = n
      while set[n + 1] and n < field.last do
        n = n + 1
      end
      parts[#parts + 1] = start == n and tostring(start) or start .. "-" .. n
    end
    n = n + 1
  end
  return parts[1] and table.concat(parts, ",")
end

return M
