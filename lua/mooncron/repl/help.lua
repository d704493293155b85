---help(x): what a value is and what can be done with it. Functions are told of by the comments above them,
---which the interpreter carries with their source.

local members <const> = require "mooncron.repl.members"

local M = {}

local OVERVIEW <const> = [[
help(x) tells of a function, a module, a job, a client, a schedule, or a field: help "http_target.uri".

  client:list_jobs()                     all jobs, as a table; `client` is connected when it is first used,
                                         to the scheduler that `mooncron context` names
  client:get_job "nightly"               one, with its next runs; Tab completes its name
  mooncron.schedule("0 2 * * *", "Europe/Berlin")
  _, _1 ... _9                           the latest values, newest first
  writable()                             allow changes to a cloud project; writable(false) forbids them
  .help                                  the dot commands]]

-- ---- functions ----

---The comment above a function, and the line that begins it.
---@param text string the source
---@param line integer where the function begins
---@return string? doc without its dashes
---@return string? signature
function M.comment(text, line)
  local lines = {}
  for one in (text .. "\n"):gmatch("([^\n]*)\n") do
    lines[#lines + 1] = one
  end
  local doc, at = {}, line - 1
  while lines[at] and lines[at]:find("^%s*%-%-") do
    table.insert(doc, 1, (lines[at]:gsub("^%s*%-%-%-?%s?", "")))
    at = at - 1
  end
  local signature = (lines[line] or ""):match("^%s*(.-)%s*$")
  return #doc > 0 and table.concat(doc, "\n") or nil, signature ~= "" and signature or nil
end

local function source_of(info, read_source)
  if info.what == "C" or info.source:sub(1, 1) ~= "@" then
    return nil
  end
  return read_source(info.source:sub(2))
end

local function about_function(value, read_source)
  local info = debug.getinfo(value, "S")
  local text = source_of(info, read_source)
  local doc, signature
  if text then
    doc, signature = M.comment(text, info.linedefined)
  end
  local head = signature or (info.what == "C" and "a function of C" or "a function")
  local where = text and ("%s:%d"):format(info.short_src, info.linedefined)
  return table.concat({ head, doc or "no comment tells of it", where }, "\n")
end

-- ---- tables of functions ----

local function first_sentence(doc)
  local line = (doc or ""):gsub("\n@.*", ""):gsub("^@.*", ""):gsub("\n", " ")
  return line:match("^(.-%.)%s") or line
end

-- Public functions of a table and of what it has its methods from.
local function functions_of(value)
  local found, names = {}, {}
  for _, source in ipairs(type(value) == "table" and members.sources(value) or {}) do
    for name, member in next, source do
      local is_public = type(name) == "string" and not name:find("^_")
      if is_public and type(member) == "function" and not found[name] then
        found[name] = member
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names, found
end

local function about_members(title, value, read_source)
  local names, found = functions_of(value)
  local lines, width = { title }, 0
  for _, name in ipairs(names) do
    width = math.max(width, #name)
  end
  for _, name in ipairs(names) do
    local info = debug.getinfo(found[name], "S")
    local text = source_of(info, read_source)
    local doc = text and M.comment(text, info.linedefined)
    lines[#lines + 1] = (("  %-" .. width .. "s  %s"):format(name, first_sentence(doc)):gsub("%s+$", ""))
  end
  return table.concat(lines, "\n")
end

-- ---- fields of jobs ----

local function type_of(field)
  if field.kind == "message" then
    return "a table"
  elseif field.kind == "enum" then
    return "one of " .. table.concat(field.enum.names or {}, ", ")
  end
  return field.kind
end

local function about_message(title, message)
  local rows = {}
  for i, field in ipairs(message.fields) do
    local note = field.output and "the service's" or field.oneof and "one of " .. field.oneof or ""
    rows[i] = { field = field.name, kind = type_of(field), note = note }
  end
  return title .. "\n" .. require("mooncron.text").table(rows, { "field", "kind", "note" }):gsub("\n$", "")
end

local function about_field(path)
  local message, field = require("mooncron.api.fields").job, nil
  for name in path:gmatch("[^.]+") do
    field = message and message.by_key[name]
    if not field then
      return nil
    end
    message = field.message
  end
  if not field then
    return nil
  end
  return message and about_message(path .. ": " .. message.type_name, message)
    or ("%s: %s%s"):format(path, type_of(field), field.output and ", which the service sets" or "")
end

-- ---- help ----

local KINDS <const> = {
  ["mooncron.client"] = "a client: where jobs are made, changed and run. Its methods, client:method(...):",
  ["mooncron.Schedule"] = "a schedule: instants are milliseconds since 1970. Its methods:",
  ["mooncron.Pager"] = "a list that comes page by page. Its methods:",
}

---Whether a value is a job as the client gives it.
---@param value any
---@return boolean
function M.is_job(value)
  if type(value) ~= "table" then
    return false
  end
  local name, schedule = rawget(value, "name"), rawget(value, "schedule")
  return type(name) == "string" and type(schedule) == "string" and name:find("/jobs/", 1, true) ~= nil
end

---What there is to say of a value.
---@param value any
---@param read_source fun(path: string): string? the text of a source file
---@return string
function M.about(value, read_source)
  local meta = debug.getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  if value == nil then
    return OVERVIEW
  elseif type(value) == "function" then
    return about_function(value, read_source)
  elseif KINDS[name] then
    return about_members(KINDS[name], value, read_source)
  elseif require("mooncron.err").is(value) then
    local at = value.path and ", at " .. value.path or ""
    return ("an error: %s (code %s%s)"):format(value:line(), value.code, at)
  elseif M.is_job(value) then
    return about_message("a job; it has these fields:", require("mooncron.api.fields").job)
  elseif type(value) == "string" then
    return about_field(value) or "a text. " .. OVERVIEW
  elseif type(value) == "table" and #functions_of(value) > 0 then
    return about_members("a table of functions:", value, read_source)
  end
  return "a " .. type(value) .. "; " .. OVERVIEW
end

return M
