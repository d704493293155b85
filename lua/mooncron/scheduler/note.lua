---The note that a server leaves in its data folder while it runs (server.json), so that others on the
---same folder talk to it; and who it is that holds a folder.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local http <const> = require "mooncron.http"
local json <const> = require "mooncron.json"
local task <const> = require "mooncron.task"

local M = {}

---The header with which a server tells which one it is.
M.HEADER = "Mooncron-Instance"

local ASK_S <const> = 1 -- how long a server of this machine may take to say that it is there
local MAX_NOTE <const> = 4096

local function path_of(folder)
  return folder .. "/server.json"
end

---@param folder string
---@param url string
---@param instance string what the server answers in M.HEADER
---@param pid integer
---@param token_file string? where the server's token is
---@return true?
---@return mooncron.Err?
function M.write(folder, url, instance, pid, token_file)
  local identity, e = core.fs.identity(folder)
  if not identity then
    return nil, e
  end
  local text = json.pretty({
    url = url,
    pid = pid,
    instance = instance,
    folder = identity,
    token_file = token_file,
  })
  return core.fs.write(path_of(folder), text)
end

local function read(folder)
  local file <close> = io.open(path_of(folder))
  local note = file and json.decode(file:read(MAX_NOTE) or "")
  if type(note) == "table" and type(note.url) == "string" and type(note.instance) == "string" then
    return note
  end
end

---Take the note away, if it is the one of this server.
function M.remove(folder, instance)
  local note = read(folder)
  if note and note.instance == instance then
    os.remove(path_of(folder))
  end
end

local client

---A client for servers of this machine: no proxy is asked.
function M.client()
  client = client or assert(core.net.client(task.loop(), { direct = true }))
  return client
end

---The URL of the server that runs on this folder now. A note that came with a copy of another folder,
---or that outlived its server, leads to none. Waits.
---@param folder string
---@return string? url
---@return string? token_file where the server's token is
function M.find(folder)
  local note = read(folder)
  if not note or note.folder ~= core.fs.identity(folder) then
    return nil
  end
  local request = { url = note.url .. "/healthz", timeout = ASK_S, max_body = MAX_NOTE }
  local response = http.request(request, M.client())
  if response and response.headers[M.HEADER:lower()] == note.instance then
    return note.url, type(note.token_file) == "string" and note.token_file or nil
  end
end

local function name_of(pid)
  local file <close> = io.open(("/proc/%d/comm"):format(pid))
  local name = file and file:read("l")
  return name and ("process %d (%s)"):format(pid, name) or ("process %d"):format(pid)
end

---`e`, or a better one when the database does not open because somebody else has it: it says who.
---@param e mooncron.Err of opening the file
---@param path string of the file
---@return mooncron.Err
function M.explain(e, path)
  local pid = e.code == "FAILED_PRECONDITION" and core.fs.holder(path)
  if not pid then
    return e
  end
  local note = read(path:match("^(.*)/"))
  local serving = note and note.pid == pid and (", which serves %s"):format(note.url) or ""
  return err.new("FAILED_PRECONDITION",
    ("'%s' is in use by %s%s: stop it, or use another folder"):format(path, name_of(pid), serving))
end

return M
