local http = require "mooncron.http"
local task = require "mooncron.task"

describe("http", function()
  after_each(function()
    collectgarbage()
    collectgarbage()
    assert.equal(0, task.loop():pending())
    assert.equal(0, #task.list())
  end)

  local function with_server(handler, fn)
    local ok, failure = pcall(task.run, function()
      local server <close> = assert(http.serve { handler = handler })
      fn(server)
    end)
    task.stop()
    assert(ok, failure)
  end

  it("serves and asks", function()
    with_server(function(request)
      local headers = { ["X-Method"] = request.method }
      return { status = 201, headers = headers, body = request.body .. request.target }
    end, function(server)
      for _, method in ipairs { "get", "post", "put", "patch", "delete" } do
        local response = assert(http[method](server.url .. "/x", { body = "b" }))
        assert.same({ 201, "b/x", method:upper() },
          { response.status, response.body, response.headers["x-method"] })
      end
      assert.equal("", assert(http.head(server.url)).body)
    end)
  end)

  it("answers many at once, slow ones too", function()
    with_server(function(request)
      task.sleep(0.01)
      return { body = request.target }
    end, function(server)
      local paths = {}
      for i = 1, 40 do
        paths[i] = "/" .. i
      end
      assert.same(paths, task.map(paths, { limit = 20 }, function(path)
        return http.get(server.url .. path).body
      end))
    end)
  end)

  for name, handler in pairs {
    ["raises"] = function()
      error("x")
    end,
    ["answers with a bad status"] = function()
      return { status = 99 }
    end,
    ["answers with a bad header"] = function()
      return { headers = { ["X"] = "a\r\nb" } }
    end,
    ["answers with a body that is none"] = function()
      return { body = {} }
    end,
    ["answers with no table"] = function()
      return 5
    end,
  } do
    it("answers 500 when the handler " .. name, function()
      local report, told = task.on_stray_error, 0
      task.on_stray_error = function()
        told = told + 1
      end
      local ok, failure = pcall(with_server, handler, function(server)
        assert.equal(500, http.get(server.url).status)
      end)
      task.on_stray_error = report
      assert(ok, failure)
      assert.equal(1, told)
    end)
  end

  it("answers 200 when the handler returns nothing", function()
    with_server(function() end, function(server)
      assert.equal(200, http.get(server.url).status)
    end)
  end)

  it("cancels the handlers of a server that closes", function()
    local closed
    task.run(function()
      local server = assert(http.serve { handler = function()
        local _ <close> = setmetatable({}, { __close = function()
          closed = true
        end })
        task.sleep(100)
      end })
      local scope <close> = task.scope()
      local asking = scope:spawn(http.post, server.url)
      task.sleep(0.02)
      server:close()
      server:close()
      local response, e = asking:wait()
      assert.is_nil(response)
      assert.equal("UNAVAILABLE", e.code)
      assert.is_true(e.retryable)
    end)
    assert.is_true(closed)
  end)

  it("gives up in time, or when it is cancelled", function()
    with_server(function()
      task.sleep(100)
    end, function(server)
      local response, e = http.get(server.url, { timeout = 0.02 })
      assert.is_nil(response)
      assert.equal("DEADLINE_EXCEEDED", e.code)
      response, e = task.with_timeout(0.02, http.get, server.url)
      assert.is_nil(response)
      assert.equal("DEADLINE_EXCEEDED", e.code)
    end)
  end)

  it("refuses a misspelt field", function()
    assert.has_error(function()
      http.request { url = "http://x", header = {} }
    end, "unknown field 'header' in a request")
  end)

  it("reports a bad url and a port in use", function()
    local response, e = http.get("nowhere")
    assert.is_nil(response)
    assert.equal("INVALID_ARGUMENT", e.code)
    with_server(print, function(server)
      local other, in_use = http.serve { handler = print, port = server.port }
      assert.is_nil(other)
      assert.matches("in use", in_use.message)
    end)
  end)

  describe("streams", function()
    it("hand pieces over as they are written", function()
      local go = task.event()
      with_server(function()
        return { headers = { ["Content-Type"] = "text/event-stream" }, stream = function(out)
          assert(out:write("one"))
          go:wait()
          assert(out:write("two"))
        end }
      end, function(server)
        local stream <close> = assert(http.stream { url = server.url })
        assert.same({ 200, "text/event-stream" }, { stream.status, stream.headers["content-type"] })
        assert.equal("one", stream:read())
        go:set()
        local rest = {}
        for piece in stream:pieces() do
          rest[#rest + 1] = piece
        end
        assert.same({ "two" }, rest)
        assert.is_nil(stream.err)
        assert.is_nil(stream:read())
      end)
    end)

    it("are whole without a piece, and errors without an answer", function()
      with_server(function()
        return { status = 404 }
      end, function(server)
        local stream = assert(http.stream { url = server.url })
        assert.equal(404, stream.status)
        assert.is_nil(stream:read())
        local none, e = http.stream { url = "http://127.0.0.1:1" }
        assert.is_nil(none)
        assert.equal("UNAVAILABLE", e.code)
      end)
    end)

    it("are cancelled when their reader goes away", function()
      local reason = task.event()
      with_server(function()
        return { stream = function(out)
          out:write("x")
          reason:set(select(2, pcall(task.sleep, 100)))
        end }
      end, function(server)
        do
          local stream <close> = assert(http.stream { url = server.url })
          assert.equal("x", stream:read())
        end
        assert.equal("CANCELLED: the client is gone", tostring(reason.wait()))
      end)
    end)

    it("say when they broke off", function()
      local report = task.on_stray_error
      task.on_stray_error = function() end
      with_server(function()
        return { stream = function(out)
          out:write("x")
          task.sleep(0.01)
          error("oops")
        end }
      end, function(server)
        local stream <close> = assert(http.stream { url = server.url })
        assert.equal("x", stream:read())
        local piece, e = stream:read()
        assert.is_nil(piece)
        assert.equal("UNAVAILABLE", e.code)
        assert.equal(e, stream.err)
      end)
      task.on_stray_error = report
    end)

    it("carry more than their buffers", function()
      local piece = ("x"):rep(50000)
      with_server(function()
        return { stream = function(out)
          for _ = 1, 100 do
            while not out:write(piece) do
              task.sleep(0.001)
            end
          end
        end }
      end, function(server)
        local stream <close> = assert(http.stream { url = server.url, max_body = 20000 })
        local total = 0
        for part in stream:pieces() do
          total = total + #part
        end
        assert.is_nil(stream.err)
        assert.equal(5000000, total)
      end)
    end)
  end)

  it("serves on IPv6", function()
    local server, e = http.serve { handler = print, host = "::1" }
    if not server then
      return pending("no IPv6 here: " .. e)
    end
    assert.equal(("http://[::1]:%d"):format(server.port), server.url)
    server:close()
  end)

  it("sorts headers and queries", function()
    local sent = {}
    task.run(function()
      local server <close> = assert(http.serve {
        handler = function(request)
          for name, value in request.head:gmatch "(%u): (%d)\r\n" do
            table.insert(sent, name)
            table.insert(sent, value)
          end
        end,
      })
      assert(http.get(server.url, { headers = { B = 2, A = 1 } }))
    end)
    assert.same({ "A", "1", "B", "2" }, sent)
    assert.equal("a=1&b=x%20%26y", http.query { b = "x &y", a = 1 })
    assert.equal("%C3%A4%2F~", http.escape("ä/~"))
  end)
end)
