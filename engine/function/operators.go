package function

// The names under which bind finds the operators that are functions. They can't be written as a call in SQL but in
// quotes, and take what the comments say. Of a DATE and a constant INTERVAL without hours bind casts the result back
// to DATE, as the SQL standard has it.
const (
	Concat             = "||"                  // (VARCHAR, VARCHAR) → VARCHAR, NULL if any
	AddInterval        = "add_interval"        // (DATE|TIMESTAMP, INTERVAL) → TIMESTAMP
	SubtractInterval   = "subtract_interval"   // as AddInterval
	AddDays            = "add_days"            // (DATE, BIGINT) → DATE
	SubtractDays       = "subtract_days"       // (DATE, BIGINT) → DATE
	SubtractDates      = "subtract_dates"      // (DATE, DATE) → BIGINT days
	SubtractTimestamps = "subtract_timestamps" // (TIMESTAMP, TIMESTAMP) → INTERVAL
	SimilarTo          = "similar_to"          // (VARCHAR, VARCHAR [, escape]) → BOOLEAN
	RegexpMatches      = "regexp_matches"      // (VARCHAR, VARCHAR [, options]) → BOOLEAN
	JSONGet            = "->"                  // (JSON, key or path) → JSON
	JSONGetText        = "->>"                 // (JSON, key or path) → VARCHAR
	BitAnd             = "&"                   // (BIGINT, BIGINT) → BIGINT
	BitOr              = "|"                   // as BitAnd
	ShiftLeft          = "<<"                  // as BitAnd
	ShiftRight         = ">>"                  // as BitAnd
	BitNot             = "~"                   // (BIGINT) → BIGINT
)

// EXTRACT(field FROM x) is the function whose name is the field: year, quarter, month, week, day, hour, minute,
// second, dow, isodow, doy, epoch, millisecond, microsecond.
