---Values as text for people: the same value gives the same text, in bounds of depth, width and length.

local err <const> = require "mooncron.err"

local M = {}

---@class mooncron.repl.Limits
---@field width integer? columns; what fits stays on one line (default 80)
---@field depth integer? tables inside tables (default 4)
---@field items integer? entries of one table (default 50)
---@field text integer? bytes of one string inside a table (default 200)

local defaults <const> = { width = 80, depth = 4, items = 50, text = 200 }

local escapes <const> = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"' }

local function quote(text)
  local body = text:gsub('[%c"\\\127]', function(c)
    return escapes[c] or ("\\%d"):format(c:byte())
  end)
  if not utf8.len(body) then
    body = body:gsub("[\128-\255]", function(c)
      return ("\\x%02x"):format(c:byte())
    end)
  end
  return '"' .. body .. '"'
end

-- Cut in front of a UTF-8 continuation byte, so that no character is torn.
local function show_string(text, most)
  if #text <= most then
    return quote(text)
  end
  local cut = most
  while cut > 0 and text:byte(cut + 1) & 0xC0 == 0x80 do
    cut = cut - 1
  end
  return ("%s... (%d bytes)"):format(quote(text:sub(1, cut)), #text)
end

local function show_function(value)
  local info = debug.getinfo(value, "S")
  if info.what == "C" then
    return "function: builtin"
  end
  return ("function: %s:%d"):format(info.short_src, info.linedefined)
end

local rank <const> = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local ra, rb = rank[type(a)] or 4, rank[type(b)] or 4
  if ra ~= rb then
    return ra < rb
  elseif ra <= 2 then
    return a < b
  end
  return tostring(a) < tostring(b)
end

local function sorted_keys(t)
  local keys = {}
  for key in next, t do
    keys[#keys + 1] = key
  end
  table.sort(keys, before)
  return keys
end

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then
  true until while]]):gmatch("%a+") do
  keywords[word] = true
end

local show

local function show_key(key, state)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") and not keywords[key] then
    return key
  end
  return "[" .. show(key, state, 0, state.limits.depth) .. "]"
end

-- The entries of a table as texts: the sequence without keys, then the rest in order of keys.
local function entries(t, state, indent, depth)
  local out, length = {}, rawlen(t)
  local keys = sorted_keys(t)
  for _, key in ipairs(keys) do
    if #out == state.limits.items then
      out[#out + 1] = ("... %d more"):format(#keys - #out)
      break
    end
    local prefix = ""
    if not (math.type(key) == "integer" and key >= 1 and key <= length) then
      prefix = show_key(key, state) .. " = "
    end
    out[#out + 1] = prefix .. show(rawget(t, key), state, indent + 2, depth + 1)
  end
  return out
end

local function show_table(t, state, indent, depth)
  if next(t) == nil then
    return "{}"
  elseif state.open[t] then
    return "{cycle}"
  elseif depth >= state.limits.depth then
    return "{...}"
  end
  state.open[t] = true
  local parts = entries(t, state, indent, depth)
  state.open[t] = nil
  local flat = "{ " .. table.concat(parts, ", ") .. " }"
  if #flat + indent <= state.limits.width and not flat:find("\n", 1, true) then
    return flat
  end
  local pad = (" "):rep(indent + 2)
  return "{\n" .. pad .. table.concat(parts, ",\n" .. pad) .. "\n" .. (" "):rep(indent) .. "}"
end

-- What has its own way to print is asked; when that raises, its kind must do.
local function show_own(value)
  local ok, text = pcall(tostring, value)
  return ok and text or type(value)
end

local function has_own(value)
  local meta = getmetatable(value)
  return type(meta) == "table" and rawget(meta, "__tostring") ~= nil
end

function show(value, state, indent, depth)
  local kind = type(value)
  if kind == "string" then
    return show_string(value, depth == 0 and math.maxinteger or state.limits.text)
  elseif kind == "function" then
    return show_function(value)
  elseif err.is(value) or (kind == "table" and has_own(value)) then
    return show_own(value)
  elseif kind == "table" then
    return show_table(value, state, indent, depth)
  end
  return show_own(value)
end

---@param value any
---@param limits mooncron.repl.Limits?
---@return string
function M.value(value, limits)
  return show(value, { limits = setmetatable(limits or {}, { __index = defaults }), open = {} }, 0, 0)
end

---All results of a line: none gives "", several are parted by tabs unless one has several lines.
---@param values table packed
---@param limits mooncron.repl.Limits?
---@return string
function M.results(values, limits)
  local parts, between = {}, "\t"
  for i = 1, values.n do
    parts[i] = M.value(values[i], limits)
    between = parts[i]:find("\n", 1, true) and "\n" or between
  end
  return table.concat(parts, between)
end

---Names in columns, down first, for a list of completions.
---@param names string[]
---@param width integer
---@return string
function M.columns(names, width)
  local widest = 0
  for _, name in ipairs(names) do
    widest = math.max(widest, #name)
  end
  local per_row = math.max(1, (width + 2) // (widest + 2))
  local rows = (#names + per_row - 1) // per_row
  local lines = {}
  for row = 1, rows do
    local cells = {}
    for i = row, #names, rows do
      cells[#cells + 1] = i + rows > #names and names[i] or names[i] .. (" "):rep(widest + 2 - #names[i])
    end
    lines[row] = table.concat(cells)
  end
  return table.concat(lines, "\n")
end

return M
