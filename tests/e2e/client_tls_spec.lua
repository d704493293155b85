-- The client of Google Cloud over TLS and HTTP/2, with a certificate authority of the test's own, and what
-- goes wrong on the way.

local core = require "mooncron.core"
local fake_google = require "fake_google"
local mooncron = require "mooncron"
local task = require "mooncron.task"
local tls = require "support.tls"

describe("the client over TLS", function()
  if not tls.has_tools then
    it("is tested with node and openssl", function()
      pending("node or openssl is not installed")
    end)
    return
  end

  local folder, google, url, http_client, c

  setup(function()
    folder = tls.certificates()
    google = fake_google.start()
    url = google:front(folder)
    http_client = assert(core.net.client(task.loop(), { ca_bundle = folder .. "/ca.pem" }))
    google.tokens["in-hand"] = os.time() + 3600
    c = assert(mooncron.connect { project = "tls", endpoint = url, access_token = "in-hand",
      http_client = http_client })
    assert(c:create_job { name = "a", schedule = "* * * * *", http_target = { uri = "http://127.0.0.1:1/" } })
  end)

  teardown(function()
    http_client:close()
    google:close()
    os.execute("rm -rf " .. folder)
  end)

  it("speaks HTTP/2, many calls at once", function()
    local response = assert(c.backend:send { rpc = "get_job", method = "GET", body = "",
      target = "/v1/projects/tls/locations/us-central1/jobs/a" })
    assert.same({ 20, "2.0" }, { response.http_version, response.headers["x-http-version"] })
    google.together, google.most_running = 10, 0
    assert(task.map({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, { limit = 10 }, function()
      return c:get_job "a"
    end))
    assert.equal(10, google.most_running)
  end)

  it("trusts nobody whom it does not know, and says so at once", function()
    local other = assert(mooncron.connect { project = "tls", endpoint = url, access_token = "in-hand" })
    local _, e = other:get_job "a"
    assert.same({ "UNAVAILABLE", 1 }, { e.code, e.attempts })
    assert.matches("certificate is not trusted", e.message)
  end)

  local function faulty(fault)
    return fake_google.answer(200, {}, { ["x-fault"] = fault })
  end

  it("reads again when the answer breaks off", function()
    google.calls = {}
    google.faults[1] = faulty "reset"
    assert.equal("a", assert(c:get_job "a").name:match("[^/]+$"))
    assert.equal(2, #google.calls)
  end)

  it("does not run a job again when the answer breaks off", function()
    google.calls = {}
    google.faults[1] = faulty "reset"
    local _, e = c:run_job "a"
    assert.same({ "UNAVAILABLE", 1 }, { e.code, e.attempts })
    assert.equal(1, #google.calls)
  end)

  it("does not swallow an answer without end", function()
    google.faults[1] = faulty "endless"
    local _, e = c:get_job("a", { timeout = 20 })
    assert.same({ "INTERNAL", "the server's answer is too large", 1 }, { e.code, e.message, e.attempts })
    assert.equal("a", assert(c:get_job "a").name:match("[^/]+$"))
  end)

  it("takes garbage for what it is", function()
    google.faults[1] = faulty "garbage"
    local _, e = c:get_job "a"
    assert.same({ "INTERNAL", "the server's answer is not JSON" }, { e.code, e.message })
  end)
end)
