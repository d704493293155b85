---Tasks for scripts: what `mooncron.sched` runs, and the structure over it, so that no task outlives
---its parent and the first error ends what it makes useless. One table: `task.spawn`, `task.sleep`,
---`task.run` and all else of the scheduler is here too.

local M <const> = require "mooncron.sched"
local err <const> = require "mooncron.err"

---What runs just now, for a REPL or a report: name, state and where each one waits.
function M.list()
  local rows = {}
  for task in pairs(M.live) do
    rows[#rows + 1] = { name = task.name, state = task.state, trace = debug.traceback(task.co) }
  end
  table.sort(rows, function(a, b)
    return a.name < b.name
  end)
  return rows
end

---Wait so many seconds (fractions allowed).
---@param seconds number
function M.sleep(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds >= 1e12 then
    error("seconds must be a number, and not without end", 2)
  end
  M.await(assert(M.loop():timer(math.ceil(seconds * 1000))))
end

---A condition that tasks wait for until somebody sets it; once set it stays so until `clear`.
---@return table event with `set(...)`, `clear()`, `is_set()`, `wait()` (returns what it was set with)
function M.event()
  local event, wakers, values = {}, {}, nil
  local first, last = 1, 0 -- of wakers; who has given up has left a hole
  function event:set(...)
    local woken, from, to = wakers, first, last
    values = table.pack(...)
    wakers, first, last = {}, 1, 0
    for i = from, to do
      if woken[i] then
        woken[i](...)
      end
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
    local mine, slot
    return M.park(function(wake)
      last = last + 1
      mine, slot = wakers, last
      wakers[slot] = wake
    end, function()
      if not mine then
        return
      end
      mine[slot] = nil
      while mine == wakers and first <= last and not wakers[first] do
        first = first + 1
      end
    end)
  end
  return event
end

-- Without the check for a cancellation at the end, for `__close`, which must not raise.
local function shield_quietly(fn, ...)
  local task = M.current()
  if not task or task.shielded then
    return table.pack(pcall(fn, ...))
  end
  task.shielded = true
  local out = table.pack(pcall(fn, ...))
  task.shielded = nil
  return out
end

---Do something that must not be torn apart by a cancellation: it takes effect after `fn`.
function M.shield(fn, ...)
  local task = M.current()
  if not task or task.shielded then
    return fn(...)
  end
  local out = shield_quietly(fn, ...)
  if not out[1] then
    error(out[2], 0)
  end
  M.check_cancelled(task)
  return table.unpack(out, 2, out.n)
end

local Scope = { __name = "mooncron.scope" }
Scope.__index = Scope

---A scope owns the tasks that are spawned in it: none outlives it; it remembers them until it closes.
---`local scope <close> = task.scope()`.
function M.scope()
  return setmetatable({ tasks = {} }, Scope)
end

function Scope:spawn(fn, ...)
  if self.closed then
    error("the scope is closed", 2)
  end
  local task = M.spawn(fn, ...)
  task.watchers[1] = M.told -- its error is the scope's to tell
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

---Wait for the tasks (default: all of the scope, also those that are spawned meanwhile). The first
---error, raised or returned as `nil, err`, cancels the rest.
---@return any[]? results first result of each task, in order
---@return mooncron.Err? err
function Scope:join(tasks)
  tasks = tasks or self.tasks
  local over = M.event()
  local seen, left, failure = 0, 0, nil
  local function note(task)
    left = left - 1
    failure = failure or failure_of(task)
    if left == 0 or failure then
      over:set()
    end
  end
  while seen < #tasks and not failure do
    seen, left = seen + 1, left + 1
    local task = tasks[seen]
    if task:is_over() then
      note(task)
    else
      task.watchers[#task.watchers + 1] = note
    end
    if seen == #tasks and left > 0 and not failure then
      over:clear()
      over.wait()
    end
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
  self.closed = true
  self:cancel()
  local function wait_for_all()
    for _, task in ipairs(self.tasks) do
      if not task:is_over() then
        pcall(task.wait, task)
      end
    end
  end
  shield_quietly(wait_for_all)
end

---Call `fn(item, index)` for each item of a list, at most `limit` at once (default 16).
---@param list any[]
---@param options? { limit: integer? }
---@param fn fun(item: any, index: integer): any
---@return any[]? results in the list's order
---@return mooncron.Err? err the first one; it cancels the rest
function M.map(list, options, fn)
  local limit = options and options.limit or 16
  if math.type(limit) ~= "integer" or limit < 1 then
    error("limit must be an integer of at least 1", 2)
  end
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
  for _ = 1, math.min(limit, #list) do
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

---Cancel every task and let them end: what a program does before it exits.
function M.stop()
  local scope <close> = M.scope()
  for task in pairs(M.live) do
    if task ~= M.current() then
      task.watchers[#task.watchers + 1] = M.told
      scope.tasks[#scope.tasks + 1] = task
    end
  end
end

return M
