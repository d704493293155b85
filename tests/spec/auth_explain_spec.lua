local err <const> = require "mooncron.err"
local explain <const> = require "mooncron.auth.explain"

describe("explaining a refusal of the API", function()
  local rows = {
    { "PERMISSION_DENIED", "lacks IAM permission \"iam.serviceAccounts.actAs\" for the resource",
      "the caller needs roles/iam.serviceAccountUser on the job's service account" },
    { "PERMISSION_DENIED", "lacks IAM permission \"cloudscheduler.jobs.create\"",
      "the caller needs roles/cloudscheduler.admin on the project" },
    { "PERMISSION_DENIED", "lacks IAM permission \"cloudscheduler.jobs.run\"",
      "the caller needs roles/cloudscheduler.jobRunner (or admin) on the project" },
    { "PERMISSION_DENIED", "Cloud Scheduler API has not been used in project 1 before or it is disabled",
      "enable the API: gcloud services enable cloudscheduler.googleapis.com" },
    { "PERMISSION_DENIED", "no reason given",
      "the API knows the caller and refuses: a role is missing on the project" },
    { "UNAUTHENTICATED", "Request had invalid authentication credentials",
      "the API does not know who is calling: the token is missing, expired or of another universe" },
    { "NOT_FOUND", "cloudscheduler.jobs.run", nil },
  }
  for _, row in ipairs(rows) do
    it("says of " .. row[1] .. ", '" .. row[2] .. "'", function()
      assert.equal(row[3], explain.api(err.new(row[1], row[2])))
    end)
  end
end)

describe("explaining a target", function()
  local function oidc(uri, audience, email)
    return { uri = uri, oidc_token = { service_account_email = email or "a@p", audience = audience } }
  end

  it("finds nothing wrong where nothing is", function()
    assert.same({}, explain.target(oidc("https://x.run.app/", nil)))
    assert.same({}, explain.target(oidc("https://x.run.app/path", "https://x.run.app")))
    assert.same({}, explain.target { uri = "https://pubsub.googleapis.com/v1", oauth_token = {} })
    assert.same({}, explain.target {})
  end)

  it("knows the mistakes people make", function()
    assert.same({ "the default audience is the whole uri, Cloud Run expects its service's URL: "
      .. "set oidc_token.audience = 'https://x.run.app'" }, explain.target(oidc "https://x.run.app/path?q"))
    assert.same({ "Google APIs want an oauth_token, not an oidc_token" },
      explain.target(oidc("https://run.googleapis.com/v1", "a")))
    assert.same({ "an oauth_token goes to *.googleapis.com only: use oidc_token for other targets" },
      explain.target { uri = "https://evilgoogleapis.com/", oauth_token = {} })
    assert.same({ "the token would travel in the clear: use https" }, explain.target(oidc("http://x/", "a")))
    assert.same({ "the Scheduler service agent is not for jobs: use a service account of the project" },
      explain.target(oidc("https://x/", "a", "service-1@gcp-sa-cloudscheduler.iam.gserviceaccount.com")))
  end)

  it("tells 401 from 403", function()
    local bare = { uri = "https://x.run.app/" }
    assert.same({ "the target wants to know who calls: give the job an oidc_token" },
      explain.answer(bare, 401))
    assert.same({ "the target refuses callers it does not know: give the job an oidc_token" },
      explain.answer(bare, 403))
    assert.same({ "'a@p' may not call the target: grant it the invoker role there (roles/run.invoker, "
      .. "roles/cloudfunctions.invoker)" }, explain.answer(oidc("https://x/", "a"), 403))
    assert.equal("set oidc_token.audience = 'https://x.run.app'",
      explain.answer(oidc "https://x.run.app/p", 401)[1]:match("set.*"))
    assert.same({}, explain.answer(bare, 500))
  end)
end)
