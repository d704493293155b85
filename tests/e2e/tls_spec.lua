-- TLS, HTTP/2, proxies, compression, against node's http2 module and a certificate authority made for
-- the test by openssl.

local core = require "mooncron.core"
local http = require "mooncron.http"
local task = require "mooncron.task"
local tls = require "support.tls"

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local shell <const> = tls.shell

describe("tls", function()
  if not tls.has_tools then
    it("is tested with node and openssl", function()
      pending("node or openssl is not installed")
    end)
    return
  end

  local folder, server_pid, url, proxy, client
  setup(function()
    folder = tls.certificates()
    shell(("cd tests/e2e && d=%s; " ..
      "node tls_server.js $d/cert.pem $d/key.pem $d/ca.pem > $d/ports 2>$d/log & " ..
      "echo $! > %s/pid"):format(folder, folder))
    local ports
    for _ = 1, 500 do
      ports = io.open(folder .. "/ports"):read("a")
      if ports:find("\n") then
        break
      end
      task.sleep(0.02)
    end
    local port, proxy_port = ports:match("(%d+) (%d+)")
    server_pid = io.open(folder .. "/pid"):read("n")
    url, proxy = "https://localhost:" .. port, "http://127.0.0.1:" .. proxy_port
    client = assert(core.net.client(task.loop(), { ca_bundle = folder .. "/ca.pem" }))
  end)
  teardown(function()
    client:close()
    os.execute(("kill %d; rm -rf %s"):format(server_pid, folder))
    assert.equal(0, task.loop():pending())
  end)

  local function get(path, fields)
    local request = { url = url .. path }
    for key, value in pairs(fields or {}) do
      request[key] = value
    end
    return http.request(request, client)
  end

  -- What a program of its own prints that gets a URL in the given environment.
  local function fetch(environment, target)
    return (shell(([[env %s %s -e 'local r, e = require("mooncron.http").get(arg[1]) ]] ..
      [[print(r and r.body or e)' %s 2>&1]]):format(environment, program, target)))
  end

  it("speaks HTTP/2 where it can", function()
    local response = assert(get("/version"))
    assert.same({ "2.0", 20 }, { response.body, response.http_version })
  end)

  it("shares one connection among many requests", function()
    local before = tonumber(assert(get("/connections")).body)
    local bodies = assert(task.map({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, { limit = 10 }, function()
      return get("/together").body
    end))
    assert.equal(10, #bodies)
    assert.equal(before, tonumber(assert(get("/connections")).body))
  end)

  it("proves itself with a certificate where it has one", function()
    local ca <const>, cert <const> = folder .. "/ca.pem", folder .. "/cert.pem"
    local key <const> = folder .. "/key.pem"
    for _, case in ipairs {
      { "nobody", { ca_bundle = ca }, "no certificate" },
      { "localhost", { ca_bundle = ca, certificate = cert, key = key }, "certificate and key" },
      { nil, { ca_bundle = ca, certificate = "/no/such/file", key = key }, "no file of the certificate" },
      { nil, { ca_bundle = ca, certificate = cert, key = "/no/such/file" }, "no file of the key" },
      { nil, { ca_bundle = ca, certificate = cert, key = folder .. "/ca.key" }, "the key of another" },
    } do
      local own <close> = assert(core.net.client(task.loop(), case[2]))
      local response, e = http.request({ url = url .. "/peer" }, own)
      assert.equal(case[1], response and response.body, case[3])
      if e then
        assert.equal("FAILED_PRECONDITION", e.code, case[3])
        assert.matches("the client's certificate or its key", e.message, 1, true)
      end
    end
  end)

  it("refuses a certificate that nobody vouches for, in words", function()
    local plain <close> = assert(core.net.client(task.loop()))
    local response, e = http.request({ url = url }, plain)
    assert.is_nil(response)
    assert.equal("UNAVAILABLE", e.code)
    assert.matches("certificate is not trusted", e.message)
  end)

  it("refuses a certificate for another name", function()
    local response, e = http.request({ url = url:gsub("localhost", "127.0.0.1") }, client)
    assert.is_nil(response)
    assert.matches("certificate is not trusted", e.message)
  end)

  it("says when the file of certificates is none", function()
    local bad <close> = assert(core.net.client(task.loop(), { ca_bundle = "/no/such/file" }))
    local response, e = http.request({ url = url }, bad)
    assert.is_nil(response)
    assert.matches("/no/such/file", e.message)
  end)

  it("takes CURL_CA_BUNDLE from the environment", function()
    assert.equal("2.0\n", fetch("CURL_CA_BUNDLE=" .. folder .. "/ca.pem", url .. "/version"))
    assert.matches("not trusted", fetch("CURL_CA_BUNDLE=", url .. "/version"))
  end)

  it("decodes what is compressed, and offers it only when it may", function()
    assert.matches("gzip", assert(get("/gzip")).body)
    assert.equal("\31\139", assert(get("/gzip", { no_decompress = true })).body:sub(1, 2))
  end)

  it("is not blown up by what is compressed", function()
    local response, e = get("/bomb", { max_body = 100000 })
    assert.is_nil(response)
    assert.equal("RESOURCE_EXHAUSTED", e.code)
    assert.matches("over the limit of 100000 bytes", e.message)
  end)

  it("streams over HTTP/2, held back while nobody reads", function()
    local stream <close> = assert(http.stream({ url = url .. "/bomb", max_body = 50000 }, client))
    local total = 0
    for piece in stream:pieces() do
      total = total + #piece
    end
    assert.is_nil(stream.err)
    assert.equal(20 << 20, total)
  end)

  it("goes through a proxy, plain and TLS", function()
    assert.equal("through the proxy: http://nowhere.invalid/x\n",
      fetch("http_proxy=" .. proxy, "http://nowhere.invalid/x"))
    assert.equal("2.0\n", fetch("https_proxy=" .. proxy .. " CURL_CA_BUNDLE=" .. folder .. "/ca.pem",
      url .. "/version"))
  end)

  it("goes past the proxy where no_proxy says so", function()
    assert.matches("does not resolve",
      fetch("http_proxy=" .. proxy .. " no_proxy=nowhere.invalid", "http://nowhere.invalid/x"))
  end)
end)
