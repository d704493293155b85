---The other half of `mooncron.schema`: canonical values into what JSON has, and that back.

local base64 <const> = require "mooncron.api.base64"
local json <const> = require "mooncron.json"
local native <const> = require("mooncron.native").message
local tables <const> = require "mooncron.tables"

local M = {}

---A copy without the fields that only the service sets.
---@param message table
---@param value table canonical
---@return table
function M.without_output(message, value)
  local out = tables.copy(value)
  for i = 1, #message.outputs do
    out[message.outputs[i]] = nil
  end
  for i = 1, #message.holders do
    local field = message.holders[i]
    local item = out[field.name]
    out[field.name] = item and M.without_output(field.message, item)
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
  messages = function(value, field, int_enums)
    local out = {}
    for i = 1, #value do
      out[i] = write(field.message, value[i], int_enums)
    end
    return out[1] and out
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

---Write a canonical value as JSON text: compact with the members in the order of the fields, so that
---equal values give equal bytes; or as the service prints it.
---@param message table
---@param value table
---@param opts {pretty: boolean?, int_enums: boolean?}?
---@return string
function M.text(message, value, opts)
  local pretty, int_enums = opts and opts.pretty, opts and opts.int_enums
  local text = native.text(message.compiled, value, pretty, int_enums)
  if text then
    return text
  end
  local written = write(message, value, int_enums) -- by hand, and in some way no canonical value
  return pretty and json.pretty(written, message.order) or assert(json.canonical(written, message.order))
end

return M
