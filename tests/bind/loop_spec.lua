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

  it("runs programs", function()
    local loop <close> = core.loop.new()
    local id = loop:spawn({ "sh", "-c", "cat; echo $X >&2; exit 3" }, { "X=y" }, { input = "a\0b" })
    assert.same({ { id = id, type = "process", code = 3, signum = 0, stdout = "a\0b", stderr = "y\n" } },
      loop:poll(10000))
    loop:spawn({ "sleep", "100" }, nil, { timeout_ms = 10 })
    local event = loop:poll(10000)[1]
    assert.equal("DEADLINE_EXCEEDED", event.err.code)
    assert.equal(9, event.signum)
    local none, e = loop:spawn({ "no-such-program" })
    assert.is_nil(none)
    assert.equal("NOT_FOUND: program 'no-such-program' is not there", tostring(e))
    for _, bad in ipairs {
      {}, { {} }, { { 1 } }, { { "a\0b" } },
      { { "a" }, { 1 } }, { { "a" }, "b" }, { { "a" }, nil, { x = 1 } },
    } do
      assert.has_error(function()
        loop:spawn(bad[1], bad[2], bad[3])
      end)
    end
    assert.equal(0, loop:pending())
  end)

  it("has two clocks, in integers", function()
    assert.equal("integer", math.type(core.loop.mono_ms()))
    assert.is_true(math.abs(core.loop.wall_ms() // 1000 - os.time()) <= 1)
  end)
end)
