---A strict reader of the part of Terraform's language that the exporter writes, made from the language's
---specification and not from the exporter: what it does not know, it refuses. Gives the resources as
---`terraform show -json` does: blocks as lists, `base64encode(...)` done.

local base64 <const> = require "mooncron.api.base64"

local M = {}

local Reader = {}
Reader.__index = Reader

function Reader:fail(message)
  local _, line = self.text:sub(1, self.at):gsub("\n", "")
  error(("line %d: %s, at %q"):format(line + 1, message, self.text:sub(self.at, self.at + 30)), 0)
end

function Reader:take(pattern)
  local found = self.text:match("^" .. pattern, self.at)
  if found then
    self.at = self.at + #found
  end
  return found
end

function Reader:want(pattern, what)
  return self:take(pattern) or self:fail(what .. " is missing")
end

function Reader:blank()
  self:take("[ \t]*")
end

local SIMPLE <const> = { n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\" }

-- A quoted template without interpolations.
function Reader:quoted()
  self:want('"', "a quote")
  local out = {}
  while true do
    local rest = self.text:sub(self.at, self.at + 2)
    local char = rest:sub(1, 1)
    if char == '"' then
      self.at = self.at + 1
      return table.concat(out)
    elseif char == "" or char:find("%c") then
      self:fail("a control character or the end in a quoted text")
    elseif char == "\\" and SIMPLE[rest:sub(2, 2)] then
      out[#out + 1], self.at = SIMPLE[rest:sub(2, 2)], self.at + 2
    elseif char == "\\" then
      local digits = self.text:match("^\\u(%x%x%x%x)", self.at) or self:fail("an unknown escape")
      out[#out + 1], self.at = utf8.char(tonumber(digits, 16)), self.at + 6
    elseif rest == "$${" or rest == "%%{" then
      out[#out + 1], self.at = rest:sub(2), self.at + 3
    elseif rest:find("^[$%%]{") then
      self:fail("a template sequence")
    else
      out[#out + 1], self.at = char, self.at + 1
    end
  end
end

function Reader:heredoc()
  local marker = self:want("<<%w+_*\n", "a marker"):sub(3, -2)
  local lines = {}
  while true do
    local line = self.text:match("^([^\n]*)\n", self.at) or self:fail("the heredoc does not end")
    self.at = self.at + #line + 1
    if line:match("^[ \t]*(.-)[ \t]*$") == marker then
      break
    end
    line = line:gsub("[$%%][$%%]{", { ["$${"] = "\1", ["%%{"] = "\2" })
    if line:find("[$%%]{") then
      self:fail("a template sequence")
    end
    lines[#lines + 1] = line:gsub("\1", "${"):gsub("\2", "%%{") .. "\n"
  end
  return table.concat(lines)
end

function Reader:map()
  self:want("{\n", "a map")
  local out = {}
  while not self:take("[ \t]*}") do
    self:blank()
    local key = self:quoted()
    self:want("[ \t]*=[ \t]*", "a =")
    assert(out[key] == nil, "twice: " .. key)
    out[key] = self:quoted()
    self:want("\n", "a line's end")
  end
  return out
end

function Reader:value()
  if self:take("base64encode%(") then
    local text = self.text:find("^<<", self.at) and self:heredoc() or self:quoted()
    self:want("%)", "a bracket")
    return base64.encode(text)
  elseif self.text:find('^"', self.at) then
    return self:quoted()
  elseif self.text:find("^{", self.at) then
    return self:map()
  end
  local number = self:take("%-?%d+")
  if number then
    return math.tointeger(tonumber(number))
  end
  return self:want("true", "a value") == "true"
end

-- The inside of a block, up to its bracket.
function Reader:body()
  local out = {}
  while not self:take("[ \t]*}\n") do
    if not self:take("\n") then
      self:blank()
      local name = self:want("[%a_]+", "a name")
      assert(out[name] == nil, "twice: " .. name)
      if self:take(" {}\n") then
        out[name] = { {} }
      elseif self:take(" {\n") then
        out[name] = { self:body() }
      else
        self:want("[ \t]*=[ \t]*", "a =")
        out[name] = self:value()
        self:want("\n", "a line's end")
      end
    end
  end
  return out
end

---@param text string
---@return table[] resources each with `type`, `name`, `values`
function M.read(text)
  local self = setmetatable({ text = text, at = 1 }, Reader)
  local list = {}
  while self.at <= #text do
    if not self:take("\n") then
      self:want("resource ", "a resource")
      local kind = self:quoted()
      self:want(" ", "a blank")
      local name = self:quoted()
      assert(name:find("^[%a_][%w_-]*$"), "no identifier: " .. name)
      self:want(" {\n", "a block")
      list[#list + 1] = {
        address = kind .. "." .. name, mode = "managed", type = kind, name = name, values = self:body(),
      }
    end
  end
  return list
end

return M
