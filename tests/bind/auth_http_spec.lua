-- The defaults of mooncron.auth, for once: real tasks, real requests, to a Google of our own on loopback.

local auth <const> = require "mooncron.auth"
local http <const> = require "mooncron.http"
local issuer <const> = require "mooncron.auth.issuer"
local json <const> = require "mooncron.json"
local task <const> = require "mooncron.task"

-- Serve `routes`, by "METHOD path": functions of the request.
local function serve(routes)
  local server
  server = assert(http.serve { handler = function(request)
    server.count = server.count + 1
    local route = routes[request.method .. " " .. request.target:match("^[^?]*")]
    return route and route(request) or { status = 404 }
  end })
  server.count = 0
  return server
end

local function user(server)
  return json.encode {
    type = "authorized_user", client_id = "i", client_secret = "s", refresh_token = "r",
    token_uri = server.url .. "/token",
  }
end

local function granted()
  return { status = 200, body = '{"access_token":"at","expires_in":3600}' }
end

describe("mooncron.auth over HTTP", function()
  it("asks the token endpoint once for many tasks", function()
    local server = serve { ["POST /token"] = function(request)
      assert.equal("grant_type=refresh_token&client_id=i&client_secret=s&refresh_token=r", request.body)
      return granted()
    end }
    task.run(function()
      local credential = assert(auth.from_json(user(server)))
      local list = {}
      for i = 1, 40 do
        list[i] = i
      end
      local tokens = assert(task.map(list, { limit = 40 }, function()
        return assert(credential:access_token())
      end))
      assert.same({ 40, "at", 1 }, { #tokens, tokens[40], server.count })
    end)
    server:close()
  end)

  it("finds the metadata server, and its project, account and tokens", function()
    local function google(text)
      return function(request)
        assert.equal("Google", request.headers["metadata-flavor"])
        return { status = 200, headers = { ["Metadata-Flavor"] = "Google" }, body = text }
      end
    end
    local account = "/computeMetadata/v1/instance/service-accounts/default/"
    local server = serve {
      ["GET /"] = google "computeMetadata/",
      ["GET " .. account .. "token"] = google '{"access_token":"mds","expires_in":100}',
      ["GET " .. account .. "email"] = google "me@p.iam.gserviceaccount.com",
      ["GET /computeMetadata/v1/project/project-id"] = google "p",
    }
    task.run(function()
      local credential = assert(auth.default { env = { GCE_METADATA_HOST = server.url:match("//(.*)") } })
      assert.equal("metadata server", credential.found)
      assert.equal("mds", credential:access_token())
      assert.equal("p", credential:project_id())
      assert.equal("me@p.iam.gserviceaccount.com", credential:email())
      assert(credential:check_universe("googleapis.com"))
    end)
    server:close()
  end)

  it("fetches an issuer's keys once and verifies with them", function()
    local key = assert(issuer.generate_key())
    local ours
    local server = serve { ["GET /oauth2/v3/certs"] = function()
      return { status = 200, headers = { ["Cache-Control"] = "public, max-age=600" }, body = ours:jwks() }
    end }
    ours = assert(issuer.new { url = server.url, key = key })
    task.run(function()
      local want = { email = "a@b.c", audience = "https://t", now = os.time() }
      local token = assert(ours:identity_token(want))
      local options = { audience = "https://t", issuer = ours.url }
      options.keys_url = server.url .. "/oauth2/v3/certs"
      for _ = 1, 5 do
        assert.equal("a@b.c", assert(auth.verify("Bearer " .. token, options)).email)
      end
      assert.equal(1, server.count)
    end)
    server:close()
  end)

  it("names the host that does not answer", function()
    local server = serve {}
    local credential = assert(auth.from_json(user(server)))
    server:close()
    task.run(function()
      local token, e = credential:access_token()
      assert.is_nil(token)
      assert.equal("UNAVAILABLE", e.code)
      assert.truthy(e.message:find("no answer from 127.0.0.1:", 1, true))
    end)
  end)
end)
