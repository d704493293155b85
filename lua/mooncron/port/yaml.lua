---YAML, strictly, over LibYAML's events (Debian's lua-yaml, LuaRocks' lyaml), which are loaded when
---they are first needed. Scalars stay texts but for the plain `true`, `false` and `null`, so that no
---base64 text and no schedule is taken for a number; nodes remember their lines.

local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

local MAX_DEPTH <const> = 64

-- YAML 1.2's core schema; what 1.1 reads into `yes` or `on` is not for us to guess.
local PLAIN <const> = {
  ["true"] = true, ["True"] = true, ["TRUE"] = true,
  ["false"] = false, ["False"] = false, ["FALSE"] = false,
  ["null"] = json.null, ["Null"] = json.null, ["NULL"] = json.null, ["~"] = json.null, [""] = json.null,
}

local function refuse(line, message, ...)
  error(err.new("INVALID_ARGUMENT", ("invalid YAML in line %d: "):format(line) .. message:format(...), {
    line = line,
  }), 0)
end

local Composer = {}
Composer.__index = Composer

function Composer:event()
  local event = self.events()
  self.line = event.start_mark.line + 1
  return event
end

-- Whether the lines of a quoted text have an escaped NUL in them, at which LibYAML's binding cuts it.
local function may_be_cut(event, lines)
  if event.style ~= "DOUBLE_QUOTED" then
    return false
  end
  local first, last = event.start_mark.line + 1, math.min(event.end_mark.line + 1, #lines)
  local source = table.concat(lines, "\n", first, last)
  source = source:gsub("\\\\", "")
  return source:find("\\0") or source:find("\\x00") or source:find("\\[uU]0000")
end

local function scalar(event, line, lines)
  local tag = event.tag
  if may_be_cut(event, lines) then
    refuse(line, "a text with a NUL in it is not read")
  elseif tag and tag ~= "tag:yaml.org,2002:str" and tag ~= "!" then
    refuse(line, "tag '%s' is not read", tag)
  elseif event.plain_implicit and event.style == "PLAIN" and PLAIN[event.value] ~= nil then
    return PLAIN[event.value]
  end
  return event.value
end

function Composer:mapping(node, depth)
  for event in self.next_event, self do
    if event.type == "MAPPING_END" then
      return node
    end
    local line = self.line
    local key = self:node(event, depth)
    if type(key) ~= "string" then
      refuse(line, "a member's name must be text")
    elseif key == "<<" then
      refuse(line, "merge keys are not read, write the members out")
    elseif node[key] ~= nil then
      refuse(line, "'%s' is there twice", key)
    end
    node[key] = self:node(self:event(), depth)
    self.key_lines[node] = self.key_lines[node] or {}
    self.key_lines[node][key] = line
  end
end

function Composer:sequence(node, depth)
  for event in self.next_event, self do
    if event.type == "SEQUENCE_END" then
      return node
    end
    node[#node + 1] = self:node(event, depth)
  end
end

Composer.next_event = Composer.event

function Composer:node(event, depth)
  local line, value = self.line, nil
  if depth > MAX_DEPTH then
    refuse(line, "nested deeper than %d levels", MAX_DEPTH)
  elseif event.type == "ALIAS" then
    value = self.anchors[event.anchor]
    if value == nil then
      refuse(line, "nothing is anchored as '%s' before", event.anchor)
    end
    return value
  elseif event.type == "SCALAR" then
    value = scalar(event, line, self.source)
  else
    local node = event.type == "SEQUENCE_START" and json.list() or {}
    self.lines[node] = line
    value = event.type == "SEQUENCE_START" and self:sequence(node, depth + 1) or self:mapping(node, depth + 1)
  end
  if event.anchor then
    self.anchors[event.anchor] = value
  end
  return value
end

function Composer:documents()
  local list = {}
  for event in self.next_event, self do
    if event.type == "STREAM_END" then
      return list
    elseif event.type == "DOCUMENT_START" then
      self.anchors = {}
      list[#list + 1] = self:node(self:event(), 1)
    end
  end
end

local function parse(parser, text)
  local source = {}
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    source[#source + 1] = line
  end
  local composer = setmetatable({
    events = parser(text),
    source = source,
    anchors = {},
    lines = setmetatable({}, { __mode = "k" }),
    key_lines = setmetatable({}, { __mode = "k" }),
  }, Composer)
  local list = composer:documents()
  return list, function(node, key)
    return key and composer.key_lines[node] and composer.key_lines[node][key] or composer.lines[node]
  end
end

---Read every document of a text. `line_of(node)` tells the line of a map or list, `line_of(map, key)`
---that of a member.
---@param text string
---@return any[]? documents
---@return (fun(node: table, key: string?): integer?)|mooncron.Err line_of
function M.decode(text)
  local found, yaml = pcall(require, "yaml")
  if not found then
    return nil, err.new("FAILED_PRECONDITION",
      "reading YAML needs lua-yaml (apt-get install lua-yaml, or luarocks install lyaml); JSON needs nothing")
  end
  local ok, list, line_of = pcall(parse, yaml.parser, text)
  if ok then
    return list, line_of
  elseif err.is(list) then
    return nil, list
  end
  -- "... at document: 1, line: 3, column: 5", with a second line of context
  local message, line = tostring(list):match("^([^\n]-) at [^\n]-line: (%d+)")
  line = math.tointeger(tonumber(line)) or 1
  return nil, err.new("INVALID_ARGUMENT",
    ("invalid YAML in line %d: %s"):format(line, message or tostring(list):match("^[^\n]*")), { line = line })
end

return M
