---What a reader or writer could not carry over, and why: data first, lines for people last.

local M = {}

---@class mooncron.port.Note
---@field file string? where the text came from
---@field line integer? 1 is the first
---@field job string? the id of the job that it is about
---@field message string one line

---@class mooncron.port.Notes
---@field list mooncron.port.Note[]
local Notes = {}
Notes.__index = Notes

---@param file string? name of the text that is read
---@return mooncron.port.Notes
function M.new(file)
  return setmetatable({ file = file, list = {}, said = {} }, Notes)
end

---@param at { line: integer?, job: string? }
---@param message string
---@param ... any for the message, as `string.format` takes them
function Notes:add(at, message, ...)
  self.list[#self.list + 1] = {
    file = self.file,
    line = at.line,
    job = at.job,
    message = select("#", ...) > 0 and message:format(...) or message,
  }
end

---As `add`, for what holds for the whole text: a sentence is said at its first place only.
function Notes:once(at, message, ...)
  local text = select("#", ...) > 0 and message:format(...) or message
  if not self.said[text] then
    self.said[text] = true
    self:add(at, "%s", text)
  end
end

---`crontab:7: job 'backup': left out: ...`
---@param note mooncron.port.Note
---@return string
function M.format(note)
  local place = note.file and note.file .. ":" or ""
  place = note.line and place .. note.line .. ":" or place
  place = place ~= "" and place .. " " or ""
  return place .. (note.job and ("job '%s': "):format(note.job) or "") .. note.message
end

---A function that tells the line of a text's byte.
---@param text string
---@return fun(pos: integer): integer
function M.line_counter(text)
  local starts = { 1 }
  for at in text:gmatch("\n()") do
    starts[#starts + 1] = at
  end
  return function(pos)
    local low, high = 1, #starts
    while low < high do
      local middle = (low + high + 1) // 2
      if starts[middle] <= pos then
        low = middle
      else
        high = middle - 1
      end
    end
    return low
  end
end

---A function that tells the line on which a JSON string first stands; nil when it does not. JSON
---decoders keep no places, and names are unique enough to find theirs again.
---@param text string
---@return fun(value: string?): integer?
function M.json_finder(text)
  local line_of, from = M.line_counter(text), 1
  return function(value)
    if type(value) ~= "string" then
      return nil
    end
    -- values are mostly asked for in their order
    local quoted = '"' .. value .. '"'
    local at = text:find(quoted, from, true) or text:find(quoted, 1, true)
    from = at and at + 1 or from
    return at and line_of(at) or nil
  end
end

return M
