local err = require "mooncron.err"
local task = require "mooncron.task"

local function clean()
  collectgarbage()
  collectgarbage()
  assert.equal(0, #task.list())
  assert.equal(0, task.loop():pending())
end

-- Run as a task; what it raises is returned.
local function failure_of(fn)
  local ok, failure = pcall(task.run, fn)
  assert.is_false(ok)
  return failure
end

local function forever()
  task.event().wait()
end

describe("task", function()
  after_each(clean)

  describe("results", function()
    it("keeps nils at any place", function()
      local results = table.pack(task.run(function()
        task.sleep(0)
        return nil, 1, nil
      end))
      assert.same({ n = 3, nil, 1, nil }, results)
    end)

    it("hands arguments over", function()
      assert.same({ 1, nil, 3 }, { task.run(function(...)
        return select(1, ...)
      end, 1, nil, 3) })
    end)

    it("calls straight on inside a task", function()
      assert.equal(7, task.run(function()
        return task.run(function()
          return 7
        end)
      end))
    end)

    it("raises an error as the object it is", function()
      local e = err.new("NOT_FOUND", "no such job")
      assert.equal(e, failure_of(function()
        error(e)
      end))
    end)

    it("has a place and a trace for it", function()
      failure_of(function()
        task.sleep(0)
        error(err.new("ABORTED", "x"))
      end)
      assert.matches("task_spec%.lua:%d+$", task.last_run.where)
      assert.matches("task_spec", task.last_run.traceback)
    end)

    it("makes an error of an error without a value", function()
      assert.equal("UNKNOWN", failure_of(function()
        error()
      end).code)
    end)

    it("refuses to spawn what is no function", function()
      assert.has_error(function()
        task.spawn(3)
      end, "a task runs a function, not number")
    end)
  end)

  describe("order", function()
    it("runs what becomes ready in the next turn, first come first served", function()
      local seen = {}
      task.run(function()
        local event = task.event()
        local scope <close> = task.scope()
        for i = 1, 5 do
          scope:spawn(function()
            event.wait()
            seen[#seen + 1] = i
          end)
        end
        task.sleep(0)
        event:set()
        seen[#seen + 1] = "set"
        scope:join()
      end)
      assert.same({ "set", 1, 2, 3, 4, 5 }, seen)
    end)

    it("ends at once when its function ends, whatever else runs", function()
      local other
      task.run(function()
        other = task.spawn(function()
          task.sleep(100)
        end)
        task.sleep(0)
      end)
      assert.equal("waiting", other.state)
      other.watchers[1] = task.told
      other:cancel()
      assert.is_false(pcall(other.wait, other))
    end)

    it("runs hooks at the end of the turn, before it waits", function()
      local seen = {}
      task.run(function()
        task.at_turn_end(function()
          seen[#seen + 1] = "hook"
          task.at_turn_end(function()
            seen[#seen + 1] = "hook of the hook"
          end)
        end)
        seen[#seen + 1] = "task"
        task.sleep(0)
        seen[#seen + 1] = "later"
      end)
      assert.same({ "task", "hook", "hook of the hook", "later" }, seen)
    end)

    it("runs a hook that the last turn has set", function()
      local ran
      task.run(function()
        task.at_turn_end(function()
          ran = true
        end)
      end)
      assert.is_true(ran)
    end)

    it("lets no hook wait", function()
      assert.matches("must not wait", failure_of(function()
        task.at_turn_end(function()
          task.sleep(0)
        end)
        task.sleep(0)
      end))
      task.stop()
    end)
  end)

  describe("waiting", function()
    it("works in the main chunk", function()
      local id = task.loop():timer(1)
      assert.equal(id, task.await(id).id)
    end)

    it("gets an event that came before it waited", function()
      assert.equal("timer", task.run(function()
        local id = task.loop():timer(0)
        task.sleep(0.02)
        return task.await(id).type
      end))
    end)

    it("is for one only", function()
      assert.matches("awaited already", failure_of(function()
        local id = task.loop():timer(10)
        local scope <close> = task.scope()
        scope:spawn(task.await, id)
        task.sleep(0)
        task.await(id)
      end))
    end)

    it("is refused in a coroutine inside the task", function()
      assert.matches("coroutine of its own", failure_of(function()
        coroutine.wrap(function()
          task.sleep(0)
        end)()
      end))
    end)

    it("reports a yield that is not ours", function()
      local closed
      local e = failure_of(function()
        local _ <close> = setmetatable({}, { __close = function()
          closed = true
        end })
        coroutine.yield(1)
      end)
      assert.matches("yielded by itself", e.message)
      assert.is_true(closed)
    end)

    it("finds a deadlock, and raises it where the task waits", function()
      local closed
      local e = failure_of(function()
        local _ <close> = setmetatable({}, { __close = function()
          closed = true
        end })
        forever()
      end)
      assert.equal("FAILED_PRECONDITION", e.code)
      assert.matches("^deadlock", e.message)
      assert.matches("task_spec", task.last_run.where)
      assert.is_true(closed)
    end)

    it("finds a deadlock under a watched signal", function()
      local id = task.loop():signal("USR2")
      assert.matches("deadlock", failure_of(forever))
      task.loop():cancel(id)
    end)

    it("finds a deadlock in the main chunk", function()
      assert.has_error(forever)
    end)

    it("refuses to wait for itself", function()
      assert.matches("own end", failure_of(function()
        task.current():wait()
      end))
    end)

    it("wants a number of seconds", function()
      for _, bad in ipairs { "1", math.huge, 0 / 0 } do
        assert.has_error(function()
          task.sleep(bad)
        end)
      end
    end)
  end)

  describe("cancel", function()
    it("ends the wait, closes variables, and stays", function()
      local seen = {}
      local reason = err.new("ABORTED", "enough")
      task.run(function()
        local scope <close> = task.scope()
        local other = scope:spawn(function()
          local _ <close> = setmetatable({}, { __close = function()
            seen[#seen + 1] = "closed"
          end })
          for _ = 1, 2 do
            local _, e = pcall(task.sleep, 100)
            seen[#seen + 1] = e
          end
          task.sleep(0)
          seen[#seen + 1] = "never"
        end)
        task.sleep(0)
        other:cancel(reason)
        other:cancel(err.new("ABORTED", "too late"))
        pcall(other.wait, other)
        assert.equal(reason, other.failure)
      end)
      assert.same({ reason, reason, "closed" }, seen)
    end)

    it("keeps a task from beginning", function()
      local ran
      task.run(function()
        local scope <close> = task.scope()
        scope:spawn(function()
          ran = true
        end):cancel()
      end)
      assert.is_nil(ran)
    end)

    it("does nothing to a task that is over", function()
      task.run(function()
        local other = task.spawn(function()
          return 5
        end)
        task.sleep(0)
        other:cancel()
        assert.equal(5, other:wait())
      end)
    end)

    it("waits for the end of a shield", function()
      local seen = {}
      task.run(function()
        local scope <close> = task.scope()
        local other = scope:spawn(function()
          local value = task.shield(function()
            task.sleep(0.01)
            seen[#seen + 1] = "whole"
            return 3
          end)
          seen[#seen + 1] = value
        end)
        task.sleep(0)
        other:cancel()
        local _, e = pcall(other.wait, other)
        seen[#seen + 1] = e.code
      end)
      assert.same({ "whole", "CANCELLED" }, seen)
    end)

    it("lets __close wait while it unwinds", function()
      local seen = {}
      failure_of(function()
        local _ <close> = setmetatable({}, { __close = function()
          task.sleep(0.001)
          seen[#seen + 1] = "slept"
        end })
        error("x")
      end)
      assert.same({ "slept" }, seen)
    end)

    it("replaces an error by one of __close", function()
      assert.matches("second", failure_of(function()
        local _ <close> = setmetatable({}, { __close = function()
          error("second")
        end })
        error("first")
      end))
    end)

    it("wakes one waiter of an event, not the others", function()
      local seen = {}
      task.run(function()
        local event = task.event()
        local scope <close> = task.scope()
        local jobs = {}
        for i = 1, 3 do
          jobs[i] = scope:spawn(function()
            event.wait()
            seen[#seen + 1] = i
          end)
        end
        task.sleep(0)
        jobs[1]:cancel()
        task.sleep(0)
        event:set()
        task.sleep(0)
        task.sleep(0)
      end)
      assert.same({ 2, 3 }, seen)
    end)
  end)

  describe("stray errors", function()
    local report
    before_each(function()
      report = task.on_stray_error
    end)
    after_each(function()
      task.on_stray_error = report
    end)

    it("are told of tasks that nobody joins, and only of those", function()
      local told = {}
      task.on_stray_error = function(_, failure)
        told[#told + 1] = failure
      end
      task.run(function()
        task.spawn(error, "stray")
        task.spawn(forever):cancel()
        local scope <close> = task.scope()
        scope:spawn(error, "the scope's")
        local watched = task.spawn(error, "waited for")
        pcall(watched.wait, watched)
      end)
      assert.same({ "stray" }, told)
    end)
  end)

  describe("event", function()
    it("keeps its values until it is cleared", function()
      local event = task.event()
      assert.is_false(event.is_set())
      event:set(nil, 2, nil)
      assert.same({ n = 3, nil, 2, nil }, table.pack(event.wait()))
      assert.is_true(event.is_set())
      assert.is_false(event:clear().is_set())
    end)

    it("holds nothing of waiters that gave up", function()
      task.run(function()
        local event = task.event()
        for _ = 1, 20 do
          assert.is_nil((task.with_timeout(0, event.wait)))
        end
        event:set()
      end)
    end)
  end)

  describe("scope", function()
    it("joins in order", function()
      assert.same({ 3, 2, 1 }, task.run(function()
        local scope <close> = task.scope()
        for i = 3, 1, -1 do
          scope:spawn(function()
            task.sleep(i / 1000)
            return i
          end)
        end
        return scope:join()
      end))
    end)

    it("joins what is spawned meanwhile", function()
      local results = task.run(function()
        local scope <close> = task.scope()
        scope:spawn(function()
          task.sleep(0)
          scope:spawn(function()
            task.sleep(0)
            return "child"
          end)
          return "parent"
        end)
        return scope:join()
      end)
      assert.same({ "parent", "child" }, results)
    end)

    it("joins when some are over already, or all, or none", function()
      task.run(function()
        local scope <close> = task.scope()
        assert.same({}, scope:join())
        scope:spawn(function()
          return 1
        end)
        task.sleep(0)
        scope:spawn(function()
          task.sleep(0)
          return 2
        end)
        assert.same({ 1, 2 }, scope:join())
        assert.same({ 1, 2 }, scope:join())
      end)
    end)

    for _, row in ipairs {
      { "returned", function(e)
        return nil, e
      end },
      { "raised", function(e)
        error(e)
      end },
    } do
      it("gives back the first error that is " .. row[1] .. " and cancels the rest", function()
        local e = err.new("NOT_FOUND", "x")
        task.run(function()
          local scope <close> = task.scope()
          local other = scope:spawn(task.sleep, 100)
          scope:spawn(row[2], e)
          local ok, failure = scope:join()
          assert.is_nil(ok)
          assert.equal(e, failure)
          pcall(other.wait, other)
          assert.equal("CANCELLED", other.failure.code)
        end)
      end)
    end

    it("raises a bug again", function()
      assert.matches("a bug", failure_of(function()
        local scope <close> = task.scope()
        scope:spawn(error, "a bug")
        scope:join()
      end))
    end)

    for _, how in ipairs { "end", "error", "cancel" } do
      it("outlives nobody when its block ends by " .. how, function()
        local closed = 0
        local function body()
          local scope <close> = task.scope()
          for _ = 1, 3 do
            scope:spawn(function()
              local _ <close> = setmetatable({}, { __close = function()
                task.shield(function()
                  task.sleep(0.001)
                  closed = closed + 1
                end)
              end })
              forever()
            end)
          end
          task.sleep(0)
          if how == "error" then
            error("x")
          elseif how == "cancel" then
            task.current():cancel()
            task.sleep(0)
          end
        end
        pcall(task.run, body)
        assert.equal(3, closed)
      end)
    end

    it("takes no task once it is closed", function()
      local escaped
      task.run(function()
        local scope <close> = task.scope()
        escaped = scope
      end)
      assert.has_error(function()
        escaped:spawn(forever)
      end, "the scope is closed")
    end)
  end)

  describe("map", function()
    it("keeps the order and the limit", function()
      local running, most = 0, 0
      local results = task.map({ 5, 4, 3, 2, 1 }, { limit = 2 }, function(item, i)
        running = running + 1
        most = math.max(most, running)
        task.sleep(item / 1000)
        running = running - 1
        return item * 10 + i
      end)
      assert.same({ 51, 42, 33, 24, 15 }, results)
      assert.equal(2, most)
    end)

    it("stops at the first error", function()
      local calls = 0
      local results, e = task.map({ 1, 2, 3, 4, 5, 6 }, { limit = 1 }, function(item)
        calls = calls + 1
        if item == 2 then
          return nil, err.new("ABORTED", "two")
        end
        return item
      end)
      assert.is_nil(results)
      assert.equal("ABORTED: two", tostring(e))
      assert.equal(2, calls)
    end)

    it("takes an empty list and nil results", function()
      assert.same({}, task.map({}, nil, error))
      assert.same({ [2] = 2 }, task.map({ 1, 2 }, nil, function(item)
        return item == 2 and item or nil
      end))
    end)

    for _, bad in ipairs { 0, -1, 1.5, "3" } do
      it("refuses a limit of " .. bad, function()
        assert.has_error(function()
          task.map({ 1 }, { limit = bad }, print)
        end, "limit must be an integer of at least 1")
      end)
    end
  end)

  describe("with_timeout", function()
    it("gives results, errors, or DEADLINE_EXCEEDED", function()
      task.run(function()
        assert.same({ 1, nil, 3 }, { task.with_timeout(10, function()
          return 1, nil, 3
        end) })
        assert.is_false(pcall(task.with_timeout, 10, error, "x"))
        local ok, e = task.with_timeout(0.005, task.sleep, 100)
        assert.is_nil(ok)
        assert.equal("DEADLINE_EXCEEDED", e.code)
        assert.is_true(e.retryable)
      end)
    end)

    it("nests: the outer one wins", function()
      local ok, e = task.with_timeout(0.005, task.with_timeout, 100, task.sleep, 100)
      assert.is_nil(ok)
      assert.matches("0%.005", e.message)
    end)
  end)

  it("stops everything that runs", function()
    local closed = 0
    task.run(function()
      for _ = 1, 3 do
        task.spawn(function()
          local _ <close> = setmetatable({}, { __close = function()
            closed = closed + 1
          end })
          task.sleep(100)
        end)
      end
      task.sleep(0)
      task.stop()
    end)
    assert.equal(3, closed)
  end)

  it("hands on the rest of a turn's events when a handler raises", function()
    local loop = task.loop()
    local one, two = loop:timer(0), loop:timer(0)
    task.on_event(one, function()
      error("bad handler")
    end)
    local ok = pcall(task.await, two)
    task.on_event(one, nil)
    if not ok then
      assert.equal("timer", task.await(two).type)
    end
  end)
end)
