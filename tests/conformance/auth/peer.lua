-- Our side of the check: one JSON request on standard input, one JSON answer on standard output.

local auth <const> = require "mooncron.auth"
local core <const> = require "mooncron.core"
local issuer <const> = require "mooncron.auth.issuer"
local json <const> = require "mooncron.json"

local answer = {}

-- An issuer's documents and one of its tokens; an ES256 token beside it.
function answer.issue(request)
  local key, ec = assert(issuer.generate_key()), assert(core.auth.generate_key("ES256"))
  local ours = assert(issuer.new { url = request.url, key = key })
  local now = math.tointeger(request.now)
  local claims = { iss = request.url, aud = request.audience, iat = now, exp = now + 3600 }
  local text, ec_kid = assert(json.encode(claims)), assert(core.auth.key_id(ec))
  return {
    key = key,
    kid = ours.kid,
    jwks = ours:jwks(),
    certificates = ours:certificates(now),
    discovery = ours:discovery(),
    token = assert(ours:identity_token {
      email = request.email,
      audience = request.audience,
      now = now,
    }),
    es256 = assert(core.auth.sign(text, { alg = "ES256", key = ec, kid = ec_kid })),
    es256_jwk = assert(core.auth.jwk(ec)),
  }
end

function answer.verify(request)
  local claims, e = auth.verify(request.token, {
    audience = request.audience,
    issuer = request.issuer,
    keys = assert(auth.keys(request.keys)),
    now = function() return math.tointeger(request.now) end,
  })
  return { claims = claims, message = e and e.message }
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

-- The first HTTP request or the token that a credential leads to; files are read.
function answer.step(request)
  local handle <close> = assert(core.auth.credential(request.credential))
  local machine <close> = assert(handle:request({
    scopes = request.scopes,
    audience = request.audience,
    access = request.audience and true,
  }, request.env or {}))
  local now = math.tointeger(request.now)
  local step = assert(machine:step(now))
  while step.kind == "file" do
    assert(machine:answer(0, read(step.path)))
    step = assert(machine:step(now))
  end
  return step
end

local request = assert(json.decode(io.read("a")))
io.write(assert(json.encode(answer[request.what](request))))
