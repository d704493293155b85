std = "lua54"
max_line_length = 110
files["tests/**/*_spec.lua"] = { std = "+busted" }
exclude_files = { "build", "node_modules", "lua/meta" }
files["tests/bench/server/{get,create}.lua"] = { globals = { "wrk", "init", "setup", "request", "response", "mine" } }
