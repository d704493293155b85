---Tokens of gcloud's expressions: what --filter and --format are written in. Quotes and escapes are
---those of `gcloud topic filters`.

local err <const> = require "mooncron.err"

local M = {}

---@class mooncron.cli.Lexer
---@field text string
---@field at integer byte of the next character
local Lexer = {}
Lexer.__index = Lexer

-- Characters that end a name in a key.
local RESERVED <const> = ":=!<>~()[].{},+*/%&|^#;?"

---@param text string
---@return mooncron.cli.Lexer
function M.new(text)
  return setmetatable({ text = text, at = 1 }, Lexer)
end

---Raise what is wrong here. Whoever parses a whole expression catches it with `M.protect`.
function Lexer:fail(message)
  local marked = self.text:sub(1, self.at - 1) .. "*HERE* " .. self.text:sub(self.at)
  error(err.new("INVALID_ARGUMENT", ("%s [%s]."):format(message, (marked:gsub("%s+$", "")))), 0)
end

---@return boolean over nothing but blanks is left
function Lexer:skip()
  self.at = self.text:match("^%s*()", self.at)
  return self.at > #self.text
end

---The next character if it is one of a set, without taking it. Blanks before it are skipped.
---@param set string
---@return string?
function Lexer:peek(set)
  if self:skip() then
    return nil
  end
  local c = self.text:sub(self.at, self.at)
  return set:find(c, 1, true) and c or nil
end

---Take the next character if it is one of a set.
---@param set string
---@return string?
function Lexer:take(set)
  local c = self:peek(set)
  self.at = c and self.at + 1 or self.at
  return c
end

---Take a word such as AND when it is next, in capitals and whole.
---@param word string
---@param look_only boolean?
---@return boolean
function Lexer:word(word, look_only)
  self:skip()
  local after = self.at + #word
  local is_whole = after > #self.text or self.text:find("^[%s()]", after) ~= nil
  if self.text:sub(self.at, after - 1) ~= word or not is_whole then
    return false
  end
  self.at = look_only and self.at or after
  return true
end

-- What an escape at `i` stands for, and where it goes on.
local function escaped(text, i, quote)
  local c = text:sub(i + 1, i + 1)
  if c == "\\" or c == quote or (not quote and c:find("^['\"]$")) then
    return c, i + 2
  end
  return "\\" .. c, i + 2
end

---A token up to a blank or one of the terminators; parts of it may be quoted. With `balance` it may hold
---blanks and balanced parentheses.
---@param terminators string
---@param balance boolean?
---@return string? token nil when there is none
---@return boolean? is_quoted some of it was quoted
function Lexer:token(terminators, balance)
  self:skip()
  local text, i, out, quote, quoted, depth = self.text, self.at, {}, nil, false, 0
  while i <= #text do
    local c = text:sub(i, i)
    local is_paren = balance and not quote and (c == "(" or c == ")")
    if c == "\\" and i < #text then
      out[#out + 1], i = escaped(text, i, quote)
      goto continue
    elseif c == quote then
      quote = nil
    elseif not quote and (c == "'" or c == '"') then
      quote, quoted = c, true
    elseif not quote and depth == 0 and terminators:find(c, 1, true) then
      break
    elseif not quote and not balance and c:find("%s") then
      break
    else
      depth = is_paren and depth + (c == "(" and 1 or -1) or depth
      out[#out + 1] = c
    end
    i = i + 1
    ::continue::
  end
  if quote then
    self:fail(("Unterminated [%s] quote"):format(quote))
  end
  self.at = i
  local token = table.concat(out)
  if balance and not quoted then
    token = token:match("^(.-)%s*$")
  end
  return (quoted or token ~= "") and token or nil, quoted
end

---A key such as `httpTarget.headers."X-A"` or `details[0].field`: its names, numbers and, for `[]`,
---false.
---@return (string|integer|false)[]
function Lexer:key()
  local key = {}
  repeat
    if not self:peek("[") then
      local name = self:token(RESERVED)
      if not name then
        self:fail("Name expected")
      end
      key[#key + 1] = name
    end
    while self:take("[") do
      local index = self:token("]")
      key[#key + 1] = index and (math.tointeger(tonumber(index)) or index) or false
      if not self:take("]") then
        self:fail("Index or ] expected")
      end
    end
  until not self:take(".")
  return key
end

---Arguments up to the closing parenthesis, the opening one having been taken.
---@param separators string
---@return string[]
function Lexer:args(separators)
  local list = {}
  while not self:take(")") do
    if self:skip() then
      self:fail("Closing ) expected in argument list")
    end
    local arg = self:token(separators .. ")", not separators:find(" ", 1, true))
    list[#list + 1] = arg or ""
    self:take(separators)
  end
  return list
end

---Parse with a function that raises errors: its result, or nil and the error.
---@return any
---@return mooncron.Err?
function M.protect(parse, ...)
  local ok, result = pcall(parse, ...)
  if ok then
    return result
  elseif err.is(result) then
    return nil, result
  end
  error(result, 0)
end

return M
