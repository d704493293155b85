---Job files as generated text: readable Lua that says the same every time, and reads back as what it was
---made of. Pure.

local fields <const> = require "mooncron.api.fields"
local names <const> = require "mooncron.api.name"

local M = {}

local KEYWORDS <const> = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then"
  .. " true until while"):gmatch("%a+") do
  KEYWORDS[word] = true
end

local ESCAPES <const> = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"' }

local function escaped(text)
  local safe = utf8.len(text) and '[%c\\"\127]' or '[%c\\"\127-\255]'
  return '"' .. text:gsub(safe, function(char)
    return ESCAPES[char] or ("\\x%02X"):format(char:byte())
  end) .. '"'
end

---A text as Lua source: in double quotes, or between long brackets when it has quotes or lines of its own.
---@param text string
---@return string
function M.quote(text)
  local plain = utf8.len(text) and not text:find("[%z\1-\9\11-\31\127]")
  if not plain or not text:find('["\n\\]') or text:sub(1, 1) == "\n" then
    return escaped(text)
  end
  for level = 0, 3 do
    local mark = ("="):rep(level)
    if not (text .. "]"):find("]" .. mark .. "]", 1, true) then
      return "[" .. mark .. "[" .. text .. "]" .. mark .. "]"
    end
  end
  return escaped(text)
end

local function key_text(key)
  return key:find("^[%a_][%w_]*$") and not KEYWORDS[key] and key or "[" .. escaped(key) .. "]"
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return keys
end

local WIDTH <const> = 100

-- `{ a = 1, b = 2 }` when it fits, else a line for each.
local function table_text(parts, indent)
  local one_line = "{ " .. table.concat(parts, ", ") .. " }"
  if #parts == 0 then
    return "{}"
  elseif #one_line + #indent + 20 <= WIDTH and not one_line:find("\n", 1, true) then
    return one_line
  end
  local inner = indent .. "  "
  return "{\n" .. inner .. table.concat(parts, ",\n" .. inner) .. ",\n" .. indent .. "}"
end

local function value_text(value, indent)
  if type(value) == "string" then
    return M.quote(value)
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local parts, inner = {}, indent .. "  "
  if value[1] ~= nil then
    for i, item in ipairs(value) do
      parts[i] = value_text(item, inner)
    end
  else
    for _, key in ipairs(sorted_keys(value)) do
      parts[#parts + 1] = key_text(key) .. " = " .. value_text(value[key], inner)
    end
  end
  return table_text(parts, indent)
end

-- The order in which people write a job; what is not here follows in the order of the API.
local FIRST <const> = { "description", "schedule", "at", "time_zone", "window", "except", "paused" }
local SKIPPED <const> = { name = true }

local function member_names(message, value, first)
  local list, seen = {}, {}
  local function add(name)
    if value[name] ~= nil and not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  for _, name in ipairs(first or {}) do
    add(name)
  end
  for _, field in ipairs(message.fields) do
    add(field.name)
  end
  for _, name in ipairs(sorted_keys(value)) do
    add(name)
  end
  return list
end

local message_text

local function members(message, value, indent, first)
  local parts, inner = {}, indent .. "  "
  for _, name in ipairs(member_names(message, value, first)) do
    local field, item = message.by_name[name], value[name]
    if not (first and SKIPPED[name]) then
      local is_message = field and field.kind == "message" and type(item) == "table"
      local text = is_message and message_text(field.message, item, inner) or value_text(item, inner)
      parts[#parts + 1] = key_text(name) .. " = " .. text
    end
  end
  return parts
end

function message_text(message, value, indent)
  return table_text(members(message, value, indent), indent)
end

---One job: `job "ID" { ... }`. Its fields are canonical or as a job file has them.
---@param job table with `name`, short or full
---@return string
function M.job(job)
  local parts = members(fields.job, job, "", FIRST)
  local name = job.name:find("^projects/") and names.id(job.name) or job.name
  local body = #parts == 0 and "{}" or "{\n  " .. table.concat(parts, ",\n  ") .. ",\n}"
  return "job " .. M.quote(name) .. " " .. body .. "\n"
end

---A whole file.
---@param file { head: string?, set: string?, defaults: table?, jobs: table[] } `head` becomes a comment
---@return string
function M.file(file)
  local out = {}
  if file.head then
    out[#out + 1] = "-- " .. file.head:gsub("\n", "\n-- ") .. "\n"
  end
  if file.set then
    out[#out + 1] = "set " .. M.quote(file.set) .. "\n"
  end
  if file.defaults and next(file.defaults) ~= nil then
    local parts = members(fields.job, file.defaults, "", FIRST)
    out[#out + 1] = "defaults {\n  " .. table.concat(parts, ",\n  ") .. ",\n}\n"
  end
  for _, job in ipairs(file.jobs) do
    out[#out + 1] = M.job(job)
  end
  return table.concat(out, "\n")
end

return M
