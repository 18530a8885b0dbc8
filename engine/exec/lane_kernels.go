package exec

import "github.com/micodb/micodb/internal/vector"

func countLanes(groups []uint8, l *lanes) {
	i, n := 0, len(groups)
	for ; i+4 <= n; i += 4 {
		g := groups[i : i+4 : i+4]
		l[uint(g[0])*4]++
		l[uint(g[1])*4+1]++
		l[uint(g[2])*4+2]++
		l[uint(g[3])*4+3]++
	}
	for ; i < n; i++ {
		l[uint(groups[i])*4]++
	}
}

type laneKernel func(v *vector.Vector, sel []uint16, groups []uint8, l *lanes)

var sumLanes = [4]laneKernel{sumLanesOf[uint8], sumLanesOf[uint16], sumLanesOf[uint32], sumLanesOf[int64]}

// sumLanesOf adds the codes of rows to the lanes of their groups; sel nil is all rows.
func sumLanesOf[T vector.Code](v *vector.Vector, sel []uint16, groups []uint8, l *lanes) {
	d, i, n := vector.Codes[T](v), 0, len(groups)
	if sel == nil {
		d = d[:n]
		for ; i+4 <= n; i += 4 {
			g, x := groups[i:i+4:i+4], d[i:i+4:i+4]
			l[uint(g[0])*4] += uint64(x[0])
			l[uint(g[1])*4+1] += uint64(x[1])
			l[uint(g[2])*4+2] += uint64(x[2])
			l[uint(g[3])*4+3] += uint64(x[3])
		}
		for ; i < n; i++ {
			l[uint(groups[i])*4] += uint64(d[i])
		}
		return
	}
	sel = sel[:n]
	for ; i+4 <= n; i += 4 {
		g, r := groups[i:i+4:i+4], sel[i:i+4:i+4]
		l[uint(g[0])*4] += uint64(d[r[0]])
		l[uint(g[1])*4+1] += uint64(d[r[1]])
		l[uint(g[2])*4+2] += uint64(d[r[2]])
		l[uint(g[3])*4+3] += uint64(d[r[3]])
	}
	for ; i < n; i++ {
		l[uint(groups[i])*4] += uint64(d[sel[i]])
	}
}

// packFirst writes what a table of bytes says of the codes of rows, packNext ORs it.
func packFirst(d []uint8, table *[256]uint8, rows []uint16, out []uint8) {
	out = out[:len(rows)]
	for k, i := range rows {
		out[k] = table[d[i]]
	}
}

func packNext(d []uint8, table *[256]uint8, rows []uint16, out []uint8) {
	out = out[:len(rows)]
	for k, i := range rows {
		out[k] |= table[d[i]]
	}
}
