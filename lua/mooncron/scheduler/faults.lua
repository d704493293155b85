---Faults on demand: rules that let the next requests of some jobs fail or take long. Pure: who sends
---the requests asks for the fault of each and acts on it.

local duration <const> = require "mooncron.duration"
local err <const> = require "mooncron.err"
local names <const> = require "mooncron.api.name"

local M = {}

---@class mooncron.scheduler.Fault
---@field job string? glob on the job's id, or on its full name when it has a "/"; default every job
---@field times integer? so many requests, default until cleared
---@field delay string|number? the request is sent, or fails, so much later
---@field status integer? the answer, instead of the target's
---@field refuse boolean? as by a target that does not listen
---@field timeout boolean? as by a target that never answers

---@class mooncron.scheduler.Faults
local Faults = { __name = "mooncron.scheduler.Faults" }
Faults.__index = Faults

local MAX_RULES <const> = 1000
local MAX_DELAY_MS <const> = 7 * 86400000
local ENDS <const> = { "status", "refuse", "timeout" }
local KNOWN <const> = { job = true, times = true, delay = true, status = true, refuse = true, timeout = true }

---@return mooncron.scheduler.Faults
function M.new()
  return setmetatable({ rules = {} }, Faults)
end

local function refuse(field, value, why)
  local text = ("%s '%s' of a fault: %s"):format(field, math.tointeger(value) or tostring(value), why)
  return nil, err.new("INVALID_ARGUMENT", text, { path = field })
end

local function pattern_of(glob)
  local pattern = glob:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
  return "^" .. pattern .. "$"
end

local function read_integer(spec, field, least, most)
  local value = spec[field]
  local n = value and math.tointeger(value)
  if value ~= nil and (not n or n < least or n > most) then
    return refuse(field, value, ("an integer of %d to %d is wanted"):format(least, most))
  end
  return n or false
end

local function read_delay(spec)
  if spec.delay == nil then
    return false
  end
  local nanoseconds, e = duration.parse(spec.delay)
  if not nanoseconds then
    return refuse("delay", spec.delay, e.message)
  elseif nanoseconds < 0 or nanoseconds // 1000000 > MAX_DELAY_MS then
    return refuse("delay", spec.delay, "it must be of 0s to 7d")
  end
  return nanoseconds // 1000000
end

local function check_fields(spec)
  local ends = 0
  for field, value in pairs(spec) do
    if not KNOWN[field] then
      return refuse("field", field, "known are job, times, delay, status, refuse, timeout")
    end
    local is_switch = field == "refuse" or field == "timeout"
    if is_switch and type(value) ~= "boolean" then
      return refuse(field, value, "true or false is wanted")
    end
  end
  for _, field in ipairs(ENDS) do
    ends = ends + (spec[field] and 1 or 0)
  end
  if ends > 1 then
    return refuse("status", spec.status, "one of status, refuse and timeout is wanted, not several")
  elseif ends == 0 and spec.delay == nil then
    return nil, err.new("INVALID_ARGUMENT", "a fault does something: give status, delay, refuse or timeout")
  end
  return true
end

-- Check a rule and bring it into the form that `take` uses.
local function read(spec)
  if type(spec) ~= "table" then
    return nil, err.new("INVALID_ARGUMENT", "a fault is a table, not " .. type(spec))
  end
  local ok, e = check_fields(spec)
  if not ok then
    return nil, e
  end
  local job = spec.job == nil and "*" or spec.job
  if type(job) ~= "string" or job == "" or #job > 1000 then
    return refuse("job", job, "a name is wanted, '*' stands for anything")
  end
  local times, status, delay_ms
  times, e = read_integer(spec, "times", 1, 1000000000)
  if times ~= nil then
    status, e = read_integer(spec, "status", 100, 599)
  end
  if status ~= nil then
    delay_ms, e = read_delay(spec)
  end
  if delay_ms == nil then
    return nil, e
  end
  return {
    job = job,
    pattern = pattern_of(job),
    times = times or nil,
    status = status or nil,
    delay_ms = delay_ms or nil,
    refuse = spec.refuse or nil,
    timeout = spec.timeout or nil,
  }
end

---Add a rule behind those that are there: the first one that fits a request counts.
---@param spec mooncron.scheduler.Fault
---@return true?
---@return mooncron.Err?
function Faults:add(spec)
  local rule, e = read(spec)
  if not rule then
    return nil, e
  elseif #self.rules >= MAX_RULES then
    return nil, err.new("RESOURCE_EXHAUSTED", ("more than %d faults: clear them"):format(MAX_RULES))
  end
  self.rules[#self.rules + 1] = rule
  return true
end

---Whether there are any.
---@return boolean
function Faults:any()
  return self.rules[1] ~= nil
end

---The fault of the next request of a job; uses one of its times up.
---@param job string full name
---@return table? rule with `status`, `delay_ms`, `refuse`, `timeout`
function Faults:take(job)
  for i, rule in ipairs(self.rules) do
    local name = rule.job:find("/", 1, true) and job or names.id(job)
    if name:find(rule.pattern) then
      if rule.times then
        rule.times = rule.times - 1
        if rule.times == 0 then
          table.remove(self.rules, i)
        end
      end
      return rule
    end
  end
end

function Faults:clear()
  self.rules = {}
end

---What is still to come, as it was given.
---@return mooncron.scheduler.Fault[]
function Faults:list()
  local list = {}
  for i, rule in ipairs(self.rules) do
    list[i] = {
      job = rule.job,
      times = rule.times,
      status = rule.status,
      delay = rule.delay_ms and duration.format(rule.delay_ms * 1000000),
      refuse = rule.refuse,
      timeout = rule.timeout,
    }
  end
  return list
end

return M
