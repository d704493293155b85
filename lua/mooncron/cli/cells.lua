---How gcloud writes a value in a cell: a map or a list as Python prints it, or in csv and value its items.

local json <const> = require "mooncron.json"
local tables <const> = require "mooncron.tables"
local texts <const> = require "mooncron.text"
local text_of <const> = texts.scalar

local M = {}

local PYTHON_ESCAPES <const> = { ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r" }

-- A value inside of a cell, which gcloud leaves to Python.
local function python(value)
  if type(value) == "string" then
    local quote = value:find("'", 1, true) and not value:find('"', 1, true) and '"' or "'"
    local body = value:gsub("[\\\n\t\r]", PYTHON_ESCAPES)
    return quote .. (quote == "'" and body:gsub("'", "\\'") or body) .. quote
  elseif type(value) == "boolean" then
    return value and "True" or "False"
  elseif type(value) ~= "table" then
    return value == json.null and "None" or text_of(value)
  end
  local parts = {}
  if value[1] ~= nil then
    for i, item in ipairs(value) do
      parts[i] = python(item)
    end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for i, key in ipairs(tables.sorted_keys(value)) do
    parts[i] = python(key) .. ": " .. python(value[key])
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

---A value as a text.
---@param value any decoded JSON
---@return string
local function cell(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "table" then
    return next(value) ~= nil and python(value) or ""
  elseif kind == "boolean" then
    return value and "True" or "False"
  end
  return value ~= json.null and text_of(value) or ""
end

M.text = cell

---A field of csv and value: what is in a list or a map, one after the other.
---@param value any decoded JSON
---@param delimiter string between the items
---@param quote fun(text: string): string
---@return string
function M.field(value, delimiter, quote)
  if type(value) ~= "table" then
    return quote(cell(value))
  end
  local parts = {}
  if value[1] ~= nil then
    for i, item in ipairs(value) do
      parts[i] = quote(cell(item))
    end
  else
    for i, key in ipairs(tables.sorted_keys(value)) do
      parts[i] = quote(key .. "=" .. cell(value[key]))
    end
  end
  return table.concat(parts, delimiter)
end

---Whether a value counts as nothing, as in Python.
---@param value any
---@return boolean
function M.is_empty(value)
  return value == nil or value == json.null or value == "" or value == 0 or value == false
    or (type(value) == "table" and next(value) == nil)
end

---Whether a value is a list with something in it.
---@param value any
---@return boolean
function M.is_list(value)
  return type(value) == "table" and value[1] ~= nil
end

---The parts of a text between separators.
---@param text string
---@param separator string not a pattern
---@return string[]
function M.split(text, separator)
  local list, at = {}, 1
  if separator == "" then
    return { text }
  end
  while true do
    local first, last = text:find(separator, at, true)
    list[#list + 1] = text:sub(at, (first or #text + 1) - 1)
    if not first then
      return list
    end
    at = last + 1
  end
end

---How many columns of a terminal a text takes.
---@type fun(text: string): integer
M.width = texts.width

return M
