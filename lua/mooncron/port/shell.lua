---The shell's words, out and in: quoting that any POSIX shell undoes exactly, and a reader of simple
---commands that knows what it does not know.

local M = {}

---A word that the shell takes as this text and nothing else. The text must not have a NUL.
---@param text string
---@return string
function M.quote(text)
  if text:find("^[%w_@%+:,./%-][%w_@%+=:,./%-]*$") then
    return text
  end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

---A `printf` command that prints these bytes, whatever they are.
---@param bytes string
---@return string
function M.printf(bytes)
  return "printf '" .. bytes:gsub("[^%w _@%+=:,./()\"{}%[%]-]", function(char)
    return ("\\%03o"):format(char:byte())
  end) .. "'"
end

local UNESCAPED <const> = { n = "\n", t = "\t", ["\\"] = "\\" }

---What `printf` prints for a format without conversions.
---@param format string
---@return string? bytes nil when it has any
function M.unprintf(format)
  local plain = format:gsub("%%%%", "")
  if plain:find("%%") or plain:find("\\[^0-7n\\t]") then
    return nil
  end
  return (format:gsub("%%%%", "%%"):gsub("\\([0-7nt\\][0-7]?[0-7]?)", function(escape)
    local digits = escape:match("^[0-7]+$")
    if digits then
      return string.char(tonumber(digits, 8) & 255)
    end
    return UNESCAPED[escape:sub(1, 1)] .. escape:sub(2)
  end))
end

---@class mooncron.port.Word
---@field text string what the command gets
---@field expands string? the first part that only a running shell could fill in, as `$TOKEN`

---@class mooncron.port.Command
---@field words mooncron.port.Word[]
---@field redirects string[] as `> /dev/null`
---@field op string? what joins it to the next one: | || && ; &
---@field line integer

local Lexer = {}
Lexer.__index = Lexer

-- The expansion that begins at `at` (a `$` or a backquote) and where it ends; nil when it is a mere `$`.
local function expansion(text, at)
  if text:sub(at, at) == "`" then
    local stop = text:find("`", at + 1, true) or #text
    return text:sub(at, stop), stop + 1
  end
  local balanced = text:match("^%$%b()", at) or text:match("^%$%b{}", at) or text:match("^%$[%a_][%w_]*", at)
    or text:match("^%$[%d@*#?$!-]", at) or text:match("^%$'", at)
  if balanced then
    return balanced, at + #balanced
  end
end

function Lexer:add(piece)
  self.word = self.word or { text = "" }
  self.word.text = self.word.text .. piece
end

-- What the text itself says of a variable. Unquoted, a value of several words would become several.
function Lexer:known_value(piece, is_quoted)
  local name = piece:match("^%$([%a_][%w_]*)$") or piece:match("^%${([%a_][%w_]*)}$")
  local value = name and self.variables[name]
  return value and (is_quoted or not value:find("[%s*?%[]")) and value or nil
end

function Lexer:expand(at, is_quoted)
  local piece, after = expansion(self.text, at)
  if not piece then
    self:add(self.text:sub(at, at))
    return at + 1
  end
  local value = self:known_value(piece, is_quoted)
  self:add(value or piece)
  if not value then
    self.word.expands = self.word.expands or piece
  end
  return after
end

-- Remember what a command of mere assignments sets; a second value for a name leaves it open.
function Lexer:remember(words)
  local first = words[1] and words[1].text == "export" and 2 or 1
  for i = first, #words do
    local name, value = words[i].text:match("^([%a_][%w_]*)=(.*)$")
    if not name then
      return
    end
    local is_new = self.variables[name] == nil or self.variables[name] == value
    self.variables[name] = is_new and not words[i].expands and value or false
  end
end

function Lexer:end_word()
  local word, command = self.word, self.command
  self.word = nil
  if not word then
    return
  elseif self.redirect then
    command.redirects[#command.redirects + 1] = self.redirect .. " " .. word.text
    self.redirect = nil
  else
    command.words[#command.words + 1] = word
  end
end

function Lexer:end_command(op)
  self:end_word()
  local command = self.command
  if #command.words + #command.redirects > 0 then
    command.op = op
    self:remember(command.words)
    self.commands[#self.commands + 1] = command
  end
  self.command = { words = {}, redirects = {}, line = self.line_of(self.at) }
end

local function single_quoted(self, at)
  local stop = self.text:find("'", at + 1, true)
  if not stop then
    return nil, "a single quote is not closed"
  end
  self:add(self.text:sub(at + 1, stop - 1))
  return stop + 1
end

local function double_quoted(self, at)
  local text = self.text
  self:add("")
  at = at + 1
  while true do
    local stop = text:find('["\\$`]', at)
    if not stop then
      return nil, "a double quote is not closed"
    end
    self:add(text:sub(at, stop - 1))
    local char, after = text:sub(stop, stop), text:sub(stop + 1, stop + 1)
    if char == '"' then
      return stop + 1
    elseif char ~= "\\" then
      at = self:expand(stop, true)
    else
      self:add(after == "\n" and "" or after:find('^[$`"\\]$') and after or "\\" .. after)
      at = stop + 2
    end
  end
end

local function escaped(self, at)
  local char = self.text:sub(at + 1, at + 1)
  if char ~= "\n" then
    self:add(char)
  end
  return at + 2
end

local function operator(self, at)
  local op = self.text:match("^||", at) or self.text:match("^&&", at) or self.text:match("^&>>?", at)
    or self.text:match("^[;|&\n]", at)
  if op:find(">", 1, true) then
    self:end_word()
    self.redirect = op
  else
    self.at = at + #op
    self:end_command(op == "\n" and ";" or op)
  end
  return at + #op
end

local function redirect(self, at)
  local op = self.text:match("^>>", at) or self.text:match("^[<>]&", at) or self.text:match("^<<", at)
    or self.text:match("^[<>]", at)
  if op == "<<" then
    return nil, "a here-document is not read"
  end
  local fd = self.word and self.word.text:find("^%d$") and not self.word.expands and self.word.text
  if fd then
    self.word = nil
  end
  self:end_word()
  self.redirect = (fd or "") .. op
  return at + #op
end

local HANDLERS <const> = {
  ["'"] = single_quoted,
  ['"'] = double_quoted,
  ["\\"] = escaped,
  ["$"] = function(self, at)
    return self:expand(at, false)
  end,
  [";"] = operator, ["|"] = operator, ["&"] = operator, ["\n"] = operator,
  ["<"] = redirect, [">"] = redirect,
  ["#"] = function(self, at)
    if self.word then
      self:add("#")
      return at + 1
    end
    return self.text:find("\n", at, true) or #self.text + 1
  end,
  [" "] = function(self, at)
    self:end_word()
    return at + 1
  end,
}
HANDLERS["\t"], HANDLERS["`"] = HANDLERS[" "], HANDLERS["$"]

local function unread(char)
  return function()
    return nil, ("'%s' is shell grammar that is not read"):format(char)
  end
end
HANDLERS["("], HANDLERS[")"] = unread("("), unread(")")

---Take a text apart into simple commands, without running anything; of variables, those are known that
---are given or that the text sets once.
---@param text string
---@param options { line_of: (fun(pos: integer): integer)?, variables: table<string, string>? }?
---@return mooncron.port.Command[]? commands
---@return string? why
function M.parse(text, options)
  local line_of = options and options.line_of or function()
    return 1
  end
  local self = setmetatable({ text = text, commands = {}, at = 1, line_of = line_of, variables = {} }, Lexer)
  for name, value in pairs(options and options.variables or {}) do
    self.variables[name] = value
  end
  self.command = { words = {}, redirects = {}, line = self.line_of(1) }
  local at = 1
  while at <= #text do
    local stop = text:find("[%s'\"\\$`;|&<>#()]", at) or #text + 1
    if stop > at then
      self:add(text:sub(at, stop - 1))
    else
      local handler = HANDLERS[text:sub(at, at)] or HANDLERS[" "]
      local after, why = handler(self, at)
      if not after then
        return nil, why
      end
      stop = after
    end
    at = stop
  end
  self.at = #text
  self:end_command()
  return self.commands
end

return M
