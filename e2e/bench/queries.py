"""TPC-H queries with their substitution parameters drawn as the specification says (TPC-H 3.0.1, clause 2.4)."""
import datetime
import random

SEGMENTS = ["AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"]
REGIONS = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"]
MODES = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"]


def q1(r: random.Random) -> str:
    date = datetime.date(1998, 12, 1) - datetime.timedelta(days=r.randint(60, 120))
    return f"""
SELECT l_returnflag, l_linestatus, SUM(l_quantity) AS sum_qty, SUM(l_extendedprice) AS sum_base_price,
  SUM(l_extendedprice * (1 - l_discount)) AS sum_disc_price,
  SUM(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
  AVG(l_quantity) AS avg_qty, AVG(l_extendedprice) AS avg_price, AVG(l_discount) AS avg_disc, COUNT(*) AS count_order
FROM lineitem WHERE l_shipdate <= DATE '{date}'
GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus"""


def q3(r: random.Random) -> str:
    date = datetime.date(1995, 3, r.randint(1, 31))
    return f"""
SELECT l_orderkey, SUM(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
FROM customer, orders, lineitem
WHERE c_mktsegment = '{r.choice(SEGMENTS)}' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
  AND o_orderdate < DATE '{date}' AND l_shipdate > DATE '{date}'
GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, l_orderkey LIMIT 10"""


def q5(r: random.Random) -> str:
    year = r.randint(1993, 1997)
    return f"""
SELECT n_name, SUM(l_extendedprice * (1 - l_discount)) AS revenue
FROM customer, orders, lineitem, supplier, nation, region
WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey AND c_nationkey = s_nationkey
  AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = '{r.choice(REGIONS)}'
  AND o_orderdate >= DATE '{year}-01-01' AND o_orderdate < DATE '{year}-01-01' + INTERVAL '1' YEAR
GROUP BY n_name ORDER BY revenue DESC"""


def q6(r: random.Random) -> str:
    year, discount, quantity = r.randint(1993, 1997), r.randint(2, 9), r.randint(24, 25)
    return f"""
SELECT SUM(l_extendedprice * l_discount) AS revenue FROM lineitem
WHERE l_shipdate >= DATE '{year}-01-01' AND l_shipdate < DATE '{year}-01-01' + INTERVAL '1' YEAR
  AND l_discount BETWEEN 0.0{discount} - 0.01 AND 0.0{discount} + 0.01 AND l_quantity < {quantity}"""


def q10(r: random.Random) -> str:
    month = r.randint(0, 23) + 1993 * 12 + 1
    date = f"{month // 12}-{month % 12 + 1:02d}-01"
    return f"""
SELECT c_custkey, c_name, SUM(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, n_name, c_address, c_phone,
  c_comment
FROM customer, orders, lineitem, nation
WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate >= DATE '{date}'
  AND o_orderdate < DATE '{date}' + INTERVAL '3' MONTH AND l_returnflag = 'R' AND c_nationkey = n_nationkey
GROUP BY c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment
ORDER BY revenue DESC, c_custkey LIMIT 20"""


def q12(r: random.Random) -> str:
    a, b = r.sample(MODES, 2)
    year = r.randint(1993, 1997)
    return f"""
SELECT l_shipmode,
  SUM(CASE WHEN o_orderpriority = '1-URGENT' OR o_orderpriority = '2-HIGH' THEN 1 ELSE 0 END) AS high_line_count,
  SUM(CASE WHEN o_orderpriority <> '1-URGENT' AND o_orderpriority <> '2-HIGH' THEN 1 ELSE 0 END) AS low_line_count
FROM orders, lineitem
WHERE o_orderkey = l_orderkey AND l_shipmode IN ('{a}', '{b}') AND l_commitdate < l_receiptdate
  AND l_shipdate < l_commitdate AND l_receiptdate >= DATE '{year}-01-01'
  AND l_receiptdate < DATE '{year}-01-01' + INTERVAL '1' YEAR
GROUP BY l_shipmode ORDER BY l_shipmode"""


def q14(r: random.Random) -> str:
    date = f"{r.randint(1993, 1997)}-{r.randint(1, 12):02d}-01"
    return f"""
SELECT 100.00 * SUM(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
  / SUM(l_extendedprice * (1 - l_discount)) AS promo_revenue
FROM lineitem, part
WHERE l_partkey = p_partkey AND l_shipdate >= DATE '{date}' AND l_shipdate < DATE '{date}' + INTERVAL '1' MONTH"""


def q19(r: random.Random) -> str:
    brands = [f"Brand#{r.randint(1, 5)}{r.randint(1, 5)}" for _ in range(3)]
    q = [r.randint(1, 10), r.randint(10, 20), r.randint(20, 30)]
    boxes = ["'SM CASE', 'SM BOX', 'SM PACK', 'SM PKG'", "'MED BAG', 'MED BOX', 'MED PKG', 'MED PACK'",
             "'LG CASE', 'LG BOX', 'LG PACK', 'LG PKG'"]
    terms = " OR ".join(f"""(p_partkey = l_partkey AND p_brand = '{b}' AND p_container IN ({c})
  AND l_quantity >= {n} AND l_quantity <= {n} + 10 AND p_size BETWEEN 1 AND {s}
  AND l_shipmode IN ('AIR', 'AIR REG') AND l_shipinstruct = 'DELIVER IN PERSON')"""
                        for b, c, n, s in zip(brands, boxes, q, [5, 10, 15]))
    return f"SELECT SUM(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem, part WHERE {terms}"


QUERIES = {"Q1": q1, "Q3": q3, "Q5": q5, "Q6": q6, "Q10": q10, "Q12": q12, "Q14": q14, "Q19": q19}
