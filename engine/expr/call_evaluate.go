package expr

import "github.com/micodb/micodb/internal/vector"

// compileCall evaluates the arguments and gives them to the kernel. Under NullIfAny and NullResult the kernel sees
// only rows without a NULL, and what it leaves out becomes NULL here.
func compileCall(e Call) (Evaluator, error) {
	args, err := CompileAll(e.Args)
	if err != nil {
		return nil, err
	}
	kernel := e.Bound.New()
	in := make([]*vector.Vector, len(args))
	strict := e.Bound.Null == NullIfAny || e.Bound.Null == NullResult
	var b vector.Buffer
	rows, null := newRows(), constant(vector.NullOf(e.Type()))
	return func(c *vector.Chunk, sel []uint16) (*vector.Vector, error) {
		anyNull, allNull := false, false
		for i, arg := range args {
			v, err := arg(c, sel)
			if err != nil {
				return nil, err
			}
			in[i] = v
			anyNull = anyNull || v.Valid != nil
			allNull = allNull || v.IsConstantNull()
		}
		if !strict || !anyNull {
			return kernel(in, c.Len, sel)
		}
		if allNull {
			return null(c, sel)
		}
		for _, v := range in {
			sel = vector.SelectValid(v, sel, rows)
		}
		out, err := kernel(in, c.Len, sel)
		if err != nil {
			return nil, err
		}
		return withNulls(&b, out, in), nil
	}, nil
}

// withNulls makes rows NULL that are NULL in an argument.
func withNulls(b *vector.Buffer, out *vector.Vector, args []*vector.Vector) *vector.Vector {
	valid := b.MergeValidity(out.Len, append([]*vector.Vector{out}, args...)...)
	r := b.Retyped(out, out.Type)
	r.Valid, r.NullCode = valid, false
	return r
}
