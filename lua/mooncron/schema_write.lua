---The other half of `mooncron.schema`: canonical values into what JSON has, and that back.

local base64 <const> = require "mooncron.api.base64"

local M = {}

---A copy without the fields that only the service sets.
---@param message table
---@param value table canonical
---@return table
function M.without_output(message, value)
  local out = {}
  for _, field in ipairs(message.fields) do
    local item = value[field.name]
    if item ~= nil and not field.output then
      out[field.name] = field.kind == "message" and M.without_output(field.message, item) or item
    end
  end
  return out
end

local write

-- Writers by kind: (value, field, int_enums) -> what JSON has, or nil for a default. The other
-- kinds pass unchanged.
local writers <const> = {
  bytes = function(value)
    return value ~= "" and base64.encode(value) or nil
  end,
  string = function(value)
    return value ~= "" and value or nil
  end,
  int32 = function(value)
    return value ~= 0 and value or nil
  end,
  bool = function(value)
    return value or nil
  end,
  map = function(value)
    return next(value) ~= nil and value or nil
  end,
  enum = function(value, field, int_enums)
    local number = field.enum.by_name[value]
    if number == 0 then
      return nil
    end
    return int_enums and number or value
  end,
  message = function(value, field, int_enums)
    return write(field.message, value, int_enums)
  end,
}

function write(message, value, int_enums)
  local out, fields = {}, message.by_name
  for name, item in next, value do
    local field = fields[name]
    if field then
      local writer = writers[field.kind]
      if writer then
        item = writer(item, field, int_enums)
      end
      out[field.json] = item
    end
  end
  return out
end

---Write a canonical value as a table for JSON: lowerCamelCase, defaults absent, never null.
---@param message table
---@param value table
---@param int_enums boolean? enums by number instead of by name
---@return table
function M.write(message, value, int_enums)
  return write(message, value, int_enums)
end

-- Undo what the writers do, by kind; the other kinds pass unchanged.
local undo <const> = {
  bytes = base64.decode,
  int32 = math.tointeger, -- JSON's numbers come as floats
  message = function(item, field)
    return M.read_back(field.message, item)
  end,
}

---Read what `write` has written of a canonical value, after a way through JSON: nothing is checked, and
---what the message does not have is passed over. `mooncron.schema` reads what others write.
---@param message table
---@param value table
---@return table canonical
function M.read_back(message, value)
  local out, by_key = {}, message.by_key
  for key, item in next, value do
    local field = by_key[key]
    if field then
      local read = undo[field.kind]
      out[field.name] = read and read(item, field) or item
    end
  end
  return out
end

return M
