-- Help of every command, and the manual page that is made of it.

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function capture(line)
  local pipe = assert(io.popen(line))
  local text = pipe:read "a"
  local _, _, code = pipe:close()
  return text, code
end

local COMMANDS <const> = {
  "jobs create http", "jobs create pubsub", "jobs create app-engine", "jobs update http",
  "jobs update pubsub", "jobs update app-engine", "jobs describe", "jobs list", "jobs run", "jobs pause",
  "jobs resume", "jobs delete", "locations list", "locations describe", "cmek-config describe",
  "cmek-config update", "operations describe", "completion", "help",
}

describe("help", function()
  for _, command in ipairs(COMMANDS) do
    it("is there for " .. command, function()
      local text, code = capture(("%s %s --help 2>&1"):format(program, command))
      assert.equal(0, code)
      assert.equal(1, (text:find("usage: mooncron " .. command, 1, true)))
      assert.is_truthy(text:find("\nexamples?:\n  %S*%s?%S*mooncron"), text)
    end)

    it("is the same as mooncron help " .. command, function()
      assert.equal(capture(("%s %s --help"):format(program, command)),
        (capture(("%s help %s"):format(program, command))))
    end)
  end

  for _, group in ipairs {
    "jobs", "jobs create", "locations", "cmek-config", "operations", "scheduler", "scheduler jobs",
  } do
    it("lists the commands of " .. group, function()
      local text, code = capture(("%s %s --help"):format(program, group))
      assert.equal(0, code)
      assert.matches("\ncommands:\n  %a+", text)
    end)
  end

  it("is refused for what is no command, with exit code 2", function()
    for _, line in ipairs { "help frob", "help jobs frob", "jobs frob --help", "jobs", "completion csh" } do
      local _, code = capture(("%s %s 2>/dev/null"):format(program, line))
      assert.equal(2, code, line)
    end
  end)

  it("of the program lists every command that has one", function()
    local text = capture(program .. " help")
    for _, command in ipairs { "jobs", "locations", "scheduler", "completion", "help" } do
      assert.is_truthy(text:find("\n  " .. command .. " ", 1, true), command)
    end
  end)
end)

describe("the manual page", function()
  local page <const> = os.tmpname()

  setup(function()
    local make = [[%s -e 'local cli = require "mooncron.cli"
      io.write(require("mooncron.cli.manual").page(cli, "1.2-3"))' >%s]]
    assert(os.execute(make:format(program, page)))
  end)

  teardown(function()
    os.remove(page)
  end)

  it("has no warnings", function()
    if capture("command -v groff") == "" then
      pending "groff is not installed"
    end
    assert.equal("", (capture(("groff -man -ww -Tutf8 -z %s 2>&1"):format(page))))
  end)

  it("passes mandoc's lint", function()
    if capture("command -v mandoc") == "" then
      pending "mandoc is not installed"
    end
    assert.equal("", (capture(("mandoc -T lint -W error %s 2>&1"):format(page))))
  end)

  it("tells of every command and its options", function()
    local file <close> = assert(io.open(page))
    local text = file:read "a"
    for _, command in ipairs { "jobs create http", "serve", "next", "plan", "completion" } do
      assert.is_truthy(text:find('.SS "mooncron ' .. command:gsub("%-", "\\-"), 1, true), command)
    end
    assert.is_truthy(text:find("\\-\\-clear\\-auth\\-token", 1, true))
    assert.is_truthy(text:find("mooncron 1.2\\-3", 1, true))
  end)
end)
