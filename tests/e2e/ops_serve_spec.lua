-- `mooncron serve` and `mooncron attempts` as processes.

local http = require "mooncron.http"
local json = require "mooncron.json"
local mooncron = require "mooncron"
local task = require "mooncron.task"

local PROGRAM <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"
local TOKEN <const> = "0123456789abcdef-token"
local LIMIT_S <const> = 10

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a") or ""
  if file then
    file:close()
  end
  return text
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

-- What `probe` returns, once it returns something.
local function eventually(probe)
  for _ = 1, LIMIT_S * 100 do
    local value = probe()
    if value then
      return value
    end
    task.sleep(0.01)
  end
  error("nothing came of it", 2)
end

describe("mooncron serve", function()
  local folder, pid

  local function sh(command)
    local pipe <close> = assert(io.popen(command))
    return pipe:read("a")
  end

  local function start(options, ready)
    local command = ("%s serve --port 0 --data %s/data %s >%s/out 2>%s/err & echo $!"):format(
      PROGRAM, folder, options, folder, folder)
    pid = sh(command):match("%d+")
    return eventually(function()
      return read(folder .. "/err"):match(ready or "serving (http://[^ ,\"]+)")
    end)
  end

  local function stop()
    if pid then
      os.execute("kill " .. pid)
      eventually(function()
        return not os.execute("kill -0 " .. pid .. " 2>/dev/null")
      end)
      pid = nil
    end
  end

  local function run(args)
    local out = sh(("%s %s 2>&1; echo \"exit $?\""):format(PROGRAM, args))
    return out:match("^(.*)exit (%d+)\n$")
  end

  before_each(function()
    folder = sh("mktemp -d"):match("[^\n]+")
  end)

  after_each(function()
    stop()
    os.execute("rm -rf " .. folder)
  end)

  it("stands still on a virtual clock until it is advanced, and shows the attempts", function()
    local url = start "--clock virtual --log json"
    local client <close> = assert(mooncron.connect { endpoint = url })
    local recorder = assert(client:recorder())
    assert(client:create_job { name = "a", schedule = "0 * * * *", http_target = { uri = recorder.uri } })
    local then_ms = client:now_ms()
    assert.is_true(client:fault { times = 1, status = 503 })
    assert.equal(24, client:advance "1d")
    assert.equal(then_ms + 86400000, client:now_ms())
    assert.equal(23, recorder:count())

    local table_text, code = run(("attempts --data %s/data"):format(folder))
    assert.equal("0", code)
    assert.equal(21, select(2, table_text:gsub("\n", "")), "a head and the newest twenty")
    local lines = run(("attempts --endpoint %s --failed --json"):format(url))
    local failed = json.decode(lines)
    assert.same({ "INTERNAL", 503 }, { failed.code, failed.httpStatus })
    lines = run(("attempts --data %s/data --entries --job a -n 1"):format(folder))
    assert.equal(2, select(2, lines:gsub('"logName":"projects/local/logs/cloudscheduler', "")))
    assert.equal("", (run(("attempts --data %s/data --job b --json"):format(folder))))

    stop()
    for line in read(folder .. "/err"):gmatch("[^\n]+") do
      assert.is_string(json.decode(line).severity, line)
    end
    -- with nobody serving, the same command reads the file
    lines = run(("attempts --data %s/data --failed --json"):format(folder))
    assert.equal(failed.id, json.decode(lines).id)
  end)

  it("shows the attempts of the server that the environment names", function()
    local url = start "--clock virtual"
    local client <close> = assert(mooncron.connect { endpoint = url })
    local job = { name = "a", schedule = "0 * * * *", http_target = { uri = url .. "/healthz" } }
    assert(client:create_job(job))
    assert.equal(1, client:advance "1h")
    local rows <const> = {
      { "CLOUD_SCHEDULER_EMULATOR_HOST=" .. url, 1, "a server" },
      { "CLOUD_SCHEDULER_EMULATOR_HOST=" .. url .. " GOOGLE_CLOUD_PROJECT=p", 1, "and a project" },
      { "GOOGLE_CLOUD_PROJECT=p MOONCRON_DATA=" .. folder .. "/data", 1, "a cloud has none: the local ones" },
      { "MOONCRON_DATA=" .. folder .. "/other", 0, "another folder" },
    }
    for _, row in ipairs(rows) do
      local out = sh(("env %s %s attempts --json 2>&1 | grep -c '\"code\":\"OK\"'"):format(row[1], PROGRAM))
      assert.equal(row[2], tonumber(out), row[3])
    end
  end)

  it("lets itself be followed until Ctrl-C", function()
    local url = start "--clock virtual"
    local client <close> = assert(mooncron.connect { endpoint = url })
    local job = { name = "a", schedule = "0 * * * *", http_target = { uri = url .. "/healthz" } }
    assert(client:create_job(job))
    assert.equal(1, client:advance "1h")
    local command = ("%s attempts --follow --json --endpoint %s >%s/followed 2>&1 & echo $!"):format(
      PROGRAM, url, folder)
    local follower = sh(command):match("%d+")
    local function seen(count)
      eventually(function()
        return select(2, read(folder .. "/followed"):gsub("\n", "")) == count
      end)
    end
    seen(1)
    assert.equal(2, client:advance "2h")
    seen(3)
    os.execute("kill -INT " .. follower)
    eventually(function()
      return not os.execute("kill -0 " .. follower .. " 2>/dev/null")
    end)
    assert.matches("mooncron: interrupted\n$", read(folder .. "/followed"))
  end)

  it("wants its token from everybody, and scripts on the folder find it", function()
    write(folder .. "/token", TOKEN .. "\n")
    local url = start(("--token-file %s/token"):format(folder))
    assert.equal(401, assert(http.get(url .. "/mooncron/clock")).status)
    assert.equal(200, assert(http.get(url .. "/healthz")).status)
    local client <close> = assert(mooncron.connect { data = folder .. "/data", backend = "local" })
    assert.is_true(client:now_ms() > 0)
    local out, code = run(("attempts --endpoint %s --json"):format(url))
    assert.equal("1", code)
    assert.matches("this server wants", out, 1, true)
    out, code = run(("attempts --endpoint %s --json --token-file %s/token"):format(url, folder))
    assert.same({ "", "0" }, { out, code })
    stop()
    assert.is_nil(read(folder .. "/err"):find(TOKEN, 1, true))
  end)

  it("ends though somebody never finishes his request", function()
    local port = start(""):match(":(%d+)$")
    local half = "POST /v1/x HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 5\\r\\n\\r\\nab"
    local talk = "({ printf '%s'; exec sleep 20; } | curl -sN telnet://127.0.0.1:%s) >%s/told 2>&1 &"
    sh(talk:format(half, port, folder))
    eventually(function()
      return sh(("ss -tn state established '( sport = :%s )' | tail -n +2"):format(port)) ~= ""
    end)
    local asked_s = os.time()
    stop()
    assert.is_true(os.time() - asked_s < LIMIT_S)
    assert.equal("mooncron: stopping\n", read(folder .. "/err"):match("[^\n]*\n$"))
  end)

  local REFUSALS <const> = {
    { "--host 0.0.0.0", "1", "'0.0.0.0' is open to others", "beyond loopback without a token" },
    { "--token-file /nonexistent", "1", "no token in '/nonexistent'", "a token that is not there" },
    { "--clock sundial", "2", "use real, virtual", "an unknown clock" },
    { "--log xml", "2", "use json, text", "an unknown form of the log" },
    { "--attempts 0", "2", "at least 1", "no attempts" },
    { "--attempt-age x", "2", "'x' is not a duration", "no age" },
  }
  for _, row in ipairs(REFUSALS) do
    it("does not start with " .. row[4], function()
      local out, code = run(("serve --port 0 --data %s/data %s"):format(folder, row[1]))
      assert.equal(row[2], code)
      assert.matches(row[3], out, 1, true)
      assert.equal(1, select(2, out:gsub("\n", "")))
    end)
  end
end)
