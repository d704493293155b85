---Rows of data: CSV (RFC 4180), JSON and JSON Lines, each row with where it came from, and rows with
---dotted names (`http_target.uri`) as the nested tables that jobs are. Pure: texts come in.

local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

---Where a row came from, "jobs.csv:12"; kept beside the rows, not in them.
---@type table<table, string>
M.origin = setmetatable({}, { __mode = "k" })

local function refuse(path, line, why)
  return nil, err.new("INVALID_ARGUMENT", ("%s:%d: %s"):format(path, line, why))
end

-- One record from `at`: its cells, where the next one begins, and the number of lines it takes.
local function read_record(text, at, separator)
  local cells, lines = {}, 1
  while true do
    local cell, next_at
    if text:sub(at, at) == '"' then
      local parts, from = {}, at + 1
      while true do
        local close = text:find('"', from, true)
        if not close then
          return nil, "a quoted cell has no closing quote"
        end
        parts[#parts + 1] = text:sub(from, close - 1)
        from = close + 1
        if text:sub(from, from) ~= '"' then
          break
        end
        parts[#parts + 1] = '"'
        from = from + 1
      end
      cell, next_at = table.concat(parts), from
      lines = lines + select(2, cell:gsub("\n", ""))
    else
      next_at = text:find("[" .. separator .. "\r\n]", at) or #text + 1
      cell = text:sub(at, next_at - 1)
    end
    cells[#cells + 1] = cell
    local mark = text:sub(next_at, next_at)
    if mark == separator then
      at = next_at + 1
    elseif mark == "" or mark == "\n" then
      return cells, next_at + 1, lines
    elseif text:sub(next_at, next_at + 1) == "\r\n" then
      return cells, next_at + 2, lines
    else
      return nil, "a quote must stand around the whole cell"
    end
  end
end

local function check_head(head)
  local seen = {}
  for i, name in ipairs(head) do
    if name == "" then
      return ("column %d has no name"):format(i)
    elseif seen[name] then
      return ("column '%s' is there twice"):format(name)
    end
    seen[name] = true
  end
end

---Read CSV: the first record names the columns; an empty cell is an absent value, a cell is text.
---@param text string
---@param path string for messages
---@param separator string? default ","
---@return table[]? rows
---@return mooncron.Err?
function M.csv(text, path, separator)
  text = text:gsub("^\239\187\191", "")
  local rows, at, line, head = {}, 1, 1, nil
  while at <= #text do
    local cells, next_at, lines = read_record(text, at, separator or ",")
    if not cells then
      return refuse(path, line, next_at)
    end
    if #cells == 1 and cells[1] == "" then -- luacheck: ignore 542
      -- an empty line
    elseif not head then
      head = cells
      local why = check_head(head)
      if why then
        return refuse(path, line, why)
      end
    elseif #cells ~= #head then
      return refuse(path, line, ("%d cells, the head has %d"):format(#cells, #head))
    else
      local row = {}
      for i, name in ipairs(head) do
        row[name] = cells[i] ~= "" and cells[i] or nil
      end
      M.origin[row] = path .. ":" .. line
      rows[#rows + 1] = row
    end
    at, line = next_at, line + lines
  end
  return rows
end

-- JSON has one kind of number and a null; Lua's integers and absent values are what jobs want.
local function plain(value)
  if type(value) == "table" then
    local out = {}
    for key, item in pairs(value) do
      out[key] = plain(item)
    end
    return out
  elseif value == json.null then
    return nil
  end
  return math.type(value) == "float" and math.tointeger(value) or value
end

---Read JSON: any value; of a list, each row is told by its number.
---@param text string
---@param path string
---@return any
---@return mooncron.Err?
function M.json(text, path)
  local value, e = json.decode(text)
  if value == nil then
    local line = 1 + select(2, text:sub(1, e.pos or 0):gsub("\n", ""))
    return refuse(path, line, e.message)
  end
  value = plain(value)
  if type(value) == "table" then
    for i, row in ipairs(value) do
      if type(row) == "table" then
        M.origin[row] = ("%s[%d]"):format(path, i)
      end
    end
  end
  return value
end

---Read JSON Lines: a value in each line that is not empty.
---@param text string
---@param path string
---@return any[]? rows
---@return mooncron.Err?
function M.jsonl(text, path)
  local rows, line = {}, 0
  for part in (text .. "\n"):gmatch("(.-)\r?\n") do
    line = line + 1
    if part:find("%S") then
      local value, e = json.decode(part)
      if value == nil then
        return refuse(path, line, e.message)
      end
      value = plain(value)
      if type(value) == "table" then
        M.origin[value] = path .. ":" .. line
      end
      rows[#rows + 1] = value
    end
  end
  return rows
end

-- The field that a dotted name leads to, or nil when it leads through a map or nowhere.
local function field_of(message, name)
  for word in name:gmatch("[^.]+") do
    local field = message and message.by_name[word]
    if not field then
      return nil
    end
    message = field.message
    if not message then
      return field
    end
  end
end

-- Set out[a][b]... for the dotted name; names within a map may have dots themselves.
local function set_dotted(out, key, value)
  local at, rest = out, key
  while true do
    local word, tail = rest:match("^([^.]+)%.(.+)$")
    if not word then
      at[rest] = value
      return
    end
    at[word] = type(at[word]) == "table" and at[word] or {}
    at, rest = at[word], tail
    if word == "headers" or word == "attributes" then
      at[rest] = value
      return
    end
  end
end

---A row as a job: `http_target.uri` becomes a table in a table, text in an integer's place a number.
---@param row table
---@param message table of mooncron.schema
---@return table
function M.expand(row, message)
  local out, dotted = {}, {}
  for key, value in pairs(row) do
    local field = type(key) == "string" and field_of(message, key)
    if field and field.kind == "int32" and type(value) == "string" then
      value = math.tointeger(tonumber(value)) or value
    end
    if type(key) == "string" and key:find(".", 1, true) then
      dotted[key] = value
    else
      out[key] = value
    end
  end
  for key, value in pairs(dotted) do
    set_dotted(out, key, value)
  end
  return out
end

return M
