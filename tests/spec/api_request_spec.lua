local names = require "mooncron.api.name"
local page = require "mooncron.api.page"
local query = require "mooncron.api.query"

describe("query.parse", function()
  local ROWS <const> = {
    { nil, {}, "no query" },
    { "", {}, "a bare '?' (Ruby)" },
    { "&&", {}, "nothing between" },
    { "%24alt=json%3Benum-encoding%3Dint", { alt = "json;enum-encoding=int" },
      "python's spelling" },
    { "$alt=json%3Benum-encoding=int", { alt = "json;enum-encoding=int" }, "node's spelling" },
    { "pageToken=&pageSize=2", { pageToken = "", pageSize = "2" }, "node's empty token" },
    { "page_size=2&update_mask=a", { pageSize = "2", updateMask = "a" }, "snake_case" },
    { "updateMask=a%2Cb&updateMask=c", { updateMask = "a,b,c" }, "a repeated list" },
    { "a=1&a=2", { a = "2" }, "the last one counts" },
    { "a=x+y%2B", { a = "x y+" }, "plus" },
    { "flag", { flag = "" }, "no value" },
    { "a=b=c", { a = "b=c" }, "an equals sign in the value" },
  }
  for _, row in ipairs(ROWS) do
    it("reads " .. row[3], function()
      assert.same(row[2], (query.parse(row[1])))
    end)
  end

  for _, text in ipairs { "a=%", "a=%4", "a=%zz", "%=1", "a=%ff", ("a"):rep(20000) } do
    it("refuses " .. text:sub(1, 10), function()
      local value, e = query.parse(text)
      assert.is_nil(value)
      assert.equal("INVALID_ARGUMENT", e.code)
    end)
  end
end)

describe("query.options", function()
  local function options(text)
    return query.options(assert(query.parse(text)))
  end

  it("has defaults", function()
    assert.same({ int_enums = false, pretty = true }, options "")
  end)

  it("reads what the clients send", function()
    assert.is_true(options("%24alt=json%3Benum-encoding%3Dint").int_enums)
    assert.is_false(options("alt=json").int_enums)
    assert.is_false(options("alt=json&prettyPrint=false").pretty)
    assert.is_false(options("%24prettyPrint=0").pretty)
    assert.is_true(options("$.xgafv=2&key=x&quotaUser=y").pretty)
    local o = options "pageSize=2&pageToken=t&updateMask=a&fields=jobs/name"
    assert.same({ "2", "t", "a", { jobs = { name = true } } },
      { o.page_size, o.page_token, o.update_mask, o.fields })
  end)

  it("refuses another format by name", function()
    local _, e = options "alt=proto"
    assert.equal("UNIMPLEMENTED: the answer format alt=proto is not implemented here", tostring(e))
    _, e = options "alt=xml"
    assert.equal("INVALID_ARGUMENT", e.code)
    _, e = options "fields=("
    assert.equal("fields", e.path)
  end)
end)

describe("query fields", function()
  local VALUE <const> = {
    jobs = { { name = "a", state = "PAUSED", t = { u = 1, v = 2 } }, { name = "b" } },
      nextPageToken = "n",
  }
  local ROWS <const> = {
    { "jobs(name,state),nextPageToken",
      { jobs = { { name = "a", state = "PAUSED" }, { name = "b" } }, nextPageToken = "n" },
        "Google's example" },
    { "jobs/name", { jobs = { { name = "a" }, { name = "b" } } }, "a slash" },
    { "jobs/t/u", { jobs = { { t = { u = 1 } }, {} } }, "two slashes" },
    { "jobs/t(u),jobs(name)", { jobs = { { name = "a", t = { u = 1 } }, { name = "b" } } },
      "merged" },
    { "jobs,jobs/name", { jobs = VALUE.jobs }, "all of it wins" },
    { "jobs/name,jobs", { jobs = VALUE.jobs }, "all of it wins, given last too" },
    { "next_page_token", { nextPageToken = "n" }, "snake_case" },
    { "*", VALUE, "everything" },
    { "*/name", { jobs = { { name = "a" }, { name = "b" } }, nextPageToken = "n" },
      "a star above" },
    { " jobs ( name , state ) ", { jobs = { { name = "a", state = "PAUSED" }, { name = "b" } } },
      "blanks" },
    { "nope", {}, "unknown names select nothing" },
  }
  for _, row in ipairs(ROWS) do
    it("selects by '" .. row[1] .. "': " .. row[3], function()
      assert.same(row[2], query.select(VALUE, assert(query.parse_fields(row[1]))))
    end)
  end

  local BAD <const> = { { "jobs(name", 9 }, { "jobs)", 4 }, { ",a", 0 }, { "a,", 2 }, { "a//b", 2 },
    { "a(", 2 },
    { "a()", 2 }, { ("a("):rep(100) .. "b" .. (")"):rep(100), 64 } }
  for _, row in ipairs(BAD) do
    it("refuses '" .. row[1]:sub(1, 20) .. "'", function()
      local value, e = query.parse_fields(row[1])
      assert.is_nil(value)
      assert.same({ "INVALID_ARGUMENT", "fields", row[2] }, { e.code, e.path, e.pos })
    end)
  end
end)

describe("page", function()
  it("bounds the size", function()
    local rows = { { nil, 500 }, { "", 500 }, { "0", 500 }, { "1", 1 }, { 2, 2 }, { "500", 500 },
      { "501", 500 },
      { "2147483647", 500 } }
    for _, row in ipairs(rows) do
      assert.equal(row[2], page.size(row[1]))
    end
    for _, bad in ipairs { "-1", "x", "1.5", "0x10", "1e2", "99999999999999999999",
      "2147483648" } do
      local size, e = page.size(bad)
      assert.is_nil(size)
      assert.same({ "INVALID_ARGUMENT", "page_size" }, { e.code, e.path })
    end
  end)

  it("gives tokens that survive a URL and lead back to the name", function()
    for _, name in ipairs { "projects/p/locations/l/jobs/a", "projects/p/locations/l/jobs/é~?>" } do
      local token = page.token(name)
      assert.is_truthy(token:find("^[%w_-]+$"))
      assert.equal(name, page.after(token, "projects/p/locations/l/jobs"))
    end
    assert.is_nil(page.after(nil))
    assert.same({ nil, nil }, { page.after("", "projects/p") })
  end)

  it("refuses tokens of others", function()
    local foreign = page.token "projects/q/locations/l/jobs/a"
    for _, token in ipairs { "x", "!!", "aGVsbG8", page.token "", page.token "projects/p\0",
      foreign } do
      local last, e = page.after(token, "projects/p/locations/l/jobs")
      assert.is_nil(last)
      assert.same({ "INVALID_ARGUMENT", "page_token" }, { e.code, e.path })
    end
  end)
end)

describe("name", function()
  it("takes names apart and puts them together", function()
    local parsed = assert(names.parse "projects/example.com:p-1/locations/us-central1/jobs/a_B-1")
    assert.same({ project = "example.com:p-1", location = "us-central1", job = "a_B-1" }, parsed)
    assert.equal("projects/p/locations/l/jobs/j", names.format("p", "l", "j"))
    assert.equal("projects/p/locations/l", names.format("p", "l"))
    assert.same({ project = "p", location = "l" }, names.parse_location "projects/p/locations/l")
    assert.equal("projects/p/locations/l", names.parent "projects/p/locations/l/jobs/j")
    assert.equal("j", names.id "projects/p/locations/l/jobs/j")
    assert.equal("j", names.id "j")
    assert.equal("", names.id "projects/")
  end)

  it("refuses what is no name, and says why", function()
    local rows = {
      { "", "must look like projects/P/locations/L/jobs/J" },
      { "projects/p/locations/l/jobs/", "must look like projects/P/locations/L/jobs/J" },
      { "projects/p/locations/l/jobs/a/b", "must look like projects/P/locations/L/jobs/J" },
      { "projects/p q/locations/l/jobs/a",
        "project 'p q' may hold letters, digits, '-', ':' and '.'" },
      { "projects/p/locations/l./jobs/a", "location 'l.' may hold letters, digits and '-'" },
      { "projects/p/locations/l/jobs/a.b",
        "the job's id 'a.b' may hold letters, digits, '-' and '_'" },
      { "projects/p/locations/l/jobs/" .. ("a"):rep(501),
        "the job's id has 501 characters, at most 500 are allowed" },
    }
    for _, row in ipairs(rows) do
      assert.same({ nil, row[2] }, { names.parse(row[1]) })
    end
    assert.is_nil((names.parse_location "projects/p"))
  end)

  it("completes short ids", function()
    local default = { project = "p", location = "l" }
    local rows = {
      { "j", "projects/p/locations/l/jobs/j" },
      { "m/j", "projects/p/locations/m/jobs/j" },
      { "q/m/j", "projects/q/locations/m/jobs/j" },
      { "projects/q/locations/m/jobs/j", "projects/q/locations/m/jobs/j" },
    }
    for _, row in ipairs(rows) do
      assert.equal(row[2], names.resolve(row[1], default))
    end
    for _, bad in ipairs { "", "a.b", "/j", "a/b/c/d", "projects/x" } do
      assert.is_nil((names.resolve(bad, default)))
    end
    assert.same({ nil, "which location 'j' is in is not known" },
      { names.resolve("j", { project = "p" }) })
    assert.same({ nil, "which project 'j' is in is not known" }, { names.resolve("j", {}) })
  end)
end)
