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


TYPES = (["STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"],
         ["ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"],
         ["TIN", "NICKEL", "BRASS", "STEEL", "COPPER"])
CONTAINERS = (["SM", "LG", "MED", "JUMBO", "WRAP"], ["CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"])
NATIONS = ["ALGERIA", "ARGENTINA", "BRAZIL", "CANADA", "EGYPT", "ETHIOPIA", "FRANCE", "GERMANY", "INDIA", "INDONESIA",
           "IRAN", "IRAQ", "JAPAN", "JORDAN", "KENYA", "MOROCCO", "MOZAMBIQUE", "PERU", "CHINA", "ROMANIA",
           "SAUDI ARABIA", "VIETNAM", "RUSSIA", "UNITED KINGDOM", "UNITED STATES"]
REGION_OF = [0, 1, 1, 1, 4, 0, 3, 3, 2, 2, 4, 4, 2, 4, 0, 0, 0, 1, 2, 3, 4, 2, 3, 3, 1]  # in REGIONS, of each nation
COLORS = ["almond", "azure", "blush", "chocolate", "coral", "dodger", "forest", "green", "honeydew", "ivory", "lemon",
          "linen", "maroon", "navy", "orchid", "peru", "plum", "rose", "salmon", "sienna", "tan", "turquoise", "wheat"]
WORDS = (["special", "pending", "unusual", "express"], ["packages", "requests", "accounts", "deposits"])


def month(r: random.Random, first: int, months: int) -> str:
    """The first day of a random month of so many from January of a year on."""
    n = r.randrange(months)
    return f"{first + n // 12}-{n % 12 + 1:02d}-01"


def brand(r: random.Random) -> str:
    return f"Brand#{r.randint(1, 5)}{r.randint(1, 5)}"


def q2(r: random.Random) -> str:
    region = r.choice(REGIONS)
    return f"""
SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
FROM part, supplier, partsupp, nation, region
WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND p_size = {r.randint(1, 50)}
  AND p_type LIKE '%{r.choice(TYPES[2])}' AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey
  AND r_name = '{region}' AND ps_supplycost = (
    SELECT MIN(ps_supplycost) FROM partsupp, supplier, nation, region
    WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND s_nationkey = n_nationkey
      AND n_regionkey = r_regionkey AND r_name = '{region}')
ORDER BY s_acctbal DESC, n_name, s_name, p_partkey LIMIT 100"""


def q4(r: random.Random) -> str:
    date = month(r, 1993, 58)
    return f"""
SELECT o_orderpriority, COUNT(*) AS order_count FROM orders
WHERE o_orderdate >= DATE '{date}' AND o_orderdate < DATE '{date}' + INTERVAL '3' MONTH
  AND EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)
GROUP BY o_orderpriority ORDER BY o_orderpriority"""


def q7(r: random.Random) -> str:
    a, b = r.sample(NATIONS, 2)
    return f"""
SELECT supp_nation, cust_nation, l_year, SUM(volume) AS revenue
FROM (SELECT n1.n_name AS supp_nation, n2.n_name AS cust_nation, EXTRACT(YEAR FROM l_shipdate) AS l_year,
    l_extendedprice * (1 - l_discount) AS volume
  FROM supplier, lineitem, orders, customer, nation n1, nation n2
  WHERE s_suppkey = l_suppkey AND o_orderkey = l_orderkey AND c_custkey = o_custkey AND s_nationkey = n1.n_nationkey
    AND c_nationkey = n2.n_nationkey AND ((n1.n_name = '{a}' AND n2.n_name = '{b}')
      OR (n1.n_name = '{b}' AND n2.n_name = '{a}'))
    AND l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31') AS shipping
GROUP BY supp_nation, cust_nation, l_year ORDER BY supp_nation, cust_nation, l_year"""


def q8(r: random.Random) -> str:
    nation = r.randrange(len(NATIONS))
    return f"""
SELECT o_year, SUM(CASE WHEN nation = '{NATIONS[nation]}' THEN volume ELSE 0 END) / SUM(volume) AS mkt_share
FROM (SELECT EXTRACT(YEAR FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) AS volume,
    n2.n_name AS nation
  FROM part, supplier, lineitem, orders, customer, nation n1, nation n2, region
  WHERE p_partkey = l_partkey AND s_suppkey = l_suppkey AND l_orderkey = o_orderkey AND o_custkey = c_custkey
    AND c_nationkey = n1.n_nationkey AND n1.n_regionkey = r_regionkey AND r_name = '{REGIONS[REGION_OF[nation]]}'
    AND s_nationkey = n2.n_nationkey AND o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
    AND p_type = '{" ".join(r.choice(t) for t in TYPES)}') AS all_nations
GROUP BY o_year ORDER BY o_year"""


def q9(r: random.Random) -> str:
    return f"""
SELECT nation, o_year, SUM(amount) AS sum_profit
FROM (SELECT n_name AS nation, EXTRACT(YEAR FROM o_orderdate) AS o_year,
    l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount
  FROM part, supplier, lineitem, partsupp, orders, nation
  WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey AND p_partkey = l_partkey
    AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey AND p_name LIKE '%{r.choice(COLORS)}%') AS profit
GROUP BY nation, o_year ORDER BY nation, o_year DESC"""


def q11(r: random.Random) -> str:
    nation = r.choice(NATIONS)
    return f"""
SELECT ps_partkey, SUM(ps_supplycost * ps_availqty) AS value FROM partsupp, supplier, nation
WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = '{nation}'
GROUP BY ps_partkey HAVING SUM(ps_supplycost * ps_availqty) > (
  SELECT SUM(ps_supplycost * ps_availqty) * 0.0001 FROM partsupp, supplier, nation
  WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = '{nation}')
ORDER BY value DESC, ps_partkey"""


def q13(r: random.Random) -> str:
    return f"""
SELECT c_count, COUNT(*) AS custdist
FROM (SELECT c_custkey, COUNT(o_orderkey) FROM customer LEFT OUTER JOIN orders
    ON c_custkey = o_custkey AND o_comment NOT LIKE '%{r.choice(WORDS[0])}%{r.choice(WORDS[1])}%'
  GROUP BY c_custkey) AS c_orders (c_custkey, c_count)
GROUP BY c_count ORDER BY custdist DESC, c_count DESC"""


def q15(r: random.Random) -> str:
    date = month(r, 1993, 58)
    return f"""
WITH revenue (supplier_no, total_revenue) AS (
  SELECT l_suppkey, SUM(l_extendedprice * (1 - l_discount)) FROM lineitem
  WHERE l_shipdate >= DATE '{date}' AND l_shipdate < DATE '{date}' + INTERVAL '3' MONTH GROUP BY l_suppkey)
SELECT s_suppkey, s_name, s_address, s_phone, total_revenue FROM supplier, revenue
WHERE s_suppkey = supplier_no AND total_revenue = (SELECT MAX(total_revenue) FROM revenue)
ORDER BY s_suppkey"""


def q16(r: random.Random) -> str:
    sizes = ", ".join(str(n) for n in r.sample(range(1, 51), 8))
    return f"""
SELECT p_brand, p_type, p_size, COUNT(DISTINCT ps_suppkey) AS supplier_cnt FROM partsupp, part
WHERE p_partkey = ps_partkey AND p_brand <> '{brand(r)}'
  AND p_type NOT LIKE '{r.choice(TYPES[0])} {r.choice(TYPES[1])}%' AND p_size IN ({sizes})
  AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%')
GROUP BY p_brand, p_type, p_size ORDER BY supplier_cnt DESC, p_brand, p_type, p_size"""


def q17(r: random.Random) -> str:
    return f"""
SELECT SUM(l_extendedprice) / 7.0 AS avg_yearly FROM lineitem, part
WHERE p_partkey = l_partkey AND p_brand = '{brand(r)}'
  AND p_container = '{" ".join(r.choice(c) for c in CONTAINERS)}'
  AND l_quantity < (SELECT 0.2 * AVG(l_quantity) FROM lineitem WHERE l_partkey = p_partkey)"""


def q18(r: random.Random) -> str:
    return f"""
SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, SUM(l_quantity) FROM customer, orders, lineitem
WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING SUM(l_quantity) > {r.randint(312, 315)})
  AND c_custkey = o_custkey AND o_orderkey = l_orderkey
GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
ORDER BY o_totalprice DESC, o_orderdate, o_orderkey LIMIT 100"""


def q20(r: random.Random) -> str:
    year = r.randint(1993, 1997)
    return f"""
SELECT s_name, s_address FROM supplier, nation
WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp
    WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE '{r.choice(COLORS)}%')
      AND ps_availqty > (SELECT 0.5 * SUM(l_quantity) FROM lineitem
        WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey AND l_shipdate >= DATE '{year}-01-01'
          AND l_shipdate < DATE '{year}-01-01' + INTERVAL '1' YEAR))
  AND s_nationkey = n_nationkey AND n_name = '{r.choice(NATIONS)}'
ORDER BY s_name"""


def q21(r: random.Random) -> str:
    return f"""
SELECT s_name, COUNT(*) AS numwait FROM supplier, lineitem l1, orders, nation
WHERE s_suppkey = l1.l_suppkey AND o_orderkey = l1.l_orderkey AND o_orderstatus = 'F'
  AND l1.l_receiptdate > l1.l_commitdate
  AND EXISTS (SELECT * FROM lineitem l2 WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey)
  AND NOT EXISTS (SELECT * FROM lineitem l3 WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey
    AND l3.l_receiptdate > l3.l_commitdate)
  AND s_nationkey = n_nationkey AND n_name = '{r.choice(NATIONS)}'
GROUP BY s_name ORDER BY numwait DESC, s_name LIMIT 100"""


def q22(r: random.Random) -> str:
    codes = ", ".join(f"'{n}'" for n in r.sample(range(10, 35), 7))
    return f"""
SELECT cntrycode, COUNT(*) AS numcust, SUM(c_acctbal) AS totacctbal
FROM (SELECT SUBSTRING(c_phone FROM 1 FOR 2) AS cntrycode, c_acctbal FROM customer
  WHERE SUBSTRING(c_phone FROM 1 FOR 2) IN ({codes})
    AND c_acctbal > (SELECT AVG(c_acctbal) FROM customer
      WHERE c_acctbal > 0.00 AND SUBSTRING(c_phone FROM 1 FOR 2) IN ({codes}))
    AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS custsale
GROUP BY cntrycode ORDER BY cntrycode"""


QUERIES = {f"Q{n}": globals()[f"q{n}"] for n in range(1, 23)}
