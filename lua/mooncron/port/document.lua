---A text of JSON or YAML documents, and where in it things stand.

local json <const> = require "mooncron.json"
local notes <const> = require "mooncron.port.notes"
local yaml <const> = require "mooncron.port.yaml"

local M = {}

---@alias mooncron.port.Locate fun(node: table, needle: string?, key: string?): integer?

---Read the documents: JSON when the text begins like it, else YAML. `locate` tells a node's line: the
---node's own (its member `key`'s) in YAML, that of its first text `needle` in JSON.
---@param text string
---@return any[]? documents
---@return mooncron.port.Locate|mooncron.Err locate
function M.read(text)
  if text:find("^%s*[%[{]") then
    local value, e = json.decode(text)
    if value == nil then
      return nil, e
    end
    local find = notes.json_finder(text)
    return { value }, function(_, needle)
      return find(needle)
    end
  end
  local list, line_of = yaml.decode(text)
  if not list then
    return nil, line_of
  end
  return list, function(node, _, key)
    return line_of(node, key)
  end
end

return M
