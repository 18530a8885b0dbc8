package sqlerr

import "google.golang.org/grpc/codes"

// Code is a five-character SQLSTATE.
type Code string

// The codes MicoDB answers with. Entries describes each.
const (
	FeatureNotSupported      Code = "0A000"
	CardinalityViolation     Code = "21000"
	StringTooLong            Code = "22001"
	NumericOutOfRange        Code = "22003"
	InvalidDatetime          Code = "22007"
	DivisionByZero           Code = "22012"
	InvalidFrameOffset       Code = "22013"
	InvalidNTile             Code = "22014"
	InvalidNthValue          Code = "22016"
	InvalidRegularExpression Code = "2201B"
	InvalidParameterValue    Code = "22023"
	InvalidText              Code = "22P02"
	BadFile                  Code = "22P04"
	NotNullViolation         Code = "23502"
	UniqueViolation          Code = "23505"
	ActiveTransaction        Code = "25001"
	ReadOnlyTransaction      Code = "25006"
	NoActiveTransaction      Code = "25P01"
	FailedTransaction        Code = "25P02"
	IdleTransaction          Code = "25P03"
	UndefinedStatement       Code = "26000"
	InvalidAuthorization     Code = "28000"
	InvalidPassword          Code = "28P01"
	InvalidCatalogName       Code = "3D000"
	SerializationFailure     Code = "40001"
	InsufficientPrivilege    Code = "42501"
	SyntaxError              Code = "42601"
	DuplicateColumn          Code = "42701"
	AmbiguousColumn          Code = "42702"
	UndefinedColumn          Code = "42703"
	UndefinedObject          Code = "42704"
	DuplicateObject          Code = "42710"
	GroupingError            Code = "42803"
	DatatypeMismatch         Code = "42804"
	WrongObjectType          Code = "42809"
	UndefinedFunction        Code = "42883"
	UndefinedTable           Code = "42P01"
	UndefinedParameter       Code = "42P02"
	DuplicateDatabase        Code = "42P04"
	DuplicateStatement       Code = "42P05"
	DuplicateTable           Code = "42P07"
	InvalidDefinition        Code = "42P17"
	IndeterminateType        Code = "42P18"
	InvalidRecursion         Code = "42P19"
	WindowingError           Code = "42P20"
	SessionLost              Code = "08003"
	ProtocolViolation        Code = "08P01"
	DiskFull                 Code = "53100"
	OutOfMemory              Code = "53200"
	TooManyConnections       Code = "53300"
	LimitExceeded            Code = "53400"
	ProgramLimitExceeded     Code = "54000"
	ObjectInUse              Code = "55006"
	QueryCanceled            Code = "57014"
	ShuttingDown             Code = "57P01"
	CannotConnectNow         Code = "57P03"
	IOError                  Code = "58030"
	UndefinedFile            Code = "58P01"
	DuplicateFile            Code = "58P02"
	SnapshotTooOld           Code = "72000"
	InternalError            Code = "XX000"
	DataCorrupted            Code = "XX001"
)

// Entry describes one code: what it means, whether the same request may succeed when it is sent again, and
// the gRPC status it travels as.
type Entry struct {
	Code      Code
	Meaning   string
	Retryable bool
	GRPC      codes.Code
}

// Entries returns the table of all codes in the order of their SQLSTATE.
func Entries() []Entry { return append([]Entry(nil), entries...) }

// Lookup returns the entry of a code, and the one of InternalError for a code that is not in the table.
func Lookup(code Code) Entry {
	for _, e := range entries {
		if e.Code == code {
			return e
		}
	}
	return Lookup(InternalError)
}

var entries = []Entry{
	{SessionLost, "the session is lost, with the transaction that was open in it", false, codes.FailedPrecondition},
	{ProtocolViolation, "the client sent bytes that the protocol does not allow", false, codes.InvalidArgument},
	{FeatureNotSupported, "MicoDB knows the construct and does not support it", false, codes.Unimplemented},
	{CardinalityViolation, "a scalar subquery returned more than one row", false, codes.InvalidArgument},
	{StringTooLong, "a text or binary is longer than its column takes", false, codes.InvalidArgument},
	{NumericOutOfRange, "a number does not fit its type", false, codes.InvalidArgument},
	{InvalidDatetime, "a date, time or timestamp has an unreadable form", false, codes.InvalidArgument},
	{DivisionByZero, "a number was divided by zero where NULL is no answer", false, codes.InvalidArgument},
	{InvalidFrameOffset, "a window's frame reaches by NULL or by less than nothing", false, codes.InvalidArgument},
	{InvalidNTile, "NTILE was asked for no part at all", false, codes.InvalidArgument},
	{InvalidNthValue, "NTH_VALUE was asked for a row before the first", false, codes.InvalidArgument},
	{InvalidRegularExpression, "a pattern is no regular expression", false, codes.InvalidArgument},
	{InvalidParameterValue, "an argument or setting is outside what it may be", false, codes.InvalidArgument},
	{InvalidText, "a text does not have the form of the type asked for", false, codes.InvalidArgument},
	{BadFile, "a file that is to be loaded is damaged, or of another format", false, codes.InvalidArgument},
	{NotNullViolation, "NULL was given to a column that is NOT NULL", false, codes.InvalidArgument},
	{UniqueViolation, "a key exists already", false, codes.AlreadyExists},
	{ActiveTransaction, "a transaction is open already", false, codes.FailedPrecondition},
	{ReadOnlyTransaction, "a read-only transaction or server was asked to write", false, codes.FailedPrecondition},
	{NoActiveTransaction, "no transaction of that name is open", false, codes.FailedPrecondition},
	{FailedTransaction, "the transaction has failed and can only be rolled back", false, codes.FailedPrecondition},
	{IdleTransaction, "the transaction was idle for too long and is rolled back", false, codes.FailedPrecondition},
	{UndefinedStatement, "no statement was prepared under the name", false, codes.NotFound},
	{InvalidAuthorization, "the credentials or the token are not valid", false, codes.Unauthenticated},
	{InvalidPassword, "user name or password is wrong", false, codes.Unauthenticated},
	{InvalidCatalogName, "no database of that name exists", false, codes.NotFound},
	{SerializationFailure, "another transaction changed the same data: run it again", true, codes.Aborted},
	{InsufficientPrivilege, "the user may not do that", false, codes.PermissionDenied},
	{SyntaxError, "the statement does not parse", false, codes.InvalidArgument},
	{DuplicateColumn, "a column of that name exists already", false, codes.AlreadyExists},
	{AmbiguousColumn, "the column name fits several tables", false, codes.InvalidArgument},
	{UndefinedColumn, "no column of that name exists", false, codes.InvalidArgument},
	{UndefinedObject, "no object of that name exists", false, codes.NotFound},
	{DuplicateObject, "an object of that name exists already", false, codes.AlreadyExists},
	{GroupingError, "a column is neither grouped nor aggregated", false, codes.InvalidArgument},
	{DatatypeMismatch, "a value has another type than is wanted", false, codes.InvalidArgument},
	{WrongObjectType, "a table stands where a view has to, or a view for a table", false, codes.InvalidArgument},
	{UndefinedFunction, "no function or operator of that name takes these types", false, codes.InvalidArgument},
	{UndefinedTable, "no table of that name exists", false, codes.NotFound},
	{UndefinedParameter, "a parameter was not given", false, codes.InvalidArgument},
	{DuplicateDatabase, "a database of that name exists already", false, codes.AlreadyExists},
	{DuplicateStatement, "a statement was prepared under the name already", false, codes.AlreadyExists},
	{DuplicateTable, "a table of that name exists already", false, codes.AlreadyExists},
	{InvalidDefinition, "a view would read itself, or reads itself", false, codes.InvalidArgument},
	{IndeterminateType, "the type of an expression can't be told", false, codes.InvalidArgument},
	{InvalidRecursion, "a common table reads itself where it must not", false, codes.InvalidArgument},
	{WindowingError, "a window or a window function stands where it can't", false, codes.InvalidArgument},
	{DiskFull, "the disk is full: the server only reads until there is room", true, codes.ResourceExhausted},
	{OutOfMemory, "the query needs more memory than it may have", true, codes.ResourceExhausted},
	{TooManyConnections, "too many connections or sessions are open", true, codes.ResourceExhausted},
	{LimitExceeded, "a limit of the server or a queue's time-out was reached", true, codes.ResourceExhausted},
	{ProgramLimitExceeded, "the statement is too long, too deep or has too many parts", false, codes.InvalidArgument},
	{ObjectInUse, "the object is in use", true, codes.FailedPrecondition},
	{QueryCanceled, "the query was cancelled or timed out", true, codes.Canceled},
	{ShuttingDown, "the server is shutting down", true, codes.Unavailable},
	{CannotConnectNow, "the server is starting up", true, codes.Unavailable},
	{IOError, "reading or writing a file failed", false, codes.Internal},
	{UndefinedFile, "no file of that name exists", false, codes.NotFound},
	{DuplicateFile, "a file of that name exists already", false, codes.AlreadyExists},
	{SnapshotTooOld, "the snapshot is older than what is kept", true, codes.Aborted},
	{InternalError, "a defect of MicoDB: please report it", false, codes.Internal},
	{DataCorrupted, "a file is damaged", false, codes.DataLoss},
}
