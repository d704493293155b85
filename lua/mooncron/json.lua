---JSON, with the settings of this project: what cjson accepts too much of is refused, what it
---prints in no order is printed in one. `null` is the one sentinel `json.null`. Of a member given
---twice, the last one counts.

local cjson <const> = require "cjson.safe"
local err <const> = require "mooncron.err"
local data <const> = require("mooncron.native").data

local MAX_DEPTH <const> = 32

local codec <const> = cjson.new()
codec.decode_max_depth(MAX_DEPTH)
codec.encode_max_depth(MAX_DEPTH)
codec.decode_invalid_numbers(false) -- no NaN, Infinity, hexadecimal
codec.encode_invalid_numbers(false)
codec.encode_sparse_array(false, 1, 1) -- a list with holes is the caller's bug, not a list of nulls

local M = { null = cjson.null, max_depth = MAX_DEPTH }

local list_mt <const> = data.list

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
  if not data.is_utf8(text) then
    local _, bad = utf8.len(text)
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

---Print as the service does: two spaces, one final newline, members in the order given. `order` is
---a list of member names; its named entries are the orders of the members' own members (a list's
---order is that of its items). Members that the order does not name follow, sorted.
---@param value any
---@param order table?
---@return string
function M.pretty(value, order)
  local text, why = data.json(value, order, true)
  return text or error(why, 0)
end

---Encode compactly with the members sorted (or as `order` has them) and full digits: equal values
---give equal bytes.
---@param value any
---@param order table?
---@return string? text
---@return mooncron.Err? err
function M.canonical(value, order)
  local text, why = data.json(value, order)
  if not text then
    return nil, err.new("INVALID_ARGUMENT", "not expressible as JSON: " .. why)
  end
  return text
end

return M
