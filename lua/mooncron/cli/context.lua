---mooncron context

local args_reader <const> = require "mooncron.cli.args"
local connection <const> = require "mooncron.cli.connection"

local M = {}

M.summary = "show which scheduler, project and location commands act on, and why"

local OPTIONS <const> = connection.with_options { { "--json", help = "print JSON" } }

local usage <const> = [[
usage: mooncron context [OPTION...]

Show where commands and scripts act, and where each setting was said. Options come before the
environment, that before the settings file ($XDG_CONFIG_HOME/mooncron/config),
and gcloud's configuration fills gaps on the way to Google Cloud. Nobody is asked: see mooncron auth
for the credentials.

%s

The settings file has lines like "project = my-project"; keys are those shown, with "_" for "-".

example:
  GOOGLE_CLOUD_PROJECT=my-project mooncron context --location europe-west1]]

local function print_human(context)
  print(context:describe())
  print("because " .. context.because)
  print()
  io.write(require("mooncron.text").table(context:list(), { "name", "value", "from" }))
end

local function print_json(context)
  local json = require "mooncron.json"
  io.write(json.pretty({
    kind = context.kind,
    because = context.because,
    project = context.project,
    location = context.location,
    endpoint = context.endpoint,
    settings = json.list(context:list()),
    file = context.file,
  }, {
    "kind", "because", "project", "location", "endpoint", "settings", "file",
    settings = { "name", "value", "from" },
  }))
end

local COMMAND <const> = {
  name = "context",
  usage = usage,
  options = OPTIONS,
  words = { min = 0, max = 0 },
}

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local options, code = args_reader.command(COMMAND, args, cli)
  if not options then
    return code
  end
  local context, e = connection.context(options)
  if not context then
    error(e, 0)
  end
  (options.json and print_json or print_human)(context)
  return 0
end

return M
