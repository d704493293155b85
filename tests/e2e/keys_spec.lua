-- `mooncron cmek-config` and `mooncron operations` as they are typed, beside a server that says what the
-- API's reference says.

local http = require "mooncron.http"
local json = require "mooncron.json"
local task = require "mooncron.task"

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local PARENT <const> = "projects/p/locations/europe-west1"
local KEY <const> = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"
local OPERATION <const> = PARENT .. "/operations/o"

describe("the commands about keys", function()
  local server, seen

  setup(function()
    server = assert(http.serve {
      handler = function(request)
        seen = request
        local is_operation = request.method == "PATCH" or request.target:find("/operations/o$")
        local answer = is_operation and { name = OPERATION, done = true }
          or { name = PARENT .. "/cmekConfig", kmsKeyName = KEY }
        return {
          status = 200,
          headers = { ["Content-Type"] = "application/json" },
          body = json.encode(answer),
        }
      end,
    })
  end)

  teardown(function()
    server:close()
    assert.equal(0, task.loop():pending())
  end)

  -- What a command line prints, and its exit code.
  local function run(line)
    local words = { program }
    for word in (line .. " --location=europe-west1 --project=p --endpoint=" .. server.url):gmatch("%S+") do
      words[#words + 1] = word
    end
    local ended = task.await(assert(task.loop():spawn(words, nil, { timeout_ms = 30000 })))
    return ended.stdout, ended.code, ended.stderr
  end

  it("show the key of a location", function()
    assert.same({ ("kmsKeyName: %s\nname: %s/cmekConfig\n"):format(KEY, PARENT), 0, "" },
      { run "cmek-config describe" })
    assert.same({ "GET", "/v1/" .. PARENT .. "/cmekConfig" }, { seen.method, seen.target })
    assert.same({ KEY .. "\n", 0, "" }, { run "scheduler cmek-config describe --format=value(kmsKeyName)" })
  end)

  it("set it, and clear it", function()
    for _, case in ipairs {
      { "--kms-key-name=" .. KEY, KEY },
      { "--kms-key-name=k --kms-keyring=r", KEY },
      { "--kms-key-name=k --kms-keyring=r --kms-project=q", (KEY:gsub("^projects/p", "projects/q")) },
      { "--clear-kms-key", nil }, -- masked and absent
    } do
      assert.same({ ("done: true\nname: %s\n"):format(OPERATION), 0, "" },
        { run("cmek-config update " .. case[1]) }, case[1])
      assert.same({ "PATCH", { kmsKeyName = case[2] } }, { seen.method, json.decode(seen.body) }, case[1])
    end
  end)

  it("refuse flags that do not go together", function()
    for _, flags in ipairs {
      "", "--clear-kms-key --kms-key-name=" .. KEY, "--kms-key-name=k", "--clear-kms-key --kms-keyring=r",
      "--kms-keyring=r --kms-key-name=" .. KEY, "--kms-keyring=r",
    } do
      local out, code, e = run("cmek-config update " .. flags)
      assert.same({ "", 2 }, { out, code }, flags)
      assert.matches("kms", e, 1, true)
    end
  end)

  it("show an operation", function()
    assert.same({ ("done: true\nname: %s\n"):format(OPERATION), 0, "" },
      { run("operations describe --name=" .. OPERATION) })
    assert.same({ "GET", "/v1/" .. OPERATION }, { seen.method, seen.target })
    assert.same({ OPERATION .. "\n", 0, "" }, { run "operations describe --name=o --format=value(name)" })
    assert.equal(2, (select(2, run "operations describe")))
  end)
end)
