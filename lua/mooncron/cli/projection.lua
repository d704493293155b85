---gcloud's projections: `name.basename(), state:label=ST, httpTarget.headers.X-A`. Each becomes a column:
---a function on records, a key, a label and attributes.

local lex <const> = require "mooncron.cli.lex"
local transform <const> = require "mooncron.cli.transform"

local M = {}

---@class mooncron.cli.Column
---@field key (string|integer|false)[] where in the record; empty for a function over the record
---@field name string the key as it is written
---@field label string? as given with `:label=`
---@field attributes table<string, string|boolean> of `:sort=1`, `:reverse`, ...
---@field get fun(record: table): any

-- Names in camel case, by what they are in snake case.
local camel <const> = setmetatable({}, {
  __index = function(known, name)
    known[name] = name:gsub("_(%l)", string.upper)
    return known[name]
  end,
})

---The value at a key, in either spelling of its names; nil when there is none. `[]` gives a list of what
---each item has.
---@param record any
---@param key (string|integer|false)[]
---@param from integer? index of the first name that counts
---@return any
function M.lookup(record, key, from)
  local value = record
  for i = from or 1, #key do
    local name = key[i]
    if type(value) ~= "table" then
      return nil
    elseif type(name) == "string" then
      local found = value[name]
      if found == nil then
        found = value[camel[name]]
      end
      value = found
    elseif name == false then
      local list = {}
      for _, item in ipairs(value) do
        list[#list + 1] = M.lookup(item, key, i + 1)
      end
      return list
    else
      value = value[name >= 0 and name + 1 or #value + 1 + name]
    end
  end
  return value
end

local function written(key)
  local parts = {}
  for _, name in ipairs(key) do
    if type(name) == "string" then
      parts[#parts + 1] = (#parts > 0 and "." or "") .. name
    else
      parts[#parts + 1] = "[" .. (name or "") .. "]"
    end
  end
  return table.concat(parts)
end

-- The calls behind a key: `.basename().upper()`.
local function calls_of(lexer, first)
  local calls, name, depth = {}, first, 0
  repeat
    if not transform.is_known(name) then
      lexer:fail(("Unknown transform function %s, use one of %s"):format(
        name, table.concat(transform.names(), ", ")))
    end
    lexer:take("(")
    local args = lexer:args(",")
    if name == "map" then
      depth = math.tointeger(tonumber(args[1] or 1)) or 1
    elseif name ~= "always" then
      calls[#calls + 1], depth = transform.call(name, args, M.parse_one, depth), 0
    end
    name = lexer:take(".") and lexer:token(":=!<>~()[].{},+*/%&|^#;?")
    if name and not lexer:peek("(") then
      lexer:fail("( expected")
    end
  until not name
  return calls
end

---A key with its transforms.
---@param lexer mooncron.cli.Lexer
---@return { key: table, name: string, get: fun(record: table): any }
function M.term(lexer)
  local key = lexer:key()
  local calls = {}
  if lexer:peek("(") then
    if type(key[#key]) ~= "string" then
      lexer:fail("Name expected")
    end
    calls = calls_of(lexer, table.remove(key))
  end
  return {
    key = key,
    name = written(key),
    is_plain = #calls == 0,
    get = function(record)
      local value = M.lookup(record, key)
      for i = 1, #calls do
        value = calls[i](value, record)
      end
      return value
    end,
  }
end

local function attributes_of(lexer)
  local attributes = {}
  while lexer:take(":") do
    local name = lexer:token(":,=()[]")
    if not name then
      lexer:fail("Attribute name expected")
    end
    attributes[name] = lexer:take("=") and (lexer:token(":,()") or "") or true
  end
  return attributes
end

local function columns(text)
  local lexer, list = lex.new(text), {}
  repeat
    local column = M.term(lexer)
    column.attributes = attributes_of(lexer)
    column.label = column.attributes.label
    list[#list + 1] = column
  until not lexer:take(",")
  if not lexer:skip() then
    lexer:fail("Unexpected tokens in projection")
  end
  return list
end

---Parse what stands between the parentheses of a format.
---@param text string
---@return mooncron.cli.Column[]?
---@return mooncron.Err?
function M.parse(text)
  if not text:find("%S") then
    return {}
  end
  return lex.protect(columns, text)
end

---One column; what is wrong is raised.
---@param text string
---@return mooncron.cli.Column
function M.parse_one(text)
  return columns(text)[1]
end

---The head of a column that has no label: the last name of its key, as gcloud writes it: TIME_ZONE.
---@param column mooncron.cli.Column
---@return string
function M.heading(column)
  for i = #column.key, 1, -1 do
    local name = column.key[i]
    if type(name) == "string" then
      return (name:gsub("(%l)(%u)", "%1_%2"):gsub("(%d)(%u)", "%1_%2"):upper())
    end
  end
  return ""
end

return M
