---Tests of jobs, beside the jobs: `mooncron test FILE`. A test file is Lua; what a test `t` can do is in
---`mooncron.testing.case`.
---
---    local test <const> = require("mooncron.testing").test
---
---    test("the report comes on weekdays", function(t)
---      t:load "jobs.lua"
---      t:advance "7d"
---      t:assert_sent { job = "report", method = "POST", times = 5 }
---    end)
---
---A file that is run as a script instead, `mooncron FILE`, makes each test at once and stops at the first
---that fails.

local case <const> = require "mooncron.testing.case"
local err <const> = require "mooncron.err"

local M = {}

---@class mooncron.testing.Result
---@field file string
---@field name string
---@field ok boolean
---@field skipped string? why
---@field message string? one line
---@field where string? "file:line" in the test file
---@field trace string? of what is no assertion
---@field seconds number

-- The file whose tests are being noted: { path =, tests = }.
local collecting

local KNOWN <const> = { at = "string", project = "string", location = "string", skip = "string" }

local function check_options(options)
  for name, value in pairs(options) do
    if not KNOWN[name] then
      error(("test has no option '%s': use at, project, location, skip"):format(tostring(name)), 3)
    elseif type(value) ~= KNOWN[name] then
      error(("option %s must be a %s"):format(name, KNOWN[name]), 3)
    end
  end
  local _, e = require("mooncron.core").time.parse_instant(options.at or case.START)
  if e then
    error(("at '%s': %s"):format(options.at, e.message), 3)
  end
end

-- Where in the file an error was raised.
local function line_of(path)
  for level = 3, 60 do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return nil
    elseif info.source == "@" .. path and info.currentline > 0 then
      return ("%s:%d"):format(path, info.currentline)
    end
  end
end

---Make one test.
---@param path string
---@param one { name: string, options: table, fn: function }
---@return mooncron.testing.Result
function M.make(path, one)
  local result = { file = path, name = one.name, ok = true, seconds = 0, skipped = one.options.skip }
  if result.skipped then
    return result
  end
  local clock = os.clock()
  local t <close> = case.new {
    at = one.options.at, project = one.options.project, location = one.options.location,
    folder = path:match("^(.*/)") or "",
  }
  xpcall(one.fn, function(failure)
    local message = err.is(failure) and failure.message or tostring(failure)
    result.ok = false
    result.where = line_of(path)
    result.message = (message:match("^[^\n]*"):gsub("^" .. path:gsub("%p", "%%%0") .. ":%d+: ", ""))
    result.trace = not (err.is(failure) and failure.assertion) and debug.traceback(nil, 2) or nil
  end, t)
  result.seconds = os.clock() - clock
  return result
end

local function make_at_once(path, one)
  local result = M.make(path, one)
  if not result.ok then
    error(err.new("FAILED_PRECONDITION",
      ("%s: %s: %s"):format(result.where or path, result.name, result.message)), 0)
  end
  print((result.skipped and "skipped: " or "passed: ") .. result.name)
end

---Declare a test.
---@param name string
---@param options mooncron.testing.Options|{ skip: string? }|nil
---@param fn fun(t: mooncron.testing.Case)
---@overload fun(name: string, fn: fun(t: mooncron.testing.Case))
function M.test(name, options, fn)
  if fn == nil then
    options, fn = {}, options
  end
  if type(name) ~= "string" or type(options) ~= "table" or type(fn) ~= "function" then
    error("write test(\"name\", function(t) ... end), with a table of options before the function", 2)
  end
  check_options(options)
  local one = { name = name, options = options, fn = fn }
  if collecting then
    table.insert(collecting.tests, one)
  else
    make_at_once(debug.getinfo(2, "S").source:gsub("^@", ""), one)
  end
end

---The tests of a file; it is run, and sees `test` without asking for it too.
---@param path string
---@return table[]? tests
---@return mooncron.Err?
function M.collect(path)
  local env = setmetatable({ test = M.test }, { __index = _G })
  local chunk, problem = loadfile(path, "t", env)
  if not chunk then
    return nil, err.new("INVALID_ARGUMENT", problem)
  end
  collecting = { path = path, tests = {} }
  local ok, failure = pcall(chunk)
  local tests = collecting.tests
  collecting = nil
  if not ok then
    return nil, err.is(failure) and failure or err.new("INVALID_ARGUMENT", tostring(failure))
  elseif not tests[1] then
    return nil, err.new("INVALID_ARGUMENT", ("'%s' has no test: write test(\"name\", function(t) ... end)")
      :format(path))
  end
  return tests
end

return M
