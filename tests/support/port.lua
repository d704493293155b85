---For the specs of `mooncron.port`: fixtures, notes as lines, job files read back.

local job_api <const> = require "mooncron.api.job"
local notes_api <const> = require "mooncron.port.notes"

local M = {}

---@param name string in tests/data/port
---@return string
function M.fixture(name)
  local file <close> = assert(io.open("tests/data/port/" .. name, "rb"))
  return file:read("a")
end

---@param notes table[]
---@return string[]
function M.lines(notes)
  local out = {}
  for i, note in ipairs(notes) do
    out[i] = notes_api.format(note)
  end
  return out
end

---@return table<string, table> jobs by the end of their names
function M.by_id(jobs)
  local out = {}
  for _, job in ipairs(jobs) do
    out[job.name:match("[^/]*$")] = job
  end
  return out
end

---Whether YAML can be read here; without lua-yaml its specs are pending.
function M.has_yaml()
  return (pcall(require, "yaml"))
end

-- ---- job files ----

local TARGETS <const> = { http_target = true, pubsub_target = true, app_engine_http_target = true }

-- Defaults under a job, as `mooncron.code` has them: tables are merged, all else is replaced, and the
-- target that a job names takes the place of another.
local function merge(base, over)
  local out = {}
  local has_target
  for key in pairs(over) do
    has_target = has_target or TARGETS[key] and key
  end
  for key, value in pairs(base) do
    out[key] = not (has_target and TARGETS[key] and key ~= has_target) and value or nil
  end
  for key, value in pairs(over) do
    local both = type(value) == "table" and type(out[key]) == "table" and key ~= "body" and key ~= "data"
    out[key] = both and merge(out[key], value) or value
  end
  return out
end

---Load a generated job file: the jobs, canonical, and the set.
---@param text string
---@param home { project: string, location: string }
---@return table[] jobs
---@return string? set
function M.load(text, home)
  local jobs, scope, set = {}, {}, nil
  local function declare(given)
    local fields = merge(scope, given)
    local parent = ("projects/%s/locations/%s/jobs/"):format(
      fields.project or home.project, fields.location or home.location)
    local paused = fields.paused
    fields.project, fields.location, fields.paused = nil, nil, nil
    fields.name = parent .. fields.name
    local job, problems = job_api.from_lua(fields)
    assert(job, problems and require("mooncron.problem").error(problems).message)
    job.state = paused and "PAUSED" or nil
    jobs[#jobs + 1] = job
  end
  local env = {
    set = function(name) set = name end,
    defaults = function(given, inside)
      local outer = scope
      scope = merge(outer, given)
      if inside then
        inside()
        scope = outer
      end
    end,
    job = function(id)
      return function(given)
        declare(merge({ name = id }, given))
      end
    end,
  }
  assert(load(text, "@jobs.lua", "t", env))()
  return jobs, set
end

return M
