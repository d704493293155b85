---Regular expressions as people write them in filters (`name~^report-(emea|apac)$`), since Lua's patterns
---are others. A backtracking matcher over code points; its steps are bounded, so that no expression can
---hang the program. Known: literals, `.`, classes, `\d \w \s \b` and their opposites, groups,
---alternatives, `^ $`, `* + ? {m,n}` and their lazy forms, `(?i)` at the start.

local err <const> = require "mooncron.err"

local M = {}

local MAX_STEPS <const> = 200000
local MAX_REPEAT <const> = 1000

local function fail(message, ...)
  error(err.new("INVALID_ARGUMENT", message:format(...)), 0)
end

local function too_long(length)
  return err.new("OUT_OF_RANGE",
    ("regular expression takes too long on a text of %d characters"):format(length))
end

-- Text as code points; bytes when it is not UTF-8.
local function code_points(text)
  local list = {}
  if utf8.len(text) then
    for _, c in utf8.codes(text) do
      list[#list + 1] = c
    end
    return list
  end
  return { text:byte(1, -1) }
end

local function fold(c)
  return c >= 65 and c <= 90 and c + 32 or c
end

local function is_digit(c)
  return c >= 48 and c <= 57
end

local function is_word(c)
  return c ~= nil and (is_digit(c) or c == 95 or (fold(c) >= 97 and fold(c) <= 122) or c >= 128)
end

local function is_space(c)
  return c == 32 or (c >= 9 and c <= 13)
end

local CLASSES <const> = { d = is_digit, w = is_word, s = is_space }
local CONTROLS <const> = { n = 10, t = 9, r = 13, f = 12, v = 11 }

-- ---- what matches one code point ----

local function negate(test)
  return function(c)
    return not test(c)
  end
end

local function class_of(letter)
  local test = CLASSES[letter:lower()]
  return test and (letter:lower() == letter and test or negate(test))
end

local function literal(wanted, folds)
  wanted = folds and fold(wanted) or wanted
  return function(c)
    return (folds and fold(c) or c) == wanted
  end
end

local function range(low, high, folds)
  return function(c)
    if folds and (c >= low and c <= high) then
      return true
    end
    local other = folds and (fold(c) ~= c and fold(c) or (c >= 97 and c <= 122) and c - 32) or c
    return other >= low and other <= high
  end
end

-- ---- parsing to a tree ----

local Parser = {}
Parser.__index = Parser

function Parser:peek()
  local c = self.points[self.at]
  return c and utf8.char(c)
end

function Parser:take(char)
  if self:peek() == char then
    self.at = self.at + 1
    return true
  end
  return false
end

function Parser:next()
  local c = self.points[self.at]
  if not c then
    fail("regular expression '%s' ends too early", self.source)
  end
  self.at = self.at + 1
  return c
end

function Parser:escape()
  local c = self:next()
  local letter = utf8.char(c)
  if class_of(letter) then
    return { test = class_of(letter) }
  elseif letter == "b" or letter == "B" then
    return { op = "boundary", wanted = letter == "b" }
  elseif letter == "A" or letter == "Z" then
    return { op = letter == "A" and "start" or "stop" }
  elseif letter:find("^[%a%d]$") and not CONTROLS[letter] then
    fail("regular expression '%s': '\\%s' is not known", self.source, letter)
  end
  return { test = literal(CONTROLS[letter] or c, self.folds), point = CONTROLS[letter] or c }
end

function Parser:class_member()
  local c = self:next()
  if c == 92 then
    local member = self:escape()
    if not member.test then
      fail("regular expression '%s': '\\b' has no place in a class", self.source)
    end
    return member
  end
  return { test = literal(c, self.folds), point = c }
end

function Parser:class()
  local inverse, tests, first = self:take("^"), {}, true
  while first or not self:take("]") do
    first = false
    local member = self:class_member()
    local after = self.points[self.at + 1]
    if member.point and self:peek() == "-" and after and after ~= 93 then
      self.at = self.at + 1
      local high = self:class_member()
      if not high.point or high.point < member.point then
        fail("regular expression '%s': a range in a class is the wrong way round", self.source)
      end
      member = { test = range(member.point, high.point, self.folds) }
    end
    tests[#tests + 1] = member.test
  end
  local function test(c)
    for _, one in ipairs(tests) do
      if one(c) then
        return true
      end
    end
    return false
  end
  return { test = inverse and negate(test) or test }
end

function Parser:atom()
  local char = utf8.char(self:next())
  if char == "(" then
    if self:take("?") and not self:take(":") then
      fail("regular expression '%s': only (?:...) is known of (?...)", self.source)
    end
    local node = self:alternatives()
    if not self:take(")") then
      fail("regular expression '%s': a ) is missing", self.source)
    end
    return node
  elseif char == "[" then
    return self:class()
  elseif char == "." then
    return { test = negate(literal(10)) }
  elseif char == "^" or char == "$" then
    return { op = char == "^" and "start" or "stop" }
  elseif char == "\\" then
    return self:escape()
  elseif char:find("^[*+?]$") then
    fail("regular expression '%s': nothing stands before '%s'", self.source, char)
  end
  return { test = literal(utf8.codepoint(char), self.folds) }
end

-- {m}, {m,}, {,n}, {m,n}; anything else in braces is itself.
function Parser:braces()
  local list = {}
  for i = self.at, #self.points do
    list[#list + 1] = utf8.char(self.points[i])
  end
  local low, comma, high = table.concat(list):match("^{(%d*)(,?)(%d*)}")
  if not low or low .. high == "" then
    return nil
  end
  self.at = self.at + #low + #comma + #high + 2
  low = math.tointeger(tonumber(low)) or 0
  high = comma == "" and low or math.tointeger(tonumber(high)) or math.huge
  if low > MAX_REPEAT or (high ~= math.huge and (high > MAX_REPEAT or high < low)) then
    fail("regular expression '%s': a repetition is in 0-%d, the smaller first", self.source, MAX_REPEAT)
  end
  return low, high
end

local QUANTIFIERS <const> = { ["*"] = { 0, math.huge }, ["+"] = { 1, math.huge }, ["?"] = { 0, 1 } }

function Parser:piece()
  local node = self:atom()
  while true do
    local low, high
    local quantifier = QUANTIFIERS[self:peek() or ""]
    if quantifier then
      self.at = self.at + 1
      low, high = quantifier[1], quantifier[2]
    elseif self:peek() == "{" then
      low, high = self:braces()
    end
    if not low then
      return node
    end
    node = { op = "repeat", node = node, low = low, high = high, lazy = self:take("?") }
  end
end

function Parser:sequence()
  local nodes = {}
  while self:peek() and not self:peek():find("^[|)]$") do
    nodes[#nodes + 1] = self:piece()
  end
  return { op = "sequence", nodes = nodes }
end

function Parser:alternatives()
  local nodes = { self:sequence() }
  while self:take("|") do
    nodes[#nodes + 1] = self:sequence()
  end
  return #nodes == 1 and nodes[1] or { op = "either", nodes = nodes }
end

-- ---- from tree to matcher: match(state, i, go_on) -> boolean ----

local build
local BUILD <const> = {}

function BUILD.start()
  return function(_, i, go_on)
    return i == 1 and go_on(i)
  end
end

function BUILD.stop()
  return function(state, i, go_on)
    return (i == #state + 1 or (i == #state and state[i] == 10)) and go_on(i)
  end
end

function BUILD.boundary(node)
  return function(state, i, go_on)
    return (is_word(state[i - 1]) ~= is_word(state[i])) == node.wanted and go_on(i)
  end
end

function BUILD.sequence(node)
  local match = function(_, i, go_on)
    return go_on(i)
  end
  for k = #node.nodes, 1, -1 do
    local first, rest = build(node.nodes[k]), match
    match = function(state, i, go_on)
      return first(state, i, function(j)
        return rest(state, j, go_on)
      end)
    end
  end
  return match
end

function BUILD.either(node)
  local matchers = {}
  for k, one in ipairs(node.nodes) do
    matchers[k] = build(one)
  end
  return function(state, i, go_on)
    for _, match in ipairs(matchers) do
      if match(state, i, go_on) then
        return true
      end
    end
    return false
  end
end

BUILD["repeat"] = function(node)
  local match, low, high, lazy = build(node.node), node.low, node.high, node.lazy
  local function try(state, i, count, go_on)
    local function more()
      return count < high and match(state, i, function(j)
        return (j > i or count < low) and try(state, j, count + 1, go_on)
      end)
    end
    if count < low then
      return more()
    elseif lazy then
      return go_on(i) or more()
    end
    return more() or go_on(i)
  end
  return function(state, i, go_on)
    return try(state, i, 0, go_on)
  end
end

function build(node)
  if node.test then
    return function(state, i, go_on)
      state.steps = state.steps + 1
      if state.steps > MAX_STEPS then
        error(too_long(#state), 0)
      end
      local c = state[i]
      return c ~= nil and node.test(c) and go_on(i + 1)
    end
  end
  return BUILD[node.op](node)
end

local function parse(source)
  local folds = source:sub(1, 4) == "(?i)"
  local points = code_points(folds and source:sub(5) or source)
  local parser = setmetatable({ source = source, points = points, at = 1, folds = folds }, Parser)
  local tree = parser:alternatives()
  if parser:peek() then
    fail("regular expression '%s': a ( is missing", source)
  end
  return build(tree)
end

---A finder of an expression: where it matches from code point `from` on, and where what is after it begins.
---@param source string
---@return (fun(points: integer[], from: integer): integer?, integer?)? find raises an error object when that
---  takes too long
---@return mooncron.Err?
function M.finder(source)
  local ok, match = pcall(parse, source)
  if not ok then
    if err.is(match) then
      return nil, match
    end
    error(match, 0)
  end
  local function search(points, from)
    local stop
    for i = from, #points + 1 do
      if match(points, i, function(j)
        stop = j
        return true
      end) then
        return i, stop
      end
    end
  end
  return function(points, from)
    points.steps = 0
    local done, first, stop = pcall(search, points, from)
    if not done then -- too many steps, or deeper than Lua's stack
      error(err.is(first) and first or too_long(#points), 0)
    end
    return first, stop
  end
end

---Compile an expression.
---@param source string
---@return (fun(text: string): boolean)? matches whether it is found anywhere in a text; raises an error
---  object when that takes too long
---@return mooncron.Err?
function M.compile(source)
  local find, e = M.finder(source)
  if not find then
    return nil, e
  end
  return function(text)
    return find(code_points(text), 1) ~= nil
  end
end

M.code_points = code_points

return M
