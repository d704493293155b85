---What the console shows: jobs as rows, a job with all about it, the coming day. Reads the scheduler,
---changes nothing.

local attempt_json <const> = require "mooncron.scheduler.attempt_json"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local job_api <const> = require "mooncron.api.job"
local json <const> = require "mooncron.json"
local page <const> = require "mooncron.preview.page"
local preview_of <const> = require "mooncron.preview"
local target <const> = require "mooncron.scheduler.target"
local words <const> = require "mooncron.console.words"

local M = {}

local STRIP <const> = 12 -- outcomes that a row shows
local NEXT_RUNS <const> = 10
local ATTEMPTS <const> = 50
local MAX_REQUESTS <const> = 5000 -- kept in memory: those of attempts since the start
local HOUR_MS <const> = 3600000

---@class mooncron.console.Overview
local Overview = { __name = "mooncron.console.Overview" }
Overview.__index = Overview

---@param scheduler mooncron.Scheduler
---@return mooncron.console.Overview
function M.new(scheduler)
  local self = setmetatable({ scheduler = scheduler }, Overview)
  self:forget()
  return self
end

-- ---- strips: the latest outcomes of a job, the newest last, "o" for success and "x" for none ----

local function strip_of(self, name)
  local strip = self.strips[name]
  if not strip then
    local letters = {}
    for i, row in ipairs(self.scheduler:attempts { job = name, newest = true, limit = STRIP } or {}) do
      letters[i] = row.code == "OK" and "o" or "x"
    end
    strip = table.concat(letters)
    self.strips[name] = strip
  end
  return strip
end

-- What may be shown of a request that was sent.
local function shown(request)
  local headers = {}
  for name, value in pairs(request.headers) do
    headers[name] = name:lower() == "authorization" and "<redacted>" or value
  end
  return { method = request.method, url = request.url, headers = headers }
end

---Keep how the request of an attempt that has just been recorded was made: of the latest MAX_REQUESTS.
---@param attempt table its row
function Overview:attempted(attempt)
  self:forget(attempt.job)
  if attempt.plan and attempt.attempt_id then
    self.plans[self.kept[self.next_kept] or 0] = nil
    self.kept[self.next_kept] = attempt.attempt_id
    self.next_kept = self.next_kept % MAX_REQUESTS + 1
    self.plans[attempt.attempt_id] = attempt.plan
  end
end

---An attempt of a job has ended, or the job is gone; without a name, any may be.
---@param name string?
function Overview:forget(name)
  if name then
    self.strips[name] = nil
  else
    self.strips, self.plans, self.kept, self.next_kept = {}, {}, {}, 1
  end
end

-- ---- rows ----

-- A job's row for the list; a field that is nil is left out.
local function row_json(self, row)
  local job = self.scheduler.store:resource_of(row)
  local known = preview_of.job(job, row.anchor_ms)
  local kind, where = target.describe(job)
  local execution = row.due_ms == nil and row.state == "ENABLED"
    and self.scheduler.store:natural_execution(row.id) or nil
  return {
    name = row.name,
    description = job.description,
    state = row.state,
    schedule = job.schedule,
    zone = job.time_zone,
    words = known and known.words or job.schedule,
    next = row.state == "ENABLED" and row.schedule_ms or nil,
    last = row.attempted_ms,
    code = row.status,
    kind = kind,
    target = where,
    strip = strip_of(self, row.name),
    running = execution and execution.due_ms == nil or nil,
    retry = execution and execution.due_ms and execution.attempt or nil,
  }
end

---A job's row; nil when there is none.
---@param name string
---@return table?
function Overview:row(name)
  local row = self.scheduler.store:job(name)
  if not row then
    self:forget(name)
    return nil
  end
  return row_json(self, row)
end

---Rows of all jobs, a page at a time.
---@param after string? name of the last one before
---@param limit integer
---@return table? rows
---@return mooncron.Err?
function Overview:rows(after, limit)
  local rows, e = self.scheduler.store:all_jobs(after, limit)
  if not rows then
    return nil, e
  end
  for i, row in ipairs(rows) do
    rows[i] = row_json(self, row)
  end
  return rows
end

-- ---- a job ----

local function digits_of(ms)
  return ms % 1000 == 0 and 0 or 3
end

-- The request as the job would send it now; a token is made only when it is sent.
local function request_of(self, job, slot_ms)
  local dispatcher = self.scheduler.dispatcher
  local request, e = target.request(job, {
    schedule_time = dispatcher.header_zone:format(slot_ms, digits_of(slot_ms)),
    token = function()
      return "<redacted>"
    end,
    pubsub_endpoint = dispatcher.pubsub_endpoint,
    app_engine = dispatcher.app_engine,
  })
  if not request then
    return { problem = e.message }
  end
  local body = request.body or ""
  return {
    method = request.method,
    url = request.url,
    headers = request.headers,
    body = utf8.len(body) and body:sub(1, 4096) or ("%d bytes that are no text"):format(#body),
    timeout = request.timeout_ms // 1000,
  }
end

local function next_runs(job, row, now_ms)
  local known = preview_of.job(job, now_ms)
  local list = {}
  if known and row.state == "ENABLED" then
    for ms in known.handle:iter(now_ms, row.anchor_ms) do
      list[#list + 1] = { at = ms, shown = known.handle:zone():format(ms) }
      if #list == NEXT_RUNS then
        break
      end
    end
  end
  return json.list(list)
end

local function attempts_of(self, name)
  local rows, e = self.scheduler:attempts { job = name, newest = true, limit = ATTEMPTS }
  if not rows then
    return nil, e
  end
  local list = {}
  for i = #rows, 1, -1 do
    local row = rows[i]
    local item, plan = attempt_json.to_json(row), self.plans[row.id]
    item.words = words.outcome(row)
    item.started, item.scheduled = row.started_ms, row.scheduled_ms
    item.request = plan and shown(self.scheduler.dispatcher:sent(plan, row.scheduled_ms))
    list[#list + 1] = item
  end
  return json.list(list)
end

---All about a job.
---@param name string full
---@return table?
---@return mooncron.Err?
function Overview:job(name)
  local row = self.scheduler.store:job(name)
  if not row then
    return nil, err.new("NOT_FOUND", ("job '%s' is not there"):format(name))
  end
  local job, now_ms = self.scheduler.store:resource_of(row), self.scheduler:now_ms()
  local attempts, e = attempts_of(self, name)
  if not attempts then
    return nil, e
  end
  local live = self.scheduler.jobs:get(name)
  return {
    row = row_json(self, row),
    resource = live and json.pretty(job_api.to_json(live), job_api.order),
    next = next_runs(job, row, now_ms),
    request = request_of(self, job, row.schedule_ms or now_ms),
    attempts = attempts,
  }
end

-- ---- the coming day ----

---What runs in the 24 hours from the present one's beginning.
---@return table? see mooncron.preview.page
---@return mooncron.Err?
function Overview:day()
  local from_ms = self.scheduler:now_ms() // HOUR_MS * HOUR_MS
  local rows, e = self.scheduler.store:all_jobs(nil, math.maxinteger)
  if not rows then
    return nil, e
  end
  local jobs = {}
  for _, row in ipairs(rows) do
    local job = self.scheduler.store:resource_of(row)
    local known = job.schedule and preview_of.job({
      name = row.name,
      schedule = job.schedule,
      time_zone = job.time_zone,
      state = row.state,
      schedule_time = row.schedule_ms and core.time.format(row.schedule_ms, 3),
    }, from_ms)
    jobs[#jobs + 1] = known
  end
  local preview
  preview, e = preview_of.make(jobs, from_ms, from_ms + preview_of.DAY_MS)
  if not preview then
    return nil, e
  end
  return page.data(preview, assert(core.time.zone("UTC")))
end

return M
