local core <const> = require "mooncron.core"
local json <const> = require "mooncron.json"

local auth <const> = core.auth
local ISS <const> = "https://accounts.google.com"

describe("core.auth keys and tokens", function()
  local key, kid, keys, ec

  setup(function()
    key = assert(auth.generate_key("RS256"))
    ec = assert(auth.generate_key("ES256"))
    kid = assert(auth.key_id(key))
    keys = assert(auth.keyset('{"keys":[' .. auth.jwk(key) .. "," .. auth.jwk(ec) .. "]}"))
  end)

  local function token(changes, options)
    local claims = { iss = ISS, aud = "https://t", iat = 1000, exp = 4600 }
    claims.email, claims.email_verified = "a@b.c", true
    for name, value in pairs(changes or {}) do
      claims[name] = value ~= "none" and value or nil
    end
    options = options or {}
    return assert(auth.sign(json.encode(claims), {
      alg = options.alg or "RS256",
      key = options.key or key,
      kid = options.kid or kid,
    }))
  end

  local rows = {
    -- claims, expectation, the message, why
    { {}, {}, nil, "a token as it should be" },
    { { aud = { "x", "https://t" } }, {}, nil, "an audience in a list" },
    { { aud = "x" }, {}, "audience 'x' is not 'https://t'", "another audience" },
    { { aud = "none" }, {}, "audience '' is not 'https://t'", "no audience" },
    { { iss = "evil" }, {}, "issuer 'evil' is not '" .. ISS .. "'", "another issuer" },
    { {}, { now = 4642 }, "token expired 42 s ago", "expired" },
    { {}, { now = 4600 }, "token expired 0 s ago", "the moment of exp is too late already [RFC 7519]" },
    { {}, { now = 4642, leeway = 60 }, nil, "expired within the leeway" },
    { { exp = "none" }, {}, "token has no expiry (exp)", "no exp" },
    { { exp = "soon" }, {}, "token has no expiry (exp)", "exp that is no number" },
    { { iat = 2000 }, { now = 1500 }, "token was issued 500 s in the future: compare the clocks",
      "from the future" },
    { { nbf = 2000 }, { now = 1500 }, "token is not valid for another 500 s", "not yet valid" },
    { { exp = 200000 }, {}, "token lives for 199000 s, more than 86400", "a life too long to believe" },
    { {}, { email = "a@b.c" }, nil, "the right e-mail address" },
    { {}, { email = "x@b.c" }, "email 'a@b.c' is not 'x@b.c'", "another e-mail address" },
    { { email_verified = false }, { email = "a@b.c" }, "email 'a@b.c' is not verified by the issuer",
      "unverified" },
    { {}, { alg = "ES256" }, "algorithm 'RS256' is not allowed", "an algorithm that is not allowed" },
  }
  for _, row in ipairs(rows) do
    it("verifies: " .. row[4], function()
      local claims, e = auth.verify(token(row[1]), keys, { ISS }, { "https://t" }, {
        now = row[2].now or 1500,
        leeway = row[2].leeway,
        email = row[2].email,
        alg = row[2].alg,
      })
      if row[3] then
        assert.is_nil(claims)
        assert.equal(row[3], e.message)
        assert.equal("UNAUTHENTICATED", e.code)
      else
        assert.is_nil(e)
        assert.equal(ISS, json.decode(claims).iss)
      end
    end)
  end

  it("verifies ES256 with a key of the same set", function()
    local t = token({}, { alg = "ES256", key = ec, kid = auth.key_id(ec) })
    assert.is_string(auth.verify(t, keys, nil, nil, { now = 1500 }))
  end)

  it("says which key is missing, with a code of its own", function()
    local _, e = auth.verify(token({}, { kid = "other" }), keys, nil, nil, { now = 1500 })
    assert.same({ "NOT_FOUND", "no key 'other'" }, { e.code, e.message })
  end)

  it("refuses a signature of another key under a known kid", function()
    local other = assert(auth.generate_key("RS256"))
    local _, e = auth.verify(token({}, { key = other }), keys, nil, nil, { now = 1500 })
    assert.equal("signature does not match key '" .. kid .. "'", e.message)
  end)

  it("refuses changed bytes anywhere in the token", function()
    local t = token()
    for _, at in ipairs { 5, 60, 120, #t - 300, #t - 1 } do
      local c = t:sub(at, at) == "A" and "B" or "A"
      if t:sub(at, at) ~= "." then
        local claims = auth.verify(t:sub(1, at - 1) .. c .. t:sub(at + 1), keys, nil, nil, { now = 1500 })
        assert.is_nil(claims)
      end
    end
  end)

  it("never takes alg none, nor a public key for an HMAC secret", function()
    local headers = {
      none = "eyJhbGciOiJub25lIn0", -- {"alg":"none"}
      HS256 = "eyJhbGciOiJIUzI1NiJ9", -- {"alg":"HS256"}
      RS512 = "eyJhbGciOiJSUzUxMiJ9", -- {"alg":"RS512"}
    }
    for alg, header in pairs(headers) do
      local _, e = auth.verify(header .. ".eyJleHAiOjQ2MDB9.AAAA", keys, nil, nil, { now = 1500 })
      assert.equal("algorithm '" .. alg .. "' is not allowed", e.message)
    end
  end)

  it("reads a set of certificates", function()
    local pem = assert(auth.certificate(key, { common_name = "x", not_before = 1, not_after = 2000000000 }))
    local set <close> = assert(auth.keyset(json.encode { mine = pem }))
    assert.same({ "mine", "RS256" }, { set:keys()[1].kid, set:keys()[1].alg })
    assert.is_string(auth.verify(token({}, { kid = "mine" }), set, nil, nil, { now = 1500 }))
  end)

  it("raises for a closed set, an unknown option, an unknown algorithm", function()
    local set = assert(auth.keyset('{"keys":[' .. auth.jwk(key) .. "]}"))
    set:close()
    set:close()
    assert.equal("key set (closed)", tostring(set))
    assert.error_matches(function() auth.verify("a", set, nil, nil, { now = 1 }) end, "the key set is closed")
    assert.error_matches(function() auth.sign("{}", { nope = "x" }) end, "unknown option 'nope'")
    assert.error_matches(function() auth.sign("{}", { alg = "none", key = key }) end, "not RS256 or ES256")
  end)

  it("tells what is wrong with a key", function()
    local _, e = auth.sign("{}", { alg = "RS256", key = "secret-not-a-key" })
    assert.equal("not an unencrypted private key in PEM form", e.message)
    _, e = auth.sign("{}", { alg = "RS256", key = ec })
    assert.equal("the key signs ES256, not RS256", e.message)
  end)

  it("decodes without verifying", function()
    local header, claims = auth.decode(token())
    assert.equal("JWT", json.decode(header).typ)
    assert.equal(4600, json.decode(claims).exp)
    local none, e = auth.decode("a.b")
    assert.is_nil(none)
    assert.equal("token is not three base64url parts joined by dots", e.message)
  end)
end)

describe("core.auth places", function()
  local function names(path, env)
    local out = {}
    for _, place in ipairs(assert(auth.places(path, env))) do
      out[#out + 1] = place.looks and place.value or "-"
    end
    return out
  end

  it("are in the official order", function()
    assert.same({ "-", "-", "-", "metadata.google.internal" }, names(nil, {}))
    assert.same({ "/e", "/g", "/c/application_default_credentials.json", "h:1" }, names("/e", {
      GOOGLE_APPLICATION_CREDENTIALS = "/g", CLOUDSDK_CONFIG = "/c", HOME = "/h", GCE_METADATA_HOST = "h:1",
    }))
    assert.same({ "-", "-", "/h/.config/gcloud/application_default_credentials.json", "-" },
      names(nil, { HOME = "/h", NO_GCE_CHECK = "True", GOOGLE_APPLICATION_CREDENTIALS = "" }))
  end)

  it("refuse a metadata host that is none", function()
    local _, e = auth.places(nil, { GCE_METADATA_HOST = "a/b?c" })
    assert.equal("metadata server 'a/b?c' is not a host", e.message)
  end)
end)

describe("core.auth credentials", function()
  local USER <const> = '{"type":"authorized_user","client_id":"i",'
    .. '"client_secret":"hush-secret","refresh_token":"hush-rt"}'

  it("print and describe themselves without their secrets", function()
    local c <close> = assert(auth.credential(USER))
    assert.equal("authorized_user", tostring(c))
    assert.same({ type = "authorized_user", universe = "googleapis.com" }, c:info())
    local r <close> = assert(c:request({}, {}))
    assert.equal("token request <redacted>", tostring(r))
  end)

  it("go step by step", function()
    local c <close> = assert(auth.credential(USER))
    local r <close> = assert(c:request({ scopes = "a b" }, {}))
    local step = assert(r:step(1000))
    assert.same({ "http", "POST", "https://oauth2.googleapis.com/token", 3 },
      { step.kind, step.method, step.url, step.tries })
    assert.equal("grant_type=refresh_token&client_id=i&client_secret=hush-secret&refresh_token=hush-rt"
      .. "&scope=a%20b", step.body)
    local ok, e = r:answer(503, "")
    assert.same({ nil, 503, true }, { ok, e.status, e.retryable })
    assert(r:step(1000))
    assert(r:answer(200, '{"access_token":"at","expires_in":3599}'))
    step = assert(r:step(2000))
    assert.same({ "done", "at", 4599 }, { step.kind, step.token, step.expires })
  end)

  it("refuse an answer to no question", function()
    local c <close> = assert(auth.credential(USER))
    local r <close> = assert(c:request({}, {}))
    local _, e = r:answer(200, "{}")
    assert.equal("no step is waiting for an answer", e.message)
  end)

  it("outlive their handle in a request, and say when they are closed", function()
    local c = assert(auth.credential(USER))
    local r <close> = assert(c:request({}, {}))
    c:close()
    assert.equal("http", assert(r:step(1)).kind)
    assert.error_matches(function() c:info() end, "the credential is closed")
    assert.equal("credential (closed)", tostring(c))
  end)

  it("of a user make no identity token for others", function()
    local c <close> = assert(auth.credential(USER))
    local _, e = c:request({ audience = "https://x" }, {})
    assert.equal("a credential of type authorized_user cannot make an identity token for 'https://x': "
      .. "impersonate a service account", e.message)
  end)
end)
