---A text of JSON or YAML documents, where in it things stand, and the jobs in it.

local json <const> = require "mooncron.json"
local model <const> = require "mooncron.port.model"
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

---A reader of jobs out of documents: what `add` makes of each one, until it gives an error.
---@param add fun(reading: mooncron.port.Reading, value: any, locate: mooncron.port.Locate): mooncron.Err?
---@return fun(text: string, options: mooncron.port.Options): mooncron.Job[]?, any reader the jobs, and the
---  notes or the error
function M.reader(add)
  return function(text, options)
    local documents, locate = M.read(text)
    if not documents then
      return nil, locate
    end
    local reading = model.reading(options)
    for _, value in ipairs(documents) do
      local e = add(reading, value, locate)
      if e then
        return nil, e
      end
    end
    return reading:result()
  end
end

return M
