local core = require "mooncron.core"
local data, message, plain = core.data, core.message, core.plain

local INNER <const> = { compiled = message.compile { { name = "x", json = "x", kind = "string" } } }
local FIELDS <const> = {
  { name = "a_b", json = "aB", kind = "string", oneof = "one" },
  { name = "c", json = "c", kind = "int32", oneof = "one" },
  { name = "d", json = "d", kind = "messages", message = INNER },
  { name = "e", json = "e", kind = "enum", enum = { names = { "ZERO", "ONE" } } },
  { name = "f", json = "f", kind = "bytes" },
}

describe("core.message", function()
  local compiled = message.compile(FIELDS)

  it("reads what is plain and nothing else", function()
    local ROWS <const> = {
      { { aB = "x", e = 1.0, f = "eA==" }, true, { a_b = "x", e = "ONE", f = "x" }, "JSON" },
      { { a_b = "x", e = "one", f = "x" }, false, { a_b = "x", e = "ONE", f = "x" }, "Lua" },
      { { aB = "x" }, false, nil, "the other spelling" },
      { { aB = "x", a_b = "x" }, true, nil, "both spellings" },
      { { a_b = "x", c = 1 }, true, nil, "two of a oneof" },
      { { a_b = "", e = 0, c = 0, f = "" }, true, nil, "a default takes its place in a oneof" },
      { { d = { { x = "1" }, {} } }, true, { d = { { x = "1" }, {} } }, "a list of messages" },
      { { d = {} }, true, {}, "an empty list" },
      { { d = { { x = "1" }, n = {} } }, true, nil, "a list with something else in it" },
      { { d = { { y = "1" } } }, true, nil, "a fault below" },
      { { 1 }, true, nil, "a list" },
      { 5, true, nil, "no table" },
      { nil, true, nil, "nothing" },
    }
    for i = 1, 13 do
      local row = ROWS[i]
      assert.same({ row[3] }, { message.read(compiled, row[1], row[2]) }, row[4])
    end
    assert.same({ c = 1, e = "NEWER" }, message.read(compiled, { c = 1, new = {}, e = "NEWER" }, true, true))
  end)

  it("writes in the order of the fields, compact and pretty", function()
    local value = { f = "x", e = "ONE", d = { { x = "1" }, {} }, a_b = '"', unknown = 1 }
    assert.equal('{"aB":"\\"","d":[{"x":"1"},{}],"e":"ONE","f":"eA=="}', message.text(compiled, value))
    assert.equal('{"d":[{}],"e":1}', message.text(compiled, { d = { {} }, e = "ONE" }, false, true))
    assert.equal('{\n  "d": [\n    {\n      "x": "1"\n    }\n  ],\n  "e": "NEW"\n}\n',
      message.text(compiled, { d = { { x = "1" } }, e = "NEW" }, true))
    assert.equal("{}\n", message.text(compiled, { a_b = "", c = 0, d = {}, e = "ZERO", f = "" }, true))
    for _, odd in ipairs { { a_b = 1 }, { c = 1.0 }, { d = { 1 } }, { d = 1 }, { e = {} }, { f = {} }, 5 } do
      assert.is_nil(message.text(compiled, odd))
    end
  end)

  it("keeps large texts and many members", function()
    local long, many = ("x"):rep(300000), {}
    for i = 1, 3000 do
      many[i] = { x = ("é"):rep(i % 50 + 1) }
    end
    local text = assert(message.text(compiled, { f = long, d = many }))
    assert.equal(text, message.text(compiled, { f = long, d = many }))
    assert.is_true(#text > 400000)
    assert.same({ d = many }, message.read(compiled, { d = many }, true))
  end)

  it("raises for what the schema's author or the caller got wrong", function()
    for i, call in ipairs {
      function() message.compile() end,
      function() message.compile { 5 } end,
      function() message.compile { { name = "a", json = "a", kind = "nope" } } end,
      function() message.compile { { name = 5, json = "a", kind = "string" } } end,
      function() message.compile { { name = "a", json = "a", kind = "message" } } end,
      function() message.compile { { name = "a", json = "a", kind = "message", message = {} } } end,
      function() message.compile { { name = "a", json = "a", kind = "enum" } } end,
      function() message.compile { { name = "a", json = "a", kind = "enum", enum = { names = {} } } } end,
      function()
        local fields = {}
        for n = 1, 33 do
          fields[n] = { name = "f" .. n, json = "f" .. n, kind = "string" }
        end
        message.compile(fields)
      end,
      function() message.read({}, {}) end,
      function() message.text(io.stdout, {}) end,
    } do
      assert.is_false((pcall(call)), "row " .. i)
    end
  end)

  it("holds as many fields as it says, each under both names", function()
    local fields, given, want = {}, {}, {}
    for n = 1, 32 do
      fields[n] = { name = "f_" .. n, json = "f" .. n, kind = "string" }
      given[n % 2 == 0 and "f_" .. n or "f" .. n], want["f_" .. n] = "v" .. n, "v" .. n
    end
    assert.same(want, message.read(message.compile(fields), given, true))
  end)
end)

describe("core.data", function()
  it("measures the texts in a table", function()
    assert.equal(0, data.size_of {})
    assert.equal(4 + 3 + 1, data.size_of { ab = "cd", n = 5, list = { x = "", "abc" } })
    local loop = {}
    loop[1] = loop
    assert.is_false((pcall(data.size_of, loop)))
  end)

  it("copies a table with room for more", function()
    local inner = {}
    assert.same({ 1, 2, a = inner }, data.copy({ 1, 2, a = inner }, 10))
    assert.equal(inner, data.copy({ a = inner }).a)
    assert.is_false((pcall(data.copy, {}, -1)))
    assert.is_false((pcall(data.copy, 5)))
  end)

  it("writes JSON, or says what JSON does not have", function()
    assert.equal('{"b":1,"a":[]}', data.json({ a = setmetatable({}, data.list), b = 1 }, { "b" }))
    assert.equal("[\n  1\n]\n", data.json({ 1 }, nil, true))
    assert.same({ n = 2, nil, "a function" }, table.pack(data.json({ print })))
    assert.is_false((pcall(data.json)))
    assert.is_false((pcall(data.json, {}, 5)))
  end)

  it("leaves nothing of a text that failed in the next one", function()
    data.json { "x", print }
    assert.equal("{}", data.json {})
  end)
end)

describe("core.plain", function()
  it("says where the parent of a name ends", function()
    local name = "projects/p:x.y-1/locations/us-1/jobs/J_1-"
    assert.equal(#"projects/p:x.y-1/locations/us-1", plain.parent_length(name))
    assert.equal(31, plain.parent_length(name, "projects/p:x.y-1/locations/us-1"))
    assert.is_nil(plain.parent_length(name, "projects/p:x.y-1/locations/us"))
    assert.is_nil(plain.parent_length("projects/p/locations/l/jobs/" .. ("x"):rep(501)))
    assert.equal(22, plain.parent_length("projects/p/locations/l/jobs/" .. ("x"):rep(500)))
  end)

  it("counts the bytes of headers", function()
    assert.is_true(plain.are_headers({ ab = "cd" }, 5))
    assert.is_false(plain.are_headers({ ab = "cd" }, 4))
    assert.is_true(plain.are_headers({}, 1))
    assert.is_false(plain.are_headers({ [1] = "a" }, 9))
  end)
end)
