package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is what point.json has.
type report struct {
	Commit      string       `json:"commit"`
	Date        time.Time    `json:"date"`
	Machine     machine      `json:"machine"`
	Rows        int64        `json:"rows"`
	Threads     int          `json:"threads"`
	Repetitions int          `json:"repetitions"`
	Seconds     float64      `json:"seconds"` // of a measurement
	Comparisons []comparison `json:"comparisons"`
}

type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
}

// comparison is of both servers at one number of connections.
type comparison struct {
	Connections int           `json:"connections"`
	Ratio       float64       `json:"ratio"` // of MicoDB's median rate to the empty server's
	Medians     medians       `json:"median"`
	MicoDB      []measurement `json:"micodb"`
	Empty       []measurement `json:"empty"`
}

type medians struct {
	MicoDB measurement `json:"micodb"`
	Empty  measurement `json:"empty"`
}

func newReport(o options) *report {
	describe := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=40") //nolint:noctx // it is short
	commit, err := describe.Output()
	if err != nil {
		commit = []byte("unknown")
	}
	return &report{
		Commit: strings.TrimSpace(string(commit)), Date: time.Now().UTC().Truncate(time.Second),
		Machine: machine{CPU: processor(), Cores: runtime.NumCPU()},
		Rows:    o.rows, Threads: o.threads, Repetitions: o.repetitions, Seconds: o.length.Seconds(),
	}
}

func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}

// median returns the measurement with the median rate.
func median(all []measurement) measurement {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b measurement) int { return cmp.Compare(a.Rate, b.Rate) })
	return sorted[len(sorted)/2]
}

func (c *comparison) summarize() {
	c.Medians = medians{MicoDB: median(c.MicoDB), Empty: median(c.Empty)}
	c.Ratio = c.Medians.MicoDB.Rate / c.Medians.Empty.Rate
}

func (r *report) write(dir string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "point.json"), append(b, '\n'), 0o600); err != nil {
		return err
	}
	text := r.text()
	if _, err := fmt.Print(text); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "point.md"), []byte(text), 0o600)
}

func (r *report) text() string {
	var t strings.Builder
	_, _ = fmt.Fprintf(&t, "# Prepared point selects beside an empty Flight server\n\n"+
		"Commit %s, %s, %s, %d cores, %d threads, %d rows, median of %d of %g s.\nA select is three calls: DoPut "+
		"of the key, GetFlightInfo, DoGet. CPU is the server's own, per select.\n\n"+
		"| connections | MicoDB selects/s | empty selects/s | ratio | MicoDB p50, p99 µs | empty p50, p99 µs | "+
		"MicoDB CPU µs | empty CPU µs |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
		r.Commit, r.Date.Format(time.RFC3339), r.Machine.CPU, r.Machine.Cores, r.Threads, r.Rows, r.Repetitions,
		r.Seconds)
	for _, c := range r.Comparisons {
		m, e := c.Medians.MicoDB, c.Medians.Empty
		_, _ = fmt.Fprintf(&t, "| %d | %.0f | %.0f | %.2f | %.0f, %.0f | %.0f, %.0f | %.0f | %.0f |\n", c.Connections,
			m.Rate, e.Rate, c.Ratio, m.LatencyP50, m.LatencyP99, e.LatencyP50, e.LatencyP99, m.ServerCPU, e.ServerCPU)
	}
	t.WriteString("\nA ratio of 1 means that MicoDB is as fast as a server that does nothing. " +
		"All measurements are in point.json.\n")
	return t.String()
}
