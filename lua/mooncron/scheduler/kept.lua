---What the store keeps in memory of its jobs: those that were read last, and what a get answers of
---them. One process owns the file and changes jobs through the store alone, so this is never stale.

local job_api <const> = require "mooncron.api.job"

local M = {}

---@class mooncron.scheduler.Kept
local Kept = { __name = "mooncron.scheduler.Kept" }
Kept.__index = Kept

-- Twice as many are kept, enough for those that are on their way. The collector visits what is kept
-- again and again: beyond this, that costs more than reading a row anew.
local MAX_JOBS <const> = 1000
local MAX_ANSWERS <const> = 10000
local LENIENT <const> = { lenient = true } -- a newer version may have written the file

---@return mooncron.scheduler.Kept
function M.new()
  return setmetatable({}, Kept):clear()
end

function Kept:clear()
  self.jobs, self.jobs_before, self.job_count = {}, {}, 0
  return self:forget_answers()
end

---@class mooncron.scheduler.Known
---@field text string the row's `resource`
---@field job mooncron.Job what that says. Shared: not to be changed
---@field plan mooncron.scheduler.Plan? of the dispatcher, as the next two
---@field schedule table?
---@field exceptions string? those of `schedule`

---@param id integer of the job's row
---@param text string
---@param job mooncron.Job what `text` says
---@return mooncron.scheduler.Known
function Kept:keep_job(id, text, job)
  if self.job_count >= MAX_JOBS then
    self.jobs_before, self.jobs, self.job_count = self.jobs, {}, 0
  end
  self.job_count = self.job_count + (self.jobs[id] and 0 or 1)
  local known = { text = text, job = job, plan = nil, schedule = nil, exceptions = nil }
  self.jobs[id] = known
  return known
end

---What is known of a job.
---@param id integer of its row
---@return mooncron.scheduler.Known?
function Kept:known(id)
  return self.jobs[id] or self.jobs_before[id]
end

---What a row of a job says.
---@param id integer
---@param text string its `resource`
---@return mooncron.scheduler.Known
function Kept:read(id, text)
  local known = self:known(id)
  if known and known.text == text then
    return known
  end
  return self:keep_job(id, text, assert(job_api.decode(text, LENIENT)))
end

---The job's resource is to be another one.
---@param id integer
---@param text string
function Kept:changes(id, text)
  local known = self:known(id)
  if known and known.text ~= text then
    self.jobs[id], self.jobs_before[id] = nil, nil
  end
end

---@param name string
---@return string?
function Kept:answer(name)
  return self.answers[name]
end

---Keep what a get of the job answers, until it is forgotten.
---@param name string
---@param text string
function Kept:keep_answer(name, text)
  if self.answer_count >= MAX_ANSWERS then
    self:forget_answers()
  end
  self.answers[name], self.answer_count = text, self.answer_count + 1
end

---The job changes.
---@param name string
function Kept:forget_answer(name)
  self.answers[name] = nil
end

function Kept:forget_answers()
  self.answers, self.answer_count = {}, 0
  return self
end

return M
