import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** Checks of MicoDB with Arrow's Flight SQL JDBC driver: Jdbc URL USER PASSWORD. */
public final class Jdbc {
  private final String url;
  private final String user;
  private final String password;
  private int failures;

  private Jdbc(String url, String user, String password) {
    this.url = url;
    this.user = user;
    this.password = password;
  }

  private interface Check {
    void run() throws Exception;
  }

  public static void main(String[] args) {
    Jdbc suite = new Jdbc(args[0], args[1], args[2]);
    suite.check("connect and select", suite::select);
    suite.check("prepared statements", suite::prepared);
    suite.check("RETURNING", suite::returning);
    suite.check("batch insert", suite::batch);
    suite.check("BEGIN and COMMIT as SQL text", suite::transactions);
    suite.check("metadata sweep", suite::metadata);
    suite.check("catalog and schema", suite::schema);
    suite.check("errors", suite::errors);
    suite.check("logins", suite::logins);
    System.exit(suite.failures == 0 ? 0 : 1);
  }

  private void check(String name, Check check) {
    long started = System.nanoTime();
    String outcome = "ok";
    try {
      check.run();
    } catch (Exception | AssertionError e) {
      e.printStackTrace(System.out);
      outcome = "FAILED";
      failures++;
    }
    System.out.printf("%-6s %s %.2f s%n", outcome, name, (System.nanoTime() - started) / 1e9);
  }

  private Connection connect(String... more) throws SQLException {
    Properties p = new Properties();
    p.put("user", user);
    p.put("password", password);
    for (int i = 0; i < more.length; i += 2) {
      p.put(more[i], more[i + 1]);
    }
    return DriverManager.getConnection(url, p);
  }

  private static void want(Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw new AssertionError("wanted " + expected + ", got " + actual);
    }
  }

  private static void fails(String text, Check check) throws Exception {
    try {
      check.run();
    } catch (SQLException e) {
      if (!String.valueOf(e.getMessage()).contains(text)) {
        throw new AssertionError("'" + text + "' is not in the message", e);
      }
      return;
    }
    throw new AssertionError("no error with '" + text + "'");
  }

  /** Returns all rows, their columns joined by commas. */
  private static List<String> rows(ResultSet r) throws SQLException {
    List<String> list = new ArrayList<>();
    int columns = r.getMetaData().getColumnCount();
    while (r.next()) {
      StringBuilder row = new StringBuilder();
      for (int i = 1; i <= columns; i++) {
        row.append(i > 1 ? "," : "").append(r.getString(i));
      }
      list.add(row.toString());
    }
    r.close();
    return list;
  }

  private static List<String> query(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
      return rows(r);
    }
  }

  private static void update(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.executeUpdate(sql);
    }
  }

  private void select() throws Exception {
    try (Connection c = connect(); Statement s = c.createStatement()) {
      try (ResultSet r = s.executeQuery("SELECT 1 AS one, 'text' AS t, CAST(2.50 AS DECIMAL(10,2)) AS n")) {
        ResultSetMetaData m = r.getMetaData();
        want("one", m.getColumnLabel(1));
        want(Types.VARCHAR, m.getColumnType(2));
        want(Types.DECIMAL, m.getColumnType(3));
        want(true, r.next());
        want(1, r.getInt(1));
        want("text", r.getString(2));
        want(new BigDecimal("2.50"), r.getBigDecimal(3));
        want(false, r.next());
      }
      want(false, s.execute("CREATE TABLE jdbc_one (id BIGINT)"));
      want(2, s.executeUpdate("INSERT INTO jdbc_one VALUES (1), (2)"));
      want(true, s.execute("SELECT count(*) FROM jdbc_one"));
      want(List.of("2"), rows(s.getResultSet()));
      want(false, s.execute("DROP TABLE jdbc_one"));
    }
  }

  private void prepared() throws Exception {
    try (Connection c = connect()) {
      update(c, "CREATE TABLE jdbc_prepared (id BIGINT NOT NULL, name VARCHAR(20), price DOUBLE, day DATE,"
          + " at TIMESTAMP(3), ok BOOLEAN)");
      try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc_prepared VALUES (?, ?, ?, ?, ?, ?)")) {
        want(6, p.getParameterMetaData().getParameterCount());
        for (int i = 1; i <= 3; i++) {
          p.setLong(1, i);
          p.setString(2, "name " + i);
          p.setDouble(3, i / 2.0);
          p.setDate(4, Date.valueOf("2024-02-2" + i));
          p.setTimestamp(5, Timestamp.valueOf("2024-02-29 12:00:0" + i));
          p.setBoolean(6, i == 2);
          want(1, p.executeUpdate());
        }
        p.setLong(1, 4);
        for (int i = 2; i <= 6; i++) {
          p.setNull(i, Types.NULL);
        }
        want(1, p.executeUpdate());
      }
      try (PreparedStatement p = c.prepareStatement(
          "SELECT id, name, price, day, ok FROM jdbc_prepared WHERE id > ? AND price < ? ORDER BY id")) {
        p.setLong(1, 1);
        p.setDouble(2, 10);
        want(List.of("2,name 2,1.0,2024-02-22,true", "3,name 3,1.5,2024-02-23,false"), rows(p.executeQuery()));
        p.setLong(1, 2);
        want(List.of("3,name 3,1.5,2024-02-23,false"), rows(p.executeQuery()));
      }
      want(List.of("1"), query(c, "SELECT count(*) FROM jdbc_prepared WHERE name IS NULL"));
      update(c, "DROP TABLE jdbc_prepared");
    }
  }

  private void returning() throws Exception {
    try (Connection c = connect(); Statement s = c.createStatement()) {
      update(c, "CREATE TABLE jdbc_returning (id BIGINT NOT NULL, name VARCHAR(20))");
      want(List.of("1,a", "2,b"), query(c, "INSERT INTO jdbc_returning VALUES (1, 'a'), (2, 'b') RETURNING *"));
      want(true, s.execute("UPDATE jdbc_returning SET id = id + 10 WHERE id = 2 RETURNING id"));
      want(List.of("12"), rows(s.getResultSet()));
      try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc_returning VALUES (?, ?) RETURNING name, id")) {
        for (int i = 3; i <= 4; i++) {
          p.setLong(1, i);
          p.setString(2, "name " + i);
          want(List.of("name " + i + "," + i), rows(p.executeQuery()));
        }
      }
      want(List.of("4"), query(c, "SELECT count(*) FROM jdbc_returning"));
      want(List.of("1", "12", "3", "4"), query(c, "DELETE FROM jdbc_returning RETURNING id"));
      update(c, "DROP TABLE jdbc_returning");
    }
  }

  private void batch() throws Exception {
    try (Connection c = connect()) {
      update(c, "CREATE TABLE jdbc_batch (id BIGINT, name VARCHAR(20))");
      try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc_batch VALUES (?, ?)")) {
        for (int i = 0; i < 1000; i++) {
          p.setLong(1, i);
          p.setString(2, "name " + i % 10);
          p.addBatch();
        }
        p.executeBatch();
      }
      want(List.of("1000,499500,10"),
          query(c, "SELECT count(*), sum(id), count(DISTINCT name) FROM jdbc_batch"));
      update(c, "DROP TABLE jdbc_batch");
    }
  }

  private void transactions() throws Exception {
    try (Connection c = connect(); Connection other = connect()) {
      update(c, "CREATE TABLE jdbc_tx (id BIGINT)");
      update(c, "BEGIN");
      update(c, "INSERT INTO jdbc_tx VALUES (1)");
      want(List.of("1"), query(c, "SELECT count(*) FROM jdbc_tx"));
      want(List.of("0"), query(other, "SELECT count(*) FROM jdbc_tx"));
      update(c, "ROLLBACK");
      want(List.of("0"), query(c, "SELECT count(*) FROM jdbc_tx"));
      update(c, "BEGIN");
      try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc_tx VALUES (?)")) {
        p.setLong(1, 2);
        p.executeUpdate();
      }
      want(List.of("0"), query(other, "SELECT count(*) FROM jdbc_tx"));
      update(c, "COMMIT");
      want(List.of("1"), query(other, "SELECT count(*) FROM jdbc_tx"));
      update(c, "DROP TABLE jdbc_tx");
    }
  }

  private void metadata() throws Exception {
    try (Connection c = connect()) {
      update(c, "CREATE TABLE jdbc_meta (id BIGINT NOT NULL, price DECIMAL(12,2), note VARCHAR(10))");
      DatabaseMetaData m = c.getMetaData();
      want("MicoDB", m.getDatabaseProductName());
      want(false, m.isReadOnly());
      want("\"", m.getIdentifierQuoteString());
      want("\\", m.getSearchStringEscape());
      sweep(m);
      want(List.of("micodb"), rows(m.getCatalogs()));
      want(true, rows(m.getSchemas()).toString().contains("main"));
      want(true, rows(m.getTableTypes()).contains("TABLE"));
      try (ResultSet r = m.getTables(null, "main", "jdbc\\_m%", new String[] {"TABLE"})) {
        want(true, r.next());
        want("micodb", r.getString("TABLE_CAT"));
        want("main", r.getString("TABLE_SCHEM"));
        want("jdbc_meta", r.getString("TABLE_NAME"));
        want("TABLE", r.getString("TABLE_TYPE"));
        want(false, r.next());
      }
      try (ResultSet r = m.getColumns(null, "main", "jdbc_meta", null)) {
        want(true, r.next());
        want("id", r.getString("COLUMN_NAME"));
        want(Types.BIGINT, r.getInt("DATA_TYPE"));
        want(DatabaseMetaData.columnNoNulls, r.getInt("NULLABLE"));
        want(true, r.next());
        want("price", r.getString("COLUMN_NAME"));
        want(Types.DECIMAL, r.getInt("DATA_TYPE"));
        want(12, r.getInt("COLUMN_SIZE"));
        want(2, r.getInt("DECIMAL_DIGITS"));
        want(true, r.next());
        want("note", r.getString("COLUMN_NAME"));
        want(3, r.getInt("ORDINAL_POSITION"));
        want(false, r.next());
      }
      want(List.of(), rows(m.getPrimaryKeys(null, "main", "jdbc_meta")));
      want(List.of(), rows(m.getImportedKeys(null, "main", "jdbc_meta")));
      want(List.of(), rows(m.getExportedKeys(null, "main", "jdbc_meta")));
      want(List.of(), rows(m.getCrossReference(null, null, "jdbc_meta", null, null, "jdbc_meta")));
      update(c, "DROP TABLE jdbc_meta");
    }
  }

  /** Asks for everything that tools ask a driver when they connect. */
  private static void sweep(DatabaseMetaData m) throws SQLException {
    List<String> broken = new ArrayList<>();
    for (java.lang.reflect.Method method : DatabaseMetaData.class.getMethods()) {
      Class<?> type = method.getReturnType();
      boolean plain = type == boolean.class || type == int.class || type == String.class || type == long.class;
      if (method.getParameterCount() > 0 || !plain) {
        continue;
      }
      try {
        method.invoke(m);
      } catch (java.lang.reflect.InvocationTargetException e) {
        broken.add(method.getName() + ": " + e.getCause());
      } catch (IllegalAccessException e) {
        broken.add(method.getName() + ": " + e);
      }
    }
    want(List.of(), broken);
    want(true, m.supportsTransactions());
    want(true, m.supportsBatchUpdates());
    want(true, m.supportsTransactionIsolationLevel(Connection.TRANSACTION_REPEATABLE_READ));
    want(false, m.supportsTransactionIsolationLevel(Connection.TRANSACTION_SERIALIZABLE));
  }

  private void schema() throws Exception {
    try (Connection c = connect()) {
      update(c, "CREATE DATABASE jdbc_shop");
      update(c, "CREATE TABLE jdbc_shop.orders (id BIGINT)");
    }
    try (Connection c = connect("schema", "jdbc_shop")) {
      want(List.of("0"), query(c, "SELECT count(*) FROM orders"));
    }
    Connection named = connect("catalog", "micodb", "schema", "jdbc_shop");
    want(List.of("0"), query(named, "SELECT count(*) FROM orders"));
    // With a catalog the driver closes the session twice, the second time without a connection.
    fails("Channel shutdown invoked", named::close);
    fails("Cannot set session option", () -> connect("catalog", "elsewhere").close());
    try (Connection c = connect()) {
      fails("42P01", () -> query(c, "SELECT count(*) FROM orders"));
      update(c, "DROP TABLE jdbc_shop.orders");
      update(c, "DROP DATABASE jdbc_shop");
    }
  }

  private void errors() throws Exception {
    try (Connection c = connect()) {
      fails("42601", () -> query(c, "SELEC 1"));
      fails("42P01", () -> query(c, "SELECT * FROM nowhere"));
      fails("42703", () -> query(c, "SELECT missing FROM (SELECT 1 AS one) x"));
      want(List.of("1"), query(c, "SELECT 1"));
    }
  }

  private void logins() throws Exception {
    Properties wrong = new Properties();
    wrong.put("user", user);
    wrong.put("password", password + "!");
    fails("28P01", () -> DriverManager.getConnection(url, wrong).close());
    try (Connection first = connect()) {
      want(List.of("1"), query(first, "SELECT 1"));
      try (Connection second = connect()) {
        want(List.of("2"), query(second, "SELECT 2"));
      }
      want(List.of("3"), query(first, "SELECT 3"));
    }
  }
}
