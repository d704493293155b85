local recorder = require "mooncron.scheduler.recorder"

local function request(fields)
  local r = { method = "POST", path = "/report?x=1", headers = { ["x-a"] = "1" }, body = "hello" }
  for key, value in pairs(fields or {}) do
    r[key] = value
  end
  return r
end

describe("scheduler.recorder", function()
  local r

  before_each(function()
    r = recorder.new("r1", "http://recorder.invalid/r1")
  end)

  it("finds itself in its own URLs, and in no others", function()
    assert.same({ "r1", "" }, { recorder.parse(r.uri) })
    assert.same({ "r1", "/a?b=c" }, { recorder.parse(r.uri .. "/a?b=c") })
    for _, url in ipairs {
      "http://recorder.invalid.example/r1",
      "http://example/recorder.invalid/r1",
      "http://recorder.invalid/",
      "ftp://recorder.invalid/r1",
    } do
      assert.is_nil(recorder.parse(url), url)
    end
  end)

  it("keeps what arrives in order, until it is cleared", function()
    assert.same({ 0, nil }, { r:count(), r:last() })
    r:receive(request { body = "1" })
    r:receive(request { body = "2" })
    assert.equal(2, r:count())
    assert.equal("2", r:last().body)
    assert.equal("1", r:requests()[1].body)
    r:clear()
    assert.same({ 0, {} }, { r:count(), r:requests() })
  end)

  it("makes a request when somebody looks at it, and once", function()
    local made = 0
    local function make(a, b, c, d)
      made = made + 1
      return request { body = ("%s %s %s %s"):format(a, b, c, d) }
    end
    r:receive_from(make, 1, 2, 3)
    r:receive_from(make, 4, 5, 6, 7)
    assert.same({ 2, 0 }, { r:count(), made })
    assert.equal("4 5 6 7", r:last().body)
    assert.equal("1 2 3 false", r:requests()[1].body)
    assert.equal(r:requests()[2], r:last())
    assert.equal(2, made)
    r:respond(function(got)
      return { body = got.body }
    end)
    assert.equal("8 9 10 11", r:receive_from(make, 8, 9, 10, 11).body)
    r:clear()
    assert.is_nil(r:last())
  end)

  it("answers 200, or as it is told", function()
    assert.same({ status = 200, headers = {}, body = "" }, r:receive(request()))
    r:respond { status = 503, body = "no" }
    assert.same({ status = 503, headers = {}, body = "no" }, r:receive(request()))
    r:respond(function(got)
      return got.body == "hello" and { status = 201 } or nil
    end)
    assert.equal(201, r:receive(request()).status)
    assert.equal(200, r:receive(request { body = "" }).status)
    assert.has_error(function()
      r:respond(503)
    end, "an answer is a table or a function, not number")
  end)

  it("finds what was asked for", function()
    r:receive(request())
    r:receive(request { body = "other" })
    local FITS <const> = {
      { nil, "anything" },
      { { method = "POST" }, "a method" },
      { { path = "/report" }, "a path, whatever the query" },
      { { path = "/report?x=1" }, "a path with its query" },
      { { body = "hello", times = 1 }, "a body, once" },
      { { headers = { ["X-A"] = "1" }, times = 2 }, "a header in any case, twice" },
      { { body = function(b) return #b == 5 end, times = 2 }, "a function" },
      { { body = "never", times = 0 }, "none" },
    }
    for _, row in ipairs(FITS) do
      assert.has_no.errors(function()
        r:assert_received(row[1])
      end, row[2])
    end
    assert.equal("hello", r:assert_received({ body = "hello" }).body)
  end)

  it("says in one line what is not there", function()
    r:receive(request { body = "one\ntwo" })
    local SAYS <const> = {
      { { body = "x" }, "recorder 'r1': wanted a request with body 'x', got 0 of 1;"
        .. " the last other one had body 'one\\x0atwo'" },
      { { method = "GET", path = "/report" }, "recorder 'r1': wanted a request with method 'GET',"
        .. " path '/report', got 0 of 1; the last other one had method 'POST'" },
      { { times = 2 }, "recorder 'r1': wanted 2 requests, got 1 of 1" },
      { { times = 0 }, "recorder 'r1': wanted 0 requests, got 1 of 1" },
      { { headers = { ["X-B"] = "1" } }, "recorder 'r1': wanted a request with header X-B '1', got 0 of 1;"
        .. " the last other one had header X-B missing" },
    }
    for _, row in ipairs(SAYS) do
      local ok, message = pcall(r.assert_received, r, row[1])
      assert.is_false(ok)
      assert.matches(row[2], message, 1, true)
      assert.is_nil(message:find("\n"))
    end
  end)

  it("does not take a misspelt question for a small one", function()
    assert.has_error(function()
      r:assert_received { bodi = "x" }
    end, "unknown field 'bodi': use job, method, path, body, headers, times")
  end)
end)
