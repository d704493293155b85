-- The jobs of a shop, which `../test_orders.lua` tests.

defaults {
  time_zone = "Europe/Berlin",
  retry_config = { retry_count = 2, min_backoff_duration = "10s" },
}

job "orders-export" {
  description = "Writes the orders of the day to the archive",
  schedule = "30 2 * * *",
  http_target = { uri = "https://shop.example/export", http_method = "POST", body = { day = "yesterday" } },
}

job "reminders" {
  schedule = "0 9 * * 1-5",
  http_target = { uri = "https://shop.example/reminders", http_method = "POST" },
}

job "christmas-banner" {
  schedule = "0 0 1 12 *",
  paused = true,
  http_target = { uri = "https://shop.example/banner", http_method = "PUT" },
}
