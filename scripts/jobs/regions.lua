-- Jobs in bulk: a row of regions.csv, a job.
--
--   mooncron plan scripts/jobs/regions.lua

set "regions"

defaults {
  time_zone = "Etc/UTC",
  retry_config = { min_backoff_duration = "10s" },
  http_target = {
    oidc_token = { service_account_email = "runner@" .. project .. ".iam.gserviceaccount.com" },
  },
}

jobs(csv "regions.csv", function(row)
  return {
    name = "report-" .. row.region,
    description = "Nightly report, " .. row.owner,
    schedule = ("17 %d * * *"):format(row.hour),
    http_target = { uri = "https://reports.example.com/" .. row.region, body = { region = row.region } },
    retry_config = { retry_count = tonumber(row.retries) },
  }
end)
