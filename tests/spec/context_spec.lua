local context <const> = require "mooncron.context"
local connection <const> = require "mooncron.cli.connection"
local ini <const> = require "mooncron.ini"

-- A world with these variables and files.
local function world_of(env, files)
  env.HOME = env.HOME or "/h"
  return {
    env = env,
    read_file = function(path)
      local text = files and files[path]
      if text then
        return text
      end
      return nil, "no such file", 2
    end,
  }
end

local OURS <const> = "/h/.config/mooncron/config"
local GCLOUD <const> = "/h/.config/gcloud/configurations/config_default"
local GOOGLE <const> = "https://cloudscheduler.googleapis.com"

describe("context", function()
  -- options, environment, files, kind, project, location, endpoint, reason
  local ROWS <const> = {
    { {}, {}, {}, "local", "local", "us-central1", nil, "nothing names anything" },
    { {}, {}, { [GCLOUD] = "[core]\nproject = g\n[compute]\nregion = asia-east1" }, "local", "local",
      "us-central1", nil, "gcloud's configuration leads nobody to the cloud" },
    { {}, { GOOGLE_CLOUD_PROJECT = "e" }, {}, "gcp", "e", "us-central1", GOOGLE,
      "a project in the environment" },
    { {}, { GOOGLE_CLOUD_PROJECT = "e" },
      { [GCLOUD] = "[core]\nproject = g\n[compute]\nregion = asia-east1" },
      "gcp", "e", "asia-east1", GOOGLE, "on the way to the cloud it fills gaps" },
    { { backend = "gcp" }, {}, { [GCLOUD] = "[core]\nproject = g" }, "gcp", "g", "us-central1", GOOGLE,
      "and names the project when the cloud is meant" },
    { { backend = "gcp" }, {}, {}, "gcp", nil, "us-central1", GOOGLE, "the credential may name one" },
    { {}, {}, { [OURS] = "project = o\nlocation=europe-west1" }, "gcp", "o", "europe-west1", GOOGLE,
      "our file names a project" },
    { {}, { XDG_CONFIG_HOME = "/x" }, { ["/x/mooncron/config"] = "[core]\nproject=o" }, "gcp", "o",
      "us-central1", GOOGLE, "our file is in the configuration home" },
    { {}, { GOOGLE_CLOUD_PROJECT = "e" }, { [OURS] = "project = o" }, "gcp", "e", "us-central1", GOOGLE,
      "the environment before our file" },
    { { project = "a" }, { GOOGLE_CLOUD_PROJECT = "e" }, { [OURS] = "project = o" }, "gcp", "a",
      "us-central1",
      GOOGLE, "an option before all" },
    { { project = "a", backend = "local" }, {}, {}, "local", "a", "us-central1", nil,
      "the backend is named" },
    { {}, { GOOGLE_CLOUD_PROJECT = "e" }, { [OURS] = "backend = local" }, "local", "e", "us-central1", nil,
      "the backend is named in our file" },
    { { data = ":memory:" }, { GOOGLE_CLOUD_PROJECT = "e" }, {}, "local", "e", "us-central1", nil,
      "data are the local scheduler's" },
    { {}, { GOOGLE_CLOUD_PROJECT = "e", MOONCRON_DATA = "/d" }, {}, "gcp", "e", "us-central1", GOOGLE,
      "but not where they would be by default" },
    { {}, { CLOUD_SCHEDULER_EMULATOR_HOST = "127.0.0.1:9" }, {}, "server", "local", "us-central1",
      "http://127.0.0.1:9", "an emulator" },
    { { backend = "gcp", project = "p" }, { CLOUD_SCHEDULER_EMULATOR_HOST = "127.0.0.1:9" }, {}, "gcp", "p",
      "us-central1", GOOGLE, "not where the cloud is named" },
    { {}, { CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER = "http://localhost:8085/" }, {}, "server",
      "local",
      "us-central1", "http://localhost:8085", "gcloud's variable" },
    { { endpoint = "https://cloudscheduler.europe-west1.rep.googleapis.com/v1/" }, {}, {}, "gcp", nil,
      "us-central1", "https://cloudscheduler.europe-west1.rep.googleapis.com",
        "a regional endpoint of Google" },
    { { endpoint = "https://evilgoogleapis.com" }, {}, {}, "server", "local", "us-central1",
      "https://evilgoogleapis.com", "a name that only looks like Google's gets no token" },
    { { endpoint = "http://cloudscheduler.googleapis.com" }, {}, {}, "server", "local", "us-central1",
      "http://cloudscheduler.googleapis.com", "nor does one without TLS" },
    { { endpoint = "https://proxy.internal", access_token = "t" }, {}, {}, "gcp", nil, "us-central1",
      "https://proxy.internal", "a token in hand is for the endpoint in hand" },
    { { endpoint = "http://h:1", backend = "local" }, { GOOGLE_CLOUD_PROJECT = "e" }, {}, "server", "e",
      "us-central1", "http://h:1", "an endpoint of the local kind" },
    { { universe_domain = "u.test", project = "p" }, {}, {}, "gcp", "p", "us-central1",
      "https://cloudscheduler.u.test", "another universe" },
    { { universe_domain = "u.test", endpoint = "https://cloudscheduler.u.test" }, {}, {}, "gcp", nil,
      "us-central1", "https://cloudscheduler.u.test", "and its endpoint" },
    { { project = "p" }, {},
      { [GCLOUD] = "[api_endpoint_overrides]\ncloudscheduler = http://localhost:1/" },
      "server", "p", "us-central1", "http://localhost:1", "gcloud is pointed at a server of one's own" },
    { {}, { GOOGLE_CLOUD_PROJECT = "", GCLOUD_PROJECT = "g" }, {}, "gcp", "g", "us-central1", GOOGLE,
      "an empty variable is none" },
    { {}, { GOOGLE_CLOUD_PROJECT = "e", CLOUDSDK_CONFIG = "/c", CLOUDSDK_ACTIVE_CONFIG_NAME = "w" },
      { ["/c/configurations/config_w"] = "[compute]\nregion = x" }, "gcp", "e", "x", GOOGLE,
      "gcloud's active configuration by variable" },
    { { project = "p" }, {}, { ["/h/.config/gcloud/active_config"] = "w\n",
      ["/h/.config/gcloud/configurations/config_w"] = "[compute]\nregion = x" }, "gcp", "p", "x", GOOGLE,
      "and by file" },
  }
  for _, row in ipairs(ROWS) do
    it("finds: " .. row[8], function()
      local found = assert(context.resolve(row[1], world_of(row[2], row[3])))
      assert.same({ row[4], row[5], row[6], row[7] },
        { found.kind, found.project, found.location, found.endpoint })
    end)
  end

  it("tells where each value was said", function()
    local found = assert(context.resolve({ location = "l" }, world_of({ GOOGLE_CLOUD_PROJECT = "e" },
      { [OURS] = "quota_project = q" }), "flag"))
    local rows = {}
    for i, setting in ipairs(found:list()) do
      rows[i] = ("%s = %s, %s"):format(setting.name, setting.value, setting.from)
    end
    assert.same({
      "project = e, environment GOOGLE_CLOUD_PROJECT",
      "location = l, flag",
      "endpoint = " .. GOOGLE .. ", default",
      "universe_domain = googleapis.com, default",
      "quota_project = q, file " .. OURS,
    }, rows)
    assert.equal("project is set by environment GOOGLE_CLOUD_PROJECT", found.because)
    assert.equal("Google Cloud, project 'e', location 'l', at " .. GOOGLE, tostring(found))
  end)

  for _, row in ipairs {
    { {}, { [OURS] = "project\n" }, OURS .. ":1: neither [section] nor key = value" },
    { { endpoint = "ftp://h" }, {},
      "endpoint 'ftp://h' (option): write it like https://host or host:port" },
    { {}, { [OURS] = "backend = aws" }, "backend 'aws' (file " .. OURS .. "): use local or gcp" },
  } do
    it("refuses: " .. row[3], function()
      local found, e = context.resolve(row[1], world_of({}, row[2]))
      assert.is_nil(found)
      assert.equal(row[3], e:line())
    end)
  end

  it("does not take a file it may not read for none", function()
    local world = world_of {}
    world.read_file = function()
      return nil, "Permission denied", 13
    end
    local found, e = context.resolve({}, world)
    assert.is_nil(found)
    assert.equal("PERMISSION_DENIED", e.code)
  end)

  it("knows where a token may go", function()
    for url, allowed in pairs {
      ["https://h"] = true, ["http://localhost:1"] = true, ["http://[::1]:1"] = true,
      ["http://127.0.0.1"] = true, ["http://127.0.0.1.evil.test"] = false, ["http://h"] = false,
    } do
      assert.equal(allowed, context.is_confidential(url), url)
    end
  end)
end)

describe("ini", function()
  it("reads what gcloud writes", function()
    assert.same({ ["core.a"] = "1", ["core.b"] = "x = y", ["s.c"] = "", ["s.d"] = "2" }, assert(ini.parse(
      "\u{FEFF}a = 1\n# no\n ; no\n[core]\r\nb=x = y\r\n[ s ]\nc =\nd: 0\nd = 2")))
  end)
end)

describe("a confirmation", function()
  local asked

  local function confirm(cloud, answer, options)
    options = options or {}
    function options.ask(question)
      asked = question
      return answer
    end
    local client = { is_cloud = cloud, describe = function() return "Google Cloud" end }
    return connection.confirm(client, "delete job 'a'", options)
  end

  it("is wanted on a cloud project only, and not with --yes", function()
    asked = nil
    assert.is_true(confirm(false))
    assert.is_true(confirm(true, nil, { yes = true }))
    assert.is_nil(asked)
  end)

  it("says where, and takes the answer", function()
    assert.is_true(confirm(true, true))
    assert.equal("Google Cloud: delete job 'a'?", asked)
    local ok, e = confirm(true, false)
    assert.is_nil(ok)
    assert.equal("CANCELLED: delete job 'a': not done", tostring(e))
  end)

  it("is refused where nobody can be asked", function()
    local ok, e = confirm(true, nil)
    assert.is_nil(ok)
    assert.equal("Google Cloud: delete job 'a' wants a confirmation, write --yes", e.message)
  end)
end)
