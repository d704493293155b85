---Jobs over their defaults: messages are merged field by field, maps name by name, all else is replaced;
---`false` takes a default away; of a oneof, what the job says goes. Pure.

local tables <const> = require "mooncron.tables"

local M = {}

-- Of two targets, or two tokens, the default's one gives way.
local function drop_siblings(message, out, over)
  for name in pairs(over) do
    local field = message.by_name[name]
    if field and field.oneof and over[name] then
      for _, other in ipairs(message.fields) do
        if other.oneof == field.oneof and other ~= field and not over[other.name] then
          out[other.name] = nil
        end
      end
    end
  end
end

---@param message table of mooncron.schema; names that it does not have are replaced whole
---@param base table
---@param over table
---@return table
function M.merge(message, base, over)
  local out = tables.copy(base)
  drop_siblings(message, out, over)
  for name, value in pairs(over) do
    local field, old = message.by_name[name], out[name]
    local both = type(value) == "table" and type(old) == "table"
    if field and field.kind == "message" and both then
      out[name] = M.merge(field.message, old, value)
    elseif field and field.kind == "map" and both then
      out[name] = tables.copy(old)
      for key, item in pairs(value) do
        out[name][key] = item
      end
    else
      out[name] = value
    end
  end
  return out
end

---The job without what was taken away by `false`.
---@param message table
---@param job table
---@return table
function M.settle(message, job)
  local out
  for name, value in pairs(job) do
    local field = message.by_name[name]
    local settled = value
    if value == false and field and field.kind ~= "bool" then
      settled = nil
    elseif field and field.kind == "message" and type(value) == "table" then
      settled = M.settle(field.message, value)
    elseif field and field.kind == "map" and type(value) == "table" then
      for key, item in pairs(value) do
        if item == false then
          settled = settled ~= value and settled or tables.copy(value)
          settled[key] = nil
        end
      end
    end
    if settled ~= value then
      out = out or tables.copy(job)
      out[name] = settled
    end
  end
  return out or job
end

return M
