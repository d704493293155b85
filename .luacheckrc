std = "lua54"
max_line_length = 110
files["tests/**/*_spec.lua"] = { std = "+busted" }
-- Job files have the words of mooncron.code.words.
local words = {
  "args", "at", "csv", "defaults", "holidays", "include", "job", "jobs", "json", "jsonl", "location", "product",
  "project", "set", "spread", "template", "window",
}
files["scripts/jobs/**/*.lua"] = { read_globals = words }
files["tests/bench/plan/jobs.lua"] = { read_globals = words }
exclude_files = { "build", "node_modules", "lua/meta" }
files["tests/bench/server/get.lua"] = { globals = { "init", "request" }, read_globals = { "wrk" } }
files["tests/bench/server/create.lua"] = { globals = { "setup", "request", "mine" }, read_globals = { "wrk" } }
