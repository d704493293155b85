local core = require "mooncron.core"

describe("core.loop", function()
  it("is a handle: closed twice is fine, used after that says so", function()
    local loop = core.loop.new()
    assert.equal("mooncron.loop (0 running)", tostring(loop))
    loop:timer(1000)
    assert.equal("mooncron.loop (1 running)", tostring(loop))
    loop:close()
    loop:close()
    assert.equal("mooncron.loop (closed)", tostring(loop))
    for _, call in ipairs {
      { "poll", 0 }, { "timer", 1 }, { "signal", "INT" }, { "cancel", 1 }, { "pending" },
    } do
      assert.error_matches(function()
        loop[call[1]](loop, call[2])
      end, "the loop is closed")
    end
    for _, make in ipairs { core.net.client, core.net.server } do
      assert.error_matches(function()
        make(loop)
      end, "the loop is closed")
    end
  end)

  it("closes with its block", function()
    local escaped
    do
      local loop <close> = core.loop.new()
      escaped = loop
    end
    assert.equal("mooncron.loop (closed)", tostring(escaped))
  end)

  it("refuses wrong arguments", function()
    local loop <close> = core.loop.new()
    for _, bad in ipairs {
      { "poll", "x" }, { "timer" }, { "timer", 1.5 }, { "timer", {} }, { "signal", "KILL" },
      { "signal", 2 }, { "signal" }, { "cancel", "x" }, { "cancel" },
    } do
      assert.has_error(function()
        loop[bad[1]](loop, bad[2])
      end)
    end
    for _, method in ipairs { "poll", "timer", "signal", "cancel", "pending", "close" } do
      assert.has_error(function()
        loop[method](io.stdout)
      end)
    end
    assert.equal(0, loop:pending())
  end)

  it("tells timers by id and type", function()
    local loop <close> = core.loop.new()
    local id = loop:timer(0)
    assert.same({ { id = id, type = "timer" } }, loop:poll())
    assert.same({}, loop:poll())
    assert.same({}, loop:poll(0))
    assert.is_false(loop:cancel(id))
    assert.is_false(loop:cancel(-1))
  end)

  it("tells signals with their number", function()
    local loop <close> = core.loop.new()
    local id = loop:signal("WINCH")
    os.execute("kill -WINCH " .. io.open("/proc/self/stat"):read("n"))
    local events = loop:poll(2000)
    assert.equal(id, events[1].id)
    assert.equal("signal", events[1].type)
    assert.equal(28, events[1].signum)
  end)

  it("has two clocks, in integers", function()
    assert.equal("integer", math.type(core.loop.mono_ms()))
    assert.is_true(math.abs(core.loop.wall_ms() // 1000 - os.time()) <= 1)
  end)
end)
