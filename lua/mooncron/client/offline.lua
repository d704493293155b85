---What is wrong with a job before anything is sent: every problem at once, each with its path, value and
---fix.

local core <const> = require "mooncron.core"
local job_api <const> = require "mooncron.api.job"

local M = {}

---What `mooncron.api.job` asks of a schedule.
---@type fun(text: string, zone: string): true?, mooncron.Err?
M.check_schedule = core.time.check_schedule

-- A value that could not be read is no reason to complain of it, or of what is inside it, again.
local function is_told(path, problems)
  for _, known in ipairs(problems) do
    if known.path == path or path:sub(1, #known.path + 1) == known.path .. "."
      or known.path:sub(1, #path + 1) == path .. "." then
      return true
    end
  end
  return false
end

-- Adds the problems that nothing has been said about yet.
local function add(problems, found)
  for _, more in ipairs(found) do
    if not is_told(more.path, problems) then
      problems[#problems + 1] = more
    end
  end
end

---@class mooncron.client.Check
---@field partial boolean? a patch: required fields may be missing
---@field parent string?
---@field rules boolean? false: only what cannot be sent at all is refused
---@field name string? the job's name in full
---@field known mooncron.Problem? what has been found out already

---Read a job as a script writes it, and check it.
---@param given table
---@param check mooncron.client.Check
---@return mooncron.Job?
---@return mooncron.Err?
function M.read(given, check)
  local job, found, readable = job_api.from_lua(given)
  local problems = { check.known }
  if found then
    add(problems, found)
  end
  local whole = job or readable or {}
  whole.name = check.name or whole.name
  if check.rules ~= false then
    local ok
    ok, found = job_api.validate(whole, {
      partial = check.partial or problems[1] ~= nil,
      parent = check.parent,
      check_schedule = M.check_schedule,
    })
    if not ok then
      add(problems, found)
    end
    if whole.time_zone and not whole.schedule then
      local e
      ok, e = M.check_schedule("* * * * *", whole.time_zone)
      if not ok then
        add(problems, { { path = "time_zone", value = whole.time_zone, message = e.message } })
      end
    end
  end
  if problems[1] then
    return nil, job_api.error(problems, { ours = true })
  end
  return job
end

---Check a job that is to replace a live one. What was wrong with that one already is not held against it:
---the service has accepted it.
---@param job mooncron.Job canonical
---@param live mooncron.Job
---@return true?
---@return mooncron.Err?
function M.check_change(job, live)
  local context <const> = { check_schedule = M.check_schedule }
  if not job_api.validate(live, context) then
    return true
  end
  local ok, problems = job_api.validate(job, context)
  if not ok then
    return nil, job_api.error(problems, { ours = true })
  end
  return true
end

return M
