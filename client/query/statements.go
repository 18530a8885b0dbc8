package query

// SelectStatement is a SELECT. Its methods change it and return it.
type SelectStatement struct {
	columns    []string
	table      string
	conditions []Condition
	order      []order
	limit      int64
	offset     int64
	limited    bool
}

type order struct {
	column     string
	descending bool
}

// Select begins a query of some columns, or of all.
func Select(columns ...string) *SelectStatement { return &SelectStatement{columns: columns} }

// From names the table.
func (q *SelectStatement) From(table string) *SelectStatement {
	q.table = table
	return q
}

// Where adds conditions.
func (q *SelectStatement) Where(conditions ...Condition) *SelectStatement {
	q.conditions = append(q.conditions, conditions...)
	return q
}

// OrderBy sorts by columns, after those that were named before.
func (q *SelectStatement) OrderBy(columns ...string) *SelectStatement {
	for _, c := range columns {
		q.order = append(q.order, order{column: c})
	}
	return q
}

// OrderByDescending sorts by columns from the greatest to the least, after those that were named before.
func (q *SelectStatement) OrderByDescending(columns ...string) *SelectStatement {
	for _, c := range columns {
		q.order = append(q.order, order{column: c, descending: true})
	}
	return q
}

// Limit returns n rows at most.
func (q *SelectStatement) Limit(n int64) *SelectStatement {
	q.limit, q.limited = n, true
	return q
}

// Offset leaves out the first n rows.
func (q *SelectStatement) Offset(n int64) *SelectStatement {
	q.offset = n
	return q
}

// SQL returns the text of the statement and the values of its parameters.
func (q *SelectStatement) SQL() (text string, args []any, err error) {
	s := &statement{}
	s.write("SELECT ")
	if len(q.columns) == 0 {
		s.write("*")
	}
	s.names(q.columns)
	s.write(" FROM ")
	s.name(q.table)
	s.where(q.conditions)
	for i, o := range q.order {
		s.write([...]string{" ORDER BY ", ", "}[min(i, 1)])
		s.name(o.column)
		if o.descending {
			s.write(" DESC")
		}
	}
	if q.limited {
		s.write(" LIMIT ")
		s.value(q.limit)
	}
	if q.offset != 0 {
		s.write(" OFFSET ")
		s.value(q.offset)
	}
	return s.sql()
}

// InsertStatement is an INSERT of values. Its methods change it and return it.
type InsertStatement struct {
	table   string
	columns []string
	rows    [][]any
}

// Insert begins an INSERT into some columns of a table, or into all.
func Insert(table string, columns ...string) *InsertStatement {
	return &InsertStatement{table: table, columns: columns}
}

// Values adds a row. For many rows AppendRows of package client is faster.
func (q *InsertStatement) Values(values ...any) *InsertStatement {
	q.rows = append(q.rows, values)
	return q
}

// SQL returns the text of the statement and the values of its parameters: ErrIncomplete without rows.
func (q *InsertStatement) SQL() (text string, args []any, err error) {
	s := &statement{}
	s.write("INSERT INTO ")
	s.name(q.table)
	if len(q.columns) > 0 {
		s.write(" (")
		s.names(q.columns)
		s.write(")")
	}
	s.write(" VALUES ")
	for i, row := range q.rows {
		if i > 0 {
			s.write(", ")
		}
		s.write("(")
		s.values(row)
		s.write(")")
		if len(row) == 0 {
			s.err = ErrIncomplete
		}
	}
	if len(q.rows) == 0 {
		s.err = ErrIncomplete
	}
	return s.sql()
}

// UpdateStatement is an UPDATE. Its methods change it and return it.
type UpdateStatement struct {
	table      string
	columns    []string
	values     []any
	conditions []Condition
	all        bool
}

// Update begins an UPDATE of a table.
func Update(table string) *UpdateStatement { return &UpdateStatement{table: table} }

// Set gives a column a value.
func (q *UpdateStatement) Set(column string, value any) *UpdateStatement {
	q.columns, q.values = append(q.columns, column), append(q.values, value)
	return q
}

// Where adds conditions.
func (q *UpdateStatement) Where(conditions ...Condition) *UpdateStatement {
	q.conditions = append(q.conditions, conditions...)
	return q
}

// AllRows says that no condition is wanted.
func (q *UpdateStatement) AllRows() *UpdateStatement {
	q.all = true
	return q
}

// SQL returns the text of the statement and the values of its parameters: ErrIncomplete without a value to set, and
// without conditions unless AllRows was said.
func (q *UpdateStatement) SQL() (text string, args []any, err error) {
	s := &statement{}
	if len(q.columns) == 0 || len(q.conditions) == 0 != q.all {
		s.err = ErrIncomplete
	}
	s.write("UPDATE ")
	s.name(q.table)
	for i, c := range q.columns {
		s.write([...]string{" SET ", ", "}[min(i, 1)])
		s.name(c)
		s.write(" = ")
		s.value(q.values[i])
	}
	s.where(q.conditions)
	return s.sql()
}

// DeleteStatement is a DELETE. Its methods change it and return it.
type DeleteStatement struct {
	table      string
	conditions []Condition
	all        bool
}

// Delete begins a DELETE from a table.
func Delete(table string) *DeleteStatement { return &DeleteStatement{table: table} }

// Where adds conditions.
func (q *DeleteStatement) Where(conditions ...Condition) *DeleteStatement {
	q.conditions = append(q.conditions, conditions...)
	return q
}

// AllRows says that no condition is wanted.
func (q *DeleteStatement) AllRows() *DeleteStatement {
	q.all = true
	return q
}

// SQL returns the text of the statement and the values of its parameters: ErrIncomplete without conditions unless
// AllRows was said.
func (q *DeleteStatement) SQL() (text string, args []any, err error) {
	s := &statement{}
	if len(q.conditions) == 0 != q.all {
		s.err = ErrIncomplete
	}
	s.write("DELETE FROM ")
	s.name(q.table)
	s.where(q.conditions)
	return s.sql()
}
