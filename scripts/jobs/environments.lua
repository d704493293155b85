-- Two environments from one file: production runs often, the other one seldom and paused.
--
--   mooncron plan scripts/jobs/environments.lua --arg env=prod

local a = args {
  env = { one_of = { "dev", "prod" }, default = "dev" },
}
local is_prod = a.env == "prod"

set("shop-" .. a.env)

defaults {
  time_zone = "Europe/Berlin",
  retry_config = { retry_count = is_prod and 3 or 1 },
  paused = not is_prod,
}

-- Queues of Pub/Sub.
for _, queue in ipairs { "orders", "refunds" } do
  job(("drain-%s-%s"):format(queue, a.env)) {
    schedule = is_prod and spread(queue, "every 5 minutes") or spread(queue, "every day"),
    pubsub_target = {
      topic_name = ("projects/%s/topics/%s-%s"):format(project, queue, a.env),
      data = "drain",
    },
  }
end

-- What holds for these alone.
defaults({ attempt_deadline = "10m", http_target = { headers = { ["X-Env"] = a.env } } }, function()
  job("stock-" .. a.env) {
    schedule = "23 6 * * *",
    window = { from = "2027-11-01", to = "2027-12-31" },
    except = { "SUN" },
    http_target = { uri = "https://stock.example.com/count", http_method = "GET" },
    ignore = { "missing-auth" },
  }
end)
