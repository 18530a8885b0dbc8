package catalogtest

import (
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// measured is a NOT NULL column with its statistics; lo and hi are NULL where a type has no order of distances. An
// integer with as many values as its table has rows is a key.
type measured struct {
	name     string
	of       vector.Type
	distinct int64
	lo, hi   vector.Scalar
}

func key(name string, most int64) measured {
	t := vector.Of(vector.Int64)
	return measured{name, t, most, vector.IntOf(t, 1), vector.IntOf(t, most)}
}

func integer(name string, lo, hi int64) measured {
	t := vector.Of(vector.Int32)
	return measured{name, t, hi - lo + 1, vector.IntOf(t, lo), vector.IntOf(t, hi)}
}

// money is a DECIMAL(15,2) between two numbers of cents.
func money(name string, distinct, lo, hi int64) measured {
	t := vector.DecimalType(15, 2)
	cents := func(v int64) vector.Scalar { return vector.DecimalOf(t, vector.Int128Of(v)) }
	return measured{name, t, distinct, cents(lo), cents(hi)}
}

func text(name string, distinct int64) measured {
	t := vector.Of(vector.Text)
	return measured{name, t, distinct, vector.NullOf(t), vector.NullOf(t)}
}

func day(name string, lo, hi string) measured {
	t := vector.Of(vector.Date)
	days := func(s string) int64 {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return 0
		}
		return d.Unix() / 86400
	}
	return measured{name, t, days(hi) - days(lo) + 1, vector.IntOf(t, days(lo)), vector.IntOf(t, days(hi))}
}

func measuredTable(id catalog.TableID, name string, rows int64, columns ...measured) *catalog.Table {
	t := Table(catalog.DefaultDatabase, name)
	t.ID = id
	t.Statistics = &catalog.Statistics{Rows: rows, Columns: map[catalog.ColumnID]catalog.ColumnStatistics{}}
	for i, c := range columns {
		column := catalog.Column{ID: catalog.ColumnID(i + 1), Name: c.name, Type: c.of, NotNull: true}
		t.Columns = append(t.Columns, column)
		t.Statistics.Columns[column.ID] = catalog.ColumnStatistics{Min: c.lo, Max: c.hi, Distinct: c.distinct}
		if c.distinct == rows && c.of.Physical() == vector.Integer {
			t.Statistics.Keys = append(t.Statistics.Keys, column.ID)
		}
	}
	return t
}

// TPCH returns the eight tables of TPC-H in main.
func TPCH() []*catalog.Table {
	return []*catalog.Table{
		measuredTable(1, "region", 5, integer("r_regionkey", 0, 4), text("r_name", 5), text("r_comment", 5)),
		measuredTable(2, "nation", 25, integer("n_nationkey", 0, 24), text("n_name", 25),
			integer("n_regionkey", 0, 4), text("n_comment", 25)),
		measuredTable(3, "supplier", 10_000, key("s_suppkey", 10_000), text("s_name", 10_000),
			text("s_address", 10_000), integer("s_nationkey", 0, 24), text("s_phone", 10_000),
			money("s_acctbal", 9_955, -99_822, 999_972), text("s_comment", 10_000)),
		measuredTable(4, "customer", 150_000, key("c_custkey", 150_000), text("c_name", 150_000),
			text("c_address", 150_000), integer("c_nationkey", 0, 24), text("c_phone", 150_000),
			money("c_acctbal", 140_187, -99_999, 999_999), text("c_mktsegment", 5), text("c_comment", 150_000)),
		measuredTable(5, "part", 200_000, key("p_partkey", 200_000), text("p_name", 200_000), text("p_mfgr", 5),
			text("p_brand", 25), text("p_type", 150), integer("p_size", 1, 50), text("p_container", 40),
			money("p_retailprice", 20_899, 90_100, 209_899), text("p_comment", 131_753)),
		measuredTable(6, "partsupp", 800_000, key("ps_partkey", 200_000), key("ps_suppkey", 10_000),
			integer("ps_availqty", 1, 9_999), money("ps_supplycost", 99_865, 100, 100_000),
			text("ps_comment", 800_000)),
		measuredTable(7, "orders", 1_500_000, key("o_orderkey", 1_500_000), key("o_custkey", 150_000),
			text("o_orderstatus", 3), money("o_totalprice", 1_464_556, 85_771, 55_552_811),
			day("o_orderdate", "1992-01-01", "1998-08-02"), text("o_orderpriority", 5), text("o_clerk", 1_000),
			integer("o_shippriority", 0, 0), text("o_comment", 1_500_000)),
		measuredTable(8, "lineitem", 6_001_215, key("l_orderkey", 1_500_000), key("l_partkey", 200_000),
			key("l_suppkey", 10_000), integer("l_linenumber", 1, 7), money("l_quantity", 50, 100, 5_000),
			money("l_extendedprice", 933_900, 90_100, 10_494_950), money("l_discount", 11, 0, 10),
			money("l_tax", 9, 0, 8), text("l_returnflag", 3), text("l_linestatus", 2),
			day("l_shipdate", "1992-01-02", "1998-12-01"), day("l_commitdate", "1992-01-31", "1998-10-31"),
			day("l_receiptdate", "1992-01-04", "1998-12-31"), text("l_shipinstruct", 4), text("l_shipmode", 7),
			text("l_comment", 4_501_941)),
	}
}
