---The REPL: each line is evaluated in a task of its own, so it may wait; other tasks go on meanwhile,
---and while the prompt waits for keys.

local chunk <const> = require "mooncron.repl.chunk"
local commands <const> = require "mooncron.repl.commands"
local complete <const> = require "mooncron.repl.complete"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local show <const> = require "mooncron.repl.show"
local task <const> = require "mooncron.task"

local M = {}

local PROMPT <const>, CONTINUATION <const> = "> ", ">> "
local REMEMBERED <const> = 9 -- values: _1 to _9
local KEEP_NAMES_MS <const>, NAMES_TIMEOUT_S <const> = 5000, 1
local HOOK_STEPS <const> = 1000000 -- between two looks for a Ctrl-C that the loop had no time to tell

---@class mooncron.repl.Options
---@field env table? the globals, default `_G`
---@field debug boolean? errors with their traceback
---@field columns? fun(): integer width of the terminal, default 80
---@field on_interrupt? fun(handler: function?) how to be told of Ctrl-C; default: it watches the signal
---@field interrupt_pending? fun(): boolean a Ctrl-C has come that the loop could not tell yet: with it
---  a line that computes without end can be cancelled
---@field source? fun(chunk: string): string? text of a source file that is inside of the program
---@field history string|false|nil file, false for none; default in the XDG state folder

---`$XDG_STATE_HOME/mooncron/history`, as the base directory specification says; nil without a home.
---@param getenv? fun(name: string): string?
---@return string?
function M.history_path(getenv)
  getenv = getenv or os.getenv
  local state = getenv "XDG_STATE_HOME"
  if not state or state:sub(1, 1) ~= "/" then
    local home = getenv "HOME"
    state = home and home ~= "" and home .. "/.local/state"
  end
  return state and state .. "/mooncron/history" or nil
end

local function say(text)
  if text and text ~= "" then
    io.stdout:write(text, "\n")
  end
  io.stdout:flush()
end

-- ---- reading ----

-- The ids of a client's jobs. Tab is pressed again and again: they are kept for a while.
local function job_names(session, client)
  local now_ms, kept = core.loop.wall_ms(), session.job_names[client]
  if not kept or now_ms - kept.at_ms > KEEP_NAMES_MS then
    local ok, ids = pcall(task.with_timeout, NAMES_TIMEOUT_S, require("mooncron.cli.jobs.names").ids, client)
    kept = { at_ms = now_ms, ids = ok and ids or {} }
    session.job_names[client] = kept
  end
  return kept.ids
end

local function answer_completion(session, event)
  local text = event.text:sub(1, event.cursor)
  if text:find("%f[%w_]client[.:]") and rawget(session.env, "client") == nil then
    pcall(task.with_timeout, NAMES_TIMEOUT_S, session.connect)
  end
  local insert, names = complete.answer(text, session.env, commands.names(), function(client)
    return job_names(session, client)
  end)
  session.line:complete(insert, show.columns(names, session.columns()))
end

local function read_line(session, prompt)
  local id = assert(session.line:read(prompt))
  local event = task.await(id)
  while event.type == "complete" do
    answer_completion(session, event)
    event = task.await(id)
  end
  return event
end

---Read lines until they are a chunk: its function, or nil and a command or what is to be printed. The
---end of the input inside of a chunk gives only that up.
---@return function?
---@return string?
local function read_chunk(session)
  local text, fn, problem, incomplete
  repeat
    local event = read_line(session, text and CONTINUATION or PROMPT)
    if not event.text then
      session.over = not event.interrupted and not text
      return nil, not event.interrupted and problem or nil
    end
    session.line:remember(event.text)
    text = text and text .. "\n" .. event.text or event.text
    if not text:find("\n") and text:find("^%s*%.%a") then
      return nil, text:match("^%s*(.*)$")
    end
    fn, problem, incomplete = chunk.compile(text, session.env)
  until not incomplete
  return fn, problem
end

-- ---- evaluating ----

local function describe(failure, traceback)
  local text = err.is(failure) and tostring(failure) or tostring(failure):match("^[^\n]*")
  return traceback and text .. "\n" .. traceback or text
end

-- A line that computes without waiting never lets the loop tell of a Ctrl-C: a hook looks for it.
local function interruptible(session, fn)
  local pending = session.interrupt_pending
  if not pending then
    return fn
  end
  return function()
    debug.sethook(function()
      if pending() then
        error(err.new("CANCELLED", "interrupted"), 0)
      end
    end, "", HOOK_STEPS)
    return fn()
  end
end

-- The latest value is `_` and `_1`, the one before `_2`.
local function remember(env, value)
  for i = REMEMBERED, 2, -1 do
    env["_" .. i] = env["_" .. i - 1]
  end
  env._, env._1 = value, value
end

-- A list that comes in pages is fetched, so that it can be shown, and kept.
local function fetched(fn)
  return function()
    local results = table.pack(fn())
    for i = 1, results.n do
      local meta = debug.getmetatable(results[i])
      if type(meta) == "table" and rawget(meta, "__name") == "mooncron.Pager" then
        results[i] = assert(results[i]:all())
      end
    end
    return table.unpack(results, 1, results.n)
  end
end

-- Jobs and schedules as people want to see them; nil for anything else.
local function picture_of(results)
  local kind = type(results[1])
  if results.n > 1 or (kind ~= "table" and kind ~= "userdata") then
    return nil
  end
  local picture, now_ms = require "mooncron.repl.picture", core.loop.wall_ms()
  local text = picture.of(results[1], now_ms)
  local footer = not text and picture.footer(results[1], now_ms)
  return text or footer and show.value(results[1]) .. "\n" .. footer or nil
end

local function evaluate(session, fn)
  local scope <close> = task.scope()
  local running = scope:spawn(interruptible(session, fetched(fn)))
  session.running = running
  local out = table.pack(pcall(running.wait, running))
  session.running = nil
  say(session.notice)
  session.notice = nil
  if not out[1] then
    return say(describe(out[2], session.debug and running.traceback))
  end
  local results = table.pack(table.unpack(out, 2, out.n))
  if results.n > 0 then
    remember(session.env, results[1])
    say(picture_of(results) or show.results(results, { width = session.columns() }))
  end
end

local function step(session)
  local fn, text = read_chunk(session)
  if fn then
    evaluate(session, fn)
  elseif text and text:sub(1, 1) == "." then
    say(commands.run(session, text))
  elseif text then
    say(text)
  end
end

-- ---- the session ----

-- At the prompt Ctrl-C is a key of the line editor; as a signal it can only mean what runs.
local function watch_interrupts(session, options)
  local function cancel()
    if session.running then
      session.running:cancel(err.new("CANCELLED", "interrupted"))
    end
  end
  if options.on_interrupt then
    options.on_interrupt(cancel)
    return function()
      options.on_interrupt(nil)
    end
  end
  local id = assert(task.loop():signal("INT"))
  task.on_event(id, cancel)
  return function()
    task.on_event(id, nil)
    task.loop():cancel(id)
  end
end

-- What is at hand at the prompt alone; all of it is taken back.
local function equip(session, options)
  local env, before = session.env, {}
  local stop = require("mooncron.repl.guard").install(require "mooncron", function()
    return session.writable
  end)
  local function read_source(path)
    local text = options.source and options.source(path)
    local file <close> = not text and io.open(path, "rb") or nil
    return text or file and file:read("a") or nil
  end
  local helpers = {
    help = function(value)
      say(require("mooncron.repl.help").about(value, read_source))
    end,
    writable = function(wanted)
      session.writable = wanted ~= false
      say(session.writable and "changes to cloud projects are allowed" or "cloud projects are only read")
    end,
  }
  for name, helper in pairs(helpers) do
    before[name] = env[name]
    env[name] = helper
  end
  return function()
    stop()
    for name in pairs(helpers) do
      env[name] = before[name]
    end
  end
end

-- `client` is there without being made: who first names it connects, and is told where to. A script's
-- globals have no such thing.
local function offer_client(session)
  local env, before, made = session.env, getmetatable(session.env), nil
  function session.connect()
    made = assert(require("mooncron").connect())
    session.notice = "client: " .. made:describe()
    rawset(env, "client", made)
    return made
  end
  if not before then
    setmetatable(env, { __index = function(_, name)
      return name == "client" and session.connect() or nil
    end })
  end
  return function()
    setmetatable(env, before)
    if made then
      made:close()
    end
  end
end

-- SIGTERM ends the session through its own way out, so that the terminal is given back.
local function watch_term()
  local me = task.current()
  local id = assert(task.loop():signal("TERM"))
  task.on_event(id, function()
    me:cancel(err.new("CANCELLED", "terminated"))
  end)
  return function()
    task.on_event(id, nil)
    task.loop():cancel(id)
  end
end

local function load_history(session, path)
  if not path then
    return nil
  end
  local ok, e = session.line:load_history(path)
  if not ok then
    say("history: " .. e:line())
    return nil
  end
  return path
end

-- Whatever ends the session, in this order: signals, history, terminal.
local function closing(session, stops)
  return setmetatable({}, {
    __close = function()
      for _, stop in ipairs(stops) do
        stop()
      end
      if session.history then
        session.line:save_history(session.history)
      end
      session.line:close()
    end,
  })
end

---Read, evaluate, print until the input ends. To be called inside a task.
---@param options mooncron.repl.Options?
---@return integer exit code
function M.run(options)
  options = options or {}
  local session <const> = {
    line = assert(core.loop.line.new(task.loop())),
    env = options.env or _G,
    debug = options.debug,
    columns = options.columns or function()
      return 80
    end,
    interrupt_pending = options.interrupt_pending,
    task_name = task.current() and task.current().name,
    over = false,
    writable = false,
    job_names = setmetatable({}, { __mode = "k" }),
  }
  local path = options.history
  if path == nil then
    path = M.history_path()
  end
  session.history = load_history(session, path)
  local _ <close> = closing(session, {
    watch_interrupts(session, options), watch_term(), equip(session, options), offer_client(session),
  })
  if session.line:is_terminal() then
    say(("mooncron %s, %s. help() tells more, Ctrl-D leaves."):format(core.version, _VERSION))
  end
  repeat
    step(session)
  until session.over
  return 0
end

return M
