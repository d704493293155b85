---The functions of projections, `name.basename()`: those of `gcloud topic projections` that make sense for
---jobs and locations. Each is a row: its parameters in order, and what it does with a value.

local text_of <const> = require("mooncron.text").scalar

local M = {}

local function is_empty(value)
  return value == nil or value == "" or value == 0 or value == false
    or (type(value) == "table" and next(value) == nil)
end

local function split(text, separator)
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

local function each(value, fn)
  if type(value) ~= "table" then
    return fn(text_of(value))
  end
  local list = {}
  for i, item in ipairs(value) do
    list[i] = fn(text_of(item))
  end
  return list
end

local function keys_of(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function length(value)
  if type(value) == "table" then
    return #keys_of(value)
  end
  return utf8.len(text_of(value)) or #text_of(value)
end

-- What strftime knows of a moment in a zone; the zone's names come from the tz database.
local function format_date(text, a)
  local core = require "mooncron.core"
  local ms = type(text) == "string" and core.time.parse_instant(text)
  if not ms then
    return a.undefined or ""
  end
  local zone, e = core.time.zone(a.tz or "UTC")
  if not zone then
    error(e, 0)
  end
  local seconds, abbreviation = zone:offset(ms)
  local format = (a.format or "%Y-%m-%dT%H:%M:%S"):gsub("%%([zZ%%])", function(letter)
    if letter == "%" then
      return "%%%%"
    elseif letter == "Z" then
      return (abbreviation:gsub("%%", ""))
    end
    local minutes = math.abs(seconds) // 60
    return ("%s%02d%02d"):format(seconds < 0 and "-" or "+", minutes // 60, minutes % 60)
  end)
  local ok, result = pcall(os.date, "!" .. format, ms // 1000 + seconds)
  return ok and result or a.undefined or ""
end

M.all = {
  always = { fn = function(value) return value end },
  basename = {
    "undefined",
    fn = function(value, a)
      local text = text_of(value):match("[^/\\]*$")
      return is_empty(value) and (a.undefined or "") or text
    end,
  },
  count = { fn = length },
  date = { "format", "unit", "undefined", "tz", fn = format_date },
  decode = {
    "encoding", "undefined",
    fn = function(value, a)
      local readable = a.encoding == "base64" and type(value) == "string"
      return readable and require("mooncron.api.base64").decode(value) or a.undefined or ""
    end,
  },
  encode = {
    "encoding", "undefined",
    fn = function(value, a)
      local encode = a.encoding == "base64" and require("mooncron.api.base64").encode
      return encode and encode(text_of(value)) or a.undefined or ""
    end,
  },
  firstof = {
    many = true,
    fn = function(value, a, record, parse)
      for _, key in ipairs(a) do
        local found = parse(key).get(value == nil and record or value)
        if not is_empty(found) then
          return found
        end
      end
    end,
  },
  format = {
    many = true,
    fn = function(value, a, record, parse)
      local values = { [0] = a[2] == nil and text_of(value) or nil }
      for i = 2, #a do
        values[i - 2] = text_of(parse(a[i]).get(value == nil and record or value))
      end
      return (text_of(a[1]):gsub("{(%d*)[^}]*}", function(index)
        return values[tonumber(index) or 0] or ""
      end))
    end,
  },
  iso = { "undefined", fn = function(value, a) return is_empty(value) and (a.undefined or "T") or value end },
  join = {
    "sep", "undefined",
    fn = function(value, a)
      if type(value) ~= "table" then
        return is_empty(value) and (a.undefined or "") or value
      end
      return table.concat(each(value, text_of), a.sep or "/")
    end,
  },
  len = { fn = length },
  list = {
    "show", "undefined", "separator",
    fn = function(value, a)
      if type(value) ~= "table" then
        return is_empty(value) and (a.undefined or "") or value
      end
      local parts = {}
      for i, key in ipairs(keys_of(value)) do
        local item = text_of(value[key])
        local pair = type(key) == "string" and a.show ~= "values" and key .. "=" .. item or item
        parts[i] = type(key) == "string" and a.show == "keys" and key or pair
      end
      return table.concat(parts, a.separator or ",")
    end,
  },
  lower = { fn = function(value) return value and each(value, string.lower) end },
  map = { "depth", fn = function(value) return value end },
  scope = {
    "name",
    fn = function(value, a)
      local text = text_of(value)
      local marker = "/" .. (a.name or "locations") .. "/"
      local _, last = text:find(marker, 1, true)
      return last and text:sub(last + 1) or text
    end,
  },
  segment = {
    "index", "undefined",
    fn = function(value, a)
      local parts, index = split(text_of(value), "/"), math.tointeger(tonumber(a.index or -1)) or -1
      local found = parts[index >= 0 and index + 1 or #parts + 1 + index]
      return is_empty(found) and (a.undefined or "") or found
    end,
  },
  split = {
    "sep", "undefined",
    fn = function(value, a)
      return is_empty(value) and (a.undefined or "") or split(text_of(value), a.sep or "/")
    end,
  },
  upper = { fn = function(value) return value and each(value, string.upper) end },
  yesno = {
    "yes", "no",
    fn = function(value, a)
      if is_empty(value) then
        return a.no or "No"
      end
      return a.yes or value
    end,
  },
}

---@return string[] sorted
function M.names()
  return keys_of(M.all)
end

local function is_parameter(row, name)
  for _, known in ipairs(row) do
    if known == name then
      return true
    end
  end
  return false
end

---A call: the function of a value and its record.
---@param name string one of `all`
---@param args string[] as written: positional or `name=value`
---@param parse fun(text: string): mooncron.cli.Column for functions that take keys
---@return fun(value: any, record: table): any
function M.call(name, args, parse)
  local row, given, position = M.all[name], {}, 0
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
  return function(value, record)
    return row.fn(value, given, record, parse_once)
  end
end

return M
