package bind_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/parser"
)

// BenchmarkPlan binds and optimizes what is parsed already.
func BenchmarkPlan(b *testing.B) {
	for name, sql := range map[string]string{
		"point select": "select r_name from region where r_regionkey = 3",
		"tpch q5": `select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
			from customer, orders, lineitem, supplier, nation, region
			where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey
			and c_nationkey = s_nationkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'ASIA'
			and o_orderdate >= date '1994-01-01' and o_orderdate < date '1994-01-01' + interval '1' year
			group by n_name order by revenue desc`,
		"insert of 1000 rows": "insert into types (id, i32, d52, s, day) values " +
			strings.TrimSuffix(strings.Repeat("(1, 2, 3.25, 'four', '2020-01-05'), ", 1000), ", "),
	} {
		b.Run(name, func(b *testing.B) {
			stmt, err := parser.Parse(sql)
			require.NoError(b, err)
			env := environment()
			for b.Loop() {
				out, err := bind.Bind(b.Context(), env, stmt)
				require.NoError(b, err)
				_, err = optimize.Optimize(out.Plan)
				require.NoError(b, err)
			}
		})
	}
}
