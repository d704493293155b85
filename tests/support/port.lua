---For the specs of `mooncron.port`: fixtures, notes as lines, job files read back.

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

---Load a generated job file: the jobs, canonical, and the set.
---@param text string
---@param home { project: string, location: string }
---@return table[] jobs
---@return string? set
function M.load(text, home)
  local declared, e = require("mooncron.code.loader").load_text(text, home)
  assert(declared, e and table.concat(e.lines or { e.message }, "\n"))
  local jobs = {}
  for i, one in ipairs(declared.jobs) do
    jobs[i] = one.job
    jobs[i].state = one.paused and "PAUSED" or nil
  end
  return jobs, declared.set
end

return M
