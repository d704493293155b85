---The cron of others and that of Cloud Scheduler: where a text means something else there, it is
---written another way, or refused.

local M = {}

M.macros = {
  ["@yearly"] = "0 0 1 1 *",
  ["@annually"] = "0 0 1 1 *",
  ["@monthly"] = "0 0 1 * *",
  ["@weekly"] = "0 0 * * 0",
  ["@daily"] = "0 0 * * *",
  ["@midnight"] = "0 0 * * *",
  ["@hourly"] = "0 * * * *",
  ["@every_minute"] = "* * * * *", -- FreeBSD
}

local DAY, WEEKDAY <const> = 3, 5
local LOWEST <const> = { 0, 0, 1, 1, 0 }
local HIGHEST <const> = { 59, 23, 31, 12, 6 }

local function split(text)
  local fields = {}
  for field in text:gmatch("%S+") do
    fields[#fields + 1] = field
  end
  return fields
end

---Whether a schedule is written in cron's language, not in App Engine's.
---@param text string
---@return boolean
function M.is_cron(text)
  local fields = split(text)
  for _, field in ipairs(fields) do
    if not field:find("^[%w*,/-]+$") then
      return false
    end
  end
  return #fields == 5 and fields[1]:find("^[%d*,/-]+$") ~= nil
end

-- Every value of a star field, written as a range: cron takes a star at the head for "any", even
-- with a step behind it.
local function without_star(field, i)
  return (field:gsub("%*", ("%d-%d"):format(LOWEST[i], HIGHEST[i])))
end

---From Vixie's cron and its descendants. There a day field that begins with a star and the other
---day field must both match; in Cloud Scheduler that holds for a mere `*` only, else either may.
---@param text string five fields, or a macro
---@return string? schedule
---@return string? why
function M.from_cron(text)
  if text:sub(1, 1) == "@" then
    local schedule = M.macros[text:lower()]
    return schedule, schedule == nil and ("'%s' is no time of day or year"):format(text) or nil
  end
  local fields = split(text)
  for _, i in ipairs { DAY, WEEKDAY } do
    if fields[i] and fields[i]:find("^%*/0*1$") then
      fields[i] = "*"
    end
  end
  local day, weekday = fields[DAY], fields[WEEKDAY]
  local stars = (day or ""):sub(1, 1) == "*" or (weekday or ""):sub(1, 1) == "*"
  if #fields == 5 and stars and day ~= "*" and weekday ~= "*" then
    return nil, ("'%s' means days that match both '%s' and '%s', which Cloud Scheduler cannot say"):format(
      text, day, weekday
    )
  end
  return table.concat(fields, " ")
end

---To Vixie's cron: the same days, see `from_cron`.
---@param text string five fields
---@return string
function M.to_cron(text)
  local fields = split(text)
  if fields[DAY] ~= "*" and fields[WEEKDAY] ~= "*" then
    fields[DAY] = without_star(fields[DAY], DAY)
    fields[WEEKDAY] = without_star(fields[WEEKDAY], WEEKDAY)
  end
  return table.concat(fields, " ")
end

local UNITS <const> = { h = 3600, m = 60, s = 1 }

-- `@every 1h30m` of robfig/cron, in Go's durations.
local function every(text)
  local seconds, rest = 0, text
  while rest ~= "" do
    local n, unit, tail = rest:match("^(%d+)([hms])(.*)$")
    if not n then
      return nil, ("'@every %s' is not read: write hours and minutes"):format(text)
    end
    seconds, rest = seconds + math.tointeger(tonumber(n)) * UNITS[unit], tail
  end
  if seconds == 0 or seconds % 60 ~= 0 then
    return nil, ("'@every %s' is no whole number of minutes"):format(text)
  elseif seconds % 3600 == 0 then
    return ("every %d hours"):format(seconds // 3600)
  end
  return ("every %d minutes"):format(seconds // 60)
end

-- There `?` is `*`, and `N/STEP` runs from N to the end of the field.
local function from_robfig_field(field, i)
  local items = {}
  for item in (field .. ","):gmatch("([^,]*),") do
    item = item:gsub("^%?", "*")
    items[#items + 1] = item:gsub("^(%w+)/(%d+)$", ("%%1-%d/%%2"):format(HIGHEST[i] or 0))
  end
  return table.concat(items, ",")
end

---From robfig/cron, which Kubernetes uses.
---@param text string with `TZ=` or `CRON_TZ=` before it or not
---@return string? schedule
---@return string? zone_or_why the zone in the text, or why not
function M.from_kubernetes(text)
  local zone, rest = text:match("^%s*C?R?O?N?_?TZ=(%S+)%s+(.*)$")
  rest = (rest or text):match("^%s*(.-)%s*$")
  local interval = rest:match("^@every%s+(%S+)$")
  if interval then
    local schedule, why = every(interval)
    return schedule, schedule and zone or why
  elseif rest:sub(1, 1) == "@" then
    local schedule = M.macros[rest]
    return schedule, schedule and zone or ("'%s' is not a schedule"):format(rest)
  end
  local fields = split(rest)
  for i, field in ipairs(fields) do
    fields[i] = from_robfig_field(field, i)
  end
  return table.concat(fields, " "), zone
end

return M
