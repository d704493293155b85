# name, mode, wall s, CPU s, CPU s of the server -> a row for each client and mode, with how many times
# more it takes than mooncron.

{
  if(!($1 in seen)) {
    seen[$1] = 1
    names[++n] = $1
  }
  for(i = 3; i <= 5; i++)
    value[$1, $2, i] = $i
}

function cell(name, mode, column,    v, base) {
  v = value[name, mode, column]
  base = value["mooncron", mode, column]
  if(v == "")
    return "-"
  if(name == "mooncron" || base + 0 == 0)
    return sprintf("%.3f", v)
  return sprintf("%.3f (x%.1f)", v, v / base)
}

function rows(mode, title,    i) {
  for(i = 1; i <= n; i++)
    printf "%-14s  %-11s  %15s  %15s  %10.2f\n", title, names[i], cell(names[i], mode, 3),
      cell(names[i], mode, 4), value[names[i], mode, 5]
}

END {
  printf "%d creates on one local server; s, and how many times more than mooncron\n\n", count
  printf "%-14s  %-11s  %15s  %15s  %10s\n", "", "client", "wall", "CPU", "server CPU"
  rows("sequential", "one by one")
  rows("flight", "50 at once")
  for(i = 1; i <= n; i++)
    printf "%-14s  %-11s  %15s\n", "cold start", names[i], cell(names[i], "cold", 3)
  print "\nOver REST all talk to mooncron's server, which checks, completes and stores each job. Over gRPC they"
  print "talk to a stand-in that keeps the job as it comes and answers at once: far less work, in their favour."
}
