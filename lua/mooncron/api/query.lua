---The query of a request: system parameters, method parameters, and the `fields` selector of
---partial answers.

local err <const> = require "mooncron.err"
local errors <const> = require "mooncron.api.errors"
local problem <const> = require "mooncron.problem"

local M = {}

local MAX_QUERY <const> = 16384 -- bytes
local MAX_DEPTH <const> = 32 -- of a selector

local function refuse(path, value, message, pos)
  local text = problem.describe { path = path, value = value, message = message }
  return nil, err.new("INVALID_ARGUMENT", text, { path = path, pos = pos, status = 400 })
end

local function from_hex(digits)
  return string.char(tonumber(digits, 16))
end

-- nil when an escape is broken or the bytes are no UTF-8.
local function unescape(text)
  if not text:find("[%%+]") then
    return utf8.len(text) and text
  end
  text = text:gsub("+", " ")
  if text:gsub("%%%x%x", ""):find("%", 1, true) then
    return nil
  end
  text = text:gsub("%%(%x%x)", from_hex)
  return utf8.len(text) and text
end

-- Parameters in the two spellings that the gateway takes.
local function canonical_name(name)
  return (name:gsub("^%$", ""):gsub("_(%w)", string.upper))
end

-- Lists may be given by repetition.
local JOINED <const> = { updateMask = true, fields = true }

---Decode a query string. Names are percent-decoded too, lose a leading `$`, and are lowerCamelCase;
---the last of a repeated one counts, but lists are joined. A bare `?` leaves nothing.
---@param text string? what follows the `?`
---@return table<string, string>? params
---@return mooncron.Err? err
function M.parse(text)
  local params = {}
  if not text then
    return params
  elseif #text > MAX_QUERY then
    return refuse("query", nil, ("is longer than %d bytes"):format(MAX_QUERY))
  end
  for part in text:gmatch("[^&]+") do
    local raw_name, raw_value = part:match("^([^=]*)=?(.*)$")
    local name, value = unescape(raw_name), unescape(raw_value)
    if not name or not value then
      return refuse("query", part, "is not properly percent-encoded")
    end
    name = canonical_name(name)
    if JOINED[name] and params[name] then
      value = params[name] .. "," .. value
    end
    params[name] = value
  end
  return params
end

-- `alt`: `json`, and after a semicolon `enum-encoding=int`.
local function read_alt(value)
  local format, rest = value:lower():match("^%s*([^;]*)(.*)$")
  if format == "proto" or format == "media" or format == "sse" then
    return errors.unimplemented(("the answer format alt=%s"):format(format))
  elseif format ~= "json" and format ~= "" then
    local _, e = refuse("alt", value, "is not an answer format, write json")
    return e
  end
  return nil, rest:find("enum-encoding=int", 1, true) ~= nil
end

---@class mooncron.api.Options
---@field int_enums boolean enums are to be written by number
---@field pretty boolean
---@field fields table? selector, see `query.select`
---@field page_size string?
---@field page_token string?
---@field update_mask string?
---@field filter string?

---The parameters that every method understands, and the raw text of those of some. What is not
---known is passed over.
---@param params table<string, string>
---@return mooncron.api.Options?
---@return mooncron.Err? err
function M.options(params)
  local e, int_enums = read_alt(params.alt or "json")
  if e then
    return nil, e
  end
  if params.callback then
    return nil, errors.unimplemented("JSONP (the parameter callback)")
  end
  local selector
  if params.fields and params.fields ~= "" then
    selector, e = M.parse_fields(params.fields)
    if not selector then
      return nil, e
    end
  end
  local pretty = (params.prettyPrint or ""):lower()
  return {
    int_enums = int_enums,
    pretty = pretty ~= "false" and pretty ~= "0",
    fields = selector,
    page_size = params.pageSize,
    page_token = params.pageToken,
    update_mask = params.updateMask,
    filter = params.filter ~= "" and params.filter or nil,
  }
end

-- A selector is a tree: name -> true (all of it) or a subtree.
local function merge(tree, name, sub)
  local old = tree[name]
  if old == nil or sub == true then
    tree[name] = sub
  elseif old ~= true then
    for key, item in next, sub do
      merge(old, key, item)
    end
  end
end

local parse_list

-- name [ '/' item | '(' list ')' ]
local function parse_item(text, pos, tree, depth)
  local name, after = text:match("^%s*([%w_.*%-]+)%s*()", pos)
  if not name or depth > MAX_DEPTH then
    return nil, pos
  end
  local sub = true
  local next_char = text:sub(after, after)
  if next_char == "/" then
    sub = {}
    local done, bad = parse_item(text, after + 1, sub, depth + 1)
    if not done then
      return nil, bad
    end
    after = done
  elseif next_char == "(" then
    sub = {}
    local done, bad = parse_list(text, after + 1, sub, depth + 1)
    if not done or text:sub(done, done) ~= ")" then
      return nil, bad or done
    end
    after = text:match("^%s*()", done + 1)
  end
  merge(tree, name:gsub("_(%w)", string.upper), sub)
  return after
end

function parse_list(text, pos, tree, depth)
  while true do
    local after, bad = parse_item(text, pos, tree, depth)
    if not after then
      return nil, bad
    elseif text:sub(after, after) ~= "," then
      return after
    end
    pos = after + 1
  end
end

---Read a `fields` selector: `jobs(name,state),nextPageToken`, `jobs/name`, `*`.
---@param text string
---@return table? selector
---@return mooncron.Err? err
function M.parse_fields(text)
  local tree = {}
  local after, bad = parse_list(text, 1, tree, 1)
  if after == #text + 1 then
    return tree
  end
  local pos = (bad or after) - 1
  return refuse("fields", text, ("not a field selector from byte %d on"):format(pos), pos)
end

---What a selector leaves of a value; lists are selected from item by item. Nothing in the value is
---changed.
---@param value any a value for JSON
---@param selector table|true|nil
---@return any
function M.select(value, selector)
  if type(value) ~= "table" or selector == true or not selector then
    return value
  end
  local out = {}
  if value[1] ~= nil then
    for i, item in ipairs(value) do
      out[i] = M.select(item, selector)
    end
    return out
  end
  local rest = selector["*"]
  for key, item in next, value do
    local sub = selector[key] or rest
    if sub then
      out[key] = M.select(item, sub)
    end
  end
  return out
end

return M
