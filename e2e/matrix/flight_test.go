package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// flightKinds are the RPCs of Flight's service, and the messages of Flight and Flight SQL that ask for something.
func flightKinds(t *testing.T) []string {
	t.Helper()
	var kinds []string
	found, err := protoregistry.GlobalFiles.FindDescriptorByName("arrow.flight.protocol.FlightService")
	require.NoError(t, err)
	methods := found.(protoreflect.ServiceDescriptor).Methods()
	for i := range methods.Len() {
		kinds = append(kinds, string(methods.Get(i).Name()))
	}
	sql, err := protoregistry.GlobalFiles.FindDescriptorByName("arrow.flight.protocol.sql.CommandStatementQuery")
	require.NoError(t, err)
	for _, file := range []protoreflect.FileDescriptor{found.ParentFile(), sql.ParentFile()} {
		for i := range file.Messages().Len() {
			name := string(file.Messages().Get(i).Name())
			asks := strings.HasSuffix(name, "Request") || strings.HasPrefix(name, "Command") ||
				strings.HasPrefix(name, "TicketStatement")
			if asks {
				kinds = append(kinds, name)
			}
		}
	}
	require.Greater(t, len(kinds), 35)
	return kinds
}

const (
	selectT     = "SELECT x FROM t"
	insertIntoT = "INSERT INTO t VALUES (9)"
)

type call func(a *actor) (found bool, err error)

// plainly makes a call of one that is let in and done, or not.
func plainly(f func(a *actor) error) call {
	return func(a *actor) (bool, error) { err := f(a); return err == nil, err }
}

// tells makes a call of one whose rows must name the table t, else it found nothing.
func tells(f func(a *actor) (*flight.FlightInfo, error)) call {
	return func(a *actor) (bool, error) {
		rows, err := a.read(f(a))
		return strings.Contains(rows, "\tt\t") || strings.Contains(rows, "main\t"), err
	}
}

// info makes a call of one that is answered with rows, whichever.
func info(f func(a *actor) (*flight.FlightInfo, error)) call {
	return plainly(func(a *actor) error { return a.fetch(f(a)) })
}

// flightCalls try what the rows of the matrix's section flight are about, by their labels.
func flightCalls() map[string]call {
	calls := map[string]call{}
	for _, some := range []map[string]call{rpcCalls(), metadataCalls(), statementCalls(), transactionCalls(), actionCalls()} {
		maps.Copy(calls, some)
	}
	return calls
}

// rpcCalls use each RPC as itself.
func rpcCalls() map[string]call {
	return map[string]call{
		"Handshake": plainly(func(a *actor) error {
			if a.name == anonymous {
				return handshake(a)
			}
			_, err := a.flight.Client.AuthenticateBasicToken(a.world.t.Context(), a.name, password)
			return err
		}),
		"HandshakeRequest with a token": plainly(handshake),
		"ListFlights": plainly(func(a *actor) error {
			stream, err := a.flight.Client.ListFlights(a.ctx, &flight.Criteria{})
			if err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		}),
		"GetFlightInfo": plainly(func(a *actor) error {
			_, err := a.flight.Execute(a.ctx, selectT)
			return err
		}),
		"PollFlightInfo": plainly(func(a *actor) error {
			_, err := a.flight.ExecutePoll(a.ctx, selectT, nil)
			return err
		}),
		"GetSchema": plainly(func(a *actor) error {
			_, err := a.flight.GetExecuteSchema(a.ctx, selectT)
			return err
		}),
		"DoGet": info(func(a *actor) (*flight.FlightInfo, error) { return a.flight.Execute(a.ctx, selectT) }),
		"DoGet forged": plainly(func(a *actor) error {
			ticket, err := flightsql.CreateStatementQueryTicket([]byte("what nobody signed"))
			if err != nil {
				return err
			}
			_, err = a.flight.DoGet(a.ctx, &flight.Ticket{Ticket: ticket})
			return err
		}),
		"DoPut": plainly(func(a *actor) error {
			_, err := a.flight.ExecuteUpdate(a.ctx, insertIntoT)
			return err
		}),
		"DoExchange": plainly(func(a *actor) error {
			stream, err := a.flight.Client.DoExchange(a.ctx)
			if err != nil {
				return err
			}
			if err := stream.CloseSend(); err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		}),
		"DoAction": plainly(func(a *actor) error {
			stream, err := a.flight.Client.DoAction(a.ctx, &flight.Action{Type: "nothing"})
			if err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		}),
		"ListActions": plainly(func(a *actor) error {
			stream, err := a.flight.Client.ListActions(a.ctx, &flight.Empty{})
			if err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		}),
	}
}

// handshake asks with what the actor has in hand.
func handshake(a *actor) error {
	stream, err := a.flight.Client.Handshake(a.ctx)
	if err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err = stream.Recv(); errors.Is(err, io.EOF) {
		return nil // its answer is in the headers
	}
	return err
}

// metadataCalls show everybody what he may know of.
func metadataCalls() map[string]call {
	t := flightsql.TableRef{Table: "t"}
	return map[string]call{
		"CommandGetSqlInfo": info(func(a *actor) (*flight.FlightInfo, error) { return a.flight.GetSqlInfo(a.ctx, nil) }),
		"CommandGetXdbcTypeInfo": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.GetXdbcTypeInfo(a.ctx, nil)
		}),
		"CommandGetCatalogs": info(func(a *actor) (*flight.FlightInfo, error) { return a.flight.GetCatalogs(a.ctx) }),
		"CommandGetDbSchemas": tells(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.GetDBSchemas(a.ctx, &flightsql.GetDBSchemasOpts{})
		}),
		"CommandGetDbSchemas lab": func(a *actor) (bool, error) {
			rows, err := a.read(a.flight.GetDBSchemas(a.ctx, &flightsql.GetDBSchemasOpts{}))
			return strings.Contains(rows, "lab\t"), err
		},
		"CommandGetTables": tells(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.GetTables(a.ctx, &flightsql.GetTablesOpts{IncludeSchema: true})
		}),
		"CommandGetTables secret": func(a *actor) (bool, error) {
			rows, err := a.read(a.flight.GetTables(a.ctx, &flightsql.GetTablesOpts{}))
			return strings.Contains(rows, "secret"), err
		},
		"CommandGetTables system": func(a *actor) (bool, error) {
			rows, err := a.read(a.flight.GetTables(a.ctx, &flightsql.GetTablesOpts{}))
			return strings.Contains(rows, "memberships"), err
		},
		"CommandGetTableTypes": info(func(a *actor) (*flight.FlightInfo, error) { return a.flight.GetTableTypes(a.ctx) }),
		"CommandGetPrimaryKeys": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.GetPrimaryKeys(a.ctx, t)
		}),
		"CommandGetExportedKeys": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.GetExportedKeys(a.ctx, t)
		}),
		"CommandGetImportedKeys": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.GetImportedKeys(a.ctx, t)
		}),
		"CommandGetCrossReference": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.GetCrossReference(a.ctx, t, t)
		}),
	}
}

// statementCalls run statements: one's own, and with handles of the administrator.
func statementCalls() map[string]call {
	plan := flightsql.SubstraitPlan{Plan: []byte("a plan"), Version: "0.1"}
	prepared := func(sql string, of func(a *actor) *actor, use func(a *actor, p *flightsql.PreparedStatement) error) call {
		return plainly(func(a *actor) error {
			owner := of(a)
			p, err := owner.flight.Prepare(owner.ctx, sql)
			if err != nil {
				return err
			}
			defer p.Close(owner.ctx)
			return use(a, flightsql.NewPreparedStatement(a.flight, p.Handle()))
		})
	}
	own := func(a *actor) *actor { return a }
	admin := func(a *actor) *actor { return a.world.admin }
	execute := func(a *actor, p *flightsql.PreparedStatement) error { return a.fetch(p.Execute(a.ctx)) }
	update := func(a *actor, p *flightsql.PreparedStatement) error {
		_, err := p.ExecuteUpdate(a.ctx)
		return err
	}
	end := func(a *actor, p *flightsql.PreparedStatement) error { return p.Close(a.ctx) }
	return map[string]call{
		"CommandStatementQuery": info(func(a *actor) (*flight.FlightInfo, error) { return a.flight.Execute(a.ctx, selectT) }),
		"CommandStatementQuery that inserts": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.Execute(a.ctx, insertIntoT)
		}),
		"CommandStatementUpdate": plainly(func(a *actor) error {
			_, err := a.flight.ExecuteUpdate(a.ctx, insertIntoT)
			return err
		}),
		"CommandStatementSubstraitPlan": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.flight.ExecuteSubstrait(a.ctx, plan)
		}),
		"ActionCreatePreparedSubstraitPlanRequest": plainly(func(a *actor) error {
			_, err := a.flight.PrepareSubstrait(a.ctx, plan)
			return err
		}),
		"ActionCreatePreparedStatementRequest":         prepared(selectT, own, func(*actor, *flightsql.PreparedStatement) error { return nil }),
		"ActionCreatePreparedStatementRequest insert":  prepared(insertIntoT, own, func(*actor, *flightsql.PreparedStatement) error { return nil }),
		"ActionClosePreparedStatementRequest":          prepared(selectT, own, end),
		"ActionClosePreparedStatementRequest of admin": prepared(selectT, admin, end),
		"CommandPreparedStatementQuery":                prepared(selectT, own, execute),
		"CommandPreparedStatementQuery of admin":       prepared(selectT, admin, execute),
		"CommandPreparedStatementUpdate":               prepared(insertIntoT, own, update),
		"CommandPreparedStatementUpdate of admin":      prepared(insertIntoT, admin, update),
		"TicketStatementQuery":                         info(func(a *actor) (*flight.FlightInfo, error) { return a.flight.Execute(a.ctx, selectT) }),
		"TicketStatementQuery of admin": info(func(a *actor) (*flight.FlightInfo, error) {
			return a.world.admin.flight.Execute(a.world.admin.ctx, selectT)
		}),
		"CommandStatementIngest":         ingest("t", "append"),
		"CommandStatementIngest secret":  ingest("secret", "append"),
		"CommandStatementIngest create":  ingest("made", "create"),
		"CommandStatementIngest replace": ingest("victim", "replace"),
	}
}

func ingest(table, mode string) call {
	definition := map[string]*flightsql.TableDefinitionOptions{
		"append": {
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionFail,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionAppend,
		},
		"create": {
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionFail,
		},
		"replace": {
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionReplace,
		},
	}[mode]
	return plainly(func(a *actor) error {
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int32, Nullable: true}}, nil)
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		b.Field(0).(*array.Int32Builder).Append(9)
		batch := b.NewRecordBatch()
		defer batch.Release()
		rows, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
		if err != nil {
			return err
		}
		defer rows.Release()
		_, err = a.flight.ExecuteIngest(a.ctx, rows, &flightsql.ExecuteIngestOpts{
			Table: table, TableDefinitionOptions: definition,
		})
		return err
	})
}

// transactionCalls begin and end transactions; nobody ends another's.
func transactionCalls() map[string]call {
	type txn = flightsql.Txn
	in := func(of func(a *actor) *actor, use func(ctx context.Context, x *txn) error) call {
		return plainly(func(a *actor) error {
			owner := of(a)
			x, err := owner.flight.BeginTransaction(owner.ctx)
			if err != nil {
				return err
			}
			defer x.Rollback(owner.ctx)
			used := *x               // ending it would make the client forget which it was
			return use(a.ctx, &used) // the headers say who calls
		})
	}
	own := func(a *actor) *actor { return a }
	admin := func(a *actor) *actor { return a.world.admin }
	savepoint := func(ctx context.Context, x *txn) error {
		_, err := x.BeginSavepoint(ctx, "s")
		return err
	}
	back := func(ctx context.Context, x *txn) error {
		s, err := x.BeginSavepoint(ctx, "s")
		if err != nil {
			return err
		}
		return x.RollbackSavepoint(ctx, s)
	}
	insert := func(ctx context.Context, x *txn) error {
		_, err := x.ExecuteUpdate(ctx, insertIntoT)
		return err
	}
	return map[string]call{
		"ActionBeginTransactionRequest":        in(own, func(context.Context, *txn) error { return nil }),
		"ActionEndTransactionRequest":          in(own, func(ctx context.Context, x *txn) error { return x.Commit(ctx) }),
		"ActionEndTransactionRequest of admin": in(admin, func(ctx context.Context, x *txn) error { return x.Commit(ctx) }),
		"ActionBeginSavepointRequest":          in(own, savepoint),
		"ActionBeginSavepointRequest of admin": in(admin, savepoint),
		"ActionEndSavepointRequest":            in(own, back),
		"CommandStatementUpdate in one's own":  in(own, insert),
		"CommandStatementUpdate in admin's":    in(admin, insert),
	}
}

// actionCalls are Flight's own actions.
func actionCalls() map[string]call {
	of := func(owner func(a *actor) *actor, use func(a *actor, of *flight.FlightInfo) error) call {
		return plainly(func(a *actor) error {
			o := owner(a)
			i, err := o.flight.Execute(o.ctx, selectT)
			if err != nil {
				return err
			}
			return use(a, i)
		})
	}
	own := func(a *actor) *actor { return a }
	admin := func(a *actor) *actor { return a.world.admin }
	cancelInfo := func(a *actor, of *flight.FlightInfo) error {
		_, err := a.flight.CancelFlightInfo(a.ctx, &flight.CancelFlightInfoRequest{Info: of})
		return err
	}
	cancelQuery := func(a *actor, of *flight.FlightInfo) error {
		_, err := a.flight.CancelQuery(a.ctx, of) //nolint:staticcheck // older clients call it
		return err
	}
	renew := func(a *actor, of *flight.FlightInfo) error {
		_, err := a.flight.RenewFlightEndpoint(a.ctx, &flight.RenewFlightEndpointRequest{Endpoint: of.GetEndpoint()[0]})
		return err
	}
	return map[string]call{
		"CancelFlightInfoRequest":             of(own, cancelInfo),
		"CancelFlightInfoRequest of admin":    of(admin, cancelInfo),
		"ActionCancelQueryRequest":            of(own, cancelQuery),
		"ActionCancelQueryRequest of admin":   of(admin, cancelQuery),
		"RenewFlightEndpointRequest":          of(own, renew),
		"RenewFlightEndpointRequest of admin": of(admin, renew),
		"SetSessionOptionsRequest": plainly(func(a *actor) error {
			values, err := flight.NewSessionOptionValues(map[string]any{"schema": "main"})
			if err != nil {
				return err
			}
			result, err := a.flight.SetSessionOptions(a.ctx, &flight.SetSessionOptionsRequest{SessionOptions: values})
			if err == nil && len(result.GetErrors()) > 0 {
				err = fmt.Errorf("options were refused: %v", result.GetErrors())
			}
			return err
		}),
		"SetSessionOptionsRequest lab": func(a *actor) (bool, error) {
			values, err := flight.NewSessionOptionValues(map[string]any{"schema": "lab"})
			if err != nil {
				return false, err
			}
			result, err := a.flight.SetSessionOptions(a.ctx, &flight.SetSessionOptionsRequest{SessionOptions: values})
			return err == nil && len(result.GetErrors()) == 0, err
		},
		"GetSessionOptionsRequest": plainly(func(a *actor) error {
			_, err := a.flight.GetSessionOptions(a.ctx, &flight.GetSessionOptionsRequest{})
			return err
		}),
		"CloseSessionRequest": plainly(func(a *actor) error {
			ctx := a.ctx
			if a.name != anonymous { // it ends the login, too
				var err error
				if ctx, err = a.flight.Client.AuthenticateBasicToken(a.world.t.Context(), a.name, password); err != nil {
					return err
				}
			}
			_, err := a.flight.CloseSession(ctx, &flight.CloseSessionRequest{})
			return err
		}),
	}
}
