package node

import (
	"context"

	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/flightsrv"
	"github.com/micodb/micodb/session"
)

// flightTicket lets the JSON door hand out a query's rows through the Flight door.
func (n *Node) flightTicket(_ context.Context, s session.Session, tx session.Transaction, sql string) (
	endpoint string, ticket []byte, err error,
) {
	q := flightsrv.ExternalQuery{Database: s.Database(), SQL: sql}
	if tx != nil {
		q.Transaction = tx.ID()
	}
	ticket, err = n.flight.QueryTicket(s.Principal().Username, q)
	return n.flightURL(), ticket, err
}

// flightURL is the Flight door's address as clients write it.
func (n *Node) flightURL() string {
	if n.endpoints.TLS {
		return "grpc+tls://" + n.endpoints.Flight
	}
	return "grpc://" + n.endpoints.Flight
}

// functionNames sorts the functions into the families that Flight SQL clients ask for.
func functionNames(r *function.Registry) (f flightsrv.Functions) {
	for _, name := range r.Names() {
		switch r.Find(name).Family {
		case "number":
			f.Numeric = append(f.Numeric, name)
		case "text":
			f.Text = append(f.Text, name)
		case "date":
			f.DateTime = append(f.DateTime, name)
		default:
			f.System = append(f.System, name)
		}
	}
	return f
}
