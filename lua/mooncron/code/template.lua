---Declared parameters of templates and of the command line: names, types, defaults and bounds, checked
---before anything is made of them. Pure.

local problem <const> = require "mooncron.problem"
local spelling <const> = require "mooncron.spelling"

local M = {}

---@class mooncron.code.Param
---@field type "string"|"integer"|"number"|"boolean"|"table"|nil default: that of `default`, else string
---@field default any without it the parameter is required
---@field optional boolean? may be left out without a default
---@field one_of any[]?
---@field match string? Lua pattern that the whole text must fit
---@field min number?
---@field max number?

local FIELDS <const> = {
  type = "string", default = "any", optional = "boolean", one_of = "table", match = "string",
  min = "number", max = "number",
}
local FIELD_NAMES <const> = { "default", "match", "max", "min", "one_of", "optional", "type" }
local TYPES <const> = { string = true, integer = true, number = true, boolean = true, table = true }

local function type_of(value)
  return math.type(value) == "integer" and "integer" or type(value)
end

local function sorted_names(map)
  local names = {}
  for name in pairs(map) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  return names
end

-- `"string"` is short for `{ type = "string" }`.
local function read_param(name, given)
  local param = type(given) == "string" and { type = given } or given
  if type(param) ~= "table" then
    return nil, ("parameter '%s' must be a type or a table"):format(name)
  end
  for _, key in ipairs(sorted_names(param)) do
    local wanted, value = FIELDS[key], param[key]
    if not wanted then
      local hint = spelling.hint(tostring(key), FIELD_NAMES)
      return nil, ("parameter '%s': no such field '%s'%s"):format(name, key, hint and ", " .. hint or "")
    elseif wanted ~= "any" and type(value) ~= wanted then
      return nil, ("parameter '%s': %s must be a %s"):format(name, key, wanted)
    end
  end
  local kind = param.type
    or param.default ~= nil and type_of(param.default)
    or param.one_of and type_of(param.one_of[1])
    or "string"
  if not TYPES[kind] then
    return nil, ("parameter '%s': type '%s' is not string, integer, number, boolean or table"):format(name,
      kind)
  end
  local out = { type = kind }
  for key, value in pairs(param) do
    out[key] = value
  end
  return out
end

---Read a declaration of parameters.
---@param given table<string, string|mooncron.code.Param>
---@return table<string, mooncron.code.Param>? params
---@return string? problem
function M.declare(given)
  local params = {}
  if given[1] ~= nil then
    return nil, "parameters are named: write { region = \"string\" }"
  end
  for _, name in ipairs(sorted_names(given)) do
    local why
    params[name], why = read_param(name, given[name])
    if why then
      return nil, why
    end
  end
  return params
end

-- From text, as the command line and CSV have it.
local readers <const> = {}

function readers.integer(text)
  return math.tointeger(tonumber(text))
end

function readers.number(text)
  return tonumber(text)
end

function readers.boolean(text)
  if text == "true" then
    return true
  elseif text == "false" then
    return false
  end
end

local function fits(param, value)
  if param.one_of then
    for _, allowed in ipairs(param.one_of) do
      if allowed == value then
        return true
      end
    end
    local names = {}
    for i, allowed in ipairs(param.one_of) do
      names[i] = tostring(allowed)
    end
    local hint = type(value) == "string" and spelling.hint(value, names)
    return false, "is not one of " .. table.concat(names, ", ") .. (hint and ", " .. hint or "")
  elseif param.match and not tostring(value):find("^" .. param.match:gsub("^%^", ""):gsub("%$$", "")
    .. "$") then
    return false, ("does not fit the pattern '%s'"):format(param.match)
  elseif param.min and value < param.min then
    return false, ("is less than %s"):format(param.min)
  elseif param.max and value > param.max then
    return false, ("is more than %s"):format(param.max)
  end
  return true
end

local function check_value(name, param, value)
  local kind = param.type
  if type(value) == "string" and readers[kind] then
    local read = readers[kind](value)
    if read == nil then
      return nil, ("%s '%s': must be %s"):format(name, problem.cut(value), kind == "integer" and "an integer"
        or "a " .. kind)
    end
    value = read
  elseif kind == "integer" and math.type(value) == "float" then
    value = math.tointeger(value) or value
  end
  local is = type_of(value)
  if is ~= kind and not (kind == "number" and is == "integer") then
    return nil, ("%s must be %s, not %s"):format(name, kind == "integer" and "an integer" or "a " .. kind,
      type(value))
  end
  local ok, why = fits(param, value)
  if not ok then
    return nil, ("%s '%s' %s"):format(name, problem.cut(value), why)
  end
  return value
end

---Check values by what was declared.
---@param params table<string, mooncron.code.Param>
---@param given table<string, any>
---@return table<string, any>? values
---@return string? problem one line
function M.check(params, given)
  local values = {}
  local known = sorted_names(params)
  for _, name in ipairs(sorted_names(given)) do
    if not params[name] then
      local hint = spelling.hint(name, known) or #known > 0 and "known are " .. table.concat(known, ", ")
      return nil, ("no such parameter '%s'%s"):format(name, hint and ", " .. hint or "")
    end
  end
  for _, name in ipairs(known) do
    local param, value = params[name], given[name]
    if value == nil then
      if param.default == nil and not param.optional then
        return nil, ("parameter '%s' is missing"):format(name)
      end
      values[name] = param.default
    else
      local why
      values[name], why = check_value("parameter '" .. name .. "'", param, value)
      if why then
        return nil, why
      end
    end
  end
  return values
end

return M
