---Functions of projections on texts and numbers. Each is a row: its parameters in order, and what it does
---with a value, as gcloud's of the same name.

local cells <const> = require "mooncron.cli.cells"

local M = {}

local is_empty <const>, is_list <const>, split <const> = cells.is_empty, cells.is_list, cells.split
local text_of <const> = cells.text

local function unquoted(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- ---- texts ----

local function basename(value, a)
  if is_list(value) then
    local names = {}
    for i, item in ipairs(value) do
      names[i] = basename(item, {})
    end
    return names
  end
  if is_empty(value) then
    return a.undefined or ""
  end
  local text = text_of(value)
  return text:match(".*/(.*)") or text:match(".*\\(.*)") or text
end

M.basename = { "undefined", fn = basename }
M.lower = { fn = function(value) return type(value) == "string" and value:lower() or value end }
M.upper = { fn = function(value) return type(value) == "string" and value:upper() or value end }

M.scope = {
  many = true,
  fn = function(value, a)
    local text = is_empty(value) and "" or unquoted(text_of(value))
    for _, name in ipairs(#a > 0 and a or { "regions", "zones" }) do
      local parts = split(text, "/" .. name .. "/")
      if #parts > 1 then
        return parts[#parts]
      end
    end
    return text:find("^https://") and text:match("[^/]*$") or text
  end,
}

M.segment = {
  "index", "undefined",
  fn = function(value, a)
    local parts = is_empty(value) and {} or split(unquoted(text_of(value)), "/")
    local index = math.tointeger(tonumber(a.index or -1)) or -1
    local found = parts[index >= 0 and index + 1 or #parts + 1 + index]
    return is_empty(found) and (a.undefined or "") or found
  end,
}

M.split = {
  "sep", "undefined",
  fn = function(value, a)
    return type(value) == "string" and value ~= "" and split(value, a.sep or "/") or a.undefined or ""
  end,
}

-- Replace what an expression matches by a text, so often at the most; 0: everywhere.
local function replace(find, text, replacement, count)
  local points, out, at, done = require("mooncron.cli.regex").code_points(text), {}, 1, 0
  while count == 0 or done < count do
    local first, stop = find(points, at)
    if not first then
      break
    end
    out[#out + 1] = utf8.char(table.unpack(points, at, first - 1)) .. replacement
    if stop == first then -- nothing was taken: one code point goes over as it is
      out[#out + 1] = points[first] and utf8.char(points[first])
      stop = stop + 1
    end
    at, done = stop, done + 1
  end
  return table.concat(out) .. utf8.char(table.unpack(points, at))
end

M.sub = {
  "pattern", "replacement", "count", "ignorecase",
  fn = function(value, a)
    local folds = (a.ignorecase or "true"):lower() ~= "false"
    local find, e = require("mooncron.cli.regex").finder((folds and "(?i)" or "") .. (a.pattern or ""))
    if not find then
      error(e, 0)
    end
    return replace(find, text_of(value), a.replacement or "", math.tointeger(tonumber(a.count or 0)) or 0)
  end,
}

M.regex = {
  "expression", "does_match", "nomatch",
  fn = function(value, a)
    local matches, e = require("mooncron.cli.regex").compile("^(" .. (a.expression or "") .. ")")
    if not matches then
      error(e, 0)
    end
    local found = type(value) == "string" and value ~= "" and matches(value)
    return found and (a.does_match or value) or not found and (a.nomatch or "")
  end,
}

M.trailoff = {
  "character_limit", "undefined",
  fn = function(value, a)
    local limit = math.tointeger(tonumber(a.character_limit)) or 0
    if limit <= 3 or type(value) ~= "string" then
      return a.undefined or ""
    elseif cells.width(value) < limit then
      return value
    end
    return value:sub(1, utf8.offset(value, limit - 2) - 1) .. "..."
  end,
}

M.uri = {
  "undefined",
  fn = function(value, a)
    local link = type(value) == "table" and value.selfLink or value
    return type(link) == "string" and (link == value and link:find("^https://") or link ~= value) and link
      or a.undefined or "."
  end,
}

local function coder(name)
  return {
    "encoding", "undefined",
    fn = function(value, a)
      local base64 = a.encoding == "base64" and require "mooncron.api.base64"
      return base64 and type(value) == "string" and base64[name](value) or a.undefined or ""
    end,
  }
end

M.decode, M.encode = coder "decode", coder "encode"

M.yesno = {
  "yes", "no",
  fn = function(value, a)
    return is_empty(value) and (a.no or "No") or a.yes or value
  end,
}

-- A format as texts, and the numbers of what goes between them: "{0} ({1})" is 0, " (", 1, ")".
local function pieces_of(template)
  local pieces, at = {}, 1
  for first, place, after in template:gmatch("(){(%d*)[^}]*}()") do
    pieces[#pieces + 1] = at < first and template:sub(at, first - 1) or nil
    pieces[#pieces + 1] = math.tointeger(tonumber(place)) or 0
    at = after
  end
  pieces[#pieces + 1] = at <= #template and template:sub(at) or nil
  return pieces
end

M.format = {
  many = true,
  fn = function(value, a, record, parse)
    a.pieces = a.pieces or pieces_of(text_of(a[1]))
    local source, out = value == nil and record or value, {}
    for i, piece in ipairs(a.pieces) do
      if type(piece) == "string" then
        out[i] = piece
      elseif a[2] == nil then
        out[i] = piece == 0 and text_of(value) or ""
      else
        out[i] = a[piece + 2] and text_of(parse(a[piece + 2]).get(source)) or ""
      end
    end
    return table.concat(out)
  end,
}

-- ---- numbers ----

-- As C's %g, but whole numbers below a thousand million without an exponent.
local function float_text(number, precision)
  local text = ("%%.%dg"):format(precision):format(number)
  local exponent = tonumber(text:match("e%+(%d+)$"))
  return exponent and exponent < 9 and ("%.1f"):format(number) or text:find("[.en]") and text or text .. ".0"
end

M.float = {
  "precision", "spec", "undefined",
  fn = function(value, a)
    local number, precision = tonumber(value), math.tointeger(tonumber(a.precision or 6)) or 6
    if not number then
      return a.undefined or ""
    elseif a.spec and a.spec:find("^[efgEFG]$") then
      return ("%%.%d%s"):format(precision, a.spec):format(number)
    end
    return float_text(number, precision)
  end,
}

local UNITS <const> = { K = 2 ^ 10, M = 2 ^ 20, G = 2 ^ 30, T = 2 ^ 40, P = 2 ^ 50 }

M.size = {
  "zero", "precision", "units_in", "units_out", "min",
  fn = function(value, a)
    local size, least = tonumber(value) or 0, tonumber(a.min or 0) or 0
    if is_empty(value) then
      return a.zero or "0"
    end
    local function factor(unit)
      return tonumber(unit) or UNITS[(unit or ""):sub(1, 1):upper()]
    end
    local prefix, digits = size < least and "< " or "", math.tointeger(tonumber(a.precision or 1)) or 1
    size = math.max(size, least) * (factor(a.units_in) or 1)
    if a.units_out and UNITS[a.units_out:sub(1, 1):upper()] then
      return ("%%.%df"):format(digits):format(size / factor(a.units_out))
    end
    local unit = "bytes"
    for _, larger in ipairs { "KiB", "MiB", "GiB", "TiB", "PiB" } do
      if size < 1024 then
        break
      end
      size, unit = size / 1024, larger
    end
    return ("%s%s %s"):format(prefix, size == size // 1 and ("%d"):format(size // 1)
      or ("%%.%df"):format(digits):format(size), unit)
  end,
}

return M
