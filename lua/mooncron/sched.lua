---The scheduler under `mooncron.task`: coroutines over the core's loop. C completes operations, this
---file decides who runs next. A function that waits may be called in a task, or in the main chunk of
---a plain interpreter, where it drives the loop until it has its answer.
---
---One turn: run every ready task > turn-end hooks (the store's commit) > loop:poll > hand events to
---waiting tasks and handlers. What becomes ready in a turn runs in the next one, so nobody starves
---and nothing recurses.
---
---Who starts an operation of the loop awaits or cancels it: an event that comes before its `await` is
---kept for it.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"

local M = {}

---@class mooncron.Task
---@field name string
---@field state "ready"|"running"|"waiting"|"done"|"failed"
---@field results table? packed results, once done
---@field failure any? what it raised, once failed
---@field where string? "file:line" of the user's code that raised it
---@field traceback string?
local Task = { __name = "mooncron.task" }
Task.__index = Task

local PARK <const> = {} -- what our own yields carry; any other yield out of a task is a mistake

local shared_loop ---@type any
local current ---@type mooncron.Task? the task that runs just now
local ready = {} ---@type mooncron.Task[]
local waiting = {} ---@type table<integer, function> operation id -> what takes its event
local sources = {} ---@type table<any, fun(event: table)> server key or operation id -> handler
local arrived = {} ---@type table<integer, table> events that came before anybody awaited them
local inbox = {} ---@type table[] events of this turn, newest first
local turn_end = {} ---@type function[]
local driving, counter = false, 0
local live = {} ---@type table<mooncron.Task, true>
M.live = live

---The process's one loop, made at first use.
function M.loop()
  if not shared_loop then
    shared_loop = assert(core.loop.new())
  end
  return shared_loop
end

---What becomes of an error in a task nobody joins. Replaceable.
function M.on_stray_error(task, failure)
  io.stderr:write("mooncron: ", task.name, ": ", tostring(failure), "\n")
end

-- ---- running ----

local function make_ready(task, ...)
  task.state = "ready"
  task.values = table.pack(...)
  ready[#ready + 1] = task
end

local function finish(task)
  live[task] = nil
  for _, watcher in ipairs(task.watchers) do
    watcher(task)
  end
  if task.state == "failed" and #task.watchers == 0 and not task.cancel_reason then
    M.on_stray_error(task, task.failure)
  end
end

local library <const> = debug.getinfo(1, "S").source:match("^(.*)sched%.lua$")

-- The innermost line of the running stack that is the user's own, as "file:line".
local function user_line()
  local level = 3 -- past the handler that asks
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return nil
    end
    local is_file = info.currentline > 0 and info.source:sub(1, 1) == "@"
    if is_file and info.source:sub(1, #library) ~= library then
      return info.short_src .. ":" .. info.currentline
    end
    level = level + 1
  end
end

-- What a task's coroutine runs. The error is caught inside of it, so that `<close>` variables may
-- wait while it unwinds; it keeps its object, and the stack it came from is told beside it.
local function body(task, fn, ...)
  return xpcall(fn, function(failure)
    if failure ~= task.cancel_reason or task == M.root then
      task.traceback = debug.traceback(tostring(failure), 2)
    end
    task.where = user_line()
    return failure
  end, ...)
end

local function settle(task, ok, ...)
  if ok then
    task.state, task.results = "done", table.pack(...)
  else
    task.state, task.failure = "failed", (...) or err.new("UNKNOWN", "an error without a value")
  end
  finish(task)
end

local function after_resume(task, ok, first, ...)
  current = nil
  if not ok then
    return settle(task, false, first)
  end
  if coroutine.status(task.co) == "dead" then
    return settle(task, first, ...)
  end
  if first ~= PARK then
    coroutine.close(task.co)
    settle(task, false, err.new("FAILED_PRECONDITION",
      "a task yielded by itself: wait with mooncron.task, keep other coroutines inside"))
  end
end

local function resume(task)
  local values = task.values
  local fresh = not task.started
  if fresh and task.cancel_reason then
    return settle(task, false, task.cancel_reason)
  end
  task.values, task.state, task.started, current = nil, "running", true, task
  after_resume(task, coroutine.resume(task.co, table.unpack(values, 1, values.n)))
end

local function run_ready()
  local batch = ready
  ready = {}
  for _, task in ipairs(batch) do
    resume(task)
  end
end

local function run_turn_end()
  while #turn_end > 0 do
    table.remove(turn_end, 1)()
  end
end

local function dispatch(event)
  local take = waiting[event.id]
  if take then
    waiting[event.id] = nil
    return take(event)
  end
  local handle = sources[event.server or event.id]
  if handle then
    return handle(event)
  end
  if not event.server then
    arrived[event.id] = event
  end
end

-- A handler that raises leaves the rest of the inbox for the next turn.
local function dispatch_all()
  while #inbox > 0 do
    dispatch(table.remove(inbox))
  end
end

-- One turn; false when nothing runs that could ever wake a task. `done()` spares the wait.
local function turn(done)
  run_ready()
  run_turn_end()
  if #inbox == 0 and not done() then
    local wait = #ready == 0
    local events = assert(M.loop():poll(wait and -1 or 0))
    if wait and #events == 0 then
      return false
    end
    for i = #events, 1, -1 do
      inbox[#inbox + 1] = events[i]
    end
  end
  dispatch_all()
  return true
end

-- Drive the loop from outside any task until `done()`. `stuck`, if given, may help out of a deadlock:
-- it returns whether it did.
local function drive(done, stuck)
  if driving then
    error("cannot wait here: handlers and turn-end hooks must not wait; spawn a task", 3)
  end
  driving = true
  local ok, failure = pcall(function()
    while not done() do
      if not turn(done) then
        local e = err.new("FAILED_PRECONDITION",
          "deadlock: every task waits and nothing is running that could wake one")
        if not (stuck and stuck(e)) then
          error(e, 0)
        end
      end
    end
  end)
  driving = false
  if not ok then
    error(failure, 0)
  end
end

-- ---- waiting ----

---Raise what the task was cancelled with, unless it is shielded.
function M.check_cancelled(task)
  if task.cancel_reason and not task.shielded then
    error(task.cancel_reason, 0)
  end
end

---Park the caller until the function given to `start` is called; returns that call's arguments.
---`stop` undoes the start when the task is cancelled meanwhile, or may not wait at all.
function M.park(start, stop)
  local task = current
  if not task then
    local values
    start(function(...)
      values = table.pack(...)
    end)
    local ok, failure = pcall(drive, function()
      return values ~= nil
    end)
    if not ok then
      stop()
      error(failure, 0)
    end
    return table.unpack(values, 1, values.n)
  end
  if coroutine.running() ~= task.co then
    stop()
    error("cannot wait here: this runs in a coroutine of its own inside the task; "
      .. "wait outside it, or spawn a task", 3)
  end
  if task.cancel_reason and not task.shielded then
    stop()
    error(task.cancel_reason, 0)
  end
  local woken = false
  task.state = "waiting"
  task.stop = stop
  start(function(...)
    if not woken and task.state == "waiting" then
      woken = true
      make_ready(task, ...)
    end
  end)
  local values = table.pack(coroutine.yield(PARK))
  task.stop = nil
  M.check_cancelled(task)
  return table.unpack(values, 1, values.n)
end

---Wait for the event of an operation of the loop.
---@param id integer
---@return table event
function M.await(id)
  if waiting[id] then
    error(("operation %d is awaited already"):format(id), 2)
  end
  local event = arrived[id]
  if event then
    arrived[id] = nil
    return event
  end
  return M.park(function(wake)
    waiting[id] = wake
  end, function()
    waiting[id] = nil
    M.loop():cancel(id)
  end)
end

---Take each event of a source that has many: a server (by its key) or a watched signal (by its id).
---The handler must not wait; it may spawn. nil ends it.
---@param key any
---@param handler? fun(event: table)
function M.on_event(key, handler)
  sources[key] = handler
end

---Run `hook` once, at the end of this turn, before the loop waits. It must not wait.
function M.at_turn_end(hook)
  turn_end[#turn_end + 1] = hook
end

-- ---- tasks ----

---Start a task; it runs from the next turn on.
---@param fn function
---@return mooncron.Task
function M.spawn(fn, ...)
  if type(fn) ~= "function" then
    error("a task runs a function, not " .. type(fn), 2)
  end
  counter = counter + 1
  local task = setmetatable({
    name = "task " .. counter,
    co = coroutine.create(body),
    watchers = {},
  }, Task)
  live[task] = true
  make_ready(task, task, fn, ...)
  return task
end

---End the task at its present wait (or before it begins): the wait raises `reason`, `<close>`
---variables are closed, later waits raise too. The first reason stays. Inside `shield` it takes
---effect at the end of that.
---@param reason? mooncron.Err default CANCELLED
function Task:cancel(reason)
  if self:is_over() then
    return
  end
  self.cancel_reason = self.cancel_reason or reason or err.new("CANCELLED", "cancelled")
  if self.state == "waiting" and not self.shielded then
    if self.stop then
      self.stop()
    end
    make_ready(self)
  end
end

function Task:is_over()
  return self.state == "done" or self.state == "failed"
end

---Wait for the end of the task: its results, or what it raised is raised here.
function Task:wait()
  if self == current then
    error("a task cannot wait for its own end", 2)
  end
  if not self:is_over() then
    local watcher
    M.park(function(wake)
      watcher = wake
      self.watchers[#self.watchers + 1] = wake
    end, function()
      for i, w in ipairs(self.watchers) do
        if w == watcher then
          table.remove(self.watchers, i)
          break
        end
      end
    end)
  end
  if self.state == "failed" then
    error(self.failure, 0)
  end
  return table.unpack(self.results, 1, self.results.n)
end

---The task that runs now, nil in the main chunk.
function M.current()
  return current
end

---A watcher that only says: the error of this task is not stray.
function M.told() end

---Run `fn` as a task and drive the loop until it is over; inside a task simply calls it. A deadlock is
---raised in it, where it waits.
---@return any ... its results; what it raised is raised here
function M.run(fn, ...)
  if current then
    return fn(...)
  end
  if driving then
    error("cannot wait here: handlers and turn-end hooks must not wait; spawn a task", 2)
  end
  local task = M.spawn(fn, ...)
  task.watchers[1] = M.told
  M.root, M.last_run = task, task
  local ok, failure = pcall(drive, function()
    return task:is_over()
  end, function(e)
    local first = not task.cancel_reason and not task.shielded
    task:cancel(e)
    return first
  end)
  M.root = nil
  if not ok then
    error(failure, 0)
  end
  run_turn_end()
  return task:wait()
end

return M
