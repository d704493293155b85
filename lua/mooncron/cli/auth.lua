---mooncron auth

local args_reader <const> = require "mooncron.cli.args"
local connection <const> = require "mooncron.cli.connection"
local json <const> = require "mooncron.json"
local tables <const> = require "mooncron.tables"

local M = {}

M.summary = "show which credential is used and how it was found; explain 401 and 403"

local OPTIONS <const> = connection.with_options {
  { "--audience", value = "URI", help = "make an identity token and show what it says" },
  { "--check", value = "URI|JOB", help = "find out why a target or a job's calls are refused" },
  { "--json", help = "print JSON" },
}

local usage <const> = [[
usage: mooncron auth [OPTION...]

Look for a credential as scripts do, place by place, and show whose it is and how long its access
token lives. --audience makes an identity token and shows its claims. --check asks a URI without a
token and with one (HEAD requests), or looks at a job: its token, its last answer, the permissions of
the caller. No token, key or password is ever printed.

%s

examples:
  mooncron auth
  mooncron auth --check https://my-service-uc.a.run.app/tick --audience https://my-service-uc.a.run.app
  mooncron auth --check nightly --project my-project]]

-- ---- facts ----

local function lifetime(credential)
  local token, e = credential:access_token()
  if not token then
    return nil, e
  end
  local expires = credential:access_token_expires()
  return expires and math.max(0, expires - os.time()) or false
end

-- Everything there is to tell about the credential, as data.
local function facts_of(credential, context)
  local facts = {
    type = credential.type,
    found = credential.found,
    account = credential:email(),
    project = context.kind == "gcp" and context.project or credential:project_id(),
    quota_project = credential.quota_project,
    universe = credential.universe,
    scope = require("mooncron.auth").CLOUD_PLATFORM,
  }
  local seconds, e = lifetime(credential)
  facts.token_seconds = seconds or nil
  facts.token_problem = e and tostring(e)
  return facts
end

local FACT_ORDER <const> = {
  "type", "found", "account", "project", "quota_project", "universe", "scope", "token_seconds",
  "token_problem",
}

-- A token's claims, as data; the token itself is left behind.
local function claims_of(credential, audience)
  local auth = require "mooncron.auth"
  local token, e = credential:identity_token(audience)
  if not token then
    return nil, e
  end
  return auth.decode(token)
end

-- ---- checks ----

local function check_target(credential, uri, audience)
  local checks = require "mooncron.auth.checks"
  local probes, advice = checks.target(credential, uri, audience or uri, require("mooncron.http").request)
  return { target = uri, probes = json.list(probes), advice = json.list(advice) }
end

-- What the numbers of a job's status say of its target [ref].
local HTTP_OF_STATUS <const> = { [7] = 403, [16] = 401 }

local function check_permissions(report, credential, context, email)
  local checks = require "mooncron.auth.checks"
  local http = require("mooncron.http").request
  local universe = context.settings.universe_domain.value
  local asked = {
    { checks.project_url(context.project or credential:project_id(), universe), checks.job_permissions },
    email and { checks.account_url(email, universe), { "iam.serviceAccounts.actAs" } },
  }
  for _, row in ipairs(asked) do
    local lacking, e = checks.lacking(credential, row[1], row[2], http)
    for _, permission in ipairs(lacking or {}) do
      table.insert(report.lacking, permission)
    end
    if e then
      table.insert(report.advice, "permissions could not be asked for: " .. e:line())
    end
  end
end

local function check_job(credential, context, client, name)
  local explain = require "mooncron.auth.explain"
  local report = { job = name, lacking = json.list {}, advice = json.list {} }
  local job, e = client:get_job(name)
  if not job then
    report.problem = tostring(e)
    table.insert(report.advice, explain.api(e))
  end
  local target = job and job.http_target or {}
  local status = job and job.status and HTTP_OF_STATUS[job.status.code]
  for _, line in ipairs(status and explain.answer(target, status) or explain.target(target)) do
    table.insert(report.advice, line)
  end
  if client.is_cloud then
    local token = target.oidc_token or target.oauth_token
    check_permissions(report, credential, context, token and token.service_account_email)
    for _, permission in ipairs(report.lacking) do
      local refusal = require("mooncron.err").new("PERMISSION_DENIED", permission)
      table.insert(report.advice, permission .. ": " .. explain.api(refusal))
    end
  end
  return report
end

-- ---- printing ----

local function print_places(places)
  print("places, in order:")
  for _, place in ipairs(places) do
    local value = (place.value or "") ~= "" and " " .. place.value or ""
    print(("  %s:%s (%s)%s"):format(place.name, value, place.reason,
      place.looks and ": " .. (place.result or "not reached") or ""))
  end
end

local function print_rows(title, row, order)
  print(title .. ":")
  for _, key in ipairs(order) do
    if row[key] ~= nil then
      print(("  %-14s %s"):format(key:gsub("_", " "), row[key]))
    end
  end
end

local function print_check(check)
  print(("check of %s:"):format(check.target or check.job))
  if check.problem then
    print("  " .. check.problem)
  end
  for _, one in ipairs(check.probes or {}) do
    print(("  asked by %s: %s"):format(one.as, one.status and "HTTP " .. one.status or one.problem))
  end
  if #check.advice == 0 and not check.problem then
    print("  nothing wrong was found")
  end
  for _, line in ipairs(check.advice) do
    print("  - " .. line)
  end
end

local function print_report(report)
  if report.places then
    print_places(report.places)
  end
  if report.credential then
    print_rows("credential", report.credential, FACT_ORDER)
  end
  if report.identity_token then
    print_rows("identity token, header", report.identity_token.header,
      tables.sorted_keys(report.identity_token.header))
    print_rows("identity token, claims", report.identity_token.claims,
      tables.sorted_keys(report.identity_token.claims))
  end
  if report.check then
    print_check(report.check)
  end
end

-- ---- the command ----

-- Fills the report; returns the error that ended it.
local function investigate(report, options)
  local context, e = connection.context(options)
  if not context then
    return e
  end
  local is_uri = options.check and options.check:find("^https?://")
  if options.check and not is_uri and context.kind ~= "gcp" then -- asked without credentials
    local client <close> = connection.open(options)
    report.check = check_job(nil, context, client, options.check)
    return nil
  end
  local gcp = require "mooncron.backend.gcp"
  local credential
  credential, e, report.places = gcp.credential(context, {})
  if not credential then
    return e
  end
  report.credential = facts_of(credential, context)
  if options.audience and not options.check then
    report.identity_token, e = claims_of(credential, options.audience)
  elseif is_uri then
    report.check = check_target(credential, options.check, options.audience)
  elseif options.check then
    local client <close> = connection.open(options)
    report.check = check_job(credential, context, client, options.check)
  end
  return e
end

local COMMAND <const> = {
  name = "auth",
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
  local report = {}
  local e = investigate(report, options)
  if options.json then
    report.places = report.places and json.list(report.places)
    report.problem = e and tostring(e)
    io.write(json.pretty(report, {
      "places", "credential", "identity_token", "check", "problem",
      places = { "name", "kind", "value", "looks", "reason", "result" },
      credential = FACT_ORDER,
    }))
  else
    print_report(report)
  end
  if e then
    io.stdout:flush()
    error(e, 0)
  end
  local facts, check = report.credential, report.check
  return (facts and facts.token_problem or check and (check.problem or #check.advice > 0)) and 1 or 0
end

return M
