local duration = require "mooncron.duration"

local MS <const> = 1000000

describe("duration", function()
  local GOOD <const> = {
    { "90s", 90000 * MS }, { "1.500s", 1500 * MS }, { "1.5s", 1500 * MS }, { "0s", 0 },
      { "1h30m", 5400000 * MS },
    { "1h 30m", 5400000 * MS }, { "2d", 172800000 * MS }, { "1.5h", 5400000 * MS },
      { "250ms", 250 * MS },
    { "1us", 1000 }, { "1ns", 1 }, { "1.000000001s", 1000000001 }, { "-3s", -3000 * MS },
    { 90, 90000 * MS }, { 1.5, 1500 * MS }, { 0, 0 }, { 0.1, 100 * MS }, { -1.5, -1500 * MS },
    { "9223372035s", 9223372035000 * MS },
  }
  for _, row in ipairs(GOOD) do
    it("reads " .. row[1], function()
      local n = duration.parse(row[1])
      assert.equal(row[2], n)
      assert.equal("integer", math.type(n))
    end)
  end

  local BAD <const> = {
    { "", "write 90s" }, { "90", "write 90s" }, { "s", "write 90s" }, { "1.s", "write 90s" },
      { "x1s", "write 90s" },
    { "1w", "unit 'w' is not one of" }, { "1m1h", "'h' must come before" },
      { "1s1s", "'s' must come before" },
    { "9223372036s", "too long" }, { "106752d", "too long" },
      { "99999999999999999999s", "too long" },
    { "1.0000000001s", "too fine" }, { 1e300, "too long" }, { 0 / 0, "too long" },
      { true, "write a number" },
  }
  for _, row in ipairs(BAD) do
    it("refuses " .. tostring(row[1]), function()
      local n, e = duration.parse(row[1])
      assert.is_nil(n)
      assert.equal("INVALID_ARGUMENT", e.code)
      assert.is_truthy(e.message:find(row[2], 1, true), e.message)
    end)
  end

  local TEXTS <const> = {
    { 0, "0s" }, { 180000 * MS, "180s" }, { 1500 * MS, "1.500s" }, { 1, "0.000000001s" },
      { 1000, "0.000001s" },
    { -1500 * MS, "-1.500s" }, { 120 * MS, "0.120s" },
  }
  for _, row in ipairs(TEXTS) do
    it("prints " .. row[2] .. " and reads it again", function()
      assert.equal(row[2], duration.format(row[1]))
      assert.equal(row[1], duration.parse_json(row[2]))
      assert.equal(row[1], duration.parse(row[2]))
    end)
  end

  it("reads the API's form alone where it must", function()
    for _, text in ipairs { "1m", "1 s", "1.s", ".5s", "1", "", "1s ", "+1s", "1.0000000001s",
      "9999999999999s" } do
      assert.is_nil((duration.parse_json(text)))
    end
    assert.is_nil((duration.parse_json(5)))
    assert.equal(1500, duration.to_ms "1.500s")
    assert.is_nil(duration.to_ms(nil))
  end)
end)
