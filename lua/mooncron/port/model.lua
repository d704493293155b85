---What readers and writers share: jobs on their way between forms, in the canonical form of
---`mooncron.api.job`. Only what a person may set counts, and `state` when it is PAUSED; a name is full
---where project and location are known, else the short id.

local fields <const> = require "mooncron.api.fields"
local job_api <const> = require "mooncron.api.job"
local names <const> = require "mooncron.api.name"
local normalise <const> = require "mooncron.code.normalise"
local notes_api <const> = require "mooncron.port.notes"
local problem <const> = require "mooncron.problem"
local tables <const> = require "mooncron.tables"

local M = {}

---@class mooncron.port.Options
---@field file string? name of the text, for notes
---@field project string? for names that do not say theirs
---@field location string?
---@field time_zone string? of schedules that do not say theirs
---@field check_schedule (fun(text: string, zone: string): true?, mooncron.Err?)?

---The target of a job, and its field.
---@param job mooncron.Job
---@return string? key
---@return table? target
function M.target_of(job)
  for _, key in ipairs(fields.targets) do
    if job[key] then
      return key, job[key]
    end
  end
end

---A deep copy.
---@param value any
---@return any
function M.copy(value)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for key, item in next, value do
    out[key] = M.copy(item)
  end
  return setmetatable(out, getmetatable(value))
end

M.equal, M.sorted_keys = tables.equal, tables.sorted_keys

---A value's items, when it is a list; for texts that may hold anything.
---@param value any
---@return table
function M.items(value)
  return type(value) == "table" and value or {}
end

-- ---- names ----

---A text as the id of a job.
---@param text string
---@return string
function M.slug(text)
  local id = text:gsub("[^%w_]+", "-"):gsub("^%-+", ""):gsub("%-+$", ""):sub(1, 100)
  return id ~= "" and id or "job"
end

---A function that makes each id that it is given one of its own.
---@return fun(id: string): string
function M.unique()
  local seen = {}
  return function(id)
    local n, candidate = 1, id
    while seen[candidate] do
      n = n + 1
      candidate = id .. "-" .. n
    end
    seen[candidate] = true
    return candidate
  end
end

---An id as the name of a job: full when project and location are known.
---@param id string
---@param options { project: string?, location: string? }
---@return string
function M.name(id, options)
  if id:find("/", 1, true) or not (options.project and options.location) then
    return id
  end
  return names.format(options.project, options.location, id)
end

---A name's parts; project and location are nil for a short one.
---@param job mooncron.Job
---@return { project: string?, location: string?, job: string? }
function M.name_parts(job)
  return job.name and names.parse(job.name) or { job = job.name }
end

-- ---- jobs ----

---What of a job read from a service is its configuration.
---@param job mooncron.Job
---@return mooncron.Job
---@return string? remark
function M.configuration(job)
  local out = job_api.strip_output(job)
  if job.state == "PAUSED" then
    out.state = "PAUSED"
  elseif job.state == "DISABLED" or job.state == "UPDATE_FAILED" then
    return out, ("its state %s is the service's own and is not carried over"):format(job.state)
  end
  return out
end

local function prune(job, node, want)
  for _, key in ipairs(M.sorted_keys(node)) do
    local value = node[key]
    node[key] = nil
    if not M.equal(normalise.compared(job), want) then
      node[key] = value
      if type(value) == "table" then
        prune(job, value, want)
      end
    end
  end
end

---The shortest job that compares as the same: without what the service fills in by itself.
---@param job mooncron.Job
---@return mooncron.Job
function M.tidy(job)
  local out = M.copy(job)
  out.state = nil
  prune(out, out, normalise.compared(job))
  out.state = job.state
  return out
end

-- What is wrong with a job, by the service's rules.
local function problems_of(job, options)
  local copy = M.copy(job)
  local lines = {}
  if copy.name and not copy.name:find("^projects/") then
    local _, why = names.resolve(copy.name, { project = "p", location = "l" })
    lines[1] = why and ("name '%s': %s"):format(problem.cut(copy.name), why)
    copy.name = nil
  end
  local ok, problems = job_api.validate(copy, { check_schedule = options.check_schedule })
  for _, one in ipairs(ok and {} or problems) do
    lines[#lines + 1] = problem.describe(one)
  end
  return lines
end

-- ---- collecting ----

---@class mooncron.port.Reading
---@field jobs mooncron.Job[]
---@field notes mooncron.port.Notes
---@field options mooncron.port.Options
local Reading = {}
Reading.__index = Reading

---@param options mooncron.port.Options
---@return mooncron.port.Reading
function M.reading(options)
  return setmetatable({
    jobs = {},
    notes = notes_api.new(options.file),
    options = options,
    unique = M.unique(),
  }, Reading)
end

---Take a job in. Its name becomes one of its own; what the service would refuse in it is told.
---@param job mooncron.Job
---@param line integer?
function Reading:add(job, line)
  local parts = M.name_parts(job)
  local at = { line = line, job = parts.job }
  local name = job.name and self.unique(job.name)
  if name ~= job.name then
    self.notes:add(at, "the name is there before, this one becomes '%s'", names.id(name))
    job.name = name
  end
  self.jobs[#self.jobs + 1] = job
  for _, problem_line in ipairs(self.options.check_schedule and problems_of(job, self.options) or {}) do
    self.notes:add(at, "%s", problem_line)
  end
end

---Say that something is no job here, and why.
function Reading:leave_out(at, message, ...)
  self.notes:add(at, "left out: " .. message, ...)
end

---Read a value of the API's JSON, in either spelling; what is not known there is told of.
---@param value any
---@param line integer?
function Reading:add_json(value, line)
  local job, problems = job_api.from_json(value)
  local at = { line = line, job = type(value) == "table" and type(value.name) == "string"
    and names.id(value.name) or nil }
  if not job then
    for _, one in ipairs(problems) do
      self.notes:add(at, "%s", problem.describe(one))
    end
    job = job_api.from_json(value, { lenient = true })
    if not job then
      return self:leave_out(at, "it cannot be read")
    end
  end
  local remark
  job, remark = M.configuration(job)
  if remark then
    self.notes:add(at, "%s", remark)
  end
  self:add(job, line)
end

---@return mooncron.Job[]
---@return mooncron.port.Note[]
function Reading:result()
  return self.jobs, self.notes.list
end

return M
