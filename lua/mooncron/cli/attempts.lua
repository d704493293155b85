---mooncron attempts

local args_reader <const> = require "mooncron.cli.args"

local M = {}

M.summary = "show what jobs were fired and what came of it"

local OPTIONS <const> = {
  { "--follow", short = "-f", help = "go on with the attempts that come, until Ctrl-C" },
  { "--failed", help = "only those without success" },
  { "--job", value = "NAME", help = "only those of a job: its id, or its full name" },
  { "--limit", short = "-n", value = "N", type = "integer", help = "the newest N (default 20)" },
  { "--json", help = "one JSON object a line" },
  { "--entries", help = "one JSON object a line, as Cloud Logging has AttemptStarted and AttemptFinished" },
  { "--data", value = "FOLDER", help = "the scheduler's data (default $XDG_DATA_HOME/mooncron)" },
  { "--endpoint", value = "URL",
    help = "a server of 'mooncron serve' (default $CLOUD_SCHEDULER_EMULATOR_HOST)" },
  { "--token-file", value = "FILE", help = "the token that it wants" },
}

local usage <const> = [[
usage: mooncron attempts [OPTION...]

Show the local scheduler's attempts, the newest last: of a running server, or of a folder's file.

%s

example:
  mooncron attempts --follow --failed]]

local MAX_LIMIT <const> = 10000
local POLL_S <const> = 1

-- ---- forms ----

local LINE <const> = "%-24s  %-19s  %4s  %11s  %3s  %s\n"

local function print_head()
  io.write(LINE:format("STARTED", "CODE", "HTTP", "LATENCY", "TRY", "JOB"))
end

-- One attempt as a line of the table. A target's words are not among it.
local function print_row(row)
  local core, names = require "mooncron.core", require "mooncron.api.name"
  local job = names.id(row.job) .. (row.note and " (" .. row.note .. ")" or "")
  io.write(LINE:format(core.time.format(row.started_ms, 3), row.code, row.http_status or "",
    ("%.1f ms"):format(row.latency_us / 1000), row.attempt, job))
end

local function print_json(row)
  local attempt_json = require "mooncron.scheduler.attempt_json"
  local json = require "mooncron.json"
  io.write(assert(json.canonical(attempt_json.to_json(row), attempt_json.order)), "\n")
end

local function print_entries(row)
  local json = require "mooncron.json"
  local log_entries = require "mooncron.scheduler.log_entries"
  for _, entry in ipairs(log_entries.list { row }) do
    io.write(assert(json.canonical(entry, log_entries.order)), "\n")
  end
end

-- ---- the attempts ----

-- A cloud project keeps none: then the local scheduler's are meant.
local function backend_of(options)
  local context = assert(require("mooncron.context").resolve {
    endpoint = options.endpoint,
    data = options.data,
  })
  return context.kind == "gcp" and "local" or nil
end

local function connect(options)
  local token
  if options.token_file then
    token = assert(require("mooncron.scheduler.guard").token_of_file(options.token_file))
  end
  return assert(require("mooncron").connect {
    backend = backend_of(options),
    endpoint = options.endpoint,
    data = options.data,
    token = token,
  })
end

local function show(client, options, print_one)
  local filter = {
    job = options.job,
    failed = options.failed,
    limit = options.limit or 20,
    newest = true,
  }
  local last_id = 0
  local function print_all(rows)
    for _, row in ipairs(rows) do
      print_one(row)
      last_id = row.id
    end
    io.stdout:flush()
  end
  print_all(assert(client:attempts(filter)))
  filter.newest, filter.limit = nil, MAX_LIMIT
  local task = require "mooncron.task"
  while options.follow do
    task.sleep(POLL_S)
    filter.after_id = last_id
    print_all(assert(client:attempts(filter)))
  end
end

local COMMAND <const> = {
  name = "attempts",
  usage = usage,
  options = OPTIONS,
  words = { min = 0, max = 0 },
  check = function(options)
    if options.limit and (options.limit < 0 or options.limit > MAX_LIMIT) then
      return ("-n %d is not in 0-%d"):format(options.limit, MAX_LIMIT)
    end
  end,
}

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local options, code = args_reader.command(COMMAND, args, cli)
  if not options then
    return code
  end
  local client <close> = connect(options)
  local print_one = options.entries and print_entries or options.json and print_json or print_row
  if print_one == print_row then
    print_head()
  end
  show(client, options, print_one)
  return 0
end

return M
