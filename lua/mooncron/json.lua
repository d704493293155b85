---JSON, with the settings of this project: what cjson accepts too much of is refused, what it
---prints in no order is printed in one. `null` is the one sentinel `json.null`. Of a member given
---twice, the last one counts.

local cjson <const> = require "cjson.safe"
local err <const> = require "mooncron.err"

local concat <const> = table.concat
local MAX_DEPTH <const> = 32

local codec <const> = cjson.new()
codec.decode_max_depth(MAX_DEPTH)
codec.encode_max_depth(MAX_DEPTH)
codec.decode_invalid_numbers(false) -- no NaN, Infinity, hexadecimal
codec.encode_invalid_numbers(false)
codec.encode_sparse_array(false, 1, 1) -- a list with holes is the caller's bug, not a list of nulls

local M = { null = cjson.null, max_depth = MAX_DEPTH }

local list_mt <const> = { __name = "mooncron.json.list" }

---Mark a table as a list, so that it prints as `[]` when it is empty.
---@param items table?
---@return table
function M.list(items)
  return setmetatable(items or {}, list_mt)
end

-- What cjson says, in words that help the one who wrote the text.
local WANTED <const> = {
  { "^Expected value", "a value is missing" },
  { "^Expected object key", "a member name in double quotes is missing" },
  { "^Expected colon", "a ':' is missing after the member name" },
  { "^Expected comma or object end", "a ',' or '}' is missing" },
  { "^Expected comma or array end", "a ',' or ']' is missing" },
  { "^Expected the end", "there is text after the end of the value" },
  { "^Found too many nested", "nested deeper than " .. MAX_DEPTH .. " levels" },
}
local FOUND <const> = {
  { "invalid number", "not a number as JSON has them" },
  { "unexpected end of string", "the string has no closing quote" },
  { "invalid unicode escape", "not a valid \\u escape" },
  { "invalid escape", "not a valid escape in a string" },
}

local function explain(text, message)
  local pos = tonumber(message:match("at character (%d+)$") or 1) - 1
  for _, row in ipairs(FOUND) do
    if message:find(row[1], 1, true) then
      return pos, row[2]
    end
  end
  if message:find("T_END", 1, true) then
    return pos, text:find("%S") and "the text ends too early" or "the text is empty"
  end
  for _, row in ipairs(WANTED) do
    if message:find(row[1]) then
      return pos, row[2]
    end
  end
  return pos, message
end

local function refuse(pos, sentence)
  return nil, err.new(
    "INVALID_ARGUMENT", ("invalid JSON at byte %d: %s"):format(pos, sentence), { pos = pos }
  )
end

---Decode a JSON text. Numbers come as floats (`math.tointeger` tells the whole ones); depth is at
---most 32.
---@param text string
---@return any value
---@return mooncron.Err? err with `pos`, the offset of the byte at fault
function M.decode(text)
  local length, bad = utf8.len(text)
  if not length then
    return refuse(bad - 1, "not valid UTF-8")
  end
  local value, message = codec.decode(text)
  if value == nil then
    return refuse(explain(text, message))
  end
  return value
end

---Encode compactly, members in any order: the fast way to a request body. Numbers keep 14 digits;
---use `canonical` for values that are not ours.
---@param value any
---@return string? text
---@return mooncron.Err? err
function M.encode(value)
  local text, message = codec.encode(value)
  if not text then
    return nil, err.new("INVALID_ARGUMENT", "not expressible as JSON: " .. message)
  end
  return text
end

local ESCAPES <const> = {
  ['"'] = '\\"',
  ["\\"] = "\\\\",
  ["\b"] = "\\b",
  ["\f"] = "\\f",
  ["\n"] = "\\n",
  ["\r"] = "\\r",
  ["\t"] = "\\t",
}
for byte = 0, 31 do
  local char = string.char(byte)
  ESCAPES[char] = ESCAPES[char] or ("\\u%04x"):format(byte)
end

local function quote(text)
  if text:find('[%c"\\]') then
    text = text:gsub('[%c"\\]', ESCAPES)
  end
  return '"' .. text .. '"'
end

local function number(value)
  local whole = math.tointeger(value)
  if whole then
    return ("%d"):format(whole)
  end
  if value ~= value or value == math.huge or value == -math.huge then
    error("a number that is not finite", 0)
  end
  local text = ("%.15g"):format(value)
  return tonumber(text) == value and text or ("%.17g"):format(value)
end

local EMPTY <const> = {}
local write

local MIXED <const> = "a table with both list items and named members, or a list with holes"

-- What stands before each value, made once per order and depth: order -> indent -> list.
local heads_of <const> = setmetatable({}, { __mode = "k" })

local function heads_for(order, indent, colon)
  local by_indent = heads_of[order]
  if not by_indent then
    by_indent = {}
    heads_of[order] = by_indent
  end
  local heads = by_indent[indent]
  if not heads then
    heads = {}
    for i, key in ipairs(order) do
      heads[i] = indent .. quote(key) .. colon
    end
    by_indent[indent] = heads
  end
  return heads
end

-- Keys that an order does not name, sorted.
local function other_keys(value, order)
  local known, keys = {}, {}
  for i = 1, #order do
    known[order[i]] = true
  end
  for key in next, value do
    if type(key) ~= "string" then
      error(MIXED, 0)
    elseif not known[key] then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

local function write_list(out, n, value, order, pad)
  local inner = pad and pad .. "  "
  local count = 0
  for _ in next, value do
    count = count + 1
  end
  if count ~= #value then
    error(MIXED, 0)
  end
  for i = 1, count do
    n = n + 1
    out[n] = (i == 1 and "[" or ",") .. (inner or "")
    n = write(out, n, value[i], order, inner)
  end
  n = n + 1
  out[n] = (pad or "") .. "]"
  return n
end

local function write_member(out, n, head, item, order, pad)
  if type(item) == "string" then
    out[n + 1] = head
    out[n + 2] = quote(item)
    return n + 2
  end
  out[n + 1] = head
  return write(out, n + 1, item, order or EMPTY, pad)
end

local function write_object(out, n, value, order, pad)
  local inner = pad and pad .. "  "
  local indent, colon = inner or "", pad and ": " or ":"
  local heads = heads_for(order, indent, colon)
  local start, left = n, 0
  for _ in next, value do
    left = left + 1
  end
  for i = 1, #order do
    local item = value[order[i]]
    if item ~= nil then
      n = n + 1
      out[n] = n == start + 1 and "{" or ","
      n = write_member(out, n, heads[i], item, order[order[i]], inner)
      left = left - 1
    end
  end
  if left > 0 then
    for _, key in ipairs(other_keys(value, order)) do
      n = n + 1
      out[n] = n == start + 1 and "{" or ","
      n = write_member(out, n, indent .. quote(key) .. colon, value[key], order[key], inner)
    end
  end
  n = n + 1
  out[n] = (pad or "") .. "}"
  return n
end

function write(out, n, value, order, pad)
  local kind = type(value)
  if kind == "table" then
    if pad and #pad > 2 * MAX_DEPTH + 1 then
      error("nested deeper than " .. MAX_DEPTH .. " levels", 0)
    elseif next(value) == nil then
      n = n + 1
      out[n] = getmetatable(value) == list_mt and "[]" or "{}"
      return n
    elseif value[1] ~= nil then
      return write_list(out, n, value, order, pad)
    end
    return write_object(out, n, value, order, pad)
  end
  n = n + 1
  if kind == "string" then
    out[n] = quote(value)
  elseif kind == "number" then
    out[n] = number(value)
  elseif kind == "boolean" then
    out[n] = value and "true" or "false"
  elseif value == M.null then
    out[n] = "null"
  else
    error("a " .. kind, 0)
  end
  return n
end

---Print as the service does: two spaces, one final newline, members in the order given. `order` is
---a list of member names; its named entries are the orders of the members' own members (a list's
---order is that of its items). Members that the order does not name follow, sorted.
---An order is not changed once it was used.
---@param value any
---@param order table?
---@return string
function M.pretty(value, order)
  local out = {}
  local n = write(out, 0, value, order or EMPTY, "\n")
  out[n + 1] = "\n"
  return concat(out)
end

local function depth_of(value, depth)
  if depth > MAX_DEPTH then
    error("nested deeper than " .. MAX_DEPTH .. " levels", 0)
  end
  for _, item in next, value do
    if type(item) == "table" then
      depth_of(item, depth + 1)
    end
  end
end

---Encode compactly with the members sorted (or as `order` has them) and full digits: equal values
---give equal bytes.
---@param value any
---@param order table?
---@return string? text
---@return mooncron.Err? err
function M.canonical(value, order)
  local out = {}
  local ok, message = pcall(function()
    if type(value) == "table" then
      depth_of(value, 1)
    end
    write(out, 0, value, order or EMPTY)
  end)
  if not ok then
    return nil, err.new("INVALID_ARGUMENT", "not expressible as JSON: " .. tostring(message))
  end
  return concat(out)
end

return M
