---Days on which jobs do not fire: what the local scheduler keeps beside the API's fields. The API neither
---shows nor changes them; they go with their job. Where slots are computed, `Jobs:schedule_of` leaves the
---days out.

local exceptions <const> = require "mooncron.exceptions"

local M = {}

local function change(jobs, name, spec)
  local row, e = jobs:find(name)
  if not row then
    return nil, e
  end
  row.exceptions = exceptions.encode(spec)
  row.updated_ms = jobs.clock:now_ms()
  local ok = true
  if row.state == "ENABLED" then
    ok, e = jobs:set_next_slot(row, jobs.store:resource_of(row), row.updated_ms)
  end
  if ok then
    ok, e = jobs.store:update_job(row)
  end
  if not ok then
    return nil, e
  end
  jobs.on_due()
  return true
end

---Put a job's exceptions in the place of those that it had. Waits until that is durable.
---@param scheduler mooncron.Scheduler
---@param name string full
---@param given mooncron.Exceptions? nil: none
---@return true?
---@return mooncron.Err?
function M.set(scheduler, name, given)
  local spec, e = exceptions.check(given)
  if not spec then
    error(e, 2)
  end
  local ok
  ok, e = change(scheduler.jobs, name, spec)
  if not ok then
    return nil, e
  end
  return scheduler.store:durable()
end

---@param scheduler mooncron.Scheduler
---@return table<string, mooncron.Exceptions>? by full name, of the jobs that have any
---@return mooncron.Err?
function M.all(scheduler)
  local rows, e = scheduler.store:exceptions()
  if not rows then
    return nil, e
  end
  local out = {}
  for _, row in ipairs(rows) do
    out[row.name] = exceptions.decode(row.exceptions)
  end
  return out
end

return M
