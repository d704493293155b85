local chunk <const> = require "mooncron.repl.chunk"

describe("repl.chunk", function()
  it("takes an expression first, then statements", function()
    local env <const> = { twice = function(n) return n * 2 end }
    assert.equal(3, chunk.compile("1 + 2", env)())
    assert.equal(8, chunk.compile("twice(4)", env)())
    assert.is_nil(chunk.compile("x = 5", env)())
    assert.equal(5, env.x)
    assert.same({ 1, 2, 3 }, { chunk.compile("1, 2, 3", env)() })
    assert.equal(0, select("#", chunk.compile("-- nothing", env)()))
  end)

  it("knows what more lines can make right", function()
    local rows <const> = {
      { "function f()", true, "an open function" },
      { "for i = 1, 3 do", true, "an open loop" },
      { "x =", true, "an open assignment" },
      { "1 +", true, "an open expression" },
      { "f(", true, "an open call" },
      { "t = {", true, "an open table" },
      { "s = [[abc", true, "an open long string" },
      { "--[[ abc", true, "an open long comment" },
      { 's = "abc\\', true, "a string whose line is continued" },
      { "x = = 1", false, "a mistake" },
      { "end", false, "an end of nothing" },
      { 's = "abc', false, "a string cannot go on in the next line" },
      { "for i = 1 do", false, "a mistake in front of an open end" },
    }
    for _, row in ipairs(rows) do
      local fn, problem, incomplete = chunk.compile(row[1], {})
      assert.is_nil(fn, row[3])
      assert.is_string(problem, row[3])
      assert.equal(row[2], incomplete, row[3])
    end
  end)

  it("names the place of a mistake", function()
    local _, problem = chunk.compile("x = = 1", {})
    assert.equal("repl:1: unexpected symbol near '='", problem)
  end)
end)
