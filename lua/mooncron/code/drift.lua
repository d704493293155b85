---What changed outside: the live jobs of a set as they differ from what is declared. Pure.

local diff <const> = require "mooncron.code.diff"
local normalise <const> = require "mooncron.code.normalise"
local sets <const> = require "mooncron.code.set"

local M = {}

---@class mooncron.code.Drift
---@field kind "missing"|"changed"|"unknown"
---@field name string
---@field where string?
---@field fields mooncron.code.Difference[] from declared to live; the state is among them
---@field changed_at string? when the service says that it was changed last

-- A state that nobody declared: who does not speak of pauses means a job that runs.
local function state_leaf(declared, live)
  local wanted = declared.paused and "PAUSED" or "ENABLED"
  if live.state ~= nil and live.state ~= wanted then
    return { path = "state", from = wanted, to = live.state }
  end
end

local function compare(declared, live)
  local leaves = diff.leaves(normalise.compared(declared.job), normalise.compared(live))
  diff.add_exceptions(leaves, declared.exceptions, live.exceptions)
  leaves[#leaves + 1] = state_leaf(declared, live)
  return leaves
end

---@param declared mooncron.code.Declared
---@param live mooncron.Job[]
---@param options { now_ms: integer }
---@return mooncron.code.Drift[] by name
function M.find(declared, live, options)
  local by_name, known, found = {}, {}, {}
  for _, job in ipairs(live) do
    by_name[job.name] = job
  end
  for _, one in ipairs(declared.jobs) do
    known[one.name] = true
    local job = by_name[one.name]
    local leaves = job and compare(one, job)
    if not job and not one.active then
      found[#found + 1] = { kind = "missing", name = one.name, where = one.where, fields = {} }
    elseif not job and options.now_ms >= one.active.from_ms and options.now_ms <= one.active.to_ms then
      found[#found + 1] = { kind = "missing", name = one.name, where = one.where, fields = {} }
    elseif leaves and leaves[1] then
      found[#found + 1] = {
        kind = "changed", name = one.name, where = one.where, fields = leaves,
        changed_at = job.user_update_time,
      }
    end
  end
  for _, job in ipairs(live) do
    local _, owner = sets.detach(job.description)
    if owner and owner == declared.set and not known[job.name] then
      found[#found + 1] = {
        kind = "unknown", name = job.name, fields = {}, changed_at = job.user_update_time,
      }
    end
  end
  table.sort(found, function(a, b)
    return a.name < b.name
  end)
  return found
end

return M
