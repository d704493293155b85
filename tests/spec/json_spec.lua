local json = require "mooncron.json"

describe("json.decode", function()
  local BAD <const> = {
    { "", 0, "the text is empty" },
    { "  ", 2, "the text is empty" },
    { "{", 1, "the text ends too early" },
    { '{"a" 1}', 5, "a ':' is missing after the member name" },
    { "[1 2]", 3, "a ',' or ']' is missing" },
    { '{"a":1 "b":2}', 7, "a ',' or '}' is missing" },
    { "{a:1}", 1, "a member name in double quotes is missing" },
    { '{"a":1}x', 7, "there is text after the end of the value" },
    { "[1,]", 3, "a value is missing" },
    { "[0x10]", 1, "not a number as JSON has them" },
    { "[012]", 1, "not a number as JSON has them" },
    { "NaN", 0, "a value is missing" },
    { "[Infinity]", 1, "a value is missing" },
    { '["ab', 4, "the string has no closing quote" },
    { '["\\x"]', 2, "not a valid escape in a string" },
    { '["\\ud800"]', 2, "not a valid \\u escape" },
    { '["\255"]', 2, "not valid UTF-8" },
    { '["\237\160\128"]', 2, "not valid UTF-8" },
    { ("["):rep(33) .. ("]"):rep(33), 32, "nested deeper than 32 levels" },
  }
  for i, row in ipairs(BAD) do
    it(("refuses row %d: %s"):format(i, row[3]), function()
      local value, e = json.decode(row[1])
      assert.is_nil(value)
      assert.same({ "INVALID_ARGUMENT", row[2] }, { e.code, e.pos })
      assert.equal(("invalid JSON at byte %d: %s"):format(row[2], row[3]), e.message)
    end)
  end

  it("takes what JSON has", function()
    assert.same({ a = { 1, 2.5, true, "é\0" }, b = json.null },
      json.decode '{"a":[1,2.5,true,"é\\u0000"],"b":null}')
    assert.is_table(json.decode(("["):rep(32) .. ("]"):rep(32)))
    assert.is_false(json.decode "false")
    assert.same({ a = 2 }, json.decode '{"a":1,"a":2}')
  end)
end)

describe("json.pretty", function()
  it("prints as the service does", function()
    assert.equal("{}\n", json.pretty {})
    assert.equal("[]\n", json.pretty(json.list()))
    assert.equal('{\n  "b": 1,\n  "a": {},\n  "c": [\n    {\n      "y": "/",\n      "x": []\n    }\n  ]\n}\n',
      json.pretty({ a = {}, b = 1.0, c = { { x = json.list {}, y = "/" } } },
        { "b", "a", c = { "y" } }))
  end)

  it("decodes to the same", function()
    local value = { s = 'q"\\\1\n\127é', n = 0.1, big = 1764031776123456, yes = true,
      list = { 1, { 2 } }, no = json.null }
    assert.same(value, json.decode(json.pretty(value)))
  end)
end)

describe("json.canonical", function()
  it("gives equal bytes for equal values", function()
    assert.equal('{"a":[1,0.1],"b":{"c":null,"d":-0.5}}',
      json.canonical { b = { d = -0.5, c = json.null }, a = { 1.0, 0.1 } })
    local many, want = {}, {}
    for i = 10, 99 do
      many["k" .. i] = i
      want[#want + 1] = ('"k%d":%d'):format(i, i)
    end
    assert.equal("{" .. table.concat(want, ",") .. "}", json.canonical(many))
    assert.equal("9007199254740993", json.canonical(9007199254740993))
  end)

  it("refuses what JSON does not have", function()
    local loop = {}
    loop[1] = loop
    for _, value in ipairs { print, { 0 / 0 }, { 1 / 0 }, { [1] = 1, [3] = 3 }, { 1, a = 2 },
      { [2.5] = 1 }, loop } do
      local text, e = json.canonical(value)
      assert.is_nil(text)
      assert.equal("INVALID_ARGUMENT", e.code)
    end
  end)
end)

describe("json.encode", function()
  it("is compact, and refuses what JSON does not have", function()
    assert.equal('{"a":1}', json.encode { a = 1 })
    assert.equal("{}", json.encode {})
    for _, value in ipairs { { print }, { 0 / 0 }, { [1] = 1, [9] = 9 } } do
      assert.is_nil((json.encode(value)))
    end
  end)
end)
