-- What the shells complete, as they do it, without a terminal.

package.path = "tests/conformance/gcloud/?.lua;" .. package.path

local replay <const> = require "replay"

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function capture(line)
  local pipe = assert(io.popen(line))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local function installed(program)
  return capture("command -v " .. program) ~= ""
end

-- Fills in COMP_WORDS as readline does, which parts words at "=".
local BASH <const> = [=[
source <(%s completion bash)
mapfile -t COMP_WORDS < <(printf '%%s\n' "$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_mooncron 2>&1
printf '%%s\n' "${COMPREPLY[@]}"
]=]

describe("completion of", function()
  local server, program, at_server

  setup(function()
    server = replay.server()
    at_server = "CLOUDSDK_CORE_PROJECT=p CLOUD_SCHEDULER_EMULATOR_HOST=" .. quote(server.url)
    program = capture("realpath " .. replay.mooncron):match("%S+")
    for _, id in ipairs { "nightly", "noon", "weekly" } do
      local said = replay.run(server, replay.mooncron,
        ("jobs create http %s --schedule='0 1 * * *' --uri=http://example.com/"):format(id))
      assert.equal(0, said.code, said.err)
    end
  end)

  teardown(function()
    server.stop()
  end)

  describe("bash", function()
    local function complete(...)
      local words = { quote(program) }
      for i, word in ipairs { ... } do
        words[i + 1] = quote(word)
      end
      local text = capture((at_server .. " bash --norc -c %s bash %s"):format(
        quote(BASH:format(quote(program))), table.concat(words, " ")))
      local list = {}
      for line in text:gmatch("[^\n]+") do
        list[#list + 1] = line
      end
      table.sort(list)
      return list
    end

    -- words, candidates, why
    local rows <const> = {
      { { "jo" }, { "jobs" }, "a command" },
      { { "jobs", "" }, { "create", "delete", "describe", "list", "pause", "resume", "run", "update" },
        "a group" },
      { { "jobs", "create", "p" }, { "pubsub" }, "a target" },
      { { "scheduler", "jobs", "create", "p" }, { "pubsub" }, "under gcloud's name" },
      { { "jobs", "create", "http", "x", "--ur" }, { "--uri" }, "a flag" },
      { { "jobs", "update", "http", "x", "--clear-max-r" },
        { "--clear-max-retry-attempts", "--clear-max-retry-duration" }, "flags of update" },
      { { "jobs", "create", "http", "x", "--clear" }, {}, "which create has not" },
      { { "jobs", "create", "http", "--http-method", "p" }, { "patch", "post", "put" }, "a choice" },
      { { "jobs", "create", "http", "--http-method", "=", "p" }, { "patch", "post", "put" }, "after =" },
      { { "jobs", "list", "--format", "=", "" }, {
        "config", "csv", "disable", "flattened", "get", "json", "list", "none", "table", "text", "value",
        "yaml",
      }, "formats" },
      { { "jobs", "describe", "n" }, { "nightly", "noon" }, "names from the live list" },
      { { "jobs", "pause", "noon", "w" }, { "weekly" }, "several names" },
      { { "jobs", "create", "http", "n" }, {}, "not of a job that is to be made" },
      { { "jobs", "list", "--location", "us-c" }, { "us-central1" }, "locations from the live list" },
      { { "next", "--time" }, { "--time-zone" }, "flags of the other commands" },
      { { "completion", "z" }, { "zsh" }, "shells" },
      { { "jobs", "describe", "--description", "x" }, {}, "nothing where nothing is known" },
    }
    for _, row in ipairs(rows) do
      it(("%s: mooncron %s"):format(row[3], table.concat(row[1], " ")), function()
        assert.same(row[2], complete(table.unpack(row[1])))
      end)
    end

    it("is silent when no server answers", function()
      local text = capture(("%s completion --list jobs -- jobs describe --endpoint = http://127.0.0.1:9")
        :format(quote(program)) .. " 2>&1")
      assert.equal("", text)
    end)
  end)

  it("fish offers commands, options and jobs", function()
    if not installed "fish" then
      return pending "fish is not installed"
    end
    for line, want in pairs {
      ["mooncron jobs cr"] = "create\tcreate a job\n",
      ["mooncron jobs create http --uri"] = "--uri\twhere to send the request: http://... or https://...\n",
      ["mooncron jobs describe ni"] = "nightly\n",
      ["mooncron jobs create http --http-method=pa"] = "--http-method=patch\t",
    } do
      local script = ("set -x PATH (dirname %s) $PATH; source (mooncron completion fish | psub); "
        .. "complete -C %s"):format(program, quote(line))
      local text = capture(("HOME=%s %s fish -c %s 2>&1"):format(
        quote(server.folder), at_server, quote(script)))
      assert.equal(want, text:sub(1, #want), line .. ": " .. text)
    end
  end)

  for shell, check in pairs { zsh = "zsh -n", fish = "fish --no-execute" } do
    it(shell .. " has a script that the shell can read", function()
      local text = capture(quote(program) .. " completion " .. shell)
      assert.is_truthy(text:find("mooncron completion " .. shell, 1, true))
      assert.is_truthy(text:find("clear-auth-token", 1, true))
      if not installed(shell) then
        pending(shell .. " is not installed: its script is made, but not read by it")
      end
      local path = server.folder .. "/script." .. shell
      local file <close> = assert(io.open(path, "wb"))
      file:write(text)
      file:flush()
      assert.equal("", capture(("%s %s 2>&1"):format(check, quote(path))))
    end)
  end
end)
