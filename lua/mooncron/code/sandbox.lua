---Where job files run: Lua without files, clock, randomness or anything else that could make two runs
---differ. Only source text is loaded; what runs without end is stopped. It guards against mistakes, and
---against files that want to do more than declare; memory and time are bounded, patterns that backtrack
---are not.

local err <const> = require "mooncron.err"
local spelling <const> = require "mooncron.spelling"

local M = {}

---Steps of the virtual machine that one load may take: seconds.
M.max_steps = 400000000
local HOOK_STEPS <const> = 200000
local MAX_MEMORY_KB <const> = 1 << 20
local MAX_TEXT <const> = 16 << 20
local MAX_MOVE <const> = 1000000

-- What people look for, and what to do instead.
local INSTEAD <const> = {
  os = "it would not declare the same jobs every time; pass what differs with --arg NAME=VALUE",
  io = "read rows with csv, json or jsonl",
  require = "use include \"other.lua\"",
  dofile = "use include \"other.lua\"",
  loadfile = "use include \"other.lua\"",
  load = "write it out",
  print = "mooncron plan shows what is declared",
  next = "use pairs, whose order is always the same",
  pcall = "a mistake in a job file is to be seen",
  setmetatable = "plain tables are all it takes",
  coroutine = "a job file only declares",
  debug = "a job file only declares",
}

-- Not as methods: while a job file runs, those are the bounded ones below.
local FORMAT <const>, REP <const> = string.format, string.rep

local function fail(message, ...)
  error(err.new("INVALID_ARGUMENT", FORMAT(message, ...)), 0)
end

-- ---- libraries in which nothing depends on the run ----

local ORDER_OF_TYPES <const> = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then
    return (ORDER_OF_TYPES[kind_a] or 4) < (ORDER_OF_TYPES[kind_b] or 4)
  elseif kind_a == "number" or kind_a == "string" then
    return a < b
  end
  return kind_a == "boolean" and not a and b
end

-- Lua's own order of names differs from run to run.
local function sorted_pairs(t)
  if type(t) ~= "table" then
    fail("pairs wants a table, not %s", type(t))
  end
  local keys, i = {}, 0
  for key in next, t do
    keys[#keys + 1] = key
  end
  table.sort(keys, before)
  return function()
    i = i + 1
    return keys[i], t[keys[i]]
  end
end

-- Lua's own sort chooses its pivots by the clock, which shows when two items compare equal.
local function stable_sort(list, less)
  less = less or function(a, b)
    return a < b
  end
  local n, width = #list, 1
  local from, to = table.move(list, 1, n, 1, {}), {}
  while width < n do
    for start = 1, n, 2 * width do
      local middle, stop = math.min(start + width, n + 1), math.min(start + 2 * width, n + 1)
      local a, b = start, middle
      for k = start, stop - 1 do
        if b >= stop or a < middle and not less(from[b], from[a]) then
          to[k], a = from[a], a + 1
        else
          to[k], b = from[b], b + 1
        end
      end
    end
    from, to, width = to, from, 2 * width
  end
  table.move(from, 1, n, 1, list)
end

-- Tables and functions by their kind: their addresses differ from run to run.
local function has_address(value)
  local kind, metatable = type(value), debug.getmetatable(value)
  return (kind == "table" or kind == "function") and not (metatable and metatable.__tostring)
end

local function plain_tostring(value)
  return has_address(value) and type(value) or tostring(value)
end

local function plain_format(text, ...)
  if text:find("%%[-+ #0-9.]*p") then
    fail("'%%p' prints an address, which differs from run to run")
  end
  local args = table.pack(...)
  for i = 1, args.n do
    args[i] = has_address(args[i]) and type(args[i]) or args[i]
  end
  return FORMAT(text, table.unpack(args, 1, args.n))
end

local function bounded_rep(text, n, separator)
  if #text + #(separator or "") == 0 then
    return ""
  elseif (#text + #(separator or "")) * n > MAX_TEXT then
    fail("a text of more than %d MB", MAX_TEXT >> 20)
  end
  return REP(text, n, separator)
end

local function bounded_move(from, first, last, ...)
  if last - first > MAX_MOVE then
    fail("table.move of more than %d items", MAX_MOVE)
  end
  return table.move(from, first, last, ...)
end

local function pick(library, names, more)
  local out = {}
  for name in names:gmatch("%S+") do
    out[name] = library[name]
  end
  for name, value in pairs(more or {}) do
    out[name] = value
  end
  return out
end

local function libraries()
  return {
    assert = assert, error = error, ipairs = ipairs, select = select, tonumber = tonumber, type = type,
    pairs = sorted_pairs,
    tostring = plain_tostring,
    math = pick(math, "abs ceil floor fmod huge max maxinteger min mininteger modf pi sqrt tointeger type"),
    string = pick(string, "byte char find gmatch gsub len lower match reverse sub upper", {
      format = plain_format,
      rep = bounded_rep,
    }),
    table = pick(table, "concat insert pack remove unpack", { sort = stable_sort, move = bounded_move }),
    utf8 = pick(utf8, "char charpattern codepoint codes len offset"),
  }
end

-- ---- the environment ----

local function names_of(env)
  local names = {}
  for name in next, env do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

---An environment with what is safe and what is `given`; a name that is not there is an error with a hint.
---@param given table<string, any>
---@return table
function M.environment(given)
  local env = libraries()
  for name, value in pairs(given) do
    env[name] = value
  end
  return setmetatable(env, {
    __metatable = "closed",
    __index = function(_, name)
      local fix = INSTEAD[name] and "there is none in a job file: " .. INSTEAD[name]
        or spelling.hint(tostring(name), names_of(env)) or "declare it with local"
      fail("unknown name '%s', %s", tostring(name), fix)
    end,
    __newindex = function(_, name)
      fail("'%s' would be global, write 'local %s'", tostring(name), tostring(name))
    end,
  })
end

---Compile source text; bytecode is refused.
---@param text string
---@param path string
---@param env table
---@return function?
---@return mooncron.Err?
function M.compile(text, path, env)
  local chunk, why = load(text, "@" .. path, "t", env)
  if not chunk then
    return nil, err.new("INVALID_ARGUMENT", why)
  end
  return chunk
end

-- Texts find their methods in the one `string` of the process: while a job file runs, in the bounded one.
local function with_strings(strings, fn, on_error)
  local metatable = getmetatable("")
  local own = metatable.__index
  metatable.__index = strings
  local results = table.pack(xpcall(fn, function(failure)
    metatable.__index = own
    return on_error(failure)
  end))
  metatable.__index = own
  return results
end

---Run `fn` within the bounds; it must not wait.
---@param env table
---@param fn fun(): any
---@param on_error fun(failure: any): any called where the error happens
---@return boolean ok
---@return any result or what `on_error` made of the failure
function M.run(env, fn, on_error)
  local hook, mask, count = debug.gethook()
  local steps, memory_kb = 0, collectgarbage("count")
  debug.sethook(function()
    steps = steps + HOOK_STEPS
    if steps > M.max_steps then
      fail("it does not come to an end: stopped after %d million steps", M.max_steps // 1000000)
    elseif collectgarbage("count") - memory_kb > MAX_MEMORY_KB then
      fail("it takes more than %d MB of memory", MAX_MEMORY_KB >> 10)
    end
  end, "", HOOK_STEPS)
  local results = with_strings(env.string, fn, on_error)
  debug.sethook(hook, mask, count)
  return results[1], results[2]
end

return M
