---Checks that ask Google, or a target, instead of guessing: which permissions the caller has, and what a
---target answers with a token and without.

local err <const> = require "mooncron.err"
local errors <const> = require "mooncron.api.errors"
local explain <const> = require "mooncron.auth.explain"
local json <const> = require "mooncron.json"

local M = {}

---What the methods of the API need [iam/docs/roles-permissions/cloudscheduler].
M.job_permissions = {
  "cloudscheduler.jobs.create", "cloudscheduler.jobs.delete", "cloudscheduler.jobs.enable",
  "cloudscheduler.jobs.get", "cloudscheduler.jobs.list", "cloudscheduler.jobs.pause",
  "cloudscheduler.jobs.run", "cloudscheduler.jobs.update",
}

---Where permissions on a project are asked for.
---@param project string
---@param universe string
---@return string
function M.project_url(project, universe)
  return ("https://cloudresourcemanager.%s/v1/projects/%s:testIamPermissions"):format(universe, project)
end

---Where permissions on a service account are asked for.
---@param email string
---@param universe string
---@return string
function M.account_url(email, universe)
  return ("https://iam.%s/v1/projects/-/serviceAccounts/%s:testIamPermissions"):format(universe, email)
end

---Which of `wanted` the caller lacks on a resource. Waits.
---@param credential mooncron.Credential
---@param url string see above
---@param wanted string[]
---@param http fun(request: table): table?, mooncron.Err?
---@return string[]? lacking
---@return mooncron.Err?
function M.lacking(credential, url, wanted, http)
  local headers, e = credential:headers()
  if not headers then
    return nil, e
  end
  headers["Content-Type"] = "application/json"
  local response
  response, e = http {
    method = "POST",
    url = url,
    headers = headers,
    body = json.encode { permissions = wanted },
    timeout = 30,
  }
  if not response then
    return nil, e
  elseif response.status ~= 200 then
    return nil, errors.from_answer(response.status, response.body, response.headers)
  end
  local answer = json.decode(response.body)
  if type(answer) ~= "table" then
    return nil, err.new("INTERNAL", "the server's answer is not an object", { status = response.status })
  end
  local has, lacking = {}, {}
  for _, permission in ipairs(type(answer.permissions) == "table" and answer.permissions or {}) do
    has[permission] = true
  end
  for _, permission in ipairs(wanted) do
    if not has[permission] then
      lacking[#lacking + 1] = permission
    end
  end
  return lacking
end

---@class mooncron.auth.Probe
---@field as string who asked
---@field status integer? HTTP status
---@field problem string? why there is none

local function probe(as, uri, token, http)
  local response, e = http {
    method = "HEAD", -- what a target does on it is harmless
    url = uri,
    headers = { Authorization = token and "Bearer " .. token },
    timeout = 30,
  }
  return { as = as, status = response and response.status, problem = e and e:line() }
end

---What a target answers without a token, and with an identity token of the credential. Waits.
---@param credential mooncron.Credential
---@param uri string
---@param audience string
---@param http fun(request: table): table?, mooncron.Err?
---@return mooncron.auth.Probe[] probes
---@return string[] advice
function M.target(credential, uri, audience, http)
  local email = credential:email()
  local target = { uri = uri }
  local probes = { probe("nobody", uri, nil, http) }
  local token, e = credential:identity_token(audience)
  local as = ("%s, audience %s"):format(email or "this credential", audience)
  if token then
    probes[2] = probe(as, uri, token, http)
    target.oidc_token = { service_account_email = email, audience = audience }
  else
    probes[2] = { as = as, problem = e:line() }
  end
  local last = probes[2].status or probes[1].status
  return probes, last and explain.answer(target, last) or {}
end

return M
