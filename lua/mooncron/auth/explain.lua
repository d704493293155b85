---What a refusal means and what to do about it: 401 (who are you) against 403 (you may not), from the
---Scheduler API and from a job's target. Pure: texts in, texts out.

local M = {}

local LOGIN <const> = "gcloud auth application-default "
local ENABLE <const> = "enable the API: gcloud services enable cloudscheduler.googleapis.com"
local VIEWER <const> = "the caller needs roles/cloudscheduler.viewer (or admin) on the project"

-- The API's sentences, by a part of them; the first that fits [iam/docs/roles-permissions/cloudscheduler].
local API <const> = {
  { "iam%.serviceAccounts%.actAs",
    "the caller needs roles/iam.serviceAccountUser on the job's service account" },
  { "cloudscheduler%.jobs%.run",
    "the caller needs roles/cloudscheduler.jobRunner (or admin) on the project" },
  { "cloudscheduler%.jobs%.get", VIEWER },
  { "cloudscheduler%.jobs%.list", VIEWER },
  { "cloudscheduler%.jobs%.fullView", VIEWER },
  { "cloudscheduler%.locations", VIEWER },
  { "cloudscheduler%.jobs%.enable",
    "resuming a job is cloudscheduler.jobs.enable: roles/cloudscheduler.admin has it" },
  { "cloudscheduler%.jobs%.", "the caller needs roles/cloudscheduler.admin on the project" },
  { "serviceusage%.services%.use",
    "the caller needs roles/serviceusage.serviceUsageConsumer on the quota project" },
  { "has not been used in project", ENABLE },
  { "SERVICE_DISABLED", ENABLE },
  { "insufficient authentication scopes",
    "the token lacks the scope https://www.googleapis.com/auth/cloud-platform" },
  { "requires a quota project", "name one: " .. LOGIN .. "set-quota-project PROJECT" },
}

local BY_CODE <const> = {
  UNAUTHENTICATED = "the API does not know who is calling: the token is missing, expired or of another "
    .. "universe",
  PERMISSION_DENIED = "the API knows the caller and refuses: a role is missing on the project",
}

---Why the Scheduler API has refused.
---@param e mooncron.Err
---@return string? advice nil when it is no matter of authentication
function M.api(e)
  if not BY_CODE[e.code] then
    return nil
  end
  for _, row in ipairs(API) do
    if e.message:find(row[1]) then
      return row[2]
    end
  end
  return BY_CODE[e.code]
end

local AGENT <const> = "^service%-%d+@gcp%-sa%-cloudscheduler%.iam%.gserviceaccount%.com$"

local function split(uri)
  local origin, rest = uri:match("^(https?://[^/?#]+)(.*)$")
  return origin, rest
end

local function is_google_api(origin)
  local host = origin:match("^https://([^:]+)")
  return host ~= nil and (host == "googleapis.com" or host:sub(-15) == ".googleapis.com")
end

---Mistakes in a job's HTTP target that can be seen before it ever runs.
---@param target table `http_target` of a job
---@return string[] advice one line each, empty when nothing is suspicious
function M.target(target)
  local advice = {}
  local origin, rest = split(target.uri or "")
  local oidc, oauth = target.oidc_token, target.oauth_token
  local email = (oidc or oauth or {}).service_account_email
  if not origin then
    return advice
  end
  if email and email:find(AGENT) then
    advice[#advice + 1] = "the Scheduler service agent is not for jobs: use a service account of the project"
  end
  if oidc and not oidc.audience and rest ~= "" and rest ~= "/" then
    advice[#advice + 1] = ("the default audience is the whole uri, Cloud Run expects its service's URL: "
      .. "set oidc_token.audience = '%s'"):format(origin)
  end
  if oidc and is_google_api(origin) then
    advice[#advice + 1] = "Google APIs want an oauth_token, not an oidc_token"
  end
  if oauth and not is_google_api(origin) then
    advice[#advice + 1] = "an oauth_token goes to *.googleapis.com only: use oidc_token for other targets"
  end
  if (oidc or oauth) and origin:find("^http://") then
    advice[#advice + 1] = "the token would travel in the clear: use https"
  end
  return advice
end

---Why a target has answered 401 or 403.
---@param target table `http_target` of the job
---@param status integer
---@return string[] advice most likely first, empty for other answers
function M.answer(target, status)
  local token = target.oidc_token or target.oauth_token
  local advice = M.target(target)
  if status == 401 and not token then
    table.insert(advice, 1, "the target wants to know who calls: give the job an oidc_token")
  elseif status == 401 then
    advice[#advice + 1] = "the target does not accept the token: its audience or issuer is not what it "
      .. "checks for"
  elseif status == 403 and token then
    local account = token.service_account_email or "the job's account"
    table.insert(advice, 1, ("'%s' may not call the target: grant it the invoker role there "
      .. "(roles/run.invoker, roles/cloudfunctions.invoker)"):format(account))
  elseif status == 403 then
    table.insert(advice, 1, "the target refuses callers it does not know: give the job an oidc_token")
  else
    return {}
  end
  return advice
end

return M
