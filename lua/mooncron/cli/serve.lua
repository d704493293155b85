---mooncron serve

local args_reader <const> = require "mooncron.cli.args"
local err <const> = require "mooncron.err"

local M = {}

M.summary = "run the local scheduler as a server with the Cloud Scheduler v1 REST API"

local OPTIONS <const> = {
  { "--host", value = "ADDRESS", help = "address to listen on (default 127.0.0.1)" },
  { "--port", value = "PORT", type = "integer", help = "port, 0 for any free one (default 8085)" },
  { "--data", value = "FOLDER", help = "where jobs are kept (default $XDG_DATA_HOME/mooncron)" },
  { "--back-off", value = "MODE", help = "recorded (default) or documented: gaps between retries" },
  { "--catch-up", value = "MODE", help = "none, last (default) or all: runs missed while not running" },
  { "--app-engine", value = "S=URL", many = true, help = "where an App Engine service runs" },
  { "--auth", value = "MODE", help = "local (default): tokens of our own issuer; gcp: Google's own" },
  { "--issuer", value = "URL", help = "what local tokens carry as iss (default this server)" },
  { "--clock", value = "MODE", help = "real (default) or virtual: time stands still until it is advanced" },
  { "--token-file", value = "FILE", help = "the bearer token that requests have to bear" },
  { "--insecure", help = "let everybody in, also beyond 127.0.0.1" },
  { "--allow-host", value = "NAME", many = true, help = "a further name of this server in Host" },
  { "--attempts", value = "N", type = "integer", help = "attempts kept (default 100000)" },
  { "--attempt-age", value = "DURATION", help = "for how long (default 30d)" },
  { "--log", value = "FORMAT", help = "text (default) or json: lines on standard error" },
  { "--quiet", help = "say nothing but problems" },
}

local usage <const> = [[
usage: mooncron serve [OPTION...]

Serve the Cloud Scheduler v1 REST API and fire the jobs on real minutes, until SIGINT or SIGTERM.
Jobs are kept; the next start picks them up again.

%s

example:
  mooncron serve --port 8085 &
  curl http://127.0.0.1:8085/v1/projects/p/locations/us-central1/jobs]]

local MODES <const> = {
  back_off = { recorded = true, documented = true },
  catch_up = { none = true, last = true, all = true },
  auth = { ["local"] = true, gcp = true },
  clock = { real = true, virtual = true },
  log = { text = true, json = true },
}

-- Attempts that are on their way get so long to end; what is cut off is made again at the next
-- start.
local GRACE_S <const> = 5
local DRAIN_S <const> = 2

local function check(options)
  for key, known in pairs(MODES) do
    if options[key] and not known[options[key]] then
      local names = require("mooncron.tables").sorted_keys(known)
      return ("--%s '%s': use %s"):format(key:gsub("_", "-"), options[key], table.concat(names, ", "))
    end
  end
  if options.port and (options.port < 0 or options.port > 65535) then
    return ("--port %d: a port is in 0-65535"):format(options.port)
  elseif options.attempts and options.attempts < 1 then
    return ("--attempts %d: at least 1"):format(options.attempts)
  end
  local age, e = require("mooncron.duration").parse(options.attempt_age or "30d")
  if not age or age <= 0 then
    return "--attempt-age: " .. (e and e.message or "it must be more than nothing")
  end
  for _, route in ipairs(options.app_engine or {}) do
    if not route:find("^[^=]+=https?://") then
      return ("--app-engine '%s': write SERVICE=URL"):format(route)
    end
  end
end

local function routes_of(list)
  local routes = {}
  for _, route in ipairs(list or {}) do
    local service, url = route:match("^([^=]+)=(.+)$")
    routes[service] = url
  end
  return routes
end

local function write_line(line)
  io.stderr:write(line)
  io.stderr:flush()
end

-- For readers in whatever folder.
local function absolute(path)
  return path and path:sub(1, 1) ~= "/" and (os.getenv("PWD") or ".") .. "/" .. path or path
end

local function listen(scheduler, options)
  local token, e
  if options.token_file then
    token, e = require("mooncron.scheduler.guard").token_of_file(options.token_file)
    if not token then
      return nil, e
    end
  end
  return scheduler:listen {
    host = options.host,
    port = options.port or 8085,
    token = token,
    insecure = options.insecure,
    allowed_hosts = options.allow_host,
  }
end

-- Let the requests that are here have their answers. A client that never finishes its own, or never
-- reads, does not hold up the end.
local function drain(server)
  local task = require "mooncron.task"
  local core = require "mooncron.core"
  local until_ms = core.loop.mono_ms() + DRAIN_S * 1000
  while server:open_requests() > 0 and core.loop.mono_ms() < until_ms do
    task.sleep(0.01)
  end
end

-- Serve until the event `stop` is set.
local function serve(scheduler, options, stop)
  local host = require "mooncron.host"
  local note = require "mooncron.scheduler.note"
  local log = scheduler.log
  local server, e = listen(scheduler, options)
  if not server then
    return nil, e
  end
  local url = ("http://%s:%d"):format((options.host or "127.0.0.1"):gsub("^(.*:.*)$", "[%1]"), server:port())
  local ok
  ok, e = note.write(scheduler.folder, url, scheduler.instance, host.pid(), absolute(options.token_file))
  if not ok then
    return nil, e
  end
  scheduler:start()
  log("INFO", ("serving %s, data in %s"):format(url, scheduler.folder), { url = url })
  stop.wait()
  log("INFO", "stopping")
  server:quiesce()
  scheduler.console:close()
  if not scheduler:stop(GRACE_S) then
    log("INFO", "attempts still on their way will be made again at the next start")
  end
  drain(server)
  note.remove(scheduler.folder, scheduler.instance)
  server:close()
  return true
end

local COMMAND <const> = {
  name = "serve",
  usage = usage,
  options = OPTIONS,
  words = { min = 0, max = 0 },
  check = check,
}

---@param args string[]
---@param cli table mooncron.cli
---@return integer exit code
function M.run(args, cli)
  local options, code = args_reader.command(COMMAND, args, cli)
  if not options then
    return code
  end
  local task = require "mooncron.task"
  local scheduler_module = require "mooncron.scheduler"
  local folder = options.data or assert(scheduler_module.default_folder(os.getenv))
  local stop = task.event()
  cli.on_interrupt = function()
    stop:set()
  end
  task.on_event(assert(task.loop():signal("TERM")), cli.on_interrupt)
  local scheduler <close> = assert(scheduler_module.open {
    folder = folder,
    back_off = options.back_off,
    catch_up = options.catch_up,
    auth = options.auth,
    issuer = options.issuer,
    pubsub_endpoint = scheduler_module.pubsub_endpoint(os.getenv),
    app_engine = routes_of(options.app_engine),
    clock = options.clock,
    max_attempts = options.attempts,
    max_attempt_age = options.attempt_age,
    log = require("mooncron.scheduler.log").new {
      format = options.log,
      quiet = options.quiet,
      write = write_line,
      now_ms = require("mooncron.core").loop.wall_ms,
    },
  })
  local ok, e = serve(scheduler, options, stop)
  if not ok then
    error(err.is(e) and e or tostring(e), 0)
  end
  return 0
end

return M
