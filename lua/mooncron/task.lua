---Tasks: coroutines over the core's loop. C completes operations, this file decides who runs next.
---A function that waits may be called in a task, or in the main chunk of a plain interpreter, where
---it drives the loop until it has its answer.
---
---One turn: run every ready task > turn-end hooks (the store's commit) > loop:poll > hand events to
---waiting tasks and handlers. What becomes ready in a turn runs in the next one, so nobody starves
---and nothing recurses.

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
local turn_end = {} ---@type function[]
local live = {} ---@type table<mooncron.Task, true>

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
  task.unpark = nil
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

-- The first line of the failed coroutine's stack that is the user's own, as "file:line".
local function where_of(co)
  local level = 0
  while true do
    local info = debug.getinfo(co, level, "Sl")
    if not info then
      return nil
    end
    local is_file = info.currentline > 0 and info.source:sub(1, 1) == "@"
    if is_file and not info.source:find("mooncron/", 1, true) then
      return info.short_src .. ":" .. info.currentline
    end
    level = level + 1
  end
end

-- An error keeps its object; the stack it came from is told beside it, for whoever reports it.
local function resume(task)
  local values = task.values
  task.values, task.state, current = nil, "running", task
  local out = table.pack(coroutine.resume(task.co, table.unpack(values, 1, values.n)))
  current = nil
  if not out[1] then
    task.traceback = debug.traceback(task.co, tostring(out[2]))
    task.where = where_of(task.co)
    local closed, close_failure = coroutine.close(task.co)
    task.state, task.failure = "failed", closed and out[2] or close_failure or out[2]
    return finish(task)
  end
  if coroutine.status(task.co) == "dead" then
    task.state, task.results = "done", table.pack(table.unpack(out, 2, out.n))
    return finish(task)
  end
  if out[2] ~= PARK then
    task.state, task.failure = "failed", err.new("FAILED_PRECONDITION",
      "a task yielded by itself: wait with mooncron.task, keep other coroutines inside")
    coroutine.close(task.co)
    return finish(task)
  end
end

local function run_ready()
  local batch = ready
  ready = {}
  for _, task in ipairs(batch) do
    if task.state == "ready" then
      resume(task)
    end
  end
end

local function run_turn_end()
  while #turn_end > 0 do
    local hooks = turn_end
    turn_end = {}
    for _, hook in ipairs(hooks) do
      hook()
    end
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
    handle(event)
  end
end

local function turn()
  run_ready()
  run_turn_end()
  local loop = M.loop()
  local events = assert(loop:poll(#ready > 0 and 0 or -1))
  for _, event in ipairs(events) do
    dispatch(event)
  end
  return #events > 0 or #ready > 0 or loop:pending() > 0
end

local driving = false

-- Drive the loop from outside any task until `done()`.
local function drive(done)
  if driving then
    error("cannot wait here: handlers and turn-end hooks must not wait; spawn a task", 3)
  end
  driving = true
  local ok, failure = pcall(function()
    while not done() do
      if not turn() and not done() and #ready == 0 then
        error(err.new("FAILED_PRECONDITION",
          "deadlock: every task waits and nothing is running that could wake one"), 0)
      end
    end
  end)
  driving = false
  if not ok then
    error(failure, 0)
  end
end

-- ---- waiting ----

local function check_cancelled(task)
  if task.cancel_reason and not task.shielded then
    error(task.cancel_reason, 0)
  end
end

-- Park the caller until the function given to `start` is called; returns that call's arguments.
-- `stop` undoes the start when the task is cancelled meanwhile.
local function park(start, stop)
  local task = current
  if not task then
    local values
    start(function(...)
      values = table.pack(...)
    end)
    drive(function()
      return values ~= nil
    end)
    return table.unpack(values, 1, values.n)
  end
  if coroutine.running() ~= task.co then
    error("cannot wait here: this runs in a coroutine of its own inside the task; "
      .. "wait outside it, or spawn a task", 3)
  end
  check_cancelled(task)
  task.state = "waiting"
  task.unpark = function(...)
    if task.state == "waiting" then
      make_ready(task, ...)
    end
  end
  task.stop = stop
  start(task.unpark)
  local values = table.pack(coroutine.yield(PARK))
  task.stop = nil
  check_cancelled(task)
  return table.unpack(values, 1, values.n)
end

---Wait for the event of an operation of the loop.
---@param id integer
---@return table event
function M.await(id)
  return park(function(wake)
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

---Wait so many seconds (fractions allowed).
---@param seconds number
function M.sleep(seconds)
  M.await(assert(M.loop():timer(math.ceil(seconds * 1000))))
end

---A condition that tasks wait for until somebody sets it; once set it stays so until `clear`.
---@return table event with `set(...)`, `clear()`, `is_set()`, `wait()` (returns what it was set with)
function M.event()
  local event, wakers, values = {}, {}, nil
  function event:set(...)
    values = table.pack(...)
    local woken = wakers
    wakers = {}
    for waker in pairs(woken) do
      waker(...)
    end
    return self
  end
  function event:clear()
    values = nil
    return self
  end
  function event.is_set()
    return values ~= nil
  end
  function event.wait()
    if values then
      return table.unpack(values, 1, values.n)
    end
    local mine
    return park(function(wake)
      mine = wake
      wakers[wake] = true
    end, function()
      wakers[mine] = nil
    end)
  end
  return event
end

-- ---- tasks ----

local counter = 0

---Start a task; it runs from the next turn on.
---@param fn function
---@return mooncron.Task
function M.spawn(fn, ...)
  counter = counter + 1
  local task = setmetatable({
    name = "task " .. counter,
    co = coroutine.create(fn),
    watchers = {},
  }, Task)
  live[task] = true
  make_ready(task, ...)
  return task
end

---End the task at its present wait: the wait raises `reason`, `<close>` variables are closed, later
---waits raise too.
---@param reason? mooncron.Err default CANCELLED
function Task:cancel(reason)
  if self.state == "done" or self.state == "failed" then
    return
  end
  self.cancel_reason = reason or err.new("CANCELLED", "cancelled")
  if self.state == "waiting" then
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
  if not self:is_over() then
    local watcher
    park(function(wake)
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

---Run `fn` as a task and drive the loop until it is over; inside a task simply calls it.
---@return any ... its results; what it raised is raised here
function M.run(fn, ...)
  if current then
    return fn(...)
  end
  local task = M.spawn(fn, ...)
  task.watchers[1] = function() end
  M.root = task
  drive(function()
    return task:is_over()
  end)
  run_turn_end()
  M.root = nil
  M.last_run = task
  return task:wait()
end

---Do something that must not be torn apart by a cancellation: it takes effect after `fn`.
function M.shield(fn, ...)
  local task = current
  if not task or task.shielded then
    return fn(...)
  end
  task.shielded = true
  local out = table.pack(pcall(fn, ...))
  task.shielded = nil
  if not out[1] then
    error(out[2], 0)
  end
  check_cancelled(task)
  return table.unpack(out, 2, out.n)
end

---What runs just now, for a REPL or a report: name, state and where each one waits.
function M.list()
  local rows = {}
  for task in pairs(live) do
    rows[#rows + 1] = { name = task.name, state = task.state, trace = debug.traceback(task.co) }
  end
  table.sort(rows, function(a, b)
    return a.name < b.name
  end)
  return rows
end

-- ---- structure ----

local Scope = { __name = "mooncron.scope" }
Scope.__index = Scope

---A scope owns the tasks that are spawned in it: none outlives it.
---`local scope <close> = task.scope()`.
function M.scope()
  return setmetatable({ tasks = {} }, Scope)
end

function Scope:spawn(fn, ...)
  local task = M.spawn(fn, ...)
  task.watchers[1] = function() end -- its error is the scope's to tell
  self.tasks[#self.tasks + 1] = task
  return task
end

local function failure_of(task)
  if task.state == "failed" then
    return task.failure
  end
  local first, second = task.results[1], task.results[2]
  return first == nil and err.is(second) and second or nil
end

---Wait for the tasks (default: all of the scope). The first error, raised or returned as `nil,
---err`, cancels the rest.
---@return any[]? results first result of each task, in order
---@return mooncron.Err? err
function Scope:join(tasks)
  tasks = tasks or self.tasks
  local over = M.event()
  local left, failure = #tasks, nil
  local function note(task)
    left = left - 1
    failure = failure or failure_of(task)
    if left == 0 or failure then
      over:set()
    end
  end
  for _, task in ipairs(tasks) do
    if task:is_over() then
      note(task)
    else
      task.watchers[#task.watchers + 1] = note
    end
  end
  if left > 0 and not failure then
    over.wait()
  end
  if failure then
    self:cancel()
    if err.is(failure) then
      return nil, failure
    end
    error(failure, 0)
  end
  local results = {}
  for i, task in ipairs(tasks) do
    results[i] = task.results[1]
  end
  return results
end

---Cancel what still runs.
function Scope:cancel(reason)
  for _, task in ipairs(self.tasks) do
    task:cancel(reason)
  end
end

function Scope:__close()
  self:cancel()
  M.shield(function()
    for _, task in ipairs(self.tasks) do
      if not task:is_over() then
        pcall(task.wait, task)
      end
    end
  end)
end

---Call `fn(item, index)` for each item of a list, at most `limit` at once (default 16).
---@param list any[]
---@param options? { limit: integer? }
---@param fn fun(item: any, index: integer): any
---@return any[]? results in the list's order
---@return mooncron.Err? err the first one; it cancels the rest
function M.map(list, options, fn)
  local scope <close> = M.scope()
  local results, next_index, failure = {}, 0, nil
  local function work()
    while next_index < #list and not failure do
      next_index = next_index + 1
      local i = next_index
      local value, e = fn(list[i], i)
      if value == nil and err.is(e) then
        failure = failure or e
        return nil, e
      end
      results[i] = value
    end
  end
  for _ = 1, math.min((options and options.limit) or 16, #list) do
    scope:spawn(work)
  end
  local ok, e = scope:join()
  if not ok then
    return nil, e
  end
  return results
end

---Run `fn` for at most so many seconds; then it is cancelled.
---@return any ... its results, or nil and a DEADLINE_EXCEEDED error
function M.with_timeout(seconds, fn, ...)
  local scope <close> = M.scope()
  local over = M.event()
  local task = scope:spawn(fn, ...)
  task.watchers[2] = function()
    over:set(true)
  end
  scope:spawn(function()
    M.sleep(seconds)
    over:set(false)
  end)
  if over.wait() then
    return task:wait()
  end
  return nil, err.new("DEADLINE_EXCEEDED", ("not done within %g s"):format(seconds), { retryable = true })
end

return M
