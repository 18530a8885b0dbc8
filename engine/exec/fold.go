package exec

import (
	"bytes"
	"math"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// AggregateKind is an aggregate as the operator computes it.
type AggregateKind = expr.AggregateKind

// Some aggregates, and two that expr has not: SumCounts and AverageOf put together what an aggregation below has
// already summed up, as DISTINCT needs: a sum that is 0 and not NULL for no rows, and the sum of Arg over the sum of
// Weight.
const (
	CountRows = expr.CountRows
	Count     = expr.Count
	Sum       = expr.Sum
	Average   = expr.Avg
	Minimum   = expr.Min
	Maximum   = expr.Max
	SumCounts = expr.Aggregates
	AverageOf = expr.Aggregates + 1
)

// AggregateCall is one aggregate over columns of the input.
type AggregateCall struct {
	Kind   AggregateKind
	Arg    int // not for CountRows
	Weight int // for AverageOf; else the second argument, where there is one
	Name   string
	Of     vector.Type // of the result
}

// fold is one part of a group's state and the column that feeds it.
type fold struct {
	op     foldOp
	column int
	known  Column
	negate bool // foldMax, foldMaxWide: it is the minimum that is wanted
	valid  bool // foldCount: counts the values that are not NULL
	logs   bool // foldMoments: of the logarithms
	second int  // foldPairs, foldBest: another column
	other  Column
	key    *fold // foldBest: of the second column, a foldMax
	in     int   // where its words begin in a row, after the keys
	at     int   // where its words begin in a state
	ranks  *ranks
}

// stateLayout says what a group's state is made of: the key's words, the number of rows, the folds' states.
type stateLayout struct {
	keys   *keyLayout
	nKeys  int // words; 0 in dense states
	folds  []fold
	stride int // words of a state
	row    int // words of a row before it is folded: the key's and the folds' inputs
	calls  []callLayout
	texts  [2][]textWord // of states and of rows, by kind
}

// textWord is a word that refers to a text: of a key, or of a fold's state or input.
type textWord struct {
	at  int
	key *keyField
	of  *fold // key is nil; 0 is no text
}

// none tells whether a row or a state has no text there.
func (t *textWord) none(row []uint64) bool {
	if t.key != nil {
		return t.key.isNull(row)
	}
	return row[t.at] == 0
}

// callLayout says which folds a call reads. Count is -1 for the number of rows.
type callLayout struct {
	AggregateCall

	value, count int
	arg          Column
}

func newStateLayout(in Schema, keys *keyLayout, calls []AggregateCall) (*stateLayout, error) {
	l := &stateLayout{keys: keys, nKeys: keys.words}
	for _, c := range calls {
		k := callLayout{AggregateCall: c, value: -1, count: -1}
		if c.Kind != CountRows {
			k.arg = in[c.Arg]
			if err := l.addCall(&k, in); err != nil {
				return nil, err
			}
		}
		l.calls = append(l.calls, k)
	}
	l.place()
	return l, nil
}

// place gives each fold its words, after nKeys words of keys.
func (l *stateLayout) place() {
	l.stride, l.row, l.texts = l.nKeys+1, l.nKeys, [2][]textWord{}
	for i := range l.keys.fields {
		if f := &l.keys.fields[i]; f.kind == keyText {
			l.texts[kindStates] = append(l.texts[kindStates], textWord{at: f.word + 1, key: f})
		}
	}
	l.texts[kindRows] = slices.Clone(l.texts[kindStates])
	for i := range l.folds {
		f := &l.folds[i]
		f.in, f.at = l.row, l.stride
		l.row += f.op.inWords()
		l.stride += f.op.stateWords()
		if f.op.isText() {
			l.texts[kindStates] = append(l.texts[kindStates], textWord{at: f.at, of: f})
			l.texts[kindRows] = append(l.texts[kindRows], textWord{at: f.in, of: f})
		}
	}
}

func (l *stateLayout) addCall(k *callLayout, in Schema) error {
	arg := fold{column: k.Arg, known: k.arg}
	if k.arg.Nullable && !countsItself(k.Kind) {
		k.count = l.add(fold{op: foldCount, column: k.Arg, known: k.arg, valid: true})
	}
	switch k.Kind {
	case Count:
		return nil
	case SumCounts:
		arg.op = foldCount
	case Sum, Average, AverageOf:
		switch k.arg.Physical {
		case vector.Integer:
			arg.op = foldSum
		case vector.Wide:
			arg.op = foldWide
		case vector.Float:
			arg.op = foldFloat
		default:
			return sqlerr.New(sqlerr.UndefinedFunction, "no sum of values of type %s", k.arg.Type)
		}
		if k.Kind == AverageOf {
			k.count = l.add(fold{op: foldCount, column: k.Weight, known: in[k.Weight]})
		}
	case Minimum, Maximum:
		if err := arg.setExtreme(k.Kind == Minimum); err != nil {
			return err
		}
	default:
		if err := arg.setOther(k, in); err != nil {
			return err
		}
	}
	k.value = l.add(arg)
	return nil
}

func (f *fold) setExtreme(minimum bool) error {
	f.negate = minimum
	switch f.known.Physical {
	case vector.Integer, vector.Float:
		f.op = foldMax
	case vector.Wide:
		f.op = foldMaxWide
	case vector.Bytes:
		switch {
		case f.known.Unifier != nil:
			f.op, f.ranks = foldMax, newRanks(f.known.Words)
		case minimum:
			f.op = foldMinText
		default:
			f.op = foldMaxText
		}
	default:
		return sqlerr.NotSupported("the minimum or maximum of " + f.known.Type.String())
	}
	return nil
}

// add returns the place of a fold among all, a new one where there is none like it.
func (l *stateLayout) add(f fold) int {
	for i, o := range l.folds {
		if o.op == f.op && o.column == f.column && o.second == f.second && o.negate == f.negate && o.valid == f.valid &&
			o.logs == f.logs {
			return i
		}
	}
	l.folds = append(l.folds, f)
	return len(l.folds) - 1
}

// ranks is the order of a dictionary's values.
type ranks struct {
	of     []uint64 // number to rank
	number []uint32 // rank to number
}

func newRanks(d *vector.Dictionary) *ranks {
	r := &ranks{of: make([]uint64, len(d.Values)), number: make([]uint32, len(d.Values))}
	for i := range r.number {
		r.number[i] = uint32(i)
	}
	slices.SortFunc(r.number, func(a, b uint32) int { return bytes.Compare(d.Values[a], d.Values[b]) })
	for rank, i := range r.number {
		r.of[i] = uint64(rank)
	}
	return r
}

// at returns the rank of a number. NULL has none, nor has the value that a vector of nothing but NULLs names where the
// dictionary has no values.
func (r *ranks) at(number uint32) (rank uint64, ok bool) {
	if uint64(number) >= uint64(len(r.of)) {
		return 0, false
	}
	return r.of[number], true
}

// loader reads the folds' inputs of one worker's chunks.
type loader struct {
	layout  *stateLayout
	wide    []vector.Int128
	tables  []dictionaryTable // of each fold, then of each foldBest's keys
	scratch []uint64
}

func (l *stateLayout) loader() *loader {
	return &loader{layout: l, tables: make([]dictionaryTable, 2*len(l.folds))}
}

// load writes the input of fold i for the chosen rows, row after row; what is NULL becomes zeros. Texts become
// the position among the rows plus one.
func (r *loader) load(i int, c *vector.Chunk, rows []uint16, out []uint64) error {
	f := &r.layout.folds[i]
	if f.op.isOther() {
		return r.loadOther(i, c, rows, out)
	}
	return r.loadOne(f, &r.tables[i], c.Columns[f.column], rows, out)
}

// loadOne is load of a fold of one column that is a count, a sum, an extreme or of texts.
func (r *loader) loadOne(f *fold, t *dictionaryTable, v *vector.Vector, rows []uint16, out []uint64) error {
	if f.valid {
		for k := range out {
			out[k] = 1
		}
		return zeroNulls(f.known, v, rows, out, 1)
	}
	switch {
	case f.op.isText():
		for k := range rows {
			out[k] = uint64(k + 1)
		}
	case f.ranks != nil:
		return loadRanks(f, t, v, rows, out)
	case f.known.Physical == vector.Wide:
		r.loadWides(f, v, rows, out)
		return zeroNulls(f.known, v, rows, out, 2)
	case v.Physical != f.known.Physical:
		return physicalMismatch(f.known, v)
	case f.known.Physical == vector.Float:
		loadFloats(f, v, rows, out)
	default:
		ints := view[int64](out, len(out))
		vector.Ints(v, rows, ints)
		if f.op == foldMax {
			for k, x := range ints {
				out[k] = f.extreme(x)
			}
		}
	}
	return zeroNulls(f.known, v, rows, out, 1)
}

// extreme gives integers the form in which the greatest word is the value that is wanted.
func (f *fold) extreme(x int64) uint64 {
	u := uint64(x) ^ 1<<63
	if f.negate {
		return ^u
	}
	return u
}

// extremeInt is the inverse of extreme.
func (f *fold) extremeInt(u uint64) int64 {
	if f.negate {
		u = ^u
	}
	return int64(u ^ 1<<63)
}

func loadFloats(f *fold, v *vector.Vector, rows []uint16, out []uint64) {
	floats := view[float64](out, len(out))
	vector.Floats(v, rows, floats)
	if f.op != foldMax {
		return
	}
	for k, x := range floats {
		out[k] = f.extreme(vector.FloatKey(x))
	}
}

func (r *loader) loadWides(f *fold, v *vector.Vector, rows []uint16, out []uint64) {
	if r.wide == nil {
		r.wide = make([]vector.Int128, vector.ChunkRows)
	}
	for k, x := range vector.Wides(v, rows, r.wide) {
		lo, hi := x.Lo, uint64(x.Hi)
		if f.op == foldMaxWide { // the high word first
			if lo, hi = hi^1<<63, lo; f.negate {
				lo, hi = ^lo, ^hi
			}
		}
		out[2*k], out[2*k+1] = lo, hi
	}
}

// loadRanks makes the ranks of texts, which are in a dictionary's order.
func loadRanks(f *fold, t *dictionaryTable, v *vector.Vector, rows []uint16, out []uint64) error {
	if v.Dictionary == nil {
		return physicalMismatch(f.known, v)
	}
	if t.of != v.Dictionary {
		ids := f.known.Unifier.Remap(v.Dictionary)
		t.of, t.table = v.Dictionary, make([]uint64, len(ids))
		for c, id := range ids {
			if rank, ok := f.ranks.at(id); ok {
				t.table[c] = f.extreme(int64(rank))
			}
		}
	}
	if v.Encoding == vector.Constant {
		for k := range out {
			out[k] = t.table[0]
		}
		return zeroNulls(f.known, v, rows, out, 1)
	}
	clear(out)
	packTables[v.Width](v, t.table, rows, place{out, 1})
	return nil
}

// zeroNulls makes the words of NULL rows zeros.
func zeroNulls(c Column, v *vector.Vector, rows []uint16, out []uint64, perRow int) error {
	if v.Valid == nil || !c.Nullable {
		return nil
	}
	for k, i := range rows {
		if v.IsNull(int(i)) {
			clear(out[k*perRow : (k+1)*perRow])
		}
	}
	return nil
}

// average returns sum/count; sum is in units of 10^-scale. It is rounded once while sum and divisor are below 2^53.
func average(sum vector.Int128, scale uint8, count uint64) float64 {
	return sum.Float64() / (math.Pow10(int(scale)) * float64(count))
}
