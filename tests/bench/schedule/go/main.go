// Usage: bench CASES START STEPS RUNS RUN_MS. Prints "name zone parse_ns next_ns checksum" a line.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func argument(i int) int64 {
	n, err := strconv.ParseInt(os.Args[i], 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// The median over the runs of the mean time of one unit, in ns; each run lasts at least runMs.
func median(runs, runMs int64, units int, work func()) float64 {
	means := make([]float64, 0, runs)
	for r := int64(0); r < runs; r++ {
		began, calls := time.Now(), 0
		for time.Since(began) < time.Duration(runMs)*time.Millisecond {
			work()
			calls++
		}
		means = append(means, float64(time.Since(began).Nanoseconds())/float64(calls*units))
	}
	sort.Float64s(means)
	return means[runs/2]
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	cases := strings.Split(strings.TrimSpace(string(text)), "\n")
	start, steps, runs, runMs := argument(2), int(argument(3)), argument(4), argument(5)
	for _, zone := range []string{"UTC", "America/New_York"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			panic(err)
		}
		from := time.Unix(start, 0).In(location)
		jobs := make([]cron.Schedule, len(cases))
		parse := func() {
			for i, expr := range cases {
				if jobs[i], err = cron.ParseStandard(expr); err != nil {
					panic(err)
				}
			}
		}
		var sum int64
		chain := func() {
			sum = 0
			for _, job := range jobs {
				at := from
				for i := 0; i < steps; i++ {
					at = job.Next(at)
				}
				sum += at.Unix()
			}
		}
		parseNs := median(runs, runMs, len(cases), parse)
		nextNs := median(runs, runMs, len(cases)*steps, chain)
		fmt.Printf("robfig/cron\t%s\t%.1f\t%.1f\t%d\n", zone, parseNs, nextNs, sum)
	}
}
