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

---@param row table
---@param job mooncron.Job what `row.resource` says
function Kept:keep_job(row, job)
  if self.job_count >= MAX_JOBS then
    self.jobs_before, self.jobs, self.job_count = self.jobs, {}, 0
  end
  self.job_count = self.job_count + (self.jobs[row.name] and 0 or 1)
  self.jobs[row.name] = { text = row.resource, job = job }
end

---The job as the user set it, canonical, of a row. Shared: not to be changed.
---@param row table
---@return mooncron.Job
function Kept:job(row)
  local known = self.jobs[row.name] or self.jobs_before[row.name]
  if known and known.text == row.resource then
    return known.job
  end
  local job = assert(job_api.decode(row.resource, LENIENT))
  self:keep_job(row, job)
  return job
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
