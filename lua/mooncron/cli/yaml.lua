---YAML as gcloud prints it: block style, keys sorted, lines folded at 80 columns. A text stays plain only
---when every reader takes it for a text, whether it speaks YAML 1.1 or 1.2: `yes`, `012`, `1:30` are
---quoted.

local json <const> = require "mooncron.json"
local tables <const> = require "mooncron.tables"

local M = {}

local WIDTH <const> = 80

-- ---- what a plain scalar would be taken for ----

local INDICATORS <const> = "^[#,%[%]{}&*!|>'\"%%@`]"

local WORDS <const> = {}
for word in ("true false yes no on off y n null"):gmatch("%a+") do
  WORDS[word] = true
end

local NUMBERS <const> = {
  "^[-+]?[%d_]+$", "^[-+]?0b?[01_]+$", "^[-+]?0o?[0-7_]+$", "^[-+]?0x[%x_]+$", "^[-+]?%d[%d_]*%.[%d_]*$",
  "^[-+]?%.[%d_]+$", "^[-+]?%.inf$", "^%.nan$", "^[-+]?%d[%d_]*[:%d]*:[0-5]?%d$",
  "^[-+]?%d[%d_]*[:%d]*:[0-5]?%d%.[%d_]*$",
}
local DATE <const> = "^%d%d%d%d%-%d%d?%-%d%d?"

local function is_something_else(text)
  local lower = text:lower()
  if WORDS[lower] or text == "~" or text == "=" or text == "<<" then
    return true
  end
  local mantissa = lower:match("^([-+]?[%d_]*%.?[%d_]*)e[-+]?%d+$")
  for _, pattern in ipairs(NUMBERS) do
    if lower:find(pattern) or (mantissa and mantissa:find(pattern)) then
      return true
    end
  end
  return text:find(DATE .. "$") ~= nil or text:find(DATE .. "[Tt ].*%d:%d%d") ~= nil
end

-- Code points that are written as escapes; a text with one of them is in double quotes.
local function is_special(c)
  return c < 32 or c == 127 or (c > 126 and c < 160) or c == 0x2028 or c == 0x2029 or c == 0xFEFF
    or (c >= 0xD800 and c <= 0xDFFF) or c == 0xFFFE or c == 0xFFFF
end

local function has_special(text)
  if not utf8.len(text) then
    return true
  end
  for _, c in utf8.codes(text) do
    if is_special(c) and c ~= 10 then
      return true
    end
  end
  return false
end

local function is_plain(text)
  return text ~= "" and not text:find(INDICATORS) and not text:find("^[-?:] ") and not text:find("^[-?:]$")
    and not text:find("^ ") and not text:find(" $") and not text:find(": ", 1, true)
    and not text:find(":$") and not text:find(" #", 1, true) and not text:find("^%-%-%-")
    and not text:find("^%.%.%.") and not is_something_else(text)
end

-- ---- writing scalars: pieces of a line, folded where the line is over ----

-- Words and the blanks between them; a single blank may become the end of the line.
local function folded(text, column, indent, quote)
  local out, at = {}, 1
  column = column + #quote
  while at <= #text do
    local word, blanks, after = text:match("^([^ ]*)( *)()", at)
    column = column + (utf8.len(word) or #word)
    out[#out + 1] = word
    local is_edge = quote ~= "" and (after > #text or (at == 1 and word == ""))
    if blanks == " " and column > WIDTH and not is_edge then
      out[#out + 1] = "\n" .. indent
      column = #indent
    else
      out[#out + 1] = blanks
      column = column + #blanks
    end
    at = after
  end
  return table.concat(out)
end

local ESCAPES <const> = {
  [0] = "\\0", [7] = "\\a", [8] = "\\b", [9] = "\\t", [10] = "\\n", [11] = "\\v", [12] = "\\f",
  [13] = "\\r", [27] = "\\e", [34] = '\\"', [92] = "\\\\", [0x85] = "\\N", [0x2028] = "\\L", [0x2029] = "\\P",
}

local function escape(c)
  if ESCAPES[c] then
    return ESCAPES[c]
  elseif not is_special(c) then
    return utf8.char(c)
  elseif c <= 0xFF then
    return ("\\x%02X"):format(c)
  end
  return ("\\u%04X"):format(c)
end

local function code_points(text)
  if utf8.len(text) then
    local list = {}
    for _, c in utf8.codes(text) do
      list[#list + 1] = c
    end
    return list
  end
  return { text:byte(1, -1) }
end

-- In double quotes a line ends in a backslash, and a blank that begins the next one has one before it.
local function double_quoted(text, column, indent)
  local points, out, pending = code_points(text), { '"' }, 0
  column = column + 1
  for i, c in ipairs(points) do
    local is_ordinary = not ESCAPES[c] and not is_special(c)
    local may_break = i > 1 and i < #points and (c == 32 or pending == 0 and is_ordinary)
    if may_break and column + pending > WIDTH then
      out[#out + 1] = "\\\n" .. indent .. (c == 32 and "\\" or "")
      column, pending = #indent + (c == 32 and 1 or 0), 0
    end
    local piece = escape(c)
    out[#out + 1] = piece
    if is_ordinary then
      pending = pending + 1
    else
      column, pending = column + pending + #piece, 0
    end
  end
  out[#out + 1] = '"'
  return table.concat(out)
end

-- A text of several lines. Not for lines that end in a blank: those need quotes.
local function literal(text, indent)
  local hint = text:find("^[ \n]") and "2" or ""
  local tail = text:sub(-1) ~= "\n" and "-" or (text == "\n" or text:sub(-2) == "\n\n") and "+" or ""
  local body = text:gsub("\n$", "")
  local lines = {}
  for line in (body .. "\n"):gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line ~= "" and indent .. line or ""
  end
  return "|" .. hint .. tail .. "\n" .. table.concat(lines, "\n")
end

---A text as a scalar that starts in a column; lines that follow are indented.
---@param text string
---@param column integer columns before it on its line
---@param indent string
---@return string
function M.scalar(text, column, indent)
  if text:find("\n", 1, true) and not has_special(text) and not text:find(" \n", 1, true)
    and not text:find(" $") then
    return literal(text, indent)
  elseif text:find("\n", 1, true) or has_special(text) then
    return double_quoted(text, column, indent)
  elseif is_plain(text) then
    return folded(text, column, indent, "")
  elseif text:find("'", 1, true) and not text:find('"', 1, true) then
    return double_quoted(text, column, indent)
  end
  return "'" .. folded(text:gsub("'", "''"), column, indent, "'") .. "'"
end

-- ---- writing values ----

local function number(value)
  local whole = math.tointeger(value)
  return whole and ("%d"):format(whole) or (("%.6f"):format(value):gsub("0+$", ""))
end

local write

-- `head` is what stands on the first line already, `indent` what each further line begins with.
local function write_map(out, map, indent, head)
  for _, key in ipairs(tables.sorted_keys(map)) do
    local name = M.scalar(key, math.mininteger // 2, "")
    out[#out + 1] = (head or indent) .. name .. ":"
    head = nil
    write(out, map[key], indent, #indent + #name + 2)
  end
end

local function write_list(out, list, indent)
  for _, item in ipairs(list) do
    if type(item) == "table" and next(item) ~= nil and item[1] == nil then
      write_map(out, item, indent .. "  ", indent .. "- ")
    else
      out[#out + 1] = indent .. "-"
      write(out, item, indent, #indent + 2)
    end
  end
end

-- The value behind "key:" or "-", which is the last line so far.
function write(out, value, indent, column)
  local kind = type(value)
  if kind == "table" and next(value) ~= nil then
    if value[1] ~= nil then
      return write_list(out, value, indent)
    end
    return write_map(out, value, indent .. "  ")
  end
  local text
  if kind == "table" then
    text = getmetatable(value) == getmetatable(json.list()) and "[]" or "{}"
  elseif kind == "string" then
    text = M.scalar(value, column, indent .. "  ")
  elseif kind == "number" then
    text = number(value)
  else
    text = kind == "boolean" and tostring(value) or "null"
  end
  out[#out + 1] = out[#out]:gsub("$", function()
    return " " .. text
  end)
  table.remove(out, #out - 1)
end

---A value as a YAML document, without a line that starts it.
---@param value any
---@return string with a newline at its end
function M.encode(value)
  local out = {}
  if type(value) == "table" and next(value) ~= nil then
    (value[1] ~= nil and write_list or write_map)(out, value, "")
  else
    out[1] = ""
    write(out, value, "", 0)
    out[1] = out[1]:sub(2)
  end
  return table.concat(out, "\n") .. "\n"
end

return M
