package function

import (
	"strings"
	"time"
	_ "time/tzdata" // the zones, where the machine has none

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// timeZones move times between zones.
func timeZones() []Entry {
	overloads := perTime(func(t vector.Type) expr.Overload {
		result, local := t, t.Zone
		if t.Kind == vector.Date {
			result = timestampType()
		}
		result.Zone = !t.Zone
		return Fixed(result, expr.NullIfAny, intsEach(result, func() intRow {
			zones := zoneCache{}
			return func(r *row) (int64, error) {
				zone, err := zones.find(string(r.text(0)))
				if err != nil {
					return 0, err
				}
				m := r.moment(1, t)
				if local {
					return m.shifted(offsetAt(zone, m.seconds())).in(result)
				}
				return m.shifted(-offsetOfLocal(zone, m)).in(result)
			}
		}), textType(), t)
	})
	return []Entry{inFamily("date")("timezone", "(zone, timestamp) → TIMESTAMP with the other kind of zone",
		shown("The time that clocks of a zone show at an instant; of a timestamp without zone the instant at "+
			"which they show it. Also timestamp AT TIME ZONE zone.",
			"timezone('Europe/Berlin', TIMESTAMP '2024-07-01 12:00:00')", "2024-07-01 10:00:00+00"), overloads...)}
}

// zoneCache keeps the zones that a worker met.
type zoneCache map[string]*time.Location

func (z zoneCache) find(name string) (*time.Location, error) {
	if l := z[name]; l != nil {
		return l, nil
	}
	l, err := loadZone(name)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "'%s' is no time zone", name).
			WithHint("write a name such as Europe/Berlin, or an offset such as +02:00")
	}
	const most = 1 << 10
	if len(z) >= most {
		clear(z)
	}
	z[name] = l
	return l, nil
}

func loadZone(name string) (*time.Location, error) {
	switch upper := strings.ToUpper(name); {
	case upper == "Z" || upper == "UTC" || upper == "GMT":
		return time.UTC, nil
	case strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-"):
		sign, clock := 1, name[1:]
		if name[0] == '-' {
			sign = -1
		}
		if !strings.Contains(clock, ":") {
			clock += ":00"
		}
		t, err := time.Parse("15:04", clock)
		if err != nil {
			return nil, err
		}
		return time.FixedZone(name, sign*(t.Hour()*3600+t.Minute()*60)), nil
	case upper == "LOCAL" || name == "": // which Go reads as the machine's, and as UTC
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "no such zone")
	}
	return time.LoadLocation(name)
}

func (m moment) seconds() int64 { return m.days*86400 + m.nanos/nanosPerSecond }

func (m moment) shifted(seconds int64) moment {
	return m.plus(vector.Months{Nanos: seconds * nanosPerSecond})
}

// offsetAt returns how many seconds east a zone's clocks are at an instant.
func offsetAt(zone *time.Location, seconds int64) int64 {
	_, offset := time.Unix(seconds, 0).In(zone).Zone()
	return int64(offset)
}

// offsetOfLocal returns the offset at which a zone's clocks show a time. Of one that they show twice it is the second,
// of one that they leave out the one before the change.
func offsetOfLocal(zone *time.Location, m moment) int64 {
	const day = 86400
	before, after := offsetAt(zone, m.seconds()-day), offsetAt(zone, m.seconds()+day)
	if offsetAt(zone, m.seconds()-after) == after {
		return after
	}
	return before
}
