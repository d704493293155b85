local tables = require "mooncron.tables"

describe("tables", function()
  it("copies a table, and shares what it holds", function()
    local inner = { 1 }
    local given = { a = inner, b = 2 }
    local copy = tables.copy(given)
    copy.b = 3
    assert.equal(2, given.b)
    assert.equal(inner, copy.a)
  end)

  local rows <const> = {
    { 1, 1.0, true, "numbers by value" },
    { "1", 1, false, "another type" },
    { {}, {}, true, "nothing in either" },
    { { a = { 1, 2 } }, { a = { 1, 2 } }, true, "all the way down" },
    { { a = { 1, 2 } }, { a = { 1, 3 } }, false, "a difference below" },
    { { a = 1 }, { a = 1, b = 2 }, false, "more on the right" },
    { { a = { b = { c = 1 } }, d = 1 }, { a = { b = { c = 1 } }, d = 2 }, false, "a difference beside" },
    { { a = 1, b = 2 }, { a = 1, c = 2 }, false, "another name" },
    { nil, nil, true, "nothing at all" },
    { false, nil, false, "false and nothing" },
    { { a = 1, b = 2 }, { a = 1 }, false, "more on the left" },
    { {}, nil, false, "a table and none" },
  }
  for _, row in ipairs(rows) do
    it("compares: " .. row[4], function()
      assert.equal(row[3], tables.equal(row[1], row[2]))
    end)
  end
end)
