---What tests over TLS share: a certificate authority of their own, made by openssl.

local M = {}

---Run a shell command.
---@param command string
---@return string|false output false when it failed
---@return string output whatever became of it
function M.shell(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("a")
  local ok = pipe:close()
  return ok and output, output
end

local MAKE_CERTIFICATES <const> = [[
set -e
cd %s
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj "/CN=test ca" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout key.pem -out server.csr -subj "/CN=localhost" 2>/dev/null
printf 'subjectAltName=DNS:localhost' > ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 \
  -extfile ext 2>/dev/null
]]

---Whether node and openssl are there.
M.has_tools = M.shell("command -v node openssl > /dev/null && echo yes")

---A new folder with `ca.pem`, and `cert.pem` and `key.pem` of localhost.
---@return string folder
function M.certificates()
  local folder = assert(M.shell("mktemp -d")):match("%S+")
  assert(M.shell(MAKE_CERTIFICATES:format(folder)))
  return folder
end

return M
