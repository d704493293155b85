local auth = require "mooncron.auth"
local json = require "mooncron.json"
local tokens = require "mooncron.scheduler.tokens"

local EMAIL <const> = "runner@p.iam.gserviceaccount.com"

local function new(fields)
  local clock = { now = 1800000000 }
  local count = 0
  local source = tokens.new {
    issuer = fields and fields.issuer,
    now = function()
      return clock.now
    end,
    random = function(n)
      count = count + 1
      return ("%02x"):format(count):rep(n)
    end,
  }
  return source, clock
end

local function oidc(audience)
  return {
    uri = "http://127.0.0.1:9/run?x=1",
    oidc_token = { service_account_email = EMAIL, audience = audience },
  }
end

local function get(source, target)
  return source:answer { method = "GET", target = target, body = "" }
end

describe("tokens of the local scheduler", function()
  it("sends an OIDC token that the published key set verifies", function()
    local source, clock = new { issuer = "http://127.0.0.1:1234" }
    local token = assert(source:token(oidc("https://service.example")))
    local keys = assert(auth.keys(get(source, "/oauth2/v3/certs").body))
    local claims = assert(auth.verify(token, {
      keys = keys,
      audience = "https://service.example",
      issuer = "http://127.0.0.1:1234",
      now = function()
        return clock.now
      end,
    }))
    assert.equal(EMAIL, claims.email)
    assert.is_true(claims.email_verified)
    assert.equal(3600, claims.exp - claims.iat)
    assert.equal(claims.sub, claims.azp)
  end)

  it("takes the uri for the audience when none is given", function()
    local source = new()
    local token = assert(source:token(oidc(nil)))
    assert.equal("http://127.0.0.1:9/run?x=1", assert(auth.decode(token)).claims.aud)
  end)

  it("sends the same token again for a minute, then a new one", function()
    local source, clock = new()
    local first = source:token(oidc("a"))
    clock.now = clock.now + 59
    assert.equal(first, source:token(oidc("a")))
    assert.are_not.equal(first, source:token(oidc("b")))
    clock.now = clock.now + 1
    assert.are_not.equal(first, source:token(oidc("a")))
  end)

  it("publishes certificates and a discovery document that lead to the keys", function()
    local source = new { issuer = "http://127.0.0.1:1234" }
    local discovery = assert(json.decode(get(source, "/.well-known/openid-configuration").body))
    assert.equal("http://127.0.0.1:1234", discovery.issuer)
    assert.equal("http://127.0.0.1:1234/oauth2/v3/certs", discovery.jwks_uri)
    local certificates = assert(json.decode(get(source, "/oauth2/v1/certs").body))
    local kid, pem = next(certificates)
    assert.truthy(pem:find("BEGIN CERTIFICATE", 1, true))
    assert.equal(kid, auth.decode(source:token(oidc("a"))).header.kid)
  end)

  it("takes the server's address for the issuer unless one was given", function()
    local open, named = new(), new { issuer = "https://issuer.example" }
    open:set_default_issuer("http://127.0.0.1:7")
    named:set_default_issuer("http://127.0.0.1:7")
    assert.equal("http://127.0.0.1:7", auth.decode(open:token(oidc("a"))).claims.iss)
    assert.equal("https://issuer.example", auth.decode(named:token(oidc("a"))).claims.iss)
  end)

  it("tells what an OAuth token stands for, until it expires", function()
    local source, clock = new()
    local token = source:token {
      uri = "https://pubsub.googleapis.com/v1/x",
      oauth_token = { service_account_email = EMAIL, scope = "a b" },
    }
    local answer = get(source, "/tokeninfo?access_token=" .. token)
    assert.equal(200, answer.status)
    local info = assert(json.decode(answer.body))
    assert.same({ EMAIL, "a b", "3600" }, { info.email, info.scope, info.expires_in })
    clock.now = clock.now + 3600
    assert.equal(400, get(source, "/tokeninfo?access_token=" .. token).status)
    assert.equal(400, get(source, "/tokeninfo?access_token=unknown").status)
  end)

  it("leaves all other paths alone", function()
    assert.is_nil(get(new(), "/v1/projects/p/locations/l/jobs"))
  end)
end)
