-- `mooncron import` and `mooncron export` as they are typed: live jobs there and back, files in and out, and
-- what a real shell makes of the commands that are written.

local json <const> = require "mooncron.json"
local support <const> = require "support.port"

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local folder

local function write(name, text)
  local file <close> = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(text)
end

-- Run a command line; MOONCRON stands for the program, FOLDER for a folder of its own. Output, diagnostics,
-- exit code.
local function shell(line)
  line = line:gsub("%f[%w_]MOONCRON%f[^%w_]", (quote(program):gsub("%%", "%%%%"))):gsub("FOLDER", folder)
  local _, _, code = os.execute(("{ %s\n} >%s/out 2>%s/err </dev/null"):format(line, folder, folder))
  return read(folder .. "/out"), read(folder .. "/err"), code
end

local function expect(line, out, err, code)
  local got_out, got_err, got_code = shell(line)
  assert.same({ out, err, code }, { got_out, got_err, got_code })
end

before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. quote(folder)))
end)

after_each(function()
  os.execute("rm -rf " .. quote(folder))
end)

describe("the live jobs", function()
  local CREATE <const> = [[
    local client <close> = assert(mooncron.connect { data = arg[1], backend = "local" })
    local text = assert(io.open(arg[2])):read("a")
    for _, value in ipairs(mooncron.json.decode(text).jobs) do
      local job = assert(require("mooncron.api.job").from_json(value))
      local paused = job.state == "PAUSED"
      job = require("mooncron.api.job").strip_output(job)
      assert(client:create_job { parent = "projects/p-1/locations/us-central1", job = job })
      if paused then
        assert(client:pause_job(job.name))
      end
    end]]
  local LIVE <const> = "--project p-1 --location us-central1 --backend local --data FOLDER/data"

  local function with_jobs(jobs, line)
    write("jobs.json", (require("mooncron.port").write(jobs, "json")))
    write("create.lua", "local mooncron = require 'mooncron'\n" .. CREATE)
    local out, err, code = shell("MOONCRON FOLDER/create.lua FOLDER/data FOLDER/jobs.json")
    assert.same({ "", "", 0 }, { out, err, code })
    return shell(line)
  end

  it("become a job file that makes the same jobs", function()
    local jobs = require("support.jobs").list(11, 30)
    local out, err, code = with_jobs(jobs, "MOONCRON import live " .. LIVE)
    assert.same({ "", 0 }, { err, code })
    local port, stored = require "mooncron.port", require "mooncron.api.stored"
    local back = support.by_id((support.load(out, { project = "p-1", location = "us-central1" })))
    for id, job in pairs(support.by_id(jobs)) do
      assert.same(port.tidy(stored.normalise(job)), back[id], id)
      back[id] = nil
    end
    assert.same({}, back)
    write("live.lua", out)
    out, err, code = shell("MOONCRON plan FOLDER/live.lua --detailed-exitcode " .. LIVE)
    assert.same({ "", 0 }, { err, code }, out)
  end)

  it("are exported", function()
    local jobs = require("support.jobs").list(12, 5)
    local out, err, code = with_jobs(jobs, "MOONCRON export --format json --exact " .. LIVE)
    assert.same({ "", 0 }, { err, code })
    local names = {}
    for i, value in ipairs(json.decode(out).jobs) do
      names[i] = value.name
    end
    local want = {}
    for i, job in ipairs(jobs) do
      want[i] = job.name
    end
    table.sort(want)
    assert.same(want, names)
  end)
end)

describe("files", function()
  it("are imported as a job file, with notes on standard error", function()
    write("c", "MAILTO=x\nCRON_TZ=UTC\n# Look\n0 1 * * * curl https://a.example/look\n"
      .. "0 2 * * * rm -rf /tmp/x\n")
    expect("MOONCRON import FOLDER/c", [[
job "look" {
  description = "Look",
  schedule = "0 1 * * *",
  http_target = { uri = "https://a.example/look", http_method = "GET" },
}
]], (([[
F:1: MAILTO 'x' has no counterpart: nobody is mailed what a target answers
F:5: left out: 'rm -rf /tmp/x': 'rm' is no HTTP call; give --map or --uri-template to say where it is sent
]]):gsub("F:", folder .. "/c:")), 0)
  end)

  it("may come from standard input, several at once, and out as JSON", function()
    write("a.json", '{"name": "a", "schedule": "* * * * *", "pubsubTarget": {"topicName": '
      .. '"projects/p/topics/t", "data": "eA=="}, "timeZone": "UTC"}')
    local out, err, code = shell("echo '@daily wget https://b.example/b' | "
      .. "MOONCRON import FOLDER/a.json - --json --project p --location l --time-zone Asia/Tokyo")
    assert.same({ "", 0 }, { err, code })
    assert.same({
      {
        name = "a", schedule = "* * * * *",
        pubsubTarget = { topicName = "projects/p/topics/t", data = "eA==" },
      },
      {
        name = "projects/p/locations/l/jobs/b", schedule = "0 0 * * *", timeZone = "Asia/Tokyo",
        httpTarget = { uri = "https://b.example/b", httpMethod = "GET" },
      },
    }, json.decode(out).jobs)
  end)

  it("may be job files", function()
    write("j.lua", 'defaults { paused = true }\n'
      .. 'job "a" { schedule = "* * * * *", http_target = { uri = "https://a.example/" } }')
    expect("MOONCRON export FOLDER/j.lua --format gcloud --project p --location l", [[
#!/bin/sh
set -eu

gcloud scheduler jobs create http a \
  --project=p \
  --location=l \
  --schedule='* * * * *' \
  --uri=https://a.example/
gcloud scheduler jobs pause a --project=p --location=l
]], "", 0)
    write("k.lua", 'job "a" { schedule = "61 * * * *", http_target = { uri = "https://a.example/" } }')
    expect("MOONCRON export FOLDER/k.lua --format json", "", "mooncron: " .. folder
      .. "/k.lua:1: job 'a': schedule '61 * * * *': minute 61 is not in 0-59\n", 1)
  end)

  it("say which job would be refused", function()
    write("a.json", '{"name": "a", "schedule": "61 * * * *", "httpTarget": {"uri": "https://a.example/"}}')
    local _, err, code = shell("MOONCRON import FOLDER/a.json --strict")
    local note = "/a.json:1: job 'a': schedule '61 * * * *': minute 61 is not in 0-59\n"
    assert.same({ folder .. note, 1 }, { err, code })
  end)

  it("go from any form to any other", function()
    local line = "MOONCRON export tests/data/port/terraform.json --project p --location l --format gcloud"
      .. " | MOONCRON export - --format terraform --strict | grep -c '^resource'"
    expect("MOONCRON export tests/data/port/create.sh --format json 2>/dev/null"
      .. " | MOONCRON export - --format lua | grep -c '^job '", "4\n", "", 0)
    local out = shell(line)
    assert.equal("3\n", out)
  end)

  local refused <const> = {
    { "import", "import: missing what to import: live, a file, or -" },
    { "import live x", "import: live takes no files and no --format" },
    { "import x --map y", "import: --map 'y': write GLOB=https://..." },
    { "import x --uri-template y", "import: --uri-template 'y': write https://..." },
    { "export", "export: --format is missing: lua, json, gcloud, terraform, crontab" },
    { "export --format yaml", "export: --format 'yaml': use lua, json, gcloud, terraform, crontab" },
  }
  for _, row in ipairs(refused) do
    it("are not read with a mistake on the command line: " .. row[1], function()
      expect("MOONCRON " .. row[1], "", "mooncron: " .. row[2] .. " (see mooncron --help)\n", 2)
    end)
  end

  it("that cannot be read say so", function()
    expect("MOONCRON import FOLDER/none", "", "mooncron: cannot read '" .. folder .. "/none'\n", 1)
    write("bad", "{")
    expect("MOONCRON import FOLDER/bad", "",
      "mooncron: " .. folder .. "/bad: invalid JSON at byte 1: the text ends too early\n", 1)
  end)
end)

describe("a real shell", function()
  -- A stand-in that writes its arguments, NUL-terminated, and its standard input when it is told to read it.
  local STUB <const> = [[#!/bin/sh
printf '%s\0' "$@"
for word do
  case $word in @-|--message-body-from-file=/dev/stdin) cat; printf '\0' ;; esac
done
printf 'END\0'
]]

  local function calls_of(script)
    write("gcloud", STUB)
    write("curl", STUB)
    write("script", script)
    local out, err = shell("chmod +x FOLDER/gcloud FOLDER/curl; PATH=FOLDER:$PATH sh FOLDER/script")
    assert.equal("", err)
    local calls, words = {}, {}
    for word in out:gmatch("([^\0]*)\0") do
      if word == "END" then
        calls[#calls + 1], words = words, {}
      else
        words[#words + 1] = word
      end
    end
    return calls
  end

  it("gives gcloud the very texts of the jobs", function()
    local jobs = require("support.jobs").list(21, 60)
    local texts = {}
    for _, words in ipairs(calls_of((require("mooncron.port").write(jobs, "gcloud")))) do
      if words[3] == "create" then
        local name = words[5]:match("[^/]*$")
        texts[name] = { description = "", body = "" }
        for _, word in ipairs(words) do
          local flag, value = word:match("^%-%-([%w-]+)=(.*)$")
          if flag == "description" then
            texts[name].description = value
          elseif flag == "message-body" then
            texts[name].body = value
          elseif flag == "message-body-from-file" then
            texts[name].body = words[#words]
          end
        end
      end
    end
    for id, job in pairs(support.by_id(jobs)) do
      local target = job.http_target or job.pubsub_target or job.app_engine_http_target
      local body = target.body or target.data or ""
      assert.equal(job.description or "", texts[id].description, id)
      if not body:find("\0", 1, true) then -- the stand-in ends its words with it
        assert.equal(body, texts[id].body, id)
      end
    end
  end)

  it("gives curl the very texts of the jobs, through cron's percent signs", function()
    local jobs = require("support.jobs").list(22, 80)
    local count = 0
    for _, job in ipairs(jobs) do
      local target = job.http_target or {}
      target.oauth_token, target.oidc_token, job.state, job.schedule = nil, nil, nil, "1 2 3 4 *"
      local text = require("mooncron.port").write({ job }, "crontab")
      local command = text:match("\n1 2 3 4 %* ([^\n]*)\n")
      if command and not (target.body or ""):find("\0", 1, true) then
        local words = calls_of((command:gsub("\\%%", "%%"):gsub(" >/dev/null$", "")))[1]
        local at = {}
        for i, word in ipairs(words) do
          at[word] = i
        end
        count = count + 1
        assert.truthy(at[target.uri])
        local body = at["@-"] and words[#words] or at["--data-raw"] and words[at["--data-raw"] + 1]
        assert.equal(target.body or "", body or "")
        for name, value in pairs(target.headers or {}) do
          assert.truthy(at[value == "" and name .. ";" or name .. ": " .. value], name)
        end
      end
    end
    assert.is_true(count > 10)
  end)
end)
