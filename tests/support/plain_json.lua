-- The text of a value as mooncron.json has it, written the simple way: what the core's writer is held to.

local M = {}

local MIXED <const> = "a table with both list items and named members, or a list with holes"
local DEEP <const> = "nested deeper than 32 levels"
local SHORT <const> = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n",
  ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[\0-\31"\\]', function(c)
    return SHORT[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local function number(value)
  if math.tointeger(value) then
    return ("%d"):format(value)
  elseif value ~= value or value == math.huge or value == -math.huge then
    error("a number that is not finite", 0)
  end
  local text = ("%.15g"):format(value)
  return tonumber(text) == value and text or ("%.17g"):format(value)
end

local function members_of(value, order)
  local keys, known = {}, {}
  for i, key in ipairs(order) do
    known[key] = i
  end
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if known[a] or known[b] then
      return (known[a] or math.huge) < (known[b] or math.huge)
    end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local write

local function write_table(value, order, depth, pad)
  local line = pad and "\n" .. ("  "):rep(depth + 1) or ""
  local last = pad and "\n" .. ("  "):rep(depth) or ""
  local parts, count = {}, 0
  for _ in pairs(value) do
    count = count + 1
  end
  if value[1] ~= nil then
    if count ~= #value then
      error(MIXED, 0)
    end
    for i = 1, count do
      parts[i] = line .. write(value[i], order, depth + 1, pad)
    end
    return "[" .. table.concat(parts, ",") .. last .. "]"
  end
  for _, key in ipairs(members_of(value, order)) do
    if type(key) ~= "string" then
      error(MIXED, 0)
    end
    parts[#parts + 1] = line .. quote(key) .. (pad and ": " or ":")
      .. write(value[key], order[key] or {}, depth + 1, pad)
  end
  return "{" .. table.concat(parts, ",") .. last .. "}"
end

function write(value, order, depth, pad)
  local kind = type(value)
  if kind == "table" then
    if depth > 32 then
      error(DEEP, 0)
    elseif next(value) == nil then
      return getmetatable(value) == getmetatable(require("mooncron.json").list()) and "[]" or "{}"
    end
    return write_table(value, order, depth, pad)
  elseif kind == "string" then
    return quote(value)
  elseif kind == "number" then
    return number(value)
  elseif kind == "boolean" then
    return tostring(value)
  elseif value == require("mooncron.json").null then
    return "null"
  end
  error("a " .. kind, 0)
end

---@param value any
---@param order table?
---@param pretty boolean?
---@return boolean ok
---@return string text or what is wrong
function M.write(value, order, pretty)
  local ok, text = pcall(write, value, order or {}, 0, pretty)
  return ok, ok and pretty and text .. "\n" or text
end

return M
