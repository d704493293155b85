-- `mooncron context` and `mooncron auth` as they are typed, beside a Google of our own.

local fake_google = require "fake_google"
local json = require "mooncron.json"
local task = require "mooncron.task"

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

describe("the commands about where and who", function()
  local google, home

  before_each(function()
    google = fake_google.start()
    home = os.tmpname()
    os.remove(home)
    assert(os.execute("mkdir -p " .. home .. "/.config/gcloud/configurations " .. home
      .. "/.config/mooncron"))
  end)

  after_each(function()
    google:close()
    os.execute("rm -rf " .. home)
  end)

  local function write(name, text)
    local file <close> = assert(io.open(home .. "/" .. name, "w"))
    file:write(text)
  end

  -- Run the program; its event has stdout, stderr, code.
  local function run(environment, ...)
    local values, env = {
      HOME = home, XDG_CONFIG_HOME = "", XDG_DATA_HOME = "", GOOGLE_CLOUD_PROJECT = "", GCLOUD_PROJECT = "",
      CLOUDSDK_CORE_PROJECT = "", CLOUDSDK_CONFIG = "", GOOGLE_APPLICATION_CREDENTIALS = "",
      CLOUD_SCHEDULER_EMULATOR_HOST = "", NO_GCE_CHECK = "true",
    }, {}
    for name, value in pairs(environment) do
      values[name] = value
    end
    for name, value in pairs(values) do
      env[#env + 1] = name .. "=" .. value
    end
    local id = assert(task.loop():spawn({ program, ... }, env, { timeout_ms = 20000 }))
    local event = task.await(id)
    for _, text in ipairs { event.stdout, event.stderr } do
      for token in pairs(google.tokens) do
        assert.is_nil(text:find(token, 1, true), "a token was printed")
      end
      assert.is_nil(text:find("eyJ", 1, true), "a signed token was printed")
    end
    return event
  end

  local MACHINE <const> = "the metadata server of this machine"

  local function on_machine()
    return { NO_GCE_CHECK = "", GCE_METADATA_HOST = google.host }
  end

  it("context says local where nothing names a project", function()
    write(".config/gcloud/configurations/config_default", "[core]\nproject = g\n")
    local event = run({}, "context")
    assert.same({ 0, "" }, { event.code, event.stderr })
    assert.matches("^local scheduler, project 'local', location 'us%-central1'\n"
      .. "because nothing names a cloud project\n", event.stdout)
  end)

  it("context names the source of each setting", function()
    write(".config/mooncron/config", "[core]\nproject = ours\nlocation = europe-west1\n")
    local event = run({}, "context", "--location", "asia-east1", "--json")
    local report = assert(json.decode(event.stdout))
    assert.same({ "gcp", "ours", "asia-east1" }, { report.kind, report.project, report.location })
    local from = {}
    for _, setting in ipairs(report.settings) do
      from[setting.name] = setting.from
    end
    assert.same({
      project = "file " .. home .. "/.config/mooncron/config",
      location = "flag",
      endpoint = "default",
      universe_domain = "default",
    }, from)
  end)

  it("context refuses a broken settings file by its line", function()
    write(".config/mooncron/config", "[core]\nproject\n")
    local event = run({}, "context")
    assert.equal(1, event.code)
    assert.equal(("mooncron: %s/.config/mooncron/config:2: neither [section] nor key = value\n"):format(home),
      event.stderr)
  end)

  it("auth tells each place in order, and what to do", function()
    local event = run({}, "auth")
    assert.equal(1, event.code)
    assert.matches("places, in order:\n  explicit.-\n"
      .. "  GOOGLE_APPLICATION_CREDENTIALS.-\n  gcloud: .-no file\n"
      .. "  metadata server: .-NO_GCE_CHECK is true", event.stdout)
    assert.matches("no credential found: run gcloud auth application%-default login", event.stderr)
  end)

  it("auth shows the account of " .. MACHINE, function()
    local event = run(on_machine(), "auth", "--json")
    assert.same({ 0, "" }, { event.code, event.stderr })
    local report = assert(json.decode(event.stdout))
    local credential = report.credential
    assert.same({ "metadata server", fake_google.ACCOUNT, "p", "googleapis.com" },
      { credential.type, credential.account, credential.project, credential.universe })
    assert.is_true(credential.token_seconds > 3500 and credential.token_seconds <= 3600)
    assert.equal("found", report.places[4].result)
  end)

  it("auth makes an identity token and shows what it says", function()
    local event = run(on_machine(), "auth", "--audience", "https://my.target")
    assert.equal(0, event.code, event.stderr)
    assert.matches("identity token, claims:\n  aud +https://my%.target\n", event.stdout)
    assert.matches("\n  email +" .. fake_google.ACCOUNT:gsub("[.-]", "%%%0"), event.stdout)
  end)

  it("auth finds out what a target refuses", function()
    local http = require "mooncron.http"
    local target <close> = assert(http.serve {
      handler = function(request)
        return { status = request.headers.authorization and 403 or 401 }
      end,
    })
    local event = run(on_machine(), "auth", "--check", target.url .. "/tick")
    assert.equal(1, event.code)
    assert.matches("asked by nobody: HTTP 401\n", event.stdout)
    assert.matches("asked by " .. fake_google.ACCOUNT:gsub("[.-]", "%%%0") .. ", audience .-: HTTP 403\n",
      event.stdout)
    assert.matches("roles/run.invoker", event.stdout)
  end)

  it("auth needs no credential for a job of the local scheduler", function()
    local event = run({}, "auth", "--check", "a", "--data", home .. "/data")
    assert.same({ 1, "check of a:\n  NOT_FOUND: Job not found.\n" }, { event.code, event.stdout })
    run({}, "jobs", "create", "http", "a", "--schedule=0 5 * * *", "--uri=https://x.run.app/tick",
      "--oidc-service-account-email=a@p.iam.gserviceaccount.com", "--oidc-token-audience=https://x.run.app",
      "--data", home .. "/data")
    event = run({}, "auth", "--check", "a", "--data", home .. "/data")
    assert.same({ 0, "check of a:\n  nothing wrong was found\n" }, { event.code, event.stdout })
  end)

  it("auth finds the mistakes in a job", function()
    google.tokens["in-hand"] = os.time() + 3600
    write("token", "in-hand")
    local flags <const> = { "--backend", "local", "--endpoint", google.url, "--access-token-file", home
      .. "/token" }
    google.faults[1] = fake_google.answer(200, {
      name = "projects/local/locations/us-central1/jobs/a",
      status = { code = 7 },
      httpTarget = { uri = "https://x.run.app/tick", oidcToken = { serviceAccountEmail = "a@p" } },
    })
    local event = run({}, "auth", "--check", "a", table.unpack(flags))
    assert.equal(1, event.code)
    assert.matches("check of a:\n", event.stdout)
    assert.matches("'a@p' may not call the target", event.stdout)
    assert.matches("set oidc_token.audience = 'https://x.run.app'", event.stdout)
  end)

  it("mistakes in the options are told in one line", function()
    for _, row in ipairs {
      { "auth", "--nope" }, { "context", "word" },
    } do
      local event = run({}, table.unpack(row))
      assert.equal(2, event.code)
      assert.matches("^mooncron: " .. row[1] .. ": [^\n]+\n$", event.stderr)
    end
  end)
end)

describe("asking for permissions", function()
  it("tells which are lacking", function()
    local auth = require "mooncron.auth"
    local checks = require "mooncron.auth.checks"
    local http = require "mooncron.http"
    local google <close> = fake_google.start()
    google.lacks["cloudscheduler.jobs.run"] = true
    google.tokens["in-hand"] = os.time() + 3600
    local credential = assert(auth.from_token("in-hand"))
    local url = google.url .. "/v1/projects/p:testIamPermissions"
    assert.same({ "cloudscheduler.jobs.run" },
      checks.lacking(credential, url, checks.job_permissions, http.request))
    local lacking, e = checks.lacking(assert(auth.from_token("other")), url, { "x" }, http.request)
    assert.is_nil(lacking)
    assert.equal("UNAUTHENTICATED", e.code)
  end)

  it("goes to the universe's own servers", function()
    local checks = require "mooncron.auth.checks"
    assert.equal("https://cloudresourcemanager.u.test/v1/projects/p:testIamPermissions",
      checks.project_url("p", "u.test"))
    assert.equal("https://iam.u.test/v1/projects/-/serviceAccounts/a@p:testIamPermissions",
      checks.account_url("a@p", "u.test"))
  end)
end)
