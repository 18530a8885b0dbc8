package shell

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jedib0t/go-pretty/v6/text"
)

// isPlan tells whether rows are the lines that EXPLAIN gives.
func isPlan(s *arrow.Schema) bool {
	return s.NumFields() == 1 && s.Field(0).Name == "plan" && arrow.TypeEqual(s.Field(0).Type, arrow.BinaryTypes.String)
}

// planPrinter writes the lines of EXPLAIN as they are, and those of EXPLAIN ANALYZE as a tree.
type planPrinter struct {
	w     io.Writer
	lines []string
}

func (p *planPrinter) batch(b arrow.RecordBatch) error {
	for i := range int(b.NumRows()) {
		p.lines = append(p.lines, shown(valueText(b.Column(0), i, "")))
	}
	return nil
}

func (p *planPrinter) close() (int64, error) {
	lines := p.lines
	if len(lines) > 0 && strings.HasPrefix(lines[0], analyzedPlan) {
		lines = drawTree(lines)
	}
	_, err := io.WriteString(p.w, strings.Join(lines, "\n")+"\n")
	return int64(len(p.lines)), err
}

// analyzedPlan begins the first line of EXPLAIN ANALYZE.
const analyzedPlan = "analyzed plan: ["

// step is one line of an analyzed plan: an operator and what it counted.
type step struct {
	depth  int
	title  string
	counts map[string]string
}

// parseStep takes a line apart: indentation, operator, and counts in brackets at the end.
func parseStep(line string) step {
	title := strings.TrimLeft(line, " ")
	s := step{depth: (len(line) - len(title)) / 2, title: title, counts: map[string]string{}}
	at := strings.LastIndex(title, " [")
	if at < 0 || !strings.HasSuffix(title, "]") {
		return s
	}
	s.title = title[:at]
	for pair := range strings.FieldsSeq(title[at+2 : len(title)-1]) {
		if key, value, ok := strings.Cut(pair, "="); ok {
			s.counts[key] = value
		}
	}
	return s
}

func (s step) time() time.Duration {
	d, err := time.ParseDuration(s.counts["time"])
	if err != nil {
		return 0
	}
	return d
}

func (s step) number(key string) int64 {
	n, err := strconv.ParseInt(s.counts[key], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// note says what a scan left out, empty where there was nothing to leave out.
func (s step) note() string {
	var parts []string
	for _, part := range []struct{ key, what string }{{"segments", "segments"}, {"row_groups", "row groups"}} {
		read, pruned := s.number(part.key), s.number(part.key+"_pruned")
		if read+pruned > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d %s", read, read+pruned, part.what))
		}
	}
	if n := s.number("bytes_read"); n > 0 {
		parts = append(parts, sizeText(n)+" from files")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (read " + strings.Join(parts, ", ") + ")"
}

// drawTree draws an analyzed plan: numbers in columns on the left, the tree on the right.
func drawTree(lines []string) []string {
	head := parseStep(lines[0])
	steps := make([]step, 0, len(lines)-1)
	var total time.Duration
	for _, l := range lines[1:] {
		s := parseStep(l)
		steps = append(steps, s)
		total += s.time()
	}
	cells := cellsOf(steps, total)
	widths := make([]int, len(cells[0]))
	for _, row := range cells {
		for i, c := range row {
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(c))
		}
	}
	elapsed, _ := time.ParseDuration(head.counts["elapsed"]) // zero where the server tells none
	out := []string{fmt.Sprintf("elapsed %s on %s workers, at most %s of memory", timeText(elapsed),
		head.counts["workers"], sizeText(head.number("memory")))}
	for i, row := range cells {
		var b strings.Builder
		for j, c := range row {
			b.WriteString(text.AlignRight.Apply(c, widths[j]) + "  ")
		}
		if i == 0 {
			b.WriteString("operator")
		} else {
			b.WriteString(branch(steps, i-1) + steps[i-1].title + steps[i-1].note())
		}
		out = append(out, b.String())
	}
	return out
}

// cellsOf returns the numbers of the steps under their titles. What no step has counted has no column.
func cellsOf(steps []step, total time.Duration) [][]string {
	columns := []struct {
		title, key string
		text       func(int64) string
	}{
		{"estimated", "estimated_rows", countText},
		{"rows", "rows", countText},
		{"chunks", "chunks", countText},
		{"memory", "memory", sizeText},
		{"spilled", "spilled", sizeText},
	}
	cells := [][]string{{"time", "share"}}
	for _, s := range steps {
		share := 0.0
		if total > 0 {
			share = 100 * float64(s.time()) / float64(total)
		}
		cells = append(cells, []string{timeText(s.time()), fmt.Sprintf("%.1f %%", share)})
	}
	for _, c := range columns {
		if !slices.ContainsFunc(steps, func(s step) bool { return s.counts[c.key] != "" }) {
			continue
		}
		cells[0] = append(cells[0], c.title)
		for i, s := range steps {
			cell := ""
			if s.counts[c.key] != "" {
				cell = c.text(s.number(c.key))
			}
			cells[i+1] = append(cells[i+1], cell)
		}
	}
	return cells
}

// branch draws what stands before step i of a tree whose steps come in depth-first order.
func branch(steps []step, i int) string {
	root := steps[0].depth
	var b strings.Builder
	for depth := root + 1; depth <= steps[i].depth; depth++ {
		more := false // whether the ancestor at this depth, or the step itself, has a sibling below
		for _, later := range steps[i+1:] {
			if later.depth <= depth {
				more = later.depth == depth
				break
			}
		}
		switch {
		case depth < steps[i].depth && more:
			b.WriteString("│  ")
		case depth < steps[i].depth:
			b.WriteString("   ")
		case more:
			b.WriteString("├─ ")
		default:
			b.WriteString("└─ ")
		}
	}
	return b.String()
}

func timeText(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d)/float64(time.Millisecond))
}

// countText is a number with its thousands apart.
func countText(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// sizeText is a number of bytes as people read it.
func sizeText(n int64) string {
	size, unit := float64(n), 0
	for ; size >= 1024 && unit < 4; unit++ {
		size /= 1024
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %ciB", size, "KMGT"[unit-1])
}
