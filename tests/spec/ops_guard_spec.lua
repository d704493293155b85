local guard = require "mooncron.scheduler.guard"

local TOKEN <const> = "0123456789abcdef"

local function check(g, headers, target)
  local ok, e = g:check { method = "GET", target = target or "/v1/x", headers = headers }
  return ok and "ok" or e.code
end

describe("scheduler.guard", function()
  local HOSTS <const> = {
    { "127.0.0.1:8085", "ok", "the address" },
    { "127.0.0.1", "ok", "without a port" },
    { "localhost:1", "ok", "a forwarded port" },
    { "LOCALHOST", "ok", "in any case" },
    { "localhost.:8085", "ok", "with its root" },
    { "[::1]:8085", "ok", "IPv6" },
    { "[::1]", "ok", "IPv6 without a port" },
    { "dev.example:80", "ok", "a name that is allowed" },
    { "evil.example", "PERMISSION_DENIED", "a foreign name" },
    { "localhost.evil.example:8085", "PERMISSION_DENIED", "one that begins like ours" },
    { "evil.example:127.0.0.1", "PERMISSION_DENIED", "one that ends like ours" },
    { "[::1].evil.example", "PERMISSION_DENIED", "one behind brackets" },
    { "127.0.0.1, evil.example", "PERMISSION_DENIED", "two at once" },
    { "", "PERMISSION_DENIED", "none" },
  }
  for _, row in ipairs(HOSTS) do
    it(("on loopback, Host '%s': %s"):format(row[1], row[3]), function()
      local g = guard.new { host = "127.0.0.1", allowed_hosts = { "Dev.example" } }
      assert.equal(row[2], check(g, { host = row[1] }))
    end)
  end

  it("asks each host again, whoever came before", function()
    local g = guard.new { host = "127.0.0.1" }
    for _, row in ipairs {
      { "localhost", "ok" }, { "evil.example", "PERMISSION_DENIED" }, { "localhost", "ok" },
      { "evil.example", "PERMISSION_DENIED" }, { "evil.example", "PERMISSION_DENIED" },
    } do
      assert.equal(row[2], check(g, { host = row[1] }))
    end
  end)

  it("lets pages of its own in, and no others", function()
    local g = guard.new { host = "127.0.0.1" }
    local host = "127.0.0.1:8085"
    assert.equal("ok", check(g, { host = host, origin = "http://localhost:3000" }))
    assert.equal("PERMISSION_DENIED", check(g, { host = host, origin = "https://evil.example" }))
    assert.equal("PERMISSION_DENIED", check(g, { host = host, origin = "null" }))
  end)

  it("knows no names beyond loopback", function()
    assert.equal("ok", check(guard.new { host = "0.0.0.0" }, { host = "scheduler.example" }))
  end)

  local BEARERS <const> = {
    { "Bearer " .. TOKEN, "ok", "the token" },
    { "bearer " .. TOKEN, "ok", "the scheme in small letters" },
    { nil, "UNAUTHENTICATED", "none" },
    { TOKEN, "UNAUTHENTICATED", "without its scheme" },
    { "Basic " .. TOKEN, "UNAUTHENTICATED", "another scheme" },
    { "Bearer " .. TOKEN .. "0", "UNAUTHENTICATED", "a longer one" },
    { "Bearer " .. TOKEN:sub(1, -2), "UNAUTHENTICATED", "a shorter one" },
    { "Bearer " .. TOKEN:sub(1, -2) .. "e", "UNAUTHENTICATED", "another one" },
    { "Bearer ", "UNAUTHENTICATED", "an empty one" },
  }
  for _, row in ipairs(BEARERS) do
    it("with a token, given " .. row[3], function()
      local g = guard.new { host = "0.0.0.0", token = TOKEN }
      assert.equal(row[2], check(g, { authorization = row[1] }))
      assert.equal(row[2], check(g, { authorization = row[1] }, "/metrics"))
      assert.equal(row[2], check(g, { authorization = row[1] }, "/healthz/../v1"))
      assert.equal("ok", check(g, { authorization = row[1] }, "/healthz?x"))
      assert.equal("ok", check(g, { authorization = row[1] }, "/oauth2/v3/certs")) -- public keys
    end)
  end

  it("does not tell the token in what it refuses", function()
    local g = guard.new { host = "0.0.0.0", token = TOKEN }
    local _, e = g:check { target = "/", headers = { authorization = "Bearer fedcba9876543210" } }
    assert.is_nil(tostring(e):find(TOKEN, 1, true))
    assert.is_nil(tostring(e):find("fedcba", 1, true))
  end)

  it("reads tokens with white space around them, and refuses weak ones", function()
    assert.equal(TOKEN, guard.read_token("\n" .. TOKEN .. " \r\n"))
    for _, text in ipairs { "", "short", TOKEN .. " " .. TOKEN, TOKEN .. "\0" } do
      local token, e = guard.read_token(text)
      assert.is_nil(token)
      assert.equal("INVALID_ARGUMENT", e.code)
    end
    local _, e = guard.token_of_file("/nonexistent/token")
    assert.matches("no token in '/nonexistent/token'", e.message, 1, true)
  end)

  it("knows loopback addresses", function()
    for host, is in pairs {
      ["127.0.0.1"] = true, ["127.1.2.3"] = true, ["::1"] = true, ["0.0.0.0"] = false, ["::"] = false,
      ["10.0.0.1"] = false, ["127.0.0.1.example"] = false,
    } do
      assert.equal(is, guard.is_loopback(host), host)
    end
  end)
end)
