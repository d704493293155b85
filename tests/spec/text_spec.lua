local text = require "mooncron.text"

describe("text.table", function()
  local ROWS <const> = {
    { {}, { "a", "long_name" }, "A  LONG NAME\n", "no rows: the head" },
    { { { a = "x", b = "y" } }, { "a", "b" }, "A  B\nx  y\n", "columns in the order asked for" },
    { { { a = 1 }, { a = 100 } }, { "a" }, "  A\n  1\n100\n", "numbers to the right" },
    { { { a = 1 }, { a = "x" } }, { "a" }, "A\n1\nx\n", "mixed ones to the left" },
    { { { a = "x" }, {} }, { "a", "b" }, "A  B\nx\n\n",
      "what is not there is empty, and no blank ends a line" },
    { { { a = "ü" }, { a = "xyz" } }, { "a" }, "A\nü\nxyz\n", "characters, not bytes" },
    { { { a = "ü", b = 1 }, { a = "xyz", b = 2 } }, { "a", "b" }, "A    B\nü    1\nxyz  2\n",
      "aligned behind them" },
    { { { a = "1\n2\t\27[31m" } }, { "a" }, "A\n1 2  [31m\n", "control characters cannot move the cursor" },
    { { { a = "\255" } }, { "a" }, "A\n\255\n", "what is no UTF-8" },
    { { { a = false } }, { "a" }, "A\nfalse\n", "false is a value" },
    { { { a = 1.5, b = true } }, { "a", "b" }, "  A  B\n1.5  true\n", "floats and booleans" },
  }
  for _, row in ipairs(ROWS) do
    it("prints " .. row[4], function()
      assert.equal(row[3], text.table(row[1], row[2]))
    end)
  end
end)
