std = "lua54"
max_line_length = 110
files["tests/**/*_spec.lua"] = { std = "+busted" }
exclude_files = { "build", "node_modules", "lua/meta" }
files["tests/bench/server/get.lua"] = { globals = { "init", "request" }, read_globals = { "wrk" } }
files["tests/bench/server/create.lua"] = { globals = { "setup", "request", "mine" }, read_globals = { "wrk" } }
