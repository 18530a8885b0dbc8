package ast

// Insert is INSERT INTO table (columns) query.
type Insert struct {
	At

	With      *With
	Table     ObjectName
	Columns   []Name // empty: all, in order
	Source    Query  // a Values or another query; nil for DEFAULT VALUES
	Conflict  *OnConflict
	Returning []SelectItem
}

// OnConflict is ON CONFLICT … DO … (and ON DUPLICATE KEY UPDATE).
type OnConflict struct {
	At

	Columns []Name       // the key; empty: any
	Set     []Assignment // empty: DO NOTHING
	Where   Expr
}

// Assignment is column = value.
type Assignment struct {
	At

	Column Column
	Value  Expr
}

// Update is UPDATE table SET … [FROM …] [WHERE …].
type Update struct {
	At

	With      *With
	Table     ObjectName
	Alias     *Alias
	Set       []Assignment
	From      []TableRef
	Where     Expr
	Returning []SelectItem
}

// Delete is DELETE FROM table [USING …] [WHERE …].
type Delete struct {
	At

	With      *With
	Table     ObjectName
	Alias     *Alias
	Using     []TableRef
	Where     Expr
	Returning []SelectItem
}

// Truncate is TRUNCATE TABLE.
type Truncate struct {
	At

	Table ObjectName
}

// CopyFrom is COPY table (columns) FROM 'file' (options).
type CopyFrom struct {
	At

	Table   ObjectName
	Columns []Name   // empty: all, in order
	File    *Literal // a name or a pattern
	Options []Option // a Value is a Literal, or nil for an option that stands alone
}

// CopyTo is COPY (query) TO 'file' (options). COPY table (columns) TO is it with a SELECT of them.
type CopyTo struct {
	At

	Query   Query
	File    *Literal
	Options []Option // as of CopyFrom
}

// CreateTable is CREATE TABLE, from columns or a query.
type CreateTable struct {
	At

	Name        ObjectName
	IfNotExists bool
	OrReplace   bool
	Temporary   bool
	Columns     []ColumnDef // without types, or none, when Query is set
	Constraints []Constraint
	Query       Query    // CREATE TABLE … AS query; nil: none
	WithNoData  bool     // … AS query WITH NO DATA
	Options     []Option // WITH (name = value)
}

// ColumnDef is one column of CREATE TABLE.
type ColumnDef struct {
	At

	Name       Name
	Type       *TypeName // nil when the column of a CREATE TABLE … AS has only a name
	NotNull    bool
	Default    Expr
	PrimaryKey bool
	Unique     bool
	Check      Expr
	References *ObjectName
	Referenced []Name // the columns of References, or empty
	Collation  string
}

// Constraint is a table's constraint.
type Constraint struct {
	At

	Kind       ConstraintKind
	Name       *Name
	Columns    []Name
	Check      Expr
	References *ObjectName
	Referenced []Name
}

// ConstraintKind is a kind of constraint.
type ConstraintKind uint8

// The kinds of constraint.
const (
	PrimaryKey ConstraintKind = iota
	Unique
	Check
	ForeignKey
)

// Option is name = value. Value is a Literal, or a Column for a bare word.
type Option struct {
	At

	Name  Name
	Value Expr
}

// DropTable is DROP TABLE.
type DropTable struct {
	At

	Names    []ObjectName
	IfExists bool
}

// AlterTable is ALTER TABLE name action, action, ….
type AlterTable struct {
	At

	Name     ObjectName
	IfExists bool
	Actions  []AlterAction
}

// Comment is COMMENT ON TABLE table IS 'text', or COMMENT ON COLUMN table.column IS 'text'.
type Comment struct {
	At

	Table  ObjectName
	Column *Name    // nil: on the table
	Text   *Literal // nil: IS NULL, which takes the comment away
}

// AlterAction is an action of ALTER TABLE.
type AlterAction struct {
	At

	Kind        AlterKind
	Column      Name       // of all but AddColumn and RenameTable
	Add         *ColumnDef // AddColumn
	To          Name       // RenameColumn, RenameTable
	Type        *TypeName  // ChangeType
	IfExists    bool       // DropColumn
	IfNotExists bool       // AddColumn
}

// AlterKind is a kind of action.
type AlterKind uint8

// The kinds of actions.
const (
	AddColumn AlterKind = iota
	DropColumn
	RenameColumn
	RenameTable
	ChangeType
)

// CreateView is CREATE VIEW name (columns) AS query.
type CreateView struct {
	At

	Name        ObjectName
	IfNotExists bool
	OrReplace   bool
	Columns     []Name // empty: those of the query
	Query       Query
	Text        string // of the query, as it was written
}

// DropView is DROP VIEW.
type DropView struct {
	At

	Names    []ObjectName
	IfExists bool
}

// CreateDatabase is CREATE DATABASE, or CREATE SCHEMA, which means the same.
type CreateDatabase struct {
	At

	Name        ObjectName
	IfNotExists bool
}

// DropDatabase is DROP DATABASE, or DROP SCHEMA.
type DropDatabase struct {
	At

	Name     ObjectName
	IfExists bool
	Cascade  bool
}

// Use is USE database.
type Use struct {
	At

	Name ObjectName
}

// Show is SHOW what.
type Show struct {
	At

	Kind ShowKind
	Name ObjectName // of ShowColumns and ShowCreate… the table or view; of ShowTables the database, or no parts
	User *Name      // of ShowAPIKeys and ShowGrants FOR user; nil: none was named
	What string     // of ShowSetting its name, as it was written
	Like *Literal   // a pattern; nil: none
	Full bool
}

// ShowKind is what SHOW shows.
type ShowKind uint8

// The kinds of SHOW.
const (
	ShowTables ShowKind = iota
	ShowDatabases
	ShowColumns
	ShowCreateTable
	ShowCreateView
	ShowSetting // SHOW name, SHOW VARIABLES LIKE
	ShowAll     // SHOW ALL: every setting
	ShowFunctions
	ShowUsers
	ShowGrants
	ShowQueries
	ShowAPIKeys
	ShowRoles
	ShowSessions
	ShowTokens
)

// Describe is DESCRIBE table, or DESCRIBE query.
type Describe struct {
	At

	Table ObjectName // without parts when Query is set
	Query Query
}

// Explain is EXPLAIN [ANALYZE] statement.
type Explain struct {
	At

	Analyze   bool
	Statement Statement
}

// Begin is BEGIN, or START TRANSACTION.
type Begin struct {
	At

	ReadOnly  bool
	ReadWrite bool
	Isolation string // in upper case: "SERIALIZABLE", "REPEATABLE READ", …; or empty
}

// Commit is COMMIT, or END.
type Commit struct{ At }

// Rollback is ROLLBACK, or ABORT.
type Rollback struct{ At }

// Savepoint is SAVEPOINT name.
type Savepoint struct {
	At

	Name Name
}

// RollbackTo is ROLLBACK TO [SAVEPOINT] name.
type RollbackTo struct {
	At

	Name Name
}

// Release is RELEASE [SAVEPOINT] name.
type Release struct {
	At

	Name Name
}

// Set is SET name = value, or SET name TO value. A bare word is a Column; SET … TO DEFAULT has a Default.
type Set struct {
	At

	Global bool
	Local  bool
	Name   string // as it was written, dots included
	Value  Expr
	Values []Expr // of a list, all; otherwise empty
}

// Reset is RESET name: back to the default. Name is empty for RESET ALL.
type Reset struct {
	At

	Name string
}

// SetTransaction is SET [SESSION CHARACTERISTICS AS] TRANSACTION mode.
type SetTransaction struct {
	At

	Session   bool
	ReadOnly  bool
	ReadWrite bool
	Isolation string
}

// CreateUser is CREATE USER name [IDENTIFIED BY 'password'] [DEFAULT ROLE role].
type CreateUser struct {
	At

	Name        Name
	IfNotExists bool
	Password    *Literal // nil: none given
	DefaultRole *Name
}

// AlterUser is ALTER USER name [IDENTIFIED BY 'password'] [DEFAULT ROLE role].
type AlterUser struct {
	At

	Name        Name
	IfExists    bool
	Password    *Literal
	DefaultRole *Name
}

// DropUser is DROP USER.
type DropUser struct {
	At

	Name     Name
	IfExists bool
}

// CreateRole is CREATE ROLE.
type CreateRole struct {
	At

	Name        Name
	IfNotExists bool
}

// DropRole is DROP ROLE.
type DropRole struct {
	At

	Name     Name
	IfExists bool
}

// CreateAPIKey is CREATE API KEY name [FOR user] [EXPIRES AT 'timestamp' | EXPIRES IN 'interval'].
type CreateAPIKey struct {
	At

	Name      Name
	User      *Name    // nil: the current one
	ExpiresAt *Literal // nil: never, unless ExpiresIn is set
	ExpiresIn *Literal
}

// DropAPIKey is DROP API KEY name [FOR user].
type DropAPIKey struct {
	At

	Name     Name
	IfExists bool
	User     *Name // nil: the current one
}

// Analyze is ANALYZE [TABLE] [table].
type Analyze struct {
	At

	Table *ObjectName // nil: all tables
}

// KillQuery is KILL QUERY id.
type KillQuery struct {
	At

	ID *Literal // a number
}

// KillSession is KILL SESSION id.
type KillSession struct {
	At

	ID *Literal // a number
}

// KillToken is KILL TOKEN 'id'.
type KillToken struct {
	At

	ID *Literal // a text
}

// KillTokens is KILL TOKENS [FOR user].
type KillTokens struct {
	At

	User *Name // nil: the current one
}

// SetRole is SET ROLE name; Name is nil for NONE and DEFAULT.
type SetRole struct {
	At

	Name *Name
}

// Grant is GRANT privileges ON object TO principals, or GRANT roles TO principals.
type Grant struct {
	At

	Privilege  Privilege
	To         []Name
	WithOption bool // WITH GRANT OPTION, WITH ADMIN OPTION
}

// Revoke is REVOKE privileges ON object FROM principals, or REVOKE roles FROM principals.
type Revoke struct {
	At

	Privilege Privilege
	From      []Name
}

// Privilege is what GRANT gives and REVOKE takes.
type Privilege struct {
	Roles    []Name // of GRANT role TO …; all else is then empty
	Kinds    []PrivilegeKind
	Level    PrivilegeLevel
	Object   ObjectName // without parts for OnEverything
	Wildcard bool       // db.*
}

// PrivilegeKind is one privilege, of some columns or of all.
type PrivilegeKind struct {
	At

	Name    string // in upper case: SELECT, INSERT, ALL, …
	Columns []Name
}

// PrivilegeLevel is what kind of object a privilege is for.
type PrivilegeLevel uint8

// The levels of privileges.
const (
	OnTable PrivilegeLevel = iota
	OnDatabase
	OnEverything // *.*
)

// Prepare is PREPARE name AS statement, and PREPARE name FROM 'statement'.
type Prepare struct {
	At

	Name  Name
	Types []TypeName // of the parameters, as they were told; fewer than there are, or none
	Text  string     // the statement
}

// Execute is EXECUTE name (a, b), and EXECUTE name USING a, b.
type Execute struct {
	At

	Name Name
	Args []Expr
}

// Deallocate is DEALLOCATE name, and DEALLOCATE ALL.
type Deallocate struct {
	At

	Name *Name // nil: all
}

func (*Prepare) statement()        {}
func (*Execute) statement()        {}
func (*Deallocate) statement()     {}
func (*Insert) statement()         {}
func (*Update) statement()         {}
func (*Delete) statement()         {}
func (*Truncate) statement()       {}
func (*CopyFrom) statement()       {}
func (*CopyTo) statement()         {}
func (*CreateTable) statement()    {}
func (*DropTable) statement()      {}
func (*AlterTable) statement()     {}
func (*Comment) statement()        {}
func (*CreateView) statement()     {}
func (*DropView) statement()       {}
func (*CreateDatabase) statement() {}
func (*DropDatabase) statement()   {}
func (*Use) statement()            {}
func (*Show) statement()           {}
func (*Describe) statement()       {}
func (*Explain) statement()        {}
func (*Begin) statement()          {}
func (*Commit) statement()         {}
func (*Rollback) statement()       {}
func (*Savepoint) statement()      {}
func (*RollbackTo) statement()     {}
func (*Release) statement()        {}
func (*Set) statement()            {}
func (*Reset) statement()          {}
func (*SetTransaction) statement() {}
func (*CreateUser) statement()     {}
func (*AlterUser) statement()      {}
func (*DropUser) statement()       {}
func (*CreateRole) statement()     {}
func (*DropRole) statement()       {}
func (*CreateAPIKey) statement()   {}
func (*DropAPIKey) statement()     {}
func (*Analyze) statement()        {}
func (*KillQuery) statement()      {}
func (*KillSession) statement()    {}
func (*KillToken) statement()      {}
func (*KillTokens) statement()     {}
func (*SetRole) statement()        {}
func (*Grant) statement()          {}
func (*Revoke) statement()         {}
