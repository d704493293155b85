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
local stack <const> = require "mooncron.stack"

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
local waiting = {} ---@type table<integer, mooncron.Task> operation id -> who waits for its event
local sources = {} ---@type table<any, fun(event: table)> server key or operation id -> handler
local arrived = {} ---@type table<integer, table> events that came before anybody awaited them
local inbox, inbox_at = {}, 1 ---@type table[], integer events of this turn, the next one to hand over
local turn_end = {} ---@type function[]
local driving, counter = false, 0
local live = {} ---@type table<mooncron.Task, true>
M.live = live

---The process's one loop, made at first use.
function M.loop()
  shared_loop = shared_loop or assert(core.loop.new())
  return shared_loop
end

---What becomes of an error in a task nobody joins. Replaceable.
function M.on_stray_error(task, failure)
  io.stderr:write("mooncron: ", task.name, ": ", tostring(failure), "\n")
end

-- ---- running ----

-- What `resume` passes in is most often a single value, which needs no table.
local function make_ready(task, ...)
  task.state = "ready"
  task.value, task.values = (...), select("#", ...) ~= 1 and table.pack(...) or nil
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

-- What a task's coroutine runs. The error is caught inside of it, so that `<close>` variables may
-- wait while it unwinds; it keeps its object, and the stack it came from is told beside it.
local function body(task, fn, ...)
  return xpcall(fn, function(failure)
    if failure ~= task.cancel_reason or task == M.root then
      task.traceback = debug.traceback(tostring(failure), 2)
    end
    task.where = stack.user_line()
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
  if first == PARK then
    return
  elseif not ok then
    return settle(task, false, first)
  elseif coroutine.status(task.co) == "dead" then
    return settle(task, first, ...)
  end
  coroutine.close(task.co)
  settle(task, false, err.new("FAILED_PRECONDITION",
    "a task yielded by itself: wait with mooncron.task, keep other coroutines inside"))
end

local function resume(task)
  if task.cancel_reason and not task.started then
    return settle(task, false, task.cancel_reason)
  end
  local value, values = task.value, task.values
  task.value, task.values, task.state, task.started, current = nil, nil, "running", true, task
  if values then
    after_resume(task, coroutine.resume(task.co, table.unpack(values, 1, values.n)))
  else
    after_resume(task, coroutine.resume(task.co, value))
  end
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
  local id, server = event.id, event.server
  local waiter, handle = waiting[id], sources[server or id]
  if waiter then
    waiting[id] = nil
    make_ready(waiter, event)
  elseif handle then
    handle(event)
  elseif not server then
    arrived[id] = event
  end
end

-- One turn; false when nothing runs that could ever wake a task. `done()` spares the wait. A handler
-- that raises leaves the rest of the inbox for the next turn.
local function turn(done)
  run_ready()
  run_turn_end()
  if not inbox[inbox_at] and not done() then
    local wait = #ready == 0
    inbox, inbox_at = assert(M.loop():poll(wait and -1 or 0)), 1
    if wait and not inbox[1] then
      return false
    end
  end
  while inbox[inbox_at] do
    local event = inbox[inbox_at]
    inbox[inbox_at] = nil
    inbox_at = inbox_at + 1
    dispatch(event)
  end
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

-- What a wait returns, once it is over.
local function woken_with(task, ...)
  task.stop = nil
  M.check_cancelled(task)
  return ...
end

-- Raise why the caller, which runs in `task`, may not wait now; `stop(...)` undoes what it has begun.
local function check_may_wait(task, stop, ...)
  if coroutine.running() ~= task.co then
    stop(...)
    error("cannot wait here: this runs in a coroutine of its own inside the task; "
      .. "wait outside it, or spawn a task", 4)
  elseif task.cancel_reason and not task.shielded then
    stop(...)
    error(task.cancel_reason, 0)
  end
end

-- Outside of any task: drive the loop until `done()`.
local function drive_or_stop(done, stop, ...)
  local ok, failure = pcall(drive, done)
  if not ok then
    stop(...)
    error(failure, 0)
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
    drive_or_stop(function()
      return values ~= nil
    end, stop)
    return table.unpack(values, 1, values.n)
  end
  check_may_wait(task, stop)
  local woken = false
  task.state = "waiting"
  task.stop = stop
  start(function(...)
    if not woken and task.state == "waiting" then
      woken = true
      make_ready(task, ...)
    end
  end)
  return woken_with(task, coroutine.yield(PARK))
end

local function stop_operation(id)
  waiting[id] = nil
  M.loop():cancel(id)
end

---Wait for the event of an operation of the loop.
---@param id integer
---@return table event
function M.await(id)
  if waiting[id] then
    error(("operation %d is awaited already"):format(id), 2)
  end
  local task = current
  if not task and not arrived[id] then
    drive_or_stop(function()
      return arrived[id] ~= nil
    end, stop_operation, id)
  end
  local event = arrived[id]
  if event then
    arrived[id] = nil
    return event
  end
  check_may_wait(task, stop_operation, id)
  task.state, task.stop, waiting[id] = "waiting", id, task
  return woken_with(task, coroutine.yield(PARK))
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
  local co <const> = coroutine.create(body)
  local task = setmetatable({ name = "task " .. counter, co = co, watchers = {} }, Task)
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
    local stop = self.stop -- of the wait, or the operation that is waited for
    if math.type(stop) then
      stop_operation(stop)
    elseif stop then
      stop()
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
