local core = require "mooncron.core"

local function serve_one(loop, server, status, headers, body)
  local response
  while not response do
    for _, event in ipairs(assert(loop:poll(10000))) do
      if event.type == "request" then
        assert(server:reply(event.id, status, headers, body))
      else
        response = event
      end
    end
  end
  return response
end

describe("core.net", function()
  local loop, client, server, url
  before_each(function()
    loop = core.loop.new()
    client = assert(core.net.client(loop))
    server = assert(core.net.server(loop))
    url = ("http://127.0.0.1:%d/"):format(server:port())
  end)
  after_each(function()
    client:close()
    server:close()
    assert.equal(0, loop:pending())
    loop:close()
  end)

  it("exchanges bytes, zero bytes too", function()
    local id = client:send({ method = "POST", url = url .. "a?b", body = "\0\1\255" },
      { "X-A", "1", "x-a", "2" })
    local request = loop:poll()[1]
    assert.equal("\0\1\255", request.body)
    assert.equal("/a?b", request.target)
    assert.equal("1, 2", request.headers["x-a"])
    assert.equal("3", request.headers["content-length"])
    assert.equal(server:key(), request.server)
    assert.equal(1, server:open_requests())
    assert.is_true(server:reply(request.id, 201, { "X-B", "c", "X-B", "d" }, "\0ok"))
    local response = loop:poll()[1]
    assert.equal(id, response.id)
    assert.same({ 201, "\0ok", "c, d", 11, 0 },
      { response.status, response.body, response.headers["x-b"], response.http_version, response.redirects })
    assert.is_nil(response.err)
  end)

  it("sends headers by name in the names' order", function()
    local headers = { B = "b", a = 2, C = true, A = "", ["X-Long"] = 1.5 }
    client:send({ url = url }, headers)
    local request = loop:poll()[1]
    assert.matches("\r\nA: \r\nB: b\r\nC: true\r\nX%-Long: 1%.5\r\na: 2\r\n", request.head)
    headers.A = nil
    assert.is_true(server:reply(request.id, 200, headers, ""))
    assert.same({ "b", "true", "1.5" }, (function(got)
      return { got.b, got.c, got["x-long"] }
    end)(loop:poll()[1].headers))
  end)

  it("fetches a request in the words of mooncron.http", function()
    client:fetch({ url = url, method = "PUT", body = "x", headers = { A = 1 }, timeout = 1.5 }, 0, 10)
    local request = loop:poll()[1]
    assert.same({ "PUT", "x", "1" }, { request.method, request.body, request.headers.a })
    assert.matches("gzip", request.headers["accept-encoding"])
    server:reply(request.id, 200, nil, ("y"):rep(11))
    assert.equal("RESOURCE_EXHAUSTED", loop:poll()[1].err.code) -- max_body when the request has none
    client:fetch({ url = url, no_decompress = true, max_body = 11 }, 0, 10)
    request = loop:poll()[1]
    assert.is_nil(request.headers["accept-encoding"])
    server:reply(request.id, 200, nil, ("y"):rep(11))
    assert.equal(11, #loop:poll()[1].body)
    client:fetch({ url = url }, 1, 10)
    assert.equal("GET", loop:poll()[1].method)
    assert.equal("DEADLINE_EXCEEDED", loop:poll()[1].err.code) -- the time when the request has none
  end)

  it("raises for what is wrong with a fetch, where it was asked for", function()
    local function ask(request)
      local id = client:fetch(request, 0, 10)
      return id
    end
    for _, row in ipairs {
      { { url = url, uri = url }, "unknown field 'uri' in a request" },
      { { url = url, [1] = 2 }, "unknown field '1' in a request" },
      { { url = url, timeout = {} }, "option 'timeout' must be a number, not table" },
      { { url = url, timeout = -1 }, "option 'timeout' is %-1000.0 ms, not in 0%-" },
      { { url = url, timeout = 0 / 0 }, "option 'timeout' is" },
      { { url = url, max_body = "x" }, "option 'max_body' must be an integer" },
      { { url = url, no_decompress = 1 }, "option 'no_decompress' must be true or false" },
      { { url = url, headers = 5 }, "table expected" },
      { { url = url, headers = { "a" } }, "headers: a name must be a string, not number" },
      { { url = url, headers = { ["a\0"] = "b" } }, "headers: 'a' contains a zero byte" },
      { { url = url, headers = { a = "b\0" } }, "headers: 'a' contains a zero byte" },
    } do
      assert.error_matches(function()
        ask(row[1])
      end, row[2])
    end
    local line = debug.getinfo(1, "l").currentline + 2
    local _, failure = pcall(function()
      ask { x = 1 }
    end)
    assert.matches(("net_spec.lua:%d: unknown field"):format(line), failure, 1, true)
    local id, e = client:fetch({ url = url, headers = { ["a b"] = "c" } }, 0, 10)
    assert.is_nil(id)
    assert.equal("INVALID_ARGUMENT", e.code)
  end)

  it("says what is wrong with a request", function()
    for _, row in ipairs {
      { { url = "ftp://x" }, nil, "must begin with http" },
      { { url = url, method = "A B" }, nil, "method 'A B'" },
      { { url = url }, { "a\r\nb", "c" }, "header name" },
      { { url = url }, { "a", "b\nc" }, "header 'a'" },
      { {}, nil, "url ''" },
    } do
      local id, e = client:send(row[1], row[2])
      assert.is_nil(id)
      assert.equal("INVALID_ARGUMENT", e.code)
      assert.matches(row[3], e.message, 1, true)
    end
  end)

  it("raises for wrong arguments", function()
    for _, row in ipairs {
      { { url = url }, { "a" }, "flat list" },
      { { url = url }, { "a", 1 }, "element 2 must be a string, not number" },
      { { url = url }, { "a", "b\0c" }, "element 2 contains a zero byte" },
      { { url = url }, "x", "table expected" },
      { { url = url, uri = url }, nil, "unknown option 'uri'" },
      { { url = url .. "\0" }, nil, "option 'url' contains a zero byte" },
      { { url = url, timeout_ms = -1 }, nil, "option 'timeout_ms' is -1, not in 0-" },
      { { url = url, max_body = 1.5 }, nil, "option 'max_body' must be an integer" },
      { { url = url, http1 = 1 }, nil, "option 'http1' must be true or false" },
      { { url = url, body = 5 }, nil, "option 'body' must be a string" },
      { { url = url, [1] = 2 }, nil, "option names are strings" },
      { nil, nil, "table expected" },
    } do
      assert.error_matches(function()
        client:send(row[1], row[2])
      end, row[3], 1, true)
    end
    for _, bad in ipairs {
      { port = -1 }, { port = 65536 }, { host = 5 }, { max_connections = 0 }, { x = 1 },
    } do
      assert.has_error(function()
        core.net.server(loop, bad)
      end)
    end
    assert.has_error(function()
      core.net.client(loop, { ca_bundle = true })
    end)
    assert.has_error(function()
      server:reply("x", 200)
    end)
    assert.has_error(function()
      server:reply(1, 200, {}, {})
    end)
    assert.has_error(function()
      client.send(server, {})
    end)
    assert.equal(0, loop:pending())
  end)

  it("says when a port is in use", function()
    local other, e = core.net.server(loop, { port = server:port() })
    assert.is_nil(other)
    assert.equal("UNAVAILABLE", e.code)
    assert.matches("in use", e.message)
  end)

  it("answers a request once", function()
    client:send({ url = url })
    local request = loop:poll()[1]
    assert.is_true(server:reply(request.id, 200))
    local ok, e = server:reply(request.id, 200)
    assert.is_nil(ok)
    assert.equal("NOT_FOUND", e.code)
    assert.equal(200, loop:poll()[1].status)
  end)

  it("has handles that say when they are closed", function()
    assert.matches("port %d+", tostring(server))
    client:close()
    server:close()
    client:close()
    server:close()
    assert.equal("mooncron.client (closed)", tostring(client))
    assert.equal("mooncron.server (closed)", tostring(server))
    assert.error_matches(function()
      client:send({ url = url })
    end, "the client is closed")
    for _, method in ipairs { "reply", "port", "key", "quiesce", "open_requests" } do
      assert.error_matches(function()
        server[method](server, 1, 200)
      end, "the server is closed")
    end
  end)

  it("keeps its loop as long as itself", function()
    local kept = assert(core.net.server(core.loop.new()))
    collectgarbage()
    collectgarbage()
    assert.is_true(kept:port() > 0)
    kept:close()
  end)

  for _, order in ipairs { "lcs", "lsc", "cls", "csl", "slc", "scl" } do
    it("may be closed in the order " .. order .. " with requests open", function()
      local l = core.loop.new()
      local handles = { l = l, c = core.net.client(l), s = core.net.server(l) }
      handles.c:send({ url = ("http://127.0.0.1:%d/"):format(handles.s:port()) })
      handles.c:send({ url = ("http://127.0.0.1:%d/"):format(handles.s:port()) })
      l:poll()
      for name in order:gmatch(".") do
        handles[name]:close()
      end
    end)
  end

  it("may be left to the collector with requests open", function()
    for _ = 1, 3 do
      local l = core.loop.new()
      local s = core.net.server(l)
      core.net.client(l):send({ url = ("http://127.0.0.1:%d/"):format(s:port()) })
      l:poll(1)
    end
    collectgarbage()
    collectgarbage()
  end)

  it("refuses a client that outlived its loop", function()
    local l = core.loop.new()
    local c = core.net.client(l)
    l:close()
    local id, e = c:send({ url = url })
    assert.is_nil(id)
    assert.equal("FAILED_PRECONDITION", e.code)
    c:close()
  end)

  it("follows redirects when asked", function()
    client:send({ url = url, max_redirects = 2 })
    server:reply(loop:poll()[1].id, 302, { "Location", "/b" }, "")
    local response = serve_one(loop, server, 200, nil, "b")
    assert.equal(1, response.redirects)
    assert.equal("b", response.body)
  end)
end)
