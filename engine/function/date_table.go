package function

// The names that a locale of C has.
var (
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	monthNames = [...]string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
		"December",
	}
)

// examplesOfParts are what the parts' examples give.
var examplesOfParts = map[string]string{
	"year": "2024", "decade": "202", "century": "21", "millennium": "3", "era": "1", "yearweek": "202409",
	"isoyear": "2024", "quarter": "1", "month": "2", "week": "9", "day": "29", "dow": "4", "isodow": "4", "doy": "60",
	"hour": "12", "minute": "30", "second": "15", "millisecond": "15250", "microsecond": "15250000",
	"nanosecond": "15250000000",
}
