---`spread(id, "every hour")`: a cron schedule whose odd minute comes from a hash of the id, so that many
---jobs do not all start at minute 0, and each keeps its minute for ever.

local err <const> = require "mooncron.err"
local hash <const> = require "mooncron.code.hash"

local M = {}

local function range(first, last, keep)
  local list = {}
  for n = first, last do
    if not keep or keep(n) then
      list[#list + 1] = n
    end
  end
  return list
end

-- Minutes that people write are those that five divides.
local MINUTES <const> = range(0, 59, function(n)
  return n % 5 ~= 0
end)
-- Without the hours in which clocks are changed: a run then would be skipped or come twice.
local HOURS <const> = range(0, 23, function(n)
  return n == 0 or n > 3
end)
local WEEKDAYS <const> = { "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN" }
local DAYS <const> = range(1, 28) -- every month has them

local function every(first, step, limit)
  local list = {}
  for n = first, limit - 1, step do
    list[#list + 1] = n
  end
  return table.concat(list, ",")
end

local function minute(id)
  return hash.pick(id .. "\0minute", MINUTES)
end

local function hour(id)
  return hash.pick(id .. "\0hour", HOURS)
end

-- A number of minutes or hours that divides the whole, so that the gaps are even.
local function step(text, whole, unit)
  local n = math.tointeger(tonumber(text))
  if not n or n < 1 or n >= whole or whole % n ~= 0 then
    return nil, ("%s %s do not divide %d evenly"):format(text, unit, whole)
  end
  return n
end

local function in_hours(id, from, to)
  local first, last = math.tointeger(tonumber(from)), math.tointeger(tonumber(to))
  if first > 23 or last > 24 or first >= last then
    return nil, ("'%s:00 to %s:00' is not a span of hours within a day"):format(from, to)
  end
  return ("%d %d * * *"):format(minute(id), hash.pick(id .. "\0hour", range(first, last - 1)))
end

-- Forms: a pattern, and what makes five fields of it.
local FORMS <const> = {
  { "^every hour$", function(id)
    return ("%d * * * *"):format(minute(id))
  end },
  { "^every (%d+) minutes?$", function(id, text)
    local n, why = step(text, 60, "minutes")
    if not n then
      return nil, why
    end
    return ("%s * * * *"):format(every(minute(id) % n, n, 60))
  end },
  { "^every (%d+) hours?$", function(id, text)
    local n, why = step(text, 24, "hours")
    if not n then
      return nil, why
    end
    return ("%d %s * * *"):format(minute(id), every(hash.number(id .. "\0hour") % n, n, 24))
  end },
  { "^every day$", function(id)
    return ("%d %d * * *"):format(minute(id), hour(id))
  end },
  { "^every day from (%d%d?):00 to (%d%d?):00$", in_hours },
  { "^every weekday$", function(id)
    return ("%d %d * * MON-FRI"):format(minute(id), hour(id))
  end },
  { "^every week$", function(id)
    return ("%d %d * * %s"):format(minute(id), hour(id), hash.pick(id .. "\0day", WEEKDAYS))
  end },
  { "^every month$", function(id)
    return ("%d %d %d * *"):format(minute(id), hour(id), hash.pick(id .. "\0day", DAYS))
  end },
}

---@param id string what makes it differ: the job's id
---@param what string "every hour", "every N minutes", "every N hours", "every day",
---  "every day from H:00 to H:00", "every weekday", "every week", "every month"
---@return string? cron
---@return mooncron.Err?
function M.spread(id, what)
  for _, form in ipairs(FORMS) do
    local from, _, a, b = what:find(form[1])
    if from then
      local cron, why = form[2](id, a, b)
      if not cron then
        return nil, err.new("INVALID_ARGUMENT", ("spread '%s': %s"):format(what, why))
      end
      return cron
    end
  end
  return nil, err.new("INVALID_ARGUMENT", ("spread '%s': write every hour, every N minutes, every N hours,"
    .. " every day, every day from H:00 to H:00, every weekday, every week or every month"):format(what))
end

return M
