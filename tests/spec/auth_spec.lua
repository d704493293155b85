local auth <const> = require "mooncron.auth"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local issuer <const> = require "mooncron.auth.issuer"
local json <const> = require "mooncron.json"
local task <const> = require "mooncron.task"
local verifier <const> = require "mooncron.auth.verifier"
local world_of <const> = require "mooncron.auth.world"

local NOW <const> = 1791164700
local USER <const> = '{"type":"authorized_user","client_id":"i",'
  .. '"client_secret":"hush","refresh_token":"hush"}'
local WELL_KNOWN <const> = "/h/.config/gcloud/application_default_credentials.json"

local function alive(pid)
  local file <close> = io.open(("/proc/%s/stat"):format(pid))
  return file ~= nil and not file:read("a"):find("%) [ZX]")
end

-- A world in which coroutines stand for tasks. `answers` is a list of what http gives, in order: a
-- response, or an error. `held` keeps http waiting until `release()`.
local function fake(given)
  local world = { time = NOW, requests = {}, slept = {}, answers = {}, files = {}, env = { HOME = "/h" } }
  local spawned, parked = {}, {}

  function world.now() return world.time end
  function world.random() return 0.5 end
  function world.read_file(path)
    if world.files[path] then
      return world.files[path]
    end
    return nil, "no such file", 2
  end
  function world.sleep(seconds) world.slept[#world.slept + 1] = seconds end
  function world.spawn(fn) spawned[#spawned + 1] = coroutine.create(fn) end
  function world.event()
    local event = {}
    function event.set() event.is_set = true end
    function event.wait()
      while not event.is_set do
        coroutine.yield()
      end
    end
    return event
  end
  function world.http(request)
    world.requests[#world.requests + 1] = request
    if world.held then
      coroutine.yield()
    end
    local answer = table.remove(world.answers, 1) or error("no answer left for " .. request.url)
    if err.is(answer) then
      return nil, answer
    end
    return answer
  end

  -- Run functions and whatever they spawn until all are over.
  function world.all(...)
    for _, fn in ipairs { ... } do
      world.spawn(fn)
    end
    while #spawned > 0 or #parked > 0 do
      local batch = table.move(spawned, 1, #spawned, #parked + 1, parked)
      spawned, parked = {}, {}
      for _, co in ipairs(batch) do
        assert(coroutine.resume(co))
        if coroutine.status(co) ~= "dead" then
          parked[#parked + 1] = co
        end
      end
    end
  end

  for key, value in pairs(given or {}) do
    world[key] = value
  end
  return world
end

local function token(text, life)
  return { status = 200, headers = {}, body = json.encode { access_token = text, expires_in = life or 3600 } }
end

local function status(code)
  return { status = code, headers = {}, body = "" }
end

describe("access tokens", function()
  local function user(world)
    return assert(auth.from_json(USER, world))
  end

  it("are fetched once and kept", function()
    local world = fake { answers = { token "one" } }
    local credential = user(world)
    assert.equal("one", credential:access_token())
    world.time = NOW + 3600 - 226
    assert.equal("one", credential:access_token())
    assert.equal(1, #world.requests)
  end)

  it("are kept apart by scopes", function()
    local world = fake { answers = { token "one", token "two" } }
    local credential = user(world)
    assert.equal("one", credential:access_token("a"))
    assert.equal("two", credential:access_token { "a", "b" })
    assert.equal("one", credential:access_token { "a" })
  end)

  it("are refreshed early behind the caller's back, who gets the old one at once", function()
    local world = fake { answers = { token "one", token "two" } }
    local credential = user(world)
    credential:access_token()
    world.time = NOW + 3600 - 225
    local first, later
    world.all(function()
      first = credential:access_token()
    end)
    later = credential:access_token()
    assert.same({ "one", "two", 2 }, { first, later, #world.requests })
  end)

  it("that are stale survive a refresh that fails, which is not repeated at once", function()
    local world = fake { answers = { token "one", status(400), token "two" } }
    local credential = user(world)
    credential:access_token()
    world.time = NOW + 3500
    world.all(function() assert.equal("one", credential:access_token()) end)
    world.all(function() assert.equal("one", credential:access_token()) end)
    assert.equal(2, #world.requests)
    world.time = NOW + 3511
    world.all(function() assert.equal("one", credential:access_token()) end)
    assert.equal("two", credential:access_token())
  end)

  it("that are over are fetched again", function()
    local world = fake { answers = { token "one", token "two" } }
    local credential = user(world)
    credential:access_token()
    world.time = NOW + 3595
    assert.equal("two", credential:access_token())
  end)

  it("of a short life are refreshed after half of it", function()
    local world = fake { answers = { token("one", 100), token("two", 100) } }
    local credential = user(world)
    credential:access_token()
    world.time = NOW + 49
    assert.equal("one", credential:access_token())
    assert.equal(1, #world.requests)
    world.time = NOW + 50
    world.all(function() credential:access_token() end)
    assert.equal(2, #world.requests)
  end)

  it("are asked for once, however many wait", function()
    local world = fake { held = true, answers = { token "one" } }
    local credential = user(world)
    local got, tasks = {}, {}
    for i = 1, 50 do
      tasks[i] = function()
        got[i] = credential:access_token()
      end
    end
    world.all(table.unpack(tasks))
    assert.equal(1, #world.requests)
    assert.equal(50, #got)
    assert.equal("one", got[50])
  end)

  it("that cannot be had fail for all who wait, and the next one tries again", function()
    local world = fake { held = true, answers = { status(401), token "one" } }
    local credential = user(world)
    local failures = 0
    local function ask()
      local _, e = credential:access_token()
      failures = failures + (e.code == "UNAUTHENTICATED" and 1 or 0)
    end
    world.all(ask, ask, ask)
    assert.same({ 3, 1 }, { failures, #world.requests })
    world.all(function() assert.equal("one", credential:access_token()) end)
  end)

  it("survive the death of the task that was fetching", function()
    local world = fake { held = true, answers = { token "one" } }
    local credential = user(world)
    local leader = coroutine.create(function() credential:access_token() end)
    coroutine.resume(leader)
    local got
    local waiter = coroutine.create(function() got = credential:access_token() end)
    coroutine.resume(waiter)
    coroutine.close(leader)
    coroutine.resume(waiter)
    coroutine.resume(waiter)
    assert.same({ "one", 2 }, { got, #world.requests })
  end)

  it("that a server has refused are not used again", function()
    local world = fake { answers = { token "one", token "two" } }
    local credential = user(world)
    credential:refused(credential:access_token())
    assert.equal("two", credential:access_token())
    credential:refused("one")
    assert.equal("two", credential:access_token())
  end)

  it("are tried three times when the server is busy or slow, with growing pauses", function()
    local slow = err.new("DEADLINE_EXCEEDED", "no answer in 30 s")
    local world = fake { answers = { status(503), slow, token "one" } }
    assert.equal("one", user(world):access_token())
    assert.same({ 1, 2 }, world.slept)
    world = fake { answers = { status(500), status(500), status(500) } }
    local _, e = user(world):access_token()
    assert.same({ "UNAVAILABLE", 500, true, 3 }, { e.code, e.status, e.retryable, #world.requests })
  end)

  it("are not tried again when that is of no use", function()
    local world = fake { answers = { status(400) } }
    assert.is_nil(user(world):access_token())
    world.answers = { err.new("UNAVAILABLE", "connection refused") }
    local _, e = user(world):access_token()
    assert.equal("UNAVAILABLE: refresh of the user's token: no answer from oauth2.googleapis.com: "
      .. "UNAVAILABLE: connection refused", tostring(e))
    assert.same({}, world.slept)
  end)

  it("jitter their pauses by a tenth", function()
    local world = fake { answers = { status(503), token "one" }, random = function() return 0 end }
    user(world):access_token()
    assert.is_true(math.abs(world.slept[1] - 0.9) < 1e-9)
  end)

  it("go into headers with the quota project", function()
    local world = fake { answers = { token "one" } }
    world.env.GOOGLE_CLOUD_QUOTA_PROJECT = "q"
    assert.same({ Authorization = "Bearer one", ["x-goog-user-project"] = "q" }, user(world):headers())
  end)

  it("and secrets are nowhere in what a credential shows", function()
    local world = fake { answers = { token "hush-token" } }
    local credential = user(world)
    credential:access_token()
    local function shown(value, seen)
      if type(value) ~= "table" or seen[value] then
        return tostring(value)
      end
      seen[value] = true
      local out = { tostring(value) }
      for k, v in pairs(value) do
        out[#out + 1] = shown(k, seen) .. "=" .. shown(v, seen)
      end
      return table.concat(out, " ")
    end
    assert.is_nil(shown(credential, {}):find("hush"))
  end)

  it("of a given token are that token, for ever", function()
    local world = fake()
    local credential = assert(auth.from_token("abc\n", world))
    world.time = NOW * 2
    assert.equal("abc", credential:access_token())
    world.files["/t"] = "def\n"
    assert.equal("def", assert(auth.from_token_file("/t", world)):access_token())
  end)

  it("are for one audience where the credential's are, and for all elsewhere", function()
    local world = fake { answers = { token "one", token "two", token "three" } }
    local function ask(credential)
      local tokens = {}
      for i, audience in ipairs { "https://a", "https://b", "https://a" } do
        tokens[i] = assert(credential:access_token(nil, { audience = audience }))
      end
      return tokens
    end
    assert.same({ "one", "one", "one" }, ask(user(world)))
    local key <const> = assert(core.auth.generate_key("ES256"))
    assert.same({ "two", "three", "two" }, ask(assert(auth.from_json(json.encode {
      type = "gdch_service_account", format_version = "1", project = "p", name = "n", private_key_id = "k",
      private_key = key, token_uri = "https://gdc/authenticate",
    }, world))))
  end)

  it("come from a program that is run without a shell's surprises", function()
    local program
    local world = fake { answers = { token "one" }, run = function(p)
      program = p
      return { code = 0, output = json.encode {
        version = 1, success = true, token_type = "urn:ietf:params:oauth:token-type:jwt", id_token = "sub",
      } }
    end }
    world.env.GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES = "1"
    local credential = assert(auth.from_json(json.encode {
      type = "external_account", audience = "a", subject_token_type = "urn:ietf:params:oauth:token-type:jwt",
      credential_source = { executable = { command = "/bin/x 'y $z" } },
    }, world))
    assert.equal("one", credential:access_token())
    assert.same({ "/bin/x", "'y", "$z" }, program.argv)
    assert.equal(30000, program.timeout_ms)
  end)

  it("of a program that does not give one say why", function()
    local slow = err.new("DEADLINE_EXCEEDED", "the program did not end in time")
    for _, case in ipairs {
      { slow, 5000, "DEADLINE_EXCEEDED: the credential's program: it has not ended after 5 s: "
        .. "see executable.timeout_millis", "the time of the credential file" },
      { slow, nil, "DEADLINE_EXCEEDED: the credential's program: it has not ended after 30 s: "
        .. "see executable.timeout_millis", "the default" },
      { err.new("NOT_FOUND", "program 'x' is not there"), nil,
        "NOT_FOUND: the credential's program: NOT_FOUND: program 'x' is not there", "a wrong path" },
    } do
      local world = fake { run = function() return nil, case[1] end }
      world.env.GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES = "1"
      local credential = assert(auth.from_json(json.encode {
        type = "external_account", audience = "a", subject_token_type = "t",
        credential_source = { executable = { command = "x", timeout_millis = case[2] } },
      }, world))
      local none, e = credential:access_token()
      assert.same({ nil, case[3] }, { none, tostring(e) }, case[4])
    end
  end)

  it("come from a file that is read whole, but not without end", function()
    local read = world_of.new().read_file
    local name = os.tmpname()
    local function with(text)
      local file <close> = assert(io.open(name, "wb"))
      file:write(text)
    end
    for _, text in ipairs { "", "token\n", "a\0b" } do
      with(text)
      assert.equal(text, read(name))
    end
    with(("x"):rep(world_of.MAX_TEXT + 100))
    assert.equal(world_of.MAX_TEXT + 1, #read(name))
    os.remove(name)
    local none, _, errno = read(name)
    assert.same({ nil, 2 }, { none, errno })
    assert.is_nil((read "/"))
  end)

  it("run a real program and take its output", function()
    local result = world_of.new().run {
      argv = { "/bin/sh", "-c", 'printf "%s|%s" "$A" "$1"; exit 3', "sh", "it's" },
      env = { A = "b c" },
      timeout_ms = 5000,
    }
    assert.same({ code = 3, output = "b c|it's" }, result)
  end)

  it("run a program while the loop goes on, and end it with all it has started", function()
    local run <const> = world_of.new().run
    task.run(function()
      local ticks = 0
      local scope <close> = task.scope()
      scope:spawn(function()
        while true do
          task.sleep(0.005)
          ticks = ticks + 1
        end
      end)
      local name <const> = os.tmpname()
      local none, e = run {
        argv = { "/bin/sh", "-c", 'sleep 600 & echo $! $$ > "$0"; wait', name },
        timeout_ms = 300,
      }
      local file <close> = assert(io.open(name))
      os.remove(name)
      assert.same({ nil, "DEADLINE_EXCEEDED" }, { none, e.code })
      assert.is_true(ticks > 5, "a loop that stood still")
      for pid in file:read("a"):gmatch("%d+") do
        task.with_timeout(20, function() -- the system takes them away when it likes
          while alive(pid) do
            task.sleep(0.005)
          end
        end)
        assert.is_false(alive(pid))
      end
    end)
  end)

  it("tell a program that a signal has ended from one that has succeeded", function()
    assert.same({ code = 137, output = "" },
      world_of.new().run { argv = { "/bin/sh", "-c", "kill -9 $$" }, timeout_ms = 5000 })
    local none, e = world_of.new().run { argv = { "/no/such/program" }, timeout_ms = 5000 }
    assert.same({ nil, "NOT_FOUND" }, { none, e.code })
  end)
end)

describe("the credential of this machine", function()
  local function results(places)
    local out = {}
    for _, place in ipairs(places) do
      out[#out + 1] = place.result or "-"
    end
    return table.concat(out, ", ")
  end

  it("is the file that GOOGLE_APPLICATION_CREDENTIALS names", function()
    local world = fake { files = { ["/k"] = USER, [WELL_KNOWN] = "never read" } }
    world.env.GOOGLE_APPLICATION_CREDENTIALS = "/k"
    local credential, _, places = auth.look(world)
    assert.equal("authorized_user", credential.type)
    assert.equal("GOOGLE_APPLICATION_CREDENTIALS", credential.found)
    assert.equal("-, found, -, -", results(places))
  end)

  it("is not another one when that file is missing or broken", function()
    local world = fake { files = { [WELL_KNOWN] = USER } }
    world.env.GOOGLE_APPLICATION_CREDENTIALS = "/k"
    local _, e = auth.default(world)
    assert.equal("NOT_FOUND: GOOGLE_APPLICATION_CREDENTIALS: '/k' cannot be read: no such file", tostring(e))
    world.files["/k"] = "{}"
    _, e = auth.default(world)
    assert.equal("INVALID_ARGUMENT: GOOGLE_APPLICATION_CREDENTIALS: '/k': INVALID_ARGUMENT: type: missing",
      tostring(e))
  end)

  it("is gcloud's, else the metadata server's", function()
    assert.equal("gcloud", auth.default(fake { files = { [WELL_KNOWN] = USER } }).found)
    local google = { status = 200, headers = { ["metadata-flavor"] = "Google" }, body = "" }
    local project = { status = 200, headers = { ["metadata-flavor"] = "Google" }, body = "my-project\n" }
    local world = fake { answers = { google, project } }
    local credential, _, places = auth.look(world)
    assert.equal("-, -, no file, found", results(places))
    assert.equal("my-project", credential:project_id())
    assert.equal("my-project", credential:project_id())
    assert.equal("http://metadata.google.internal/", world.requests[1].url)
    assert.equal(1, world.requests[1].timeout)
  end)

  it("is none when something else answers there, and says what to do", function()
    local world = fake { answers = { { status = 200, headers = {}, body = "captive portal" } } }
    local credential, e, places = auth.look(world)
    assert.is_nil(credential)
    assert.equal("-, -, no file, no answer", results(places))
    assert.equal("no credential found: run gcloud auth application-default login or set "
      .. "GOOGLE_APPLICATION_CREDENTIALS", e.message)
  end)

  it("is waited for with patience where the machine is Google's", function()
    local slow = err.new("DEADLINE_EXCEEDED", "slow")
    local world = fake { answers = { slow, slow, slow }, files = {
      ["/sys/class/dmi/id/product_name"] = "Google Compute Engine\n",
    } }
    assert.is_nil(auth.default(world))
    assert.equal(3, #world.requests)
  end)

  it("impersonates another account", function()
    local world = fake { answers = { token "source",
      { status = 200, headers = {}, body = '{"accessToken":"imp","expireTime":"2026-10-05T02:45:00Z"}' } } }
    local other = assert(assert(auth.from_json(USER, world)):impersonate("t@p.iam.gserviceaccount.com"))
    assert.equal("imp", other:access_token())
    assert.equal("Bearer source", world.requests[2].headers.Authorization)
    assert.equal("t@p.iam.gserviceaccount.com", other:email())
  end)
end)

describe("verifying tokens", function()
  local key = assert(issuer.generate_key())
  local ours = assert(issuer.new { url = "http://127.0.0.1:1", key = key })
  local jwks <const> = ours:jwks()

  local function make(changes)
    local want = { email = "a@b.c", audience = "https://t", now = NOW }
    for name, value in pairs(changes or {}) do
      want[name] = value
    end
    return assert(ours:identity_token(want))
  end

  local function keys_answer(control)
    return { status = 200, headers = { ["cache-control"] = control }, body = jwks }
  end

  local function checker(world, more)
    local options = { audience = "https://t", issuer = ours.url, keys_url = "http://k" }
    for _, from in ipairs { world, more or {} } do
      for name, value in pairs(from) do
        options[name] = value
      end
    end
    return auth.verifier(options)
  end

  it("takes a header's value and gives the claims, all of them", function()
    local claims = assert(checker(fake { answers = { keys_answer() } }):check("Bearer " .. make()))
    assert.same({
      iss = ours.url, aud = "https://t", email = "a@b.c", email_verified = true, iat = NOW, exp = NOW + 3600,
      sub = issuer.subject_of "a@b.c", azp = issuer.subject_of "a@b.c",
    }, claims)
    assert.truthy(claims.sub:find("^1" .. ("%d"):rep(20) .. "$"))
  end)

  it("keeps the keys as long as their server says", function()
    local world = fake { answers = { keys_answer "public, max-age=100", keys_answer "public, max-age=100" } }
    local check = checker(world)
    for _, row in ipairs { { 0, 1 }, { 49, 1 }, { 101, 2 } } do
      world.time = NOW + row[1]
      world.all(function() assert(check:check(make())) end)
      assert.equal(row[2], #world.requests)
    end
  end)

  it("reads Cache-Control", function()
    assert.equal(100, verifier.max_age { ["cache-control"] = "public, max-age=100" })
    assert.equal(60, verifier.max_age { ["cache-control"] = "Max-Age=100", age = "40" })
    assert.equal(0, verifier.max_age { ["cache-control"] = "no-store, max-age=100" })
    assert.equal(300, verifier.max_age {})
    assert.equal(86400, verifier.max_age { ["cache-control"] = "max-age=99999999999" })
  end)

  it("asks again when a key is new, but not for each made-up one", function()
    local old = assert(issuer.new { url = ours.url, key = assert(issuer.generate_key()) })
    local world = fake { answers = { { status = 200, headers = {}, body = old:jwks() }, keys_answer() } }
    local check = checker(world)
    local _, e = check:check(make())
    assert.same({ "UNAUTHENTICATED", "no key '" .. ours.kid .. "'" }, { e.code, e.message })
    assert.equal(1, #world.requests)
    world.time = NOW + 10
    assert(check:check(make()))
    assert.equal(2, #world.requests)
  end)

  it("says that it could not check, when it could not", function()
    local _, e = checker(fake { answers = { status(503) } }):check(make())
    assert.equal("UNAVAILABLE", e.code)
    _, e = checker(fake { answers = { { status = 200, headers = {}, body = "<html>" } } }):check(make())
    assert.equal("UNAVAILABLE: keys at 'http://k' are of no use: INVALID_ARGUMENT: key set is not JSON: "
      .. "line 1, column 1", tostring(e))
  end)

  it("refuses what a target must refuse", function()
    local rows = {
      { make { audience = "https://x" }, {}, "audience 'https://x' is not 'https://t'" },
      { make(), { issuer = false, email = "x@y.z" }, "email 'a@b.c' is not 'x@y.z'" },
      { make(), { issuer = "https://i" }, "issuer 'http://127.0.0.1:1' is not 'https://i'" },
      { make { now = NOW - 4000 }, {}, "token expired 400 s ago" },
      { make { now = NOW + 400 }, {}, "token was issued 400 s in the future: compare the clocks" },
      { "", {}, "token is not three base64url parts joined by dots" },
      { nil, {}, "token is not three base64url parts joined by dots" },
    }
    for i = 1, 7 do
      local row = rows[i]
      local _, e = checker(fake { answers = { keys_answer() } }, row[2]):check(row[1])
      assert.same({ "UNAUTHENTICATED", row[3] }, { e.code, e.message })
    end
  end)

  it("allows for clocks that differ a little", function()
    assert(checker(fake { answers = { keys_answer() } }):check(make { now = NOW + 29 }))
  end)

  it("works with keys in hand, and with the certificates of our issuer", function()
    local options = fake { audience = "https://t", issuer = ours.url }
    for _, text in ipairs { jwks, ours:certificates(NOW) } do
      options.keys = assert(auth.keys(text))
      assert(auth.verify(make(), options))
    end
  end)

  it("must be told the audience", function()
    assert.error_matches(function() auth.verify("x", {}) end, "audience")
  end)

  it("shows a token without believing it", function()
    local shown = assert(auth.decode(make()))
    assert.same({ alg = "RS256", kid = ours.kid, typ = "JWT" }, shown.header)
    assert.equal("https://t", shown.claims.aud)
    assert.equal("integer", math.type(shown.claims.exp))
  end)

  it("describes the issuer to OpenID Connect clients", function()
    local document = json.decode(ours:discovery())
    assert.equal(ours.url, document.issuer)
    assert.equal(ours.url .. "/oauth2/v3/certs", document.jwks_uri)
    assert.is_nil(tostring(ours):find("PRIVATE"))
  end)
end)
