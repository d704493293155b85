---gcloud's --filter: `state=ENABLED AND name~nightly`, `schedule:0*`, `NOT (a.b<5 OR c=(x y))`. A filter is
---compiled once to a function on records, which are decoded JSON with the API's names. Meanings are
---those of `gcloud topic filters` and, where it is silent, of gcloud itself.

local lex <const> = require "mooncron.cli.lex"
local projection <const> = require "mooncron.cli.projection"
local regex <const> = require "mooncron.cli.regex"

local M = {}

local OPERATORS <const> = {
  [":"] = true, ["="] = true, ["!="] = true, ["<"] = true, ["<="] = true, [">="] = true, [">"] = true,
  ["~"] = true, ["!~"] = true,
}
local LOGICAL <const> = { AND = true, OR = true, NOT = true }
local CONSTANTS <const> = { ["true"] = 1, ["false"] = 0 }

-- ---- comparing a value with an operand ----

local function as_text(value)
  if type(value) == "number" then
    return (("%.14g"):format(value))
  elseif type(value) == "boolean" then
    return value and "true" or "false"
  end
  return type(value) == "string" and value or "null"
end

local function as_number(value)
  if type(value) == "boolean" then
    return value and 1 or 0
  end
  return tonumber(value)
end

-- An RFC 3339 instant, or the beginning of one in UTC, in milliseconds.
local function as_instant(text)
  if type(text) ~= "string" or not text:find("^%d%d%d%d%-%d%d%-%d%d") then
    return nil
  end
  local instant = text:gsub("^(%S+) ", "%1T")
  instant = instant:find("T") and instant or instant .. "T00:00:00"
  instant = instant:find("T%d%d:%d%d$") and instant .. ":00" or instant
  instant = instant:find("[zZ]$") and instant or instant:find("[+-]%d%d:%d%d$") and instant or instant .. "Z"
  return (require("mooncron.core").time.parse_instant(instant))
end

local ORDER <const> = {
  ["<"] = function(a, b) return a < b end,
  ["<="] = function(a, b) return a <= b end,
  [">="] = function(a, b) return a >= b end,
  [">"] = function(a, b) return a > b end,
}

-- Numbers and instants as such when both sides are, else texts.
local function ordered(operator, operand)
  local compare = ORDER[operator]
  local number, instant = tonumber(operand) or CONSTANTS[operand:lower()], as_instant(operand)
  return function(value)
    local of_value = number and as_number(value)
    if of_value then
      return compare(of_value, number)
    end
    of_value = instant and as_instant(value)
    if of_value then
      return compare(of_value, instant)
    elseif value == nil and instant then
      return false
    elseif type(value) == "table" then
      return false
    end
    return compare(value == nil and "" or as_text(value), operand)
  end
end

local function found_by(operand)
  local wanted = operand:lower()
  local head, tail = wanted:match("^([^*]*)%*([^*]*)$")
  if wanted == "*" then
    return function(text)
      return text ~= ""
    end
  elseif not head then
    return function(text)
      return text:find(wanted, 1, true) ~= nil
    end
  end
  return function(text)
    return #text >= #head + #tail and text:sub(1, #head) == head and (tail == "" or text:sub(-#tail) == tail)
  end
end

local function equal_to(operand)
  local wanted = operand:lower()
  return function(text)
    return text == wanted
  end
end

-- The scalars that a value offers to `:` and `=`: itself, a list's items, a map's names and values.
local function parts_of(value)
  if type(value) ~= "table" then
    return { value, n = 1 }
  end
  local list = { n = 0 }
  for key, item in pairs(value) do
    if type(key) == "string" then
      list.n = list.n + 1
      list[list.n] = key
    end
    list.n = list.n + 1
    list[list.n] = item
  end
  return list
end

local function matches_word(operator, operand)
  local test = operator == ":" and found_by(operand) or equal_to(operand)
  local number = tonumber(operand) or CONSTANTS[operand:lower()]
  local function one(value)
    if value == nil then
      return operand == "" or (not (operator == ":" and operand == "*") and test("null"))
    elseif type(value) == "table" then
      return false
    elseif number and as_number(value) == number then
      return true
    end
    return test(as_text(value):lower())
  end
  return function(value)
    local parts = parts_of(value)
    for i = 1, parts.n do
      if one(parts[i]) then
        return true
      end
    end
    return false
  end
end

local function matches_expression(operator, operand)
  local matches, e = regex.compile(operand)
  if not matches then
    error(e, 0)
  end
  local wanted = operator == "~"
  return function(value)
    if value ~= nil and type(value) ~= "string" and type(value) ~= "number" then
      return false
    end
    return matches(value == nil and "" or as_text(value)) == wanted
  end
end

local function test_of(operator, operand)
  if operator == "~" or operator == "!~" then
    return matches_expression(operator, operand)
  elseif ORDER[operator] then
    return ordered(operator, operand)
  end
  return matches_word(operator, operand)
end

local function any(tests)
  return function(value)
    for _, test in ipairs(tests) do
      if test(value) then
        return true
      end
    end
    return false
  end
end

-- ---- parsing ----

local expression

-- `operand`, or `(operand operand ...)` for any of them.
local function operands(lexer, operator)
  for word in pairs(LOGICAL) do
    if lexer:word(word, true) then
      lexer:fail("Logical operator not expected")
    end
  end
  if (operator == "=" or operator == ":" or operator == "!=") and lexer:take("(") then
    local list = {}
    for _, word in ipairs(lexer:args(" \t\n,")) do
      if word ~= "" and not LOGICAL[word] then
        list[#list + 1] = word
      end
    end
    return list
  end
  local operand = lexer:token("()")
  if not operand then
    lexer:fail("Term operand expected")
  end
  return { operand }
end

local function parse_operator(lexer)
  local operator = lexer:take(":=!<>~")
  if not operator then
    return nil
  end
  local more = lexer.text:sub(lexer.at, lexer.at)
  if more:find("^[=~:]$") and OPERATORS[operator .. more] or not OPERATORS[operator] then
    operator = operator .. more
    lexer.at = lexer.at + 1
  end
  if not OPERATORS[operator] then
    lexer:fail("Malformed operator")
  end
  return operator
end

-- A word alone: any value of the record, however deep, that has it.
local function anywhere(word)
  local wanted = word:lower()
  local function search(value)
    if type(value) ~= "table" then
      return value ~= nil and as_text(value):lower():find(wanted, 1, true) ~= nil
    end
    for _, item in pairs(value) do
      if search(item) then
        return true
      end
    end
    return false
  end
  return search
end

local function comparison(lexer)
  local read = projection.term(lexer)
  local operator = parse_operator(lexer)
  if not operator then
    return anywhere(read.name)
  end
  local tests = {}
  for i, operand in ipairs(operands(lexer, operator)) do
    tests[i] = test_of(operator == "!=" and "=" or operator, operand)
  end
  local test = #tests == 1 and tests[1] or any(tests)
  if operator == "!=" then
    return function(record)
      return not test(read.get(record))
    end
  end
  return function(record)
    local value = read.get(record)
    if type(value) == "table" and value[1] ~= nil then
      for _, item in ipairs(value) do
        if test(item) then
          return true
        end
      end
      return false
    end
    return test(value)
  end
end

local function term(lexer)
  if lexer:word("NOT") or lexer:take("-") then
    local inner = term(lexer)
    return function(record)
      return not inner(record)
    end
  elseif lexer:take("(") then
    local inner = expression(lexer)
    if not lexer:take(")") then
      lexer:fail("Closing ) expected")
    end
    return inner
  elseif lexer:skip() or lexer:word("AND", true) or lexer:word("OR", true) or lexer:peek(")") then
    lexer:fail("Term expected")
  end
  return comparison(lexer)
end

local JOIN <const> = {
  AND = function(a, b)
    return function(record)
      return a(record) and b(record)
    end
  end,
  OR = function(a, b)
    return function(record)
      return a(record) or b(record)
    end
  end,
}

-- Terms in a row are joined as with AND. As in gcloud, AND and OR do not mix without parentheses.
function expression(lexer)
  local tree, used = term(lexer), nil
  while not lexer:skip() and not lexer:peek(")") do
    local word = lexer:word("OR") and "OR" or lexer:word("AND") and "AND"
    if word and used and word ~= used then
      lexer:fail("Parenthesis grouping is required when AND and OR are combined")
    end
    used = word or used
    tree = JOIN[word or "AND"](tree, term(lexer))
  end
  return tree
end

local function parse(text)
  local lexer = lex.new(text)
  local tree = expression(lexer)
  if not lexer:skip() then
    lexer:fail("Unexpected tokens in expression")
  end
  return tree
end

---Compile a filter.
---@param text string
---@return (fun(record: table): boolean)? matches
---@return mooncron.Err?
function M.compile(text)
  if not text:find("%S") then
    return function()
      return true
    end
  end
  return lex.protect(parse, text)
end

return M
