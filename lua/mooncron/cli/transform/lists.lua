---Functions of projections on lists and maps. Each is a row: its parameters in order, and what it does with
---a value, as gcloud's of the same name.

local cells <const> = require "mooncron.cli.cells"
local json <const> = require "mooncron.json"
local tables <const> = require "mooncron.tables"

local M = {}

local is_empty <const>, is_list <const>, split <const> = cells.is_empty, cells.is_list, cells.split
local text_of <const> = cells.text

local function texts_of(list)
  local texts = {}
  for i, item in ipairs(list) do
    texts[i] = text_of(item)
  end
  return texts
end

-- The characters of a text, which Python takes for a list.
local function characters(text)
  local list = {}
  for _, point in utf8.codes(text) do
    list[#list + 1] = utf8.char(point)
  end
  return list
end

local function length(value)
  if type(value) == "table" then
    return #tables.sorted_keys(value)
  end
  return type(value) == "string" and cells.width(value) or 0
end

M.len = { fn = length }

M.count = {
  fn = function(value)
    local counts = {}
    for _, item in ipairs(is_list(value) and value or {}) do
      counts[text_of(item)] = (counts[text_of(item)] or 0) + 1
    end
    return counts
  end,
}

M.join = {
  "sep", "undefined",
  fn = function(value, a)
    local items = type(value) == "string" and characters(value) or is_list(value) and texts_of(value) or {}
    return #items > 0 and table.concat(items, a.sep or "/") or a.undefined or ""
  end,
}

-- The items, or what `show` says of a map, each as `text` has it.
local function listed(value, a, text)
  if type(value) ~= "table" or next(value) == nil then
    return is_empty(value) and (a.undefined or "") or value
  end
  local parts = {}
  if is_list(value) then
    for i, item in ipairs(value) do
      parts[i] = text(item)
    end
  else
    for i, key in ipairs(tables.sorted_keys(value)) do
      parts[i] = a.show == "keys" and key or a.show == "values" and text(value[key])
        or key .. "=" .. text(value[key])
    end
  end
  return table.concat(parts, a.separator or ",")
end

M.list = {
  "show", "undefined", "separator",
  fn = function(value, a)
    return listed(value, a, text_of)
  end,
}

local function flatten(value, a)
  return listed(value, a, function(item)
    return text_of(flatten(item, a))
  end)
end

M.flatten = { "show", "undefined", "separator", fn = flatten }

M.notnull = { fn = function(value) return is_list(value) and value or {} end }

M.extract = {
  many = true,
  fn = function(value, a, record, parse)
    local found = {}
    for _, key in ipairs(a) do
      local item = parse(key).get(value == nil and record or value)
      if not is_empty(item) then
        found[#found + 1] = item
      end
    end
    return found
  end,
}

M.firstof = {
  many = true,
  fn = function(value, a, record, parse)
    for _, key in ipairs(a) do
      local found = parse(key).get(value == nil and record or value)
      if found ~= nil and found ~= json.null then
        return found
      end
    end
  end,
}

M.filter = {
  "expression",
  fn = function(value, a)
    local matches, e = require("mooncron.cli.filter").compile(a.expression or "")
    if not matches then
      error(e, 0)
    elseif not is_list(value) then
      return (is_empty(value) or matches(value)) and value or ""
    end
    local kept = {}
    for _, item in ipairs(value) do
      kept[#kept + 1] = matches(item) and item or nil
    end
    return kept
  end,
}

M.group = {
  many = true,
  fn = function(value, a, _, parse)
    local groups = {}
    for i, item in ipairs(is_list(value) and value or {}) do
      local parts = {}
      for n, key in ipairs(a) do
        parts[n] = text_of(parse(key).get(item))
      end
      local rest = table.concat(parts, ", ", 2)
      groups[i] = ("[%s]"):format(#a == 0 and text_of(item) or parts[1] .. (#a > 1 and ": " .. rest or ""))
    end
    return #groups > 0 and table.concat(groups, " ") or "[]"
  end,
}

-- Python's slices: `1` is the one item, `1:`, `:2`, `::2`, from the end with a minus.
M.slice = {
  "op", "undefined",
  fn = function(value, a)
    local items = type(value) == "string" and characters(value) or is_list(value) and value or {}
    local bounds = split((a.op or ":"):gsub("%s", ""), ":")
    local first, last, step = tonumber(bounds[1]), tonumber(bounds[2]), tonumber(bounds[3]) or 1
    if #bounds == 1 and first then
      last = first + 1 ~= 0 and first + 1 or nil
    end
    local function place(bound, default)
      return not bound and default or math.max(0, math.min(#items, bound < 0 and #items + bound or bound))
    end
    local cut = {}
    for i = place(first, 0) + 1, place(last, #items), math.max(1, step) do
      cut[#cut + 1] = items[i]
    end
    return #cut > 0 and cut or a.undefined or ""
  end,
}

M.sort = {
  "attr",
  fn = function(value, a, _, parse)
    local sorted = table.move(is_list(value) and value or {}, 1, is_list(value) and #value or 0, 1, {})
    local function key(item)
      return text_of(a.attr and a.attr ~= "" and parse(a.attr).get(item) or item)
    end
    table.sort(sorted, function(x, y)
      return key(x) < key(y)
    end)
    return sorted
  end,
}

return M
