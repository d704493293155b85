local clock = require "mooncron.scheduler.clock"

describe("scheduler.clock", function()
  local wall, c

  before_each(function()
    wall = 1000
    c = clock.new(function()
      return wall
    end)
  end)

  it("flows with the system's clock", function()
    assert.equal(1000, c:now_ms())
    wall = 1500
    assert.equal(1500, c:now_ms())
    assert.is_false(c:is_moved())
  end)

  it("follows the system's clock when it is set, back as well", function()
    wall = -5
    assert.equal(-5, c:now_ms())
  end)

  it("stands still while it is held", function()
    c:hold()
    wall = 2000
    assert.equal(1000, c:now_ms())
    assert.is_true(c:is_moved())
  end)

  it("moves by set alone, and flows on from there", function()
    c:hold()
    c:set(3600000)
    wall = 2000
    assert.equal(3600000, c:now_ms())
    c:release()
    assert.equal(3600000, c:now_ms())
    wall = 2007
    assert.equal(3600007, c:now_ms())
    assert.is_true(c:is_moved())
  end)

  it("adds one move to another", function()
    for i = 1, 3 do
      c:hold()
      c:set(c:now_ms() + 100)
      c:release()
      assert.equal(1000 + 100 * i, c:now_ms())
    end
  end)

  it("is back in the system's time when the moves cancel out", function()
    c:hold()
    c:release()
    assert.is_false(c:is_moved())
  end)

  it("refuses to be set while it flows", function()
    assert.has_error(function()
      c:set(1)
    end, "the clock is not held")
  end)
end)
