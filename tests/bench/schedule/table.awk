# "name zone parse_ns next_ns checksum" lines to one table; ratios are to the first line of the same zone.
{
  if(!($2 in first)) {
    first[$2] = NR
    order[++zones] = $2
  }
  zone[NR] = $2; name[NR] = $1; parse[NR] = $3; next_ns[NR] = $4; sum[NR] = $5
}
END {
  printf "ns, median of %d runs; ratio to mooncron\n", runs
  for(z = 1; z <= zones; z++) {
    base = first[order[z]]
    printf "\n%-20s %12s %8s %12s %8s\n", order[z], "parse", "ratio", "next", "ratio"
    for(i = 1; i <= NR; i++)
      if(zone[i] == order[z])
        printf "%-20s %12.1f %8.1f %12.1f %8.1f%s\n", name[i], parse[i], parse[i] / parse[base],
          next_ns[i], next_ns[i] / next_ns[base], sum[i] == sum[base] ? "" : "  (other results)"
  }
}
