local core = require "mooncron.core"
local err = require "mooncron.err"
local json = require "mooncron.json"
local mooncron = require "mooncron"
local note = require "mooncron.scheduler.note"
local scheduler = require "mooncron.scheduler"

describe("mooncron.connect", function()
  local env, folder, stubs

  before_each(function()
    env = {}
    folder = os.tmpname()
    os.remove(folder)
    stubs = {
      stub(os, "getenv", function(name)
        return env[name]
      end),
      stub(require "mooncron.backend.gcp", "open", function()
        return { describe = function() return "Google Cloud" end, close = function() end }
      end),
    }
  end)

  after_each(function()
    for _, one in ipairs(stubs) do
      one:revert()
    end
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local EMULATOR <const> = { CLOUD_SCHEDULER_EMULATOR_HOST = "127.0.0.1:9" }
  local PROJECT <const> = { GOOGLE_CLOUD_PROJECT = "env-project" }
  local BOTH <const> = { CLOUD_SCHEDULER_EMULATOR_HOST = "127.0.0.1:9", GOOGLE_CLOUD_PROJECT = "env-project" }

  -- options, environment, where, project, reason
  local ROWS <const> = {
    { {}, {}, "local scheduler in FOLDER/mooncron", "local", "nothing names anything" },
    { {}, PROJECT, "Google Cloud", "env-project", "a project in the environment" },
    { {}, { GCLOUD_PROJECT = "g" }, "Google Cloud", "g", "the older name of the variable" },
    { {}, { CLOUDSDK_CORE_PROJECT = "c" }, "Google Cloud", "c", "gcloud's variable" },
    { {}, { GOOGLE_CLOUD_PROJECT = "", GCLOUD_PROJECT = "g" }, "Google Cloud", "g",
      "an empty variable is none" },
    { { project = "p" }, {}, "Google Cloud", "p", "a project" },
    { { project = "p" }, PROJECT, "Google Cloud", "p", "the option before the variable" },
    { {}, EMULATOR, "local scheduler at http://127.0.0.1:9", "local", "an emulator in the environment" },
    { {}, { CLOUD_SCHEDULER_EMULATOR_HOST = "https://h:9/" }, "local scheduler at https://h:9", "local",
      "an emulator with its scheme" },
    { {}, BOTH, "local scheduler at http://127.0.0.1:9", "env-project", "the emulator serves the project" },
    { { project = "p" }, EMULATOR, "local scheduler at http://127.0.0.1:9", "p",
      "also one that an option names" },
    { { endpoint = "http://h:1/" }, BOTH, "local scheduler at http://h:1", "env-project", "an endpoint" },
    { { backend = "gcp", project = "p" }, EMULATOR, "Google Cloud", "p", "a backend before the emulator" },
    { { backend = "local" }, BOTH, "local scheduler in FOLDER/mooncron", "env-project", "the local backend" },
    { { data = ":memory:" }, BOTH, "local scheduler in memory", "env-project", "data of one's own" },
    { { data = "FOLDER/own" }, PROJECT, "local scheduler in FOLDER/own", "env-project",
      "a folder of one's own" },
  }
  for _, row in ipairs(ROWS) do
    it("chooses by " .. row[5], function()
      for name, value in pairs(row[2]) do
        env[name] = value
      end
      env.XDG_DATA_HOME = folder
      local options = {}
      for key, value in pairs(row[1]) do
        options[key] = value:gsub("FOLDER", folder)
      end
      local c <close> = assert(mooncron.connect(options))
      assert.equal((row[3]:gsub("FOLDER", folder)), c.backend:describe())
      assert.same({ row[4], "us-central1" }, { c.project, c.location })
    end)
  end

  it("takes the location", function()
    local c <close> = assert(mooncron.connect { data = ":memory:", location = "europe-west1", project = "p" })
    assert.equal("projects/p/locations/europe-west1", c:parent())
  end)

  local MISTAKES <const> = {
    { { projct = "p" }, "connect has no option 'projct'" },
    { { backend = "aws" }, "backend 'aws': use local or gcp" },
  }
  for _, row in ipairs(MISTAKES) do
    it("raises at the caller's line: " .. row[2], function()
      local ok, failure = pcall(function()
        return mooncron.connect(row[1]), nil
      end)
      assert.is_false(ok)
      assert.matches("^tests/spec/connect_spec%.lua:%d+: " .. row[2], tostring(failure))
    end)
  end

  it("passes on where Pub/Sub is", function()
    for value, url in pairs { ["127.0.0.1:8085"] = "http://127.0.0.1:8085",
      ["https://h:1"] = "https://h:1" } do
      env.PUBSUB_EMULATOR_HOST = value
      local c <close> = assert(mooncron.connect { data = ":memory:" })
      assert.equal(url, c.backend.scheduler.dispatcher.pubsub_endpoint)
    end
  end)

  it("says why the data folder cannot be used", function()
    local file = assert(io.open(folder, "w"))
    file:close()
    local c, e = mooncron.connect { data = folder }
    assert.is_nil(c)
    assert.equal(("FAILED_PRECONDITION: '%s' is not a folder"):format(folder), tostring(e))
    c, e = mooncron.connect { data = folder .. "/below" }
    assert.is_nil(c)
    assert.matches("Not a directory", e.message)
  end)

  -- ---- a server on the same folder ----

  describe("with a server on the folder", function()
    local s, server

    local function note_text()
      local file <close> = assert(io.open(folder .. "/server.json"))
      return file:read("a")
    end

    before_each(function()
      s = assert(scheduler.open { folder = folder })
      server = assert(s:listen {})
      assert(note.write(folder, "http://127.0.0.1:" .. server:port(), s.instance, 1))
    end)

    after_each(function()
      server:close()
      s:close()
    end)

    it("talks to it", function()
      local c <close> = assert(mooncron.connect { data = folder })
      assert.equal("local scheduler at http://127.0.0.1:" .. server:port(), c.backend:describe())
      assert(c:create_job { name = "a", schedule = "* * * * *", http_target = { uri = "http://h/" } })
      assert.equal(1, s.store.db:row("SELECT count(*) AS n FROM jobs").n)
      assert.is_nil(c.start) -- what only a scheduler in this process has
    end)

    it("asks no proxy for it", function()
      env.http_proxy = "http://127.0.0.1:9"
      local c <close> = assert(mooncron.connect { data = folder })
      assert.matches("at http", c.backend:describe())
    end)

    it("finds it by another path to the folder", function()
      local link = folder .. "-link"
      os.execute(("ln -s '%s' '%s'"):format(folder, link))
      finally(function()
        os.remove(link)
      end)
      local c <close> = assert(mooncron.connect { data = link })
      assert.matches("at http", c.backend:describe())
    end)

    it("does not follow the note of a folder that this is a copy of", function()
      local copy = folder .. "-copy"
      assert(core.fs.mkdirs(copy))
      assert(core.fs.write(copy .. "/server.json", note_text()))
      finally(function()
        os.execute("rm -rf '" .. copy .. "'")
      end)
      local c <close> = assert(mooncron.connect { data = copy })
      assert.equal("local scheduler in " .. copy, c.backend:describe())
    end)

    it("does not take another server on the same port for it", function()
      local value = json.decode(note_text())
      value.instance = ("0"):rep(32)
      assert(core.fs.write(folder .. "/server.json", json.encode(value)))
      assert.is_nil(note.find(folder))
    end)

    local BROKEN <const> = { "", "{", "[]", "7", '{"url":7}', '{"url":"http://127.0.0.1:9"}',
      ("x"):rep(10000) }
    for i, text in ipairs(BROKEN) do
      it(("passes over a broken note (%d)"):format(i), function()
        assert(core.fs.write(folder .. "/server.json", text))
        assert.is_nil(note.find(folder))
      end)
    end

    it("passes over a note that outlived its server", function()
      server:close()
      s:close()
      local c <close> = assert(mooncron.connect { data = folder })
      assert.equal("local scheduler in " .. folder, c.backend:describe())
    end)

    it("takes away its own note only", function()
      note.remove(folder, "another")
      assert.equal("http://127.0.0.1:" .. server:port(), note.find(folder))
      note.remove(folder, s.instance)
      assert.is_nil(io.open(folder .. "/server.json"))
      note.remove(folder, s.instance)
    end)

    it("says who holds the folder when it cannot be talked to", function()
      note.remove(folder, s.instance)
      local c, e = mooncron.connect { data = folder }
      assert.is_nil(c)
      assert.equal("FAILED_PRECONDITION", e.code)
      assert.matches("scheduler%.db' is in use by ", e.message)
    end)
  end)

  it("explains a file that somebody else has by who it is", function()
    local plain = err.new("FAILED_PRECONDITION", "it does not open")
    assert.equal(plain, note.explain(plain, folder .. "/scheduler.db"))
    local other = err.new("DATA_LOSS", "it is damaged")
    assert.equal(other, note.explain(other, folder .. "/scheduler.db"))
  end)
end)
