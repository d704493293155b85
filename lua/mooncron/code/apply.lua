---Carry out a plan: in parallel, patiently, and telling of everything that failed. Each change can be made
---again when it was cut off half-way, and ends the same.

local core <const> = require "mooncron.core"
local diff <const> = require "mooncron.code.diff"
local err <const> = require "mooncron.err"
local exceptions <const> = require "mooncron.exceptions"
local normalise <const> = require "mooncron.code.normalise"
local tables <const> = require "mooncron.tables"
local task <const> = require "mooncron.task"

local M = {}

---Tries of one call, and the gaps between them in seconds: doubled each time, up to the last number.
M.tries = 5
M.first_gap_s, M.longest_gap_s = 0.5, 30

---@class mooncron.code.ApplyOptions
---@field parallel integer? changes at once
---@field journal mooncron.code.Journal?
---@field on_done fun(has_failed: boolean)? after each change
---@field sleep fun(seconds: number)? default task.sleep
---@field random fun(): number? in 0-1, for the gaps
---@field now_ms integer?

---@class mooncron.code.Report
---@field total integer changes to make
---@field done integer
---@field counts { create: integer, update: integer, delete: integer } done of each
---@field failed { op: string, name: string, error: mooncron.Err }[] by name
---@field untried string[] deletions left undone because something before them failed
---@field interrupted mooncron.Err? when it was cancelled

-- ---- calls ----

local AGAIN <const> = { ABORTED = true, RESOURCE_EXHAUSTED = true, UNAVAILABLE = true,
  DEADLINE_EXCEEDED = true }

local function may_retry(e)
  return e.retryable or AGAIN[e.code] or e.status ~= nil and e.status >= 500 and e.status ~= 501
end

-- `fn()` until it succeeds, fails for good, or has been tried often enough.
local function patiently(options, fn)
  local gap, sleep, random = M.first_gap_s, options.sleep or task.sleep, options.random or math.random
  for n = 1, M.tries do
    local value, e = fn()
    if value ~= nil or n == M.tries or not may_retry(e) then
      return value, e
    end
    sleep(math.max(e.retry_after or 0, gap * (0.5 + 0.5 * random())))
    gap = math.min(2 * gap, M.longest_gap_s)
  end
end

local function method(options, client, name, argument)
  return patiently(options, function()
    return client[name](client, argument)
  end)
end

-- ---- one change ----

-- A run half a year from now, in one month of the year.
local function far_schedule(now_ms)
  local month = math.tointeger(tonumber(core.time.format(now_ms):sub(6, 7)))
  return ("0 0 1 %d *"):format((month + 5) % 12 + 1)
end

-- A pause whose answer got lost may have happened: the service pauses no paused job [ref].
local function pause(options, client, name)
  local unsure = false
  return patiently(options, function()
    local value, e = client:pause_job(name)
    if e and e.code == "FAILED_PRECONDITION" and unsure then
      local live = client:get_job(name)
      if live and live.state == "PAUSED" then
        return live
      end
    end
    unsure = e ~= nil
    return value, e
  end)
end

local converge

-- A create whose answer got lost, or that a run had begun when it was cut off, may have happened: then what
-- is there is brought to what is wanted.
local function create(options, client, change)
  local job = change.job
  if change.paused or change.exceptions then
    job = tables.copy(job)
    job.schedule, job.time_zone = far_schedule(options.now_ms or core.loop.wall_ms()), nil
  end
  local unsure = options.journal ~= nil and options.journal.begun[change.name] == true
  local made, e = patiently(options, function()
    local value, failure = client:create_job(job)
    if failure and failure.code == "ALREADY_EXISTS" and unsure then
      return { is_there = true }
    end
    unsure = failure ~= nil and failure.code ~= "RESOURCE_EXHAUSTED"
    return value, failure
  end)
  if made and made.is_there then
    made, e = method(options, client, "get_job", change.name)
  elseif made and not change.paused and not change.exceptions then
    return made
  end
  if not made then
    return nil, e
  end
  return converge(options, client, change, made)
end

-- What is beside the API's fields, which only the local scheduler has: days are held back before anything
-- else changes and let go after it, so that no old schedule fires on them.
local function keep_days(options, client, change, before, is_first)
  local holds_back = change.exceptions ~= nil
  if is_first ~= holds_back
    or exceptions.encode(before.exceptions) == exceptions.encode(change.exceptions)
  then
    return true
  end
  return patiently(options, function()
    return client:set_exceptions(change.name, change.exceptions)
  end)
end

-- From whatever is there to what is declared. Pauses come first and resumes last, so that nothing fires in
-- between; a service whose update wakes a paused job is paused again.
function converge(options, client, change, live)
  local keep_paused = change.paused or change.paused == nil and live.state == "PAUSED"
  local e
  if change.paused and live.state == "ENABLED" then
    live, e = pause(options, client, change.name)
    if not live then
      return nil, e
    end
  end
  local before = live
  local ok
  ok, e = keep_days(options, client, change, before, true)
  if not ok then
    return nil, e
  end
  local mask = diff.mask(live, change.job)
  if #mask == 0 and live.state == "UPDATE_FAILED" then
    mask = { "schedule" }
  end
  if #mask > 0 then
    live, e = method(options, client, "update_job", {
      job = normalise.filled(change.job), update_mask = mask,
    })
    if not live then
      return nil, e
    end
  end
  ok, e = keep_days(options, client, change, before, false)
  if not ok then
    return nil, e
  end
  if keep_paused and live.state ~= "PAUSED" then
    return pause(options, client, change.name)
  elseif change.paused == false and live.state == "PAUSED" then
    return method(options, client, "resume_job", change.name)
  end
  return live
end

local function remove(options, client, change)
  local ok, e = method(options, client, "delete_job", change.name)
  if not ok and e.code == "NOT_FOUND" then
    return true
  end
  return ok, e
end

local function make(options, client, change)
  if change.exceptions and not client.set_exceptions then
    return nil, err.new("UNIMPLEMENTED", "Cloud Scheduler holds no single days back: this plan was made for"
      .. " the local scheduler")
  elseif change.op == "delete" then
    return remove(options, client, change)
  elseif change.live then -- also of a create that an earlier run had begun
    return converge(options, client, change, change.live)
  end
  return create(options, client, change)
end

-- ---- all of them ----

local function run_batch(client, batch, options, report)
  local journal = options.journal
  return task.map(batch, { limit = options.parallel or 16 }, function(change)
    if journal then
      journal:write { begin = change.name }
    end
    local value, e = make(options, client, change)
    if value == nil then
      report.failed[#report.failed + 1] = { op = change.op, name = change.name, error = e }
    else
      report.done = report.done + 1
      report.counts[change.op] = report.counts[change.op] + 1
      if journal then
        journal:write { done = change.name }
      end
    end
    if options.on_done then
      options.on_done(value == nil)
    end
    return true
  end)
end

local function is_cancelled(failure)
  return err.is(failure) and failure.code == "CANCELLED"
end

---Carry it out. Waits. Deletions come last, and not at all when something before them failed.
---@param client mooncron.Client
---@param plan mooncron.code.Plan
---@param options mooncron.code.ApplyOptions?
---@return mooncron.code.Report
function M.run(client, plan, options)
  options = options or {}
  local first, last = {}, {}
  for _, change in ipairs(plan.changes) do
    local batch = change.op == "delete" and last or first
    batch[#batch + 1] = change.op ~= "keep" and change or nil
  end
  local report = {
    total = #first + #last, done = 0, failed = {}, untried = {},
    counts = { create = 0, update = 0, delete = 0 },
  }
  if options.journal then
    options.journal:write { total = report.total }
  end
  local ok, failure = pcall(function()
    run_batch(client, first, options, report)
    if #report.failed == 0 then
      run_batch(client, last, options, report)
    else
      for i, change in ipairs(last) do
        report.untried[i] = change.name
      end
    end
  end)
  if not ok and is_cancelled(failure) then
    report.interrupted = failure
  end
  if options.journal then
    options.journal:close(ok and (#report.failed == 0 and "done" or "ended") or nil)
  end
  if not ok and not is_cancelled(failure) then
    error(failure, 0)
  end
  table.sort(report.failed, function(a, b)
    return a.name < b.name
  end)
  return report
end

return M
