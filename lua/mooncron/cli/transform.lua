---The functions of projections, `name.basename()`: those of `gcloud topic projections` that make sense for
---jobs and locations. Each is a row: its parameters in order, and what it does with a value.

local json <const> = require "mooncron.json"
local tables <const> = require "mooncron.tables"

local M = {}

-- Functions, by the file in `transform/` that has them.
local FILES <const> = {
  texts = [[
    basename decode encode float format lower regex scope segment size split sub trailoff upper uri
    yesno
  ]],
  lists = [[
    count extract filter firstof flatten group join len list notnull slice sort
  ]],
  moments = [[
    date duration iso
  ]],
}

-- Words before a function that change how it is applied, and no functions themselves: `map()` applies the
-- next one to each item of a list, `always()` changes nothing here.
local MODIFIERS <const> = { always = true, map = true }

local file_of = {}
for file, names in pairs(FILES) do
  for name in names:gmatch("%a+") do
    file_of[name] = file
  end
end

---@param name string
---@return boolean
function M.is_known(name)
  return file_of[name] ~= nil or MODIFIERS[name] ~= nil
end

---@return string[] sorted
function M.names()
  local names = tables.sorted_keys(file_of)
  table.move(tables.sorted_keys(MODIFIERS), 1, 2, #names + 1, names)
  table.sort(names)
  return names
end

local function is_parameter(row, name)
  for _, known in ipairs(row) do
    if known == name then
      return true
    end
  end
  return false
end

-- The items of a list, and of the lists in it, so many levels deep.
local function opened(list, depth)
  local items = list
  for _ = 1, depth do
    local inner = {}
    for _, item in ipairs(items) do
      if type(item) ~= "table" then
        return items
      end
      table.move(item, 1, #item, #inner + 1, inner)
    end
    items = inner
  end
  return items
end

---A call: the function of a value and its record.
---@param name string a function
---@param args string[] as written: positional or `name=value`
---@param parse fun(text: string): mooncron.cli.Column for functions that take keys
---@param depth integer how many levels of lists the function goes into; 0: it takes the value as it is
---@return fun(value: any, record: table): any
function M.call(name, args, parse, depth)
  local row, given, position = require("mooncron.cli.transform." .. file_of[name])[name], {}, 0
  for _, arg in ipairs(args) do
    local key, value = arg:match("^([%a_]+)=(.*)$")
    if key and not row.many and is_parameter(row, key) then
      given[key] = value
    else
      position = position + 1
      given[row.many and position or row[position] or position] = arg
    end
  end
  local parsed = {}
  local function parse_once(text)
    parsed[text] = parsed[text] or parse(text)
    return parsed[text]
  end
  local function apply(value, record)
    return row.fn(value ~= json.null and value or nil, given, record, parse_once)
  end
  if depth == 0 then
    return apply
  end
  return function(value, record)
    if type(value) ~= "table" or value[1] == nil then
      return value ~= nil and apply(value, record) or nil
    end
    local out = {}
    for i, item in ipairs(opened(value, depth - 1)) do
      out[i] = apply(item, record)
    end
    return out
  end
end

return M
