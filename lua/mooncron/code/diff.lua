---What differs between two jobs in compared form, leaf by leaf, as it may be shown. Pure.

local exceptions <const> = require "mooncron.exceptions"
local fields <const> = require "mooncron.api.fields"
local job_api <const> = require "mooncron.api.job"
local mask_api <const> = require "mooncron.api.mask"
local normalise <const> = require "mooncron.code.normalise"
local secret <const> = require "mooncron.code.secret"
local sets <const> = require "mooncron.code.set"

local M = {}

---@class mooncron.code.Difference
---@field path string
---@field from any nil: was not there
---@field to any

local EMPTY <const> = {}

local function shown(path, value)
  if value == nil then
    return normalise.defaults[path]
  end
  return secret.show(path, value)
end

local function add(out, path, from, to)
  if from ~= to then
    out[#out + 1] = { path = path, from = shown(path, from), to = shown(path, to) }
  end
end

local function keys_of(a, b)
  local seen, keys = {}, {}
  for _, map in ipairs { a, b } do
    for key in next, map do
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
  end
  table.sort(keys)
  return keys
end

local walk

local function walk_field(field, a, b, path, out)
  if field.kind == "message" then
    walk(field.message, a or EMPTY, b or EMPTY, path .. ".", out)
  elseif field.kind == "map" then
    a, b = a or EMPTY, b or EMPTY
    for _, key in ipairs(keys_of(a, b)) do
      add(out, path .. "." .. key, a[key], b[key])
    end
  else
    add(out, path, a, b)
  end
end

function walk(message, old, new, prefix, out)
  for _, field in ipairs(message.fields) do
    local a, b = old[field.name], new[field.name]
    if a ~= b and not field.output and not field.immutable then
      if prefix == "" and field.name == "description" then
        local text_a, set_a = sets.detach(a)
        local text_b, set_b = sets.detach(b)
        add(out, "set", set_a, set_b)
        add(out, "description", text_a, text_b)
      else
        walk_field(field, a, b, prefix .. field.name, out)
      end
    end
  end
  return out
end

---The differing leaves in the order of the fields. `set` stands for the mark in the description.
---@param old table compared form; empty for a job that is not there
---@param new table
---@return mooncron.code.Difference[]
function M.leaves(old, new)
  return walk(fields.job, old, new, "", {})
end

---How exceptions differ, as leaves at the end of others.
---@param out mooncron.code.Difference[]
---@param old mooncron.Exceptions?
---@param new mooncron.Exceptions?
---@return mooncron.code.Difference[] out
function M.add_exceptions(out, old, new)
  local old_except, old_window = exceptions.words(old)
  local new_except, new_window = exceptions.words(new)
  add(out, "except", old_except, new_except)
  add(out, "window", old_window, new_window)
  return out
end

---Whether a live job is as declared, its state aside.
---@param live mooncron.Job
---@param job mooncron.Job
---@return boolean
function M.is_same(live, job)
  return #mask_api.compute(normalise.compared(live), normalise.compared(job)) == 0
end

---The update mask that makes the live job the declared one.
---@param live mooncron.Job
---@param job mooncron.Job
---@return string[]
function M.mask(live, job)
  return (M.between(live, job))
end

---The update mask that makes the live job the declared one, and the leaves that differ; both empty when it
---is that. In the mask is also what was filled in for an old value and would stay with the new one: an
---audience of the old uri, the Content-Type of a body that is gone.
---@param live mooncron.Job
---@param job mooncron.Job
---@return string[] mask
---@return mooncron.code.Difference[] leaves
function M.between(live, job)
  local old, new = normalise.compared(live), normalise.compared(job)
  if #mask_api.compute(old, new) == 0 then
    return {}, {}
  end
  return mask_api.compute(live, job_api.normalise_stored(job)), M.leaves(old, new)
end

return M
