local err = require "mooncron.err"
local limit = require "mooncron.limit"
local retry = require "mooncron.retry"
local task = require "mooncron.task"

describe("limit", function()
  after_each(function()
    assert.equal(0, task.loop():pending())
    assert.equal(0, #task.list())
  end)

  it("lets so many in at once, in the order they came", function()
    local gate = limit.new { in_flight = 2 }
    local running, most, order = 0, 0, {}
    task.map({ 1, 2, 3, 4, 5, 6 }, { limit = 6 }, function(i)
      return gate:call(function()
        running = running + 1
        most = math.max(most, running)
        order[#order + 1] = i
        task.sleep(0.001)
        running = running - 1
        return i
      end)
    end)
    assert.equal(2, most)
    assert.same({ 1, 2, 3, 4, 5, 6 }, order)
  end)

  it("gives a place back after an error and after a cancellation", function()
    task.run(function()
      local gate = limit.new { in_flight = 1 }
      assert.is_false(pcall(gate.call, gate, error, "x"))
      local scope <close> = task.scope()
      local holder = scope:spawn(gate.call, gate, task.sleep, 100)
      local waiter = scope:spawn(gate.call, gate, task.sleep, 100)
      local last = scope:spawn(gate.call, gate, function()
        return "in"
      end)
      task.sleep(0)
      waiter:cancel()
      task.sleep(0)
      holder:cancel()
      assert.equal("in", last:wait())
    end)
  end)

  it("passes a place on that came together with the cancellation", function()
    task.run(function()
      local gate = limit.new { in_flight = 1 }
      local scope <close> = task.scope()
      local go = task.event()
      scope:spawn(gate.call, gate, go.wait)
      local second = scope:spawn(gate.call, gate, task.sleep, 100)
      local third = scope:spawn(gate.call, gate, function()
        return "in"
      end)
      task.sleep(0)
      go:set()
      scope:spawn(function()
        second:cancel()
      end)
      assert.equal("in", third:wait())
    end)
  end)

  describe("per minute", function()
    local real, waits, now
    before_each(function()
      real, waits, now = retry.clock, {}, require("mooncron.core").loop.mono_ms()
      retry.clock = setmetatable({
        sleep = function(seconds)
          waits[#waits + 1] = seconds
          now = now + math.tointeger(seconds * 1000 // 1)
        end,
        mono_ms = function()
          return now
        end,
      }, { __index = real })
    end)
    after_each(function()
      retry.clock = real
    end)

    it("spreads calls once the burst is used up", function()
      local gate = limit.new { per_minute = 600, burst = 2 }
      for i = 1, 4 do
        assert.equal(i, gate:call(function()
          return i
        end))
      end
      assert.equal(2, #waits)
      assert.is_true(waits[2] > 0.09 and waits[2] < 0.11)
    end)

    it("slows down when the server refuses", function()
      local gate = limit.new { per_minute = 600, burst = 2 }
      local _, e = gate:call(function()
        return nil, err.new("RESOURCE_EXHAUSTED", "quota", { retry_after = "3" })
      end)
      assert.equal("RESOURCE_EXHAUSTED", e.code)
      gate:call(print)
      assert.is_true(waits[1] >= 3)
    end)
  end)

  it("keeps apart what shares a key, and lets the rest go", function()
    local lock = limit.exclusive()
    local running, overlaps, most, all = {}, 0, 0, 0
    task.map({ "a", "a", "b", "b" }, { limit = 4 }, function(key)
      return lock:call(key, function()
        overlaps = overlaps + (running[key] and 1 or 0)
        running[key] = true
        all = all + 1
        most = math.max(most, all)
        task.sleep(0.001)
        all = all - 1
        running[key] = nil
        return true
      end)
    end)
    assert.equal(0, overlaps)
    assert.equal(2, most)
    assert.is_nil(next(lock.keys))
  end)
end)
