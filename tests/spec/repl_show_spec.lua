local err <const> = require "mooncron.err"
local show <const> = require "mooncron.repl.show"

local cycle = { name = "a" }
cycle.self = cycle

describe("repl.show", function()
  it("prints values the same way each time", function()
    local rows <const> = {
      { nil, "nil", "nil" },
      { 1, "1", "an integer" },
      { 1.0, "1.0", "a whole float" },
      { "a\n\"b\"\\\0", [["a\n\"b\"\\\0"]], "a string, escaped" },
      { "für", '"für"', "UTF-8 stays readable" },
      { "\xff", '"\\xff"', "what is not UTF-8 does not" },
      { {}, "{}", "an empty table" },
      { { 1, 2, { 3 } }, "{ 1, 2, { 3 } }", "a sequence" },
      { { b = 1, a = 2, [10] = 3, [true] = 4, ["end"] = 5, ["x y"] = 6 },
        '{ [10] = 3, a = 2, b = 1, ["end"] = 5, ["x y"] = 6, [true] = 4 }',
        "keys sorted by kind, then value" },
      { cycle, '{ name = "a", self = {cycle} }', "a cycle" },
      { { { { { { 1 } } } } }, "{ { { { {...} } } } }", "depth is bounded", limits = { depth = 4 } },
      { { 1, 2, 3, 4 }, "{ 1, 2, ... 2 more }", "items are bounded", limits = { items = 2 } },
      { { "abcdefgh" }, '{ "abcd"... (8 bytes) }', "strings in tables are bounded", limits = { text = 4 } },
      { { "abcü" }, '{ "abc"... (5 bytes) }', "no character is torn", limits = { text = 4 } },
      { { a = 1, b = { 2, 3 } }, "{\n  a = 1,\n  b = { 2, 3 }\n}", "what is too wide is broken",
        limits = { width = 16 } },
      { err.new("NOT_FOUND", "no such job"), "NOT_FOUND: no such job", "an error is one line" },
      { { err.new("NOT_FOUND", "no") }, "{ NOT_FOUND: no }", "inside a table too" },
      { setmetatable({}, { __tostring = function() return "<job>" end }), "<job>", "its own way" },
      { setmetatable({}, { __tostring = function() error("no") end }), "table", "its own way, broken" },
      { print, "function: builtin", "a function of C" },
    }
    for _, row in ipairs(rows) do
      assert.equal(row[2], show.value(row[1], row.limits), row[3])
    end
  end)

  it("tells where a function is defined", function()
    assert.equal("function: x:2", show.value(load("\nreturn function() end", "=x")()))
  end)

  it("prints all results of a line", function()
    assert.equal("", show.results(table.pack()))
    assert.equal("nil\t2", show.results(table.pack(nil, 2)))
    assert.equal("1\n{\n  1,\n  2\n}", show.results(table.pack(1, { 1, 2 }), { width = 5 }))
  end)

  it("lists names in columns, down first", function()
    assert.equal("a    ccc\nbb   d", show.columns({ "a", "bb", "ccc", "d" }, 10))
    assert.equal("long\nname", show.columns({ "long", "name" }, 3))
    assert.equal("", show.columns({}, 10))
  end)
end)
