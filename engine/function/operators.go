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
	AddIntervals       = "add_intervals"       // (INTERVAL, INTERVAL) → INTERVAL
	SubtractIntervals  = "subtract_intervals"  // as AddIntervals
	MultiplyInterval   = "multiply_interval"   // (INTERVAL, DOUBLE) → INTERVAL
	DivideInterval     = "divide_interval"     // as MultiplyInterval, NULL by 0
	IntervalLength     = "interval_length"     // (INTERVAL) → VARBINARY that orders intervals
	ListValue          = "list_value"          // (T, …) → T[]
	ListExtract        = "list_extract"        // (T[], BIGINT) → T, NULL outside
	ListSlice          = "list_slice"          // (T[], BIGINT, BIGINT) → T[]
	ListLength         = "array_length"        // (T[]) → BIGINT
	AddTime            = "add_time"            // (TIME, INTERVAL) → TIME
	SubtractTime       = "subtract_time"       // as AddTime
	SubtractTimes      = "subtract_times"      // (TIME, TIME) → INTERVAL
)

// EXTRACT(field FROM x) is the function whose name is the field: year, quarter, month, week, day, hour, minute,
// second, dow, isodow, doy, epoch, millisecond, microsecond.
