package hostile_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// badTexts makes CSV and NDJSON files that nobody would write.
func badTexts() []badFile {
	x := func(n int) string { return strings.Repeat("x", n) }
	const megabytes = 1 << 20
	all := []badFile{
		{name: "endless line.csv", data: []byte("id,name\n1," + x(40*megabytes))},
		{name: "endless header.csv", data: []byte(x(40 * megabytes))},
		{name: "endless line.ndjson", data: []byte(`{"id":1,"name":"` + x(40*megabytes))},
		{name: "a long value.csv", data: []byte("id,name\n1," + x(15*megabytes) + "\n2,y\n"), harmless: true},
		{name: "a million columns.csv", data: []byte(strings.Repeat("id,", 1_000_000) + "id\n")},
		{name: "a million fields.csv", data: []byte("id,name\n" + strings.Repeat("1,", 1_000_000) + "1\n")},
		{name: "a million names.csv", data: []byte("id," + numbered(",", 1_000_000) + "\n1\n")},
		{name: "a million members.ndjson", data: []byte(`{"id":1,"n` + numbered(`":1,"n`, 1_000_000) + `":1}`)},
		{
			name: "one member a million times.ndjson", data: []byte(`{"id":1` + strings.Repeat(`,"name":"x"`, 1_000_000) + `}`),
			harmless: true,
		},
		{name: "open quote.csv", data: []byte("id,name\n1,\"" + strings.Repeat("x\n", 20*megabytes))},
		{name: "quotes.csv", data: []byte("id,name\n1," + strings.Repeat(`"`, 3*megabytes+1) + "\n")},
		{name: "delimiters.csv", data: bytes.Repeat([]byte(","), 20*megabytes)},
		{name: "NUL.csv", data: make([]byte, 20*megabytes)},
		{name: "NUL values.csv", data: []byte("id,name\n\x00,\x00\n")},
		{name: "NUL.ndjson", data: make([]byte, 20*megabytes)},
		{name: "ends.csv", data: bytes.Repeat([]byte("\r"), 20*megabytes)},
		{name: "empty lines.csv", data: append([]byte("id,name\n"), bytes.Repeat([]byte("\n"), 4*megabytes)...), harmless: true},
		{name: "only a mark.csv", data: []byte("\xEF\xBB\xBF")},
		{name: "a long number.csv", data: []byte("id\n" + strings.Repeat("9", 2*megabytes) + "\n")},
		{name: "a long number.ndjson", data: []byte(`{"id":` + strings.Repeat("9", 2*megabytes) + "}")},
		{name: "a power.ndjson", data: []byte(`{"id":1e999999999}`)},
		{name: "a long name.ndjson", data: []byte(`{"` + x(10*megabytes) + `":1}`)},
		{name: "arrays.ndjson", data: []byte(`{"id":` + strings.Repeat("[", 10*megabytes))},
		{name: "objects.ndjson", data: []byte(strings.Repeat(`{"id":`, megabytes))},
		{
			name: "closed arrays.ndjson", data: []byte(`{"id":1,"name":` + strings.Repeat("[", megabytes) + strings.Repeat("]", megabytes) + "}"),
			harmless: true,
		},
		{name: "escapes.ndjson", data: []byte(`{"id":1,"name":"` + strings.Repeat(`\uD800`, megabytes) + `"}`), harmless: true},
		{name: "no UTF-8.ndjson", data: []byte("{\"id\":1,\"name\":\"\xff\"}")},
		{name: "an array.ndjson", data: []byte(`[{"id":1}]`)},
	}
	return all
}

// numbered is numbers with something between them.
func numbered(between string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d%s", i, between)
	}
	return b.String()
}

// flippedText spoils a text that was good.
func flippedText(seed uint64) badFile {
	rng := rand.New(rand.NewPCG(seed, 2))
	var b strings.Builder
	ending := "csv"
	if rng.IntN(2) == 0 {
		ending = "ndjson"
		for i := range 50 {
			fmt.Fprintf(&b, `{"id":%d,"name":"n \"%d\" \u00e9","flag":true}`+"\n", i, i)
		}
	} else {
		b.WriteString("id,name,flag\n")
		for i := range 50 {
			fmt.Fprintf(&b, "%d,\"n \"\"%d\"\"\r\nx\",true\n", i, i)
		}
	}
	data := []byte(b.String())
	for range 1 + rng.IntN(5) {
		switch at := rng.IntN(len(data)); rng.IntN(3) {
		case 0:
			data[at] = byte(rng.Uint32())
		case 1:
			data[at] = "\",\n\r\\{}[]:\x00"[rng.IntN(11)]
		default:
			data = append(data[:at], data[min(at+rng.IntN(20), len(data)):]...)
		}
	}
	return badFile{name: fmt.Sprintf("flipped seed %d.%s", seed, ending), data: data, harmless: true}
}
