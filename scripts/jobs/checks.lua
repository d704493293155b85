-- A template: a function with declared parameters, which are checked wherever it is used.
--
--   mooncron plan scripts/jobs/checks.lua
--   mooncron lint scripts/jobs/checks.lua

set "checks"

local check = template({
  host = { match = "[%w.-]+" },
  path = { default = "/healthz", match = "/.*" },
  every = { type = "integer", default = 5, one_of = { 1, 5, 10, 15, 30 } },
}, function(p)
  local id = "check-" .. p.host:gsub("%.", "-")
  return {
    name = id,
    schedule = spread(id, ("every %d minutes"):format(p.every)),
    http_target = {
      uri = "https://" .. p.host .. p.path,
      http_method = "GET",
      oidc_token = { service_account_email = "checker@" .. project .. ".iam.gserviceaccount.com" },
    },
    retry_config = { retry_count = 2 },
    attempt_deadline = "30s",
  }
end)

job(check { host = "shop.example.com" })
job(check { host = "api.example.com", path = "/v1/status", every = 10 })

-- Once, at the job's own local time; sync takes it away when it is over.
job "gift" {
  schedule = at "2027-12-24T18:00",
  time_zone = "Europe/Berlin",
  http_target = { uri = "http://localhost:8080/gift" },
  retry_config = { retry_count = 5 },
}
