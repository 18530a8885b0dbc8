package function

// civil is a day of the proleptic Gregorian calendar.
type civil struct{ year, month, day int64 }

// civilOf returns the day that lies so many days after 1970-01-01 (algorithm: H. Hinnant, "chrono-Compatible
// Low-Level Date Algorithms", 2013: years begin in March, eras have 400 years).
func civilOf(days int64) civil {
	days += 719468
	era := floorDiv(days, 146097)
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	c := civil{year: yearOfEra + era*400, month: shifted + 3, day: dayOfYear - (153*shifted+2)/5 + 1}
	if c.month > 12 {
		c.month -= 12
		c.year++
	}
	return c
}

// days is the inverse of civilOf.
func (c civil) days() int64 {
	year, shifted := c.year, c.month-3
	if c.month <= 2 {
		year--
		shifted += 12
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*shifted+2)/5 + c.day - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

// addMonths moves by months; a day that the new month does not have becomes its last.
func (c civil) addMonths(n int64) civil {
	months := c.year*12 + c.month - 1 + n
	year := floorDiv(months, 12)
	c.year, c.month = year, months-year*12+1
	c.day = min(c.day, lastDay(c.year, c.month))
	return c
}

func lastDay(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// isoWeekday counts from Monday, 1, to Sunday, 7.
func isoWeekday(days int64) int64 { return modulo(days+3, 7) + 1 }

// isoWeek returns ISO 8601's year and week of a day: those of the Thursday of its week.
func isoWeek(days int64) (year, week int64) {
	thursday := days - isoWeekday(days) + 4
	year = civilOf(thursday).year
	return year, (thursday-civil{year, 1, 1}.days())/7 + 1
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func modulo(a, b int64) int64 { return a - floorDiv(a, b)*b }
