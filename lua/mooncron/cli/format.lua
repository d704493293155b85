---Printing records as gcloud's --format says: `yaml`, `json(name,state)`, `table[no-heading](name:label=ID)`,
---`csv(...)`, `value(...)`. Parsing and printing are apart: a format is checked before anything is asked of
---a server.

local cells <const> = require "mooncron.cli.cells"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local tables <const> = require "mooncron.tables"

local M = {}

---@class mooncron.cli.Format
---@field name string
---@field attributes table<string, string|boolean>
---@field columns mooncron.cli.Column[]

local function heading(column, labels)
  return column.label or labels[column.name] or require("mooncron.cli.projection").heading(column)
end

-- ---- printers: records -> text ----

-- What a projection leaves of a record, for json and yaml.
local function project(record, columns)
  if #columns == 0 then
    return record
  end
  local out = {}
  for _, column in ipairs(columns) do
    local value, at = column.get(record), out
    if value ~= nil and #column.key > 0 then
      for i = 1, #column.key - 1 do
        at[column.key[i]] = at[column.key[i]] or {}
        at = at[column.key[i]]
      end
      at[column.key[#column.key]] = value
    end
  end
  return out
end

local function print_json(records, format, options)
  local list = json.list()
  for i, record in ipairs(records) do
    list[i] = project(record, format.columns)
    if #format.columns > 0 and next(list[i]) == nil then
      list[i] = json.null
    end
  end
  return json.pretty(options.single and list[1] or list)
end

local function print_yaml(records, format, options)
  local yaml = require "mooncron.cli.yaml"
  local out = {}
  for i, record in ipairs(records) do
    out[i] = (options.single and "" or "---\n") .. yaml.encode(project(record, format.columns))
  end
  return table.concat(out)
end

local function compare(a, b)
  if a == nil or b == nil or type(a) ~= type(b) then
    return (a == nil and b ~= nil) or (a ~= nil and b ~= nil and type(a) < type(b))
  elseif type(a) == "table" then
    return false
  elseif type(a) == "boolean" then
    return not a and b
  end
  return a < b
end

---Sort records by columns, the first one first; equal ones keep their order.
---@param records table[]
---@param columns mooncron.cli.Column[]
---@param is_reverse fun(column: mooncron.cli.Column): boolean
---@return table[]
function M.sort(records, columns, is_reverse)
  local rows = {}
  for i, record in ipairs(records) do
    rows[i] = { at = i, record = record }
    for c, column in ipairs(columns) do
      rows[i][c] = column.get(record)
    end
  end
  table.sort(rows, function(a, b)
    for c, column in ipairs(columns) do
      local x, y = a[c], b[c]
      if is_reverse(column) then
        x, y = y, x
      end
      if compare(x, y) then
        return true
      elseif compare(y, x) then
        return false
      end
    end
    return a.at < b.at
  end)
  local sorted = {}
  for i, row in ipairs(rows) do
    sorted[i] = row.record
  end
  return sorted
end

-- By the columns that say `:sort=N`.
local function sort_by_attributes(records, format)
  local columns = {}
  for _, column in ipairs(format.columns) do
    if tonumber(column.attributes.sort) then
      columns[#columns + 1] = column
    end
  end
  table.sort(columns, function(a, b)
    return tonumber(a.attributes.sort) < tonumber(b.attributes.sort)
  end)
  return #columns == 0 and records or M.sort(records, columns, function(column)
    return column.attributes.reverse ~= nil
  end)
end

local function print_table(records, format, options)
  local head = {}
  for i, column in ipairs(format.columns) do
    head[i] = heading(column, options.labels)
  end
  return require("mooncron.cli.table").print(sort_by_attributes(records, format), format, head)
end

-- A format of lines, over what the projection leaves of the records, or over the records themselves.
local function lines(name, is_projected)
  return function(records, format, options)
    local given, heads = {}, {}
    for i, record in ipairs(records) do
      given[i] = is_projected and project(record, format.columns) or record
    end
    for _, column in ipairs(format.columns) do
      heads[column.name] = heading(column, options.labels)
    end
    return require("mooncron.cli.lines")[name](given, format, { single = options.single, heads = heads })
  end
end

local function unescaped(text)
  return (text:gsub("\\([nt\\])", { n = "\n", t = "\t", ["\\"] = "\\" }))
end

-- Fields in lines; the two formats differ in what stands between and in whether they quote.
local function separated(defaults)
  return function(records, format, options)
    local a = format.attributes
    local separator = unescaped(a.separator or defaults.separator)
    local delimiter = unescaped(a.delimiter or ";")
    local terminator = unescaped(a.terminator or "\n")
    local quotes = defaults.quotes and not a["no-quote"] or a.quote ~= nil
    local function quote(text)
      local is_odd = text:find("^%s") or text:find("%s$") or text:find('"', 1, true)
      for _, mark in ipairs { delimiter, separator, terminator } do
        is_odd = is_odd or text:find(mark, 1, true)
      end
      return quotes and is_odd and '"' .. text:gsub('"', '""') .. '"' or text
    end
    local out = {}
    local function line(make)
      local fields = {}
      for i, column in ipairs(format.columns) do
        fields[i] = make(column)
      end
      out[#out + 1] = table.concat(fields, separator) .. terminator
    end
    if defaults.heading and not a["no-heading"] and #records > 0 then
      line(function(column)
        return quote(heading(column, options.labels):lower())
      end)
    end
    for _, record in ipairs(records) do
      line(function(column)
        return cells.field(column.get(record), delimiter, quote)
      end)
    end
    return table.concat(out)
  end
end

local function print_nothing()
  return ""
end

local PRINTERS <const> = {
  config = lines("config", true),
  csv = separated { separator = ",", quotes = true, heading = true },
  disable = print_nothing,
  flattened = lines("flattened", true),
  get = separated { separator = "\t" },
  json = print_json,
  list = lines "list",
  none = print_nothing,
  table = print_table,
  text = lines("flattened", true),
  value = separated { separator = "\t" },
  yaml = print_yaml,
}
local NEEDS_COLUMNS <const> = { csv = true, get = true, table = true, value = true }
-- gcloud's others, so that they are refused by name.
local UNIMPLEMENTED <const> = { diff = true, multi = true, object = true }
local ATTRIBUTES <const> = {
  ["all-box"] = true, ["always-display-title"] = true, ["no-heading"] = true, ["no-pad"] = true,
  ["no-quote"] = true, ["utf-8"] = true, ascii = true, box = true, compact = true, delimiter = true,
  export = true, pad = true, quote = true, separator = true, terminator = true, title = true, unset = true,
}

-- ---- parsing ----

---Names of the formats, for help and completion.
---@return string[]
function M.names()
  return tables.sorted_keys(PRINTERS)
end

-- `no-heading,separator=","`
local function parse_attributes(text)
  local lexer, attributes = require("mooncron.cli.lex").new(text), {}
  while not lexer:skip() do
    local name = lexer:token(",=")
    if not name or not ATTRIBUTES[name] then
      error(err.new("UNIMPLEMENTED", ("format attribute '%s' is not implemented, use one of %s"):format(
        name or "", table.concat(tables.sorted_keys(ATTRIBUTES), ", "))), 0)
    end
    attributes[name] = lexer:take("=") and (lexer:token(",") or "") or true
    lexer:take(",")
  end
  return attributes
end

local function refuse_name(name)
  if UNIMPLEMENTED[name] then
    return nil, err.new("UNIMPLEMENTED", ("format '%s' is not implemented, use one of %s"):format(name,
      table.concat(M.names(), ", ")))
  end
  return nil, err.new("INVALID_ARGUMENT", ("Format must be one of %s; received [%s]."):format(
    table.concat(M.names(), ", "), name))
end

---Parse a format.
---@param text string
---@return mooncron.cli.Format?
---@return mooncron.Err?
function M.parse(text)
  local name, rest = text:match("^%s*([%a]+)%s*(.-)%s*$")
  if not PRINTERS[name] then
    return refuse_name(name or text)
  end
  local attributes, body = rest:match("^(%b[])%s*(.*)$")
  body = body or rest
  local inner = body:match("^%((.*)%)$")
  if body ~= "" and not inner then
    return nil, err.new("INVALID_ARGUMENT", ("Unexpected tokens [%s] in format."):format(body))
  end
  local given, e = {}, nil
  if attributes then
    given, e = require("mooncron.cli.lex").protect(parse_attributes, attributes:sub(2, -2))
  end
  local columns = given and {}
  if given and inner then
    columns, e = require("mooncron.cli.projection").parse(inner)
  end
  if not columns then
    return nil, e
  elseif NEEDS_COLUMNS[name] and #columns == 0 then
    return nil, err.new("INVALID_ARGUMENT", (("Format [%s] requires a non-empty projection. Use key "
      .. "parameters to specify a projection like so `%s(foo, bar.baz)`"):format(name, name)))
  end
  return { name = name, attributes = given, columns = columns }
end

---Print records.
---@param records table[] decoded JSON
---@param format mooncron.cli.Format
---@param options { single: boolean?, labels: table<string, string>? } `single`: the one record, not a list
---  of one; `labels`: heads of columns by key
---@return string
function M.print(records, format, options)
  return PRINTERS[format.name](records, format, {
    single = options.single,
    labels = options.labels or {},
  })
end

return M
