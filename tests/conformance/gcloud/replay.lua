---Runs the invocations of cases.lua with a tool on a fresh server, and compares what two tools said.

local M = {}

local build <const> = os.getenv "MOONCRON_BUILD" or "build"

M.mooncron = build .. "/mooncron"

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function capture(line)
  local pipe = assert(io.popen(line))
  local text = pipe:read "a"
  pipe:close()
  return text
end

---A server in a folder of its own.
---@return { url: string, folder: string, stop: fun() }
function M.server()
  local folder = capture("mktemp -d"):match("%S+")
  local data = quote(folder .. "/data")
  local command = ("echo $$; exec %s serve --port 0 --data %s 2>&1"):format(quote(M.mooncron), data)
  local pipe = assert(io.popen("exec sh -c " .. quote(command)))
  local pid = pipe:read "l"
  local line = assert(pipe:read "l", "the server does not start")
  local url = assert(line:match("serving (http://%S+),"), line)
  local file <close> = assert(io.open(folder .. "/body.txt", "wb"))
  file:write("line 1\nline 2\n")
  return {
    url = url,
    folder = folder,
    stop = function()
      os.execute("kill " .. pid)
      pipe:close()
      os.execute("rm -rf " .. quote(folder))
    end,
  }
end

-- What is of this run alone.
local function normalise(text, server)
  text = text:gsub("%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:[%d.]+Z", "TIME")
  text = text:gsub(server.url:gsub("%p", "%%%0"), "URL")
  return (text:gsub("mooncron%.scheduler", "gcloud.scheduler"):gsub("WARNING: [^\n]*\n\n?", "")
    :gsub(" This command is unauthenticated because the %[auth/disable_credentials%] property is True%.", ""))
end

---Run one invocation.
---@param server table
---@param tool string command in a shell
---@param args string
---@return { out: string, err: string, code: integer }
function M.run(server, tool, args)
  local values = { L = "--location=us-central1", D = server.folder, URL = server.url }
  local line = args:find("TOOL", 1, true) and args or "TOOL " .. args
  line = line:gsub("TOOL", (tool:gsub("%%", "%%%%"))):gsub("%$(%u+)", values)
  local input = line:find("[|<]") and "" or " </dev/null"
  local path = server.folder .. "/said"
  local environment = ("export CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER=%s/ CLOUDSDK_CONFIG=%s/gcloud "
    .. "CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true CLOUDSDK_CORE_PROJECT=p "
    .. "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true XDG_CONFIG_HOME=%s; "
    .. "unset GOOGLE_CLOUD_PROJECT GCLOUD_PROJECT CLOUD_SCHEDULER_EMULATOR_HOST "
    .. "MOONCRON_LOCATION; "):format(server.url, server.folder, server.folder)
  local _, _, code = os.execute(("%s{ %s%s\n} >%s.out 2>%s.err"):format(environment, line, input, path, path))
  return {
    out = normalise(read(path .. ".out"), server),
    err = normalise(read(path .. ".err"), server),
    code = code,
  }
end

---What of an answer has to agree, as a table for comparison.
---@param case table
---@param said { out: string, err: string, code: integer }
---@return table
function M.essence(case, said)
  if case.differs then
    return {}
  elseif case.error == "exit" then
    return { code = said.code ~= 0 and case.error and 1 or said.code }
  elseif case.error == "code" then
    return { code = said.code, out = said.out, err = said.err:match("^ERROR: %([%w.]+%) [%u_]+") }
  end
  return { code = said.code, out = said.out, err = said.err }
end

return M
