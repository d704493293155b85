---A small schema engine for protobuf messages as JSON and as Lua tables. A message is a list of
---fields; one walk reads a value, converts it to the one canonical form and collects every problem
---with its path, value and fix.
---
---Canonical form: snake_case members; bytes as plain strings; enums by name; durations as the API's
---text (`180s`); defaults (empty text, 0, false, empty map, enum 0) absent, as proto3 has it.
---Reading a canonical value in Lua form gives the same value.

local base64 <const> = require "mooncron.api.base64"
local duration <const> = require "mooncron.duration"
local json <const> = require "mooncron.json"
local native <const> = require("mooncron.native").message
local problem <const> = require "mooncron.problem"
local spelling <const> = require "mooncron.spelling"

local M = {}

local null <const> = json.null
local cut <const> = problem.cut

---@class mooncron.schema.Field
---@field name string snake_case
---@field json string lowerCamelCase
---@field number integer? protobuf field number
---@field kind string a key of the readers below
---@field message table? of kind `message`, or of the items of kind `messages`
---@field enum table? of kind `enum`
---@field oneof string? at most one field with the same word may be present
---@field output boolean? only the service sets it
---@field immutable boolean? fixed at creation

---An enum: names in the order of their numbers from 0 (0 is the unspecified one) and its protobuf
---name.
---@param type_name string
---@param names string[]
---@return table
function M.enum(type_name, names)
  local enum = { type_name = type_name, names = names, by_number = {}, by_name = {} }
  for i, name in ipairs(names) do
    enum.by_number[i - 1] = name
    enum.by_name[name] = i - 1
  end
  enum.default = names[1]
  return enum
end

local function camel(name)
  return (name:gsub("_(%w)", string.upper))
end

---A message: fields in the order in which they are printed. `order` is that order for
---`json.pretty`; `outputs` are the names of the fields that only the service sets, `holders` the fields with
---some of those inside.
---@param type_name string
---@param fields mooncron.schema.Field[]
---@return table
function M.message(type_name, fields)
  local message = {
    type_name = type_name, fields = fields, by_name = {}, by_key = {}, order = {}, outputs = {}, holders = {},
  }
  for i, field in ipairs(fields) do
    field.json = camel(field.name)
    message.by_name[field.name] = field
    message.by_key[field.name] = field
    message.by_key[field.json] = field
    message.order[i] = field.json
    if field.message then
      message.order[field.json] = field.message.order
    end
    if field.output then
      table.insert(message.outputs, field.name)
    elseif field.kind == "message" and (field.message.outputs[1] or field.message.holders[1]) then
      table.insert(message.holders, field)
    end
  end
  message.compiled = native.compile(fields)
  return message
end

-- The generic answers of Google's JSON front end; that Cloud Scheduler answers so is unconfirmed.
local function unknown_sentence(ctx, prefix, key)
  return ("Invalid JSON payload received. Unknown name \"%s\" at '%s': Cannot find field."):format(
    cut(key),
    (ctx.root .. "." .. prefix):sub(1, -2)
  )
end

local TYPE_NAMES <const> = {
  string = "TYPE_STRING",
  bool = "TYPE_BOOL",
  int32 = "TYPE_INT32",
  bytes = "TYPE_BYTES",
  map = "TYPE_STRING",
  duration = "type.googleapis.com/google.protobuf.Duration",
  timestamp = "type.googleapis.com/google.protobuf.Timestamp",
}

local function value_sentence(ctx, prefix, field, value)
  local message = field.enum or field.message
  local type_name = message and "type.googleapis.com/" .. message.type_name
    or TYPE_NAMES[field.kind]
  local shown = type(value) == "string" and '"' .. cut(value) .. '"' or cut(value)
  if field.kind == "bytes" then
    shown = "Base64 decoding failed" -- a body may hold what is not for a log
  end
  return ("Invalid value at '%s.%s%s' (%s), %s"):format(
    ctx.root, prefix, field.name, type_name, shown
  )
end

local function report(ctx, path, value, message, fix, service)
  local problems = ctx.problems
  if #problems >= problem.max then
    return
  end
  problems[#problems + 1] = {
    path = path,
    value = value,
    message = message,
    fix = fix,
    service = ctx.form == "json" and service or nil,
  }
end

local function wrong(ctx, prefix, field, value, message, fix)
  report(ctx, prefix .. field.name, value, message, fix, value_sentence(ctx, prefix, field, value))
end

-- Readers by kind: (field, value, ctx, prefix) -> canonical value, or nil when it is the default or
-- was reported.
local readers <const> = {}

function readers.string(field, value, ctx, prefix)
  if type(value) ~= "string" then
    return wrong(ctx, prefix, field, value, "must be text")
  elseif not utf8.len(value) then
    return wrong(ctx, prefix, field, nil, "must be valid UTF-8")
  end
  return value ~= "" and value or nil
end

function readers.bool(field, value, ctx, prefix)
  if type(value) ~= "boolean" then
    return wrong(ctx, prefix, field, value, "must be true or false")
  end
  return value or nil
end

function readers.int32(field, value, ctx, prefix)
  local whole = math.tointeger(value)
  if type(value) == "string" then
    whole = ctx.form == "json" and value:find("^%-?%d+$") and math.tointeger(tonumber(value)) or nil
  end
  if not whole or whole > 2147483647 or whole < -2147483648 then
    return wrong(ctx, prefix, field, value, "must be a whole number")
  end
  return whole ~= 0 and whole or nil
end

function readers.bytes(field, value, ctx, prefix)
  if ctx.form == "json" then
    local data = type(value) == "string" and base64.decode(value)
    if not data then
      return wrong(ctx, prefix, field, nil, "must be base64 text")
    end
    return data ~= "" and data or nil
  elseif type(value) == "table" then
    local text, e = json.canonical(value)
    if not text then
      return wrong(ctx, prefix, field, nil, e.message)
    end
    return text
  elseif type(value) ~= "string" then
    return wrong(
      ctx, prefix, field, value, "must be a string of bytes, or a table to be sent as JSON"
    )
  end
  return value ~= "" and value or nil
end

function readers.enum(field, value, ctx, prefix)
  local enum = field.enum
  local name
  if type(value) == "string" then
    name = ctx.form == "json" and value or value:upper()
    name = enum.by_name[name] and name
  else
    name = enum.by_number[value]
  end
  if name then
    return name ~= enum.default and name or nil
  elseif ctx.lenient then
    return type(value) == "string" and value or nil
  end
  local fix = type(value) == "string" and spelling.hint(value, enum.names)
    or "one of " .. table.concat(enum.names, ", ", 2)
  return wrong(ctx, prefix, field, value, "is not a known " .. field.name:gsub("_", " "), fix)
end

function readers.duration(field, value, ctx, prefix)
  if type(value) == "string" and value:find("^[1-9]%d?%d?%d?%d?s$") then
    return value
  end
  if ctx.form == "json" then
    local n = duration.parse_json(value)
    if not n then
      return wrong(
        ctx, prefix, field, value, "must be a duration in seconds such as \"90s\" or \"1.500s\""
      )
    end
    return duration.format(n)
  end
  local n, e = duration.parse(value)
  if not n then
    return wrong(ctx, prefix, field, nil, e.message)
  end
  return duration.format(n)
end

function readers.timestamp(field, value, ctx, prefix)
  if type(value) ~= "string" or not value:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d") then
    return wrong(ctx, prefix, field, value, "must be an RFC 3339 time such as 2026-10-01T05:21:00Z")
  end
  return value
end

-- A null value removes its key: that is how gcloud deletes headers.
function readers.map(field, value, ctx, prefix)
  if type(value) ~= "table" then
    return wrong(ctx, prefix, field, value, "must be an object of names and texts")
  end
  local out
  for key, item in next, value do
    if ctx.form == "lua" and math.type(item) then
      item = tostring(math.tointeger(item) or item)
    end
    if type(key) ~= "string" then
      return wrong(ctx, prefix, field, nil, "must be an object of names and texts, not a list")
    elseif type(item) == "string" and utf8.len(item) and utf8.len(key) then
      out = out or {}
      out[key] = item
    elseif item ~= null then
      wrong(ctx, prefix, field, nil, ("the value of '%s' must be text"):format(cut(key)))
    end
  end
  return out
end

-- google.protobuf.Any and lists of it pass as they are.
function readers.any(_, value)
  return value
end

local function unknown_fields(message, value, ctx, prefix)
  local keys = {}
  for key in next, value do
    if not (ctx.form == "json" and message.by_key or message.by_name)[key] then
      keys[#keys + 1] = tostring(key)
    end
  end
  table.sort(keys)
  for i = 1, math.min(#keys, problem.max) do
    local key = keys[i]
    report(
      ctx,
      prefix .. cut(key),
      nil,
      "no such field",
      spelling.field_hint(key, message, ctx.form == "json" and "json" or "name"),
      unknown_sentence(ctx, prefix, key)
    )
  end
end

-- Says when two members of one oneof are there; gives the first to stand.
local function set_oneof(field, seen, ctx, prefix)
  local other = seen[field.oneof]
  if not other then
    seen[field.oneof] = field
    return
  end
  report(
    ctx,
    prefix .. field.name,
    nil,
    ("cannot be set together with '%s'"):format(other.name),
    "keep one of them",
    ("Invalid value at '%s' (oneof), oneof field '%s' is already set. Cannot set '%s'"):format(
      (ctx.root .. "." .. prefix):sub(1, -2),
      field.oneof,
      field.json
    )
  )
end

local function read_message(message, value, ctx, prefix)
  local out, matched, oneofs = {}, 0, nil
  local as_json = ctx.form == "json"
  local fields = message.fields
  for i = 1, #fields do
    local field = fields[i]
    local name = field.name
    local item = value[name]
    matched = item ~= nil and matched + 1 or matched
    if as_json and field.json ~= name then
      local spelled = value[field.json]
      if spelled ~= nil then
        matched = matched + 1
        if item ~= nil then
          report(
            ctx, prefix .. name, nil, ("given twice, as '%s' and '%s'"):format(field.json, name)
          )
        end
        item = spelled
      end
    end
    if item ~= nil and item ~= null then
      out[name] = readers[field.kind](field, item, ctx, prefix)
      if field.oneof then
        oneofs = oneofs or {}
        set_oneof(field, oneofs, ctx, prefix)
      end
    end
  end
  if not ctx.lenient then
    for _ in next, value do
      matched = matched - 1
    end
    if matched < 0 then
      unknown_fields(message, value, ctx, prefix)
    end
  end
  return out
end

function readers.message(field, value, ctx, prefix)
  if type(value) ~= "table" or value[1] ~= nil then
    return wrong(ctx, prefix, field, value, "must be an object")
  end
  return read_message(field.message, value, ctx, prefix .. field.name .. ".")
end

function readers.messages(field, value, ctx, prefix)
  local out, count = {}, 0
  for _ in next, type(value) == "table" and value or out do
    count = count + 1
  end
  if type(value) ~= "table" or count ~= #value then
    return wrong(ctx, prefix, field, value, "must be a list")
  end
  for i = 1, count do
    local item = value[i]
    if type(item) == "table" and item[1] == nil then
      out[i] = read_message(field.message, item, ctx, ("%s%s[%d]."):format(prefix, field.name, i))
    else
      wrong(ctx, prefix, field, item, "must be a list of objects")
    end
  end
  return out[1] and out
end

---What `read` gives, walked through field by field: it alone tells what is wrong.
---@param message table
---@param value any
---@param opts {form: "json"|"lua", root: string, lenient: boolean?}
---@return table? canonical
---@return mooncron.Problem[]? problems
---@return table? readable
function M.read_slowly(message, value, opts)
  local ctx = { form = opts.form, root = opts.root, lenient = opts.lenient, problems = {} }
  if type(value) ~= "table" or value[1] ~= nil then
    report(ctx, "", value, ("%s must be an object"):format(opts.root))
    return nil, ctx.problems
  end
  local out = read_message(message, value, ctx, "")
  if ctx.problems[1] then
    return nil, ctx.problems, out
  end
  return out
end

---Read a value: `form` "json" is decoded JSON with the keys in either spelling; "lua" is a table as
---people write it (snake_case, plain bytes or tables for bytes, durations as text or seconds, enums
---in any case). `lenient` passes over fields and enum names that are not known: for answers of a
---service newer than this.
---@param message table
---@param value any
---@param opts {form: "json"|"lua", root: string, lenient: boolean?}
---@return table? canonical
---@return mooncron.Problem[]? problems
---@return table? readable beside problems: what could be read all the same
function M.read(message, value, opts)
  local out = native.read(message.compiled, value, opts.form == "json", opts.lenient)
  if out then
    return out
  end
  return M.read_slowly(message, value, opts)
end

return M
