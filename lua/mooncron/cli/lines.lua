---gcloud's formats of lines: `flattened` and `text` (a key and its value), `list` (an item a record) and
---`config` (sections, or commands for a shell).

local cells <const> = require "mooncron.cli.cells"
local json <const> = require "mooncron.json"
local tables <const> = require "mooncron.tables"

local M = {}

local function is_map(value)
  return type(value) == "table" and value[1] == nil
end

-- ---- flattened ----

-- As in a cell, but what is empty is seen.
local function plain(value)
  return type(value) == "table" and next(value) == nil and "{}" or cells.text(value)
end

-- Append `{ key, text }` for each leaf; null ones are left out.
local function flatten(out, value, key)
  if value == json.null then
    return
  elseif type(value) ~= "table" or next(value) == nil then
    out[#out + 1] = { key, plain(value) }
  elseif is_map(value) then
    for _, name in ipairs(tables.sorted_keys(value)) do
      flatten(out, value[name], (key == "" and "" or key .. ".") .. name)
    end
  else
    for i, item in ipairs(value) do
      flatten(out, item, ("%s[%d]"):format(key, i - 1))
    end
  end
end

local ENTITIES <const> = {
  ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"',
}

local function on_one_line(text)
  if text:find("\n", 1, true) or text:find("^%s") or text:find("%s$") then
    return '"' .. text:gsub('[\f\n\r\t\\"]', ENTITIES) .. '"'
  end
  return text
end

---@param records table[] what the projection leaves of them
---@param format mooncron.cli.Format
---@param options { single: boolean?, heads: table<string, string> } heads: of the columns, by key
---@return string
function M.flattened(records, format, options)
  local separator = format.attributes.separator or ": "
  local out = {}
  for _, record in ipairs(records) do
    if not options.single then
      out[#out + 1] = "---\n"
    end
    local leaves, longest = {}, 0
    flatten(leaves, record, "")
    for _, leaf in ipairs(leaves) do
      leaf[1] = options.heads[leaf[1]] and options.heads[leaf[1]]:lower() or leaf[1]
      longest = format.attributes["no-pad"] and 0 or math.max(longest, cells.width(leaf[1]))
    end
    for _, leaf in ipairs(leaves) do
      local pad = (" "):rep(longest - cells.width(leaf[1]))
      out[#out + 1] = ("%s%s%s%s\n"):format(leaf[1], separator, pad, on_one_line(leaf[2]))
    end
  end
  return table.concat(out)
end

-- ---- list ----

local function values_of(record, columns)
  local values = {}
  if #columns == 0 then
    for _, name in ipairs(tables.sorted_keys(record)) do
      if record[name] ~= json.null then
        values[#values + 1] = name .. ": " .. plain(record[name])
      end
    end
    return values
  end
  for _, column in ipairs(columns) do
    local value = column.get(record)
    if value ~= nil and value ~= json.null then
      values[#values + 1] = plain(value)
    end
  end
  return values
end

---@param records table[]
---@param format mooncron.cli.Format
---@return string
function M.list(records, format)
  local a = format.attributes
  local separator, out = a.compact and " " or "\n   ", {}
  if a.title and (#records > 0 or a["always-display-title"]) then
    out[1] = a.title .. "\n"
  end
  for _, record in ipairs(records) do
    out[#out + 1] = " - " .. table.concat(values_of(record, format.columns), separator) .. "\n"
  end
  return table.concat(out)
end

-- ---- config ----

-- Names and values in order: those of a map by name, those of a list by number.
local function items_of(value)
  local items = {}
  if is_map(value) then
    for i, name in ipairs(tables.sorted_keys(value)) do
      items[i] = { name, value[name] }
    end
  else
    for i, item in ipairs(value) do
      items[i] = { tostring(i - 1), item }
    end
  end
  return items
end

local function section(label, value)
  local top, sub = {}, {}
  for _, item in ipairs(items_of(value)) do
    local name, inner = item[1], item[2]
    if inner == json.null then
      top[#top + 1] = name .. " (unset)\n"
    elseif type(inner) == "table" then
      sub[#sub + 1] = section(label == "" and name or label .. "." .. name, inner)
    else
      top[#top + 1] = ("%s = %s\n"):format(name, cells.text(inner))
    end
  end
  local below = table.concat(sub)
  local has_head = label ~= "" and (#top > 0 or below ~= "" and below:sub(1, 1) ~= "[")
  return (has_head and ("[%s]\n"):format(label) or "") .. table.concat(top) .. below
end

local function shell_word(text)
  if text ~= "" and not text:find("[^%w@%%+=:,./_-]") then
    return text
  end
  return "'" .. text:gsub("'", "'\"'\"'") .. "'"
end

local COMMANDS <const> = {
  export = function(name, text) return ("export %s=%s\n"):format(name, shell_word(text)) end,
  unset = function(name) return ("unset %s\n"):format(name) end,
}

-- Items of a list that are no maps are named I0, I1, ...
local function variables(command, prefix, value)
  local out = {}
  for _, item in ipairs(items_of(value)) do
    local name, inner = item[1], item[2]
    if inner == json.null then
      out[#out + 1] = prefix .. name .. " (unset)\n"
    elseif type(inner) ~= "table" then
      out[#out + 1] = command(prefix .. name, cells.text(inner))
    elseif is_map(inner) then
      out[#out + 1] = variables(command, prefix .. name .. "_", inner)
    else
      for i, each in ipairs(inner) do
        local map = is_map(each) and each or { ["I" .. i - 1] = each }
        out[#out + 1] = variables(command, prefix .. name .. "_", map)
      end
    end
  end
  return table.concat(out)
end

---@param records table[] what the projection leaves of them
---@param format mooncron.cli.Format
---@return string
function M.config(records, format)
  local a = format.attributes
  local command = a.export and COMMANDS.export or a.unset and COMMANDS.unset
  local out = { a.title and a.title .. "\n" or nil }
  for _, record in ipairs(records) do
    out[#out + 1] = command and variables(command, "", record) or section("", record)
  end
  return table.concat(out)
end

return M
