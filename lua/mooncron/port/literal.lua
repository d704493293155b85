---Lua values as source text: short ones on one line, long ones over several.

local fmt <const> = require "mooncron.code.fmt"
local model <const> = require "mooncron.port.model"

local M = {}

local MAX_COLUMNS <const> = 100

local RESERVED <const> = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then
  true until while]]):gmatch("%a+") do
  RESERVED[word] = true
end

M.string = fmt.quote

---@param name string
---@return string
function M.key(name)
  if name:find("^[%a_][%w_]*$") and not RESERVED[name] then
    return name
  end
  local text = fmt.quote(name)
  return text:sub(1, 1) == "[" and "[ " .. text .. " ]" or "[" .. text .. "]"
end

-- Keys in the order wanted, the others behind, sorted.
local function ordered(value, order)
  local keys, rank = model.sorted_keys(value), {}
  for i, key in ipairs(order or {}) do
    rank[key] = i
  end
  table.sort(keys, function(a, b)
    local rank_a, rank_b = rank[a] or math.huge, rank[b] or math.huge
    if rank_a ~= rank_b then
      return rank_a < rank_b
    end
    return a < b
  end)
  return keys
end

local write

local function items_of(value, order, indent)
  local items = {}
  if value[1] ~= nil then
    for i, item in ipairs(value) do
      items[i] = write(item, order, indent)
    end
    return items
  end
  for i, key in ipairs(ordered(value, order)) do
    items[i] = M.key(key) .. " = " .. write(value[key], order and order[key], indent, #M.key(key) + 3)
  end
  return items
end

function write(value, order, indent, used)
  if type(value) == "string" then
    return M.string(value)
  elseif type(value) ~= "table" then
    return math.type(value) == "float" and ("%.17g"):format(value) or tostring(value)
  elseif next(value) == nil then
    return "{}"
  end
  local line = "{ " .. table.concat(items_of(value, order, indent), ", ") .. " }"
  if not line:find("\n") and #indent + (used or 0) + #line < MAX_COLUMNS then
    return line
  end
  return M.block(value, order, indent)
end

---A table over several lines.
---@param value table
---@param order table? names in the order wanted; its named entries are the orders inside
---@param indent string
---@return string
function M.block(value, order, indent)
  local inner = indent .. "  "
  local lines = items_of(value, order, inner)
  if #lines == 0 then
    return "{}"
  end
  return "{\n" .. inner .. table.concat(lines, ",\n" .. inner) .. ",\n" .. indent .. "}"
end

---@param value any
---@param order table?
---@param indent string?
---@return string
function M.value(value, order, indent)
  return write(value, order, indent or "")
end

return M
