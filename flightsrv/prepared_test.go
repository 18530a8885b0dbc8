package flightsrv

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/session"
)

func numbers64(t *testing.T, values ...int64) arrow.RecordBatch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator,
		arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	record := b.NewRecordBatch()
	t.Cleanup(record.Release)
	return record
}

func words(t *testing.T, values ...string) arrow.RecordBatch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator,
		arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.BinaryTypes.String}}, nil))
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues(values, nil)
	record := b.NewRecordBatch()
	t.Cleanup(record.Release)
	return record
}

func TestPreparedQueryTakesParameters(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	p, err := c.Prepare(ctx, "echo ?")
	require.NoError(t, err)
	require.True(t, p.DatasetSchema().Equal(fakeSchema()))
	require.Equal(t, 1, p.ParameterSchema().NumFields())
	update, known := p.IsUpdate()
	require.True(t, known)
	require.False(t, update)
	schema, err := p.GetSchema(ctx)
	require.NoError(t, err)
	require.True(t, f.schema(schema.GetSchema()).Equal(fakeSchema()))

	info, err := p.Execute(ctx)
	require.NoError(t, err)
	_, err = fetch(ctx, c, info)
	requireStatus(t, err, codes.InvalidArgument, "42P02")

	first := numbers64(t, 7)
	first.Retain() // SetParameters takes a reference
	p.SetParameters(first)
	seven, err := p.Execute(ctx)
	require.NoError(t, err)
	eight := numbers64(t, 8)
	eight.Retain()
	p.SetParameters(eight)
	poll, err := p.ExecutePoll(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, int64(7), f.read(ctx, c, seven)[0].Column(0).(*array.Int64).Value(0),
		"a ticket keeps the parameters that it was made with")
	require.Equal(t, int64(8), f.read(ctx, c, poll.GetInfo())[0].Column(0).(*array.Int64).Value(0))

	command, err := anypb.New(&pb.CommandPreparedStatementQuery{PreparedStatementHandle: p.Handle()})
	require.NoError(t, err)
	raw, err := proto.Marshal(command)
	require.NoError(t, err)
	records, err := fetch(ctx, c, &flight.FlightInfo{
		Endpoint: []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: raw}}},
	})
	require.NoError(t, err, "the command itself is a ticket too")
	require.Equal(t, int64(8), records[0].Column(0).(*array.Int64).Value(0))

	require.NoError(t, p.Close(ctx))
	require.Equal(t, int64(1), countRows(f.read(ctx, c, seven)), "a ticket outlives its prepared statement")
	f.server.handles.mu.Lock()
	defer f.server.handles.mu.Unlock()
	for _, h := range f.server.handles.byID {
		require.Equal(t, kindTicket, h.kind)
	}
}

func TestPreparedUpdateRunsOnceForEachRow(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	p, err := c.Prepare(ctx, "write ?")
	require.NoError(t, err)
	require.Nil(t, p.DatasetSchema(), "older clients tell an update by it")
	update, known := p.IsUpdate()
	require.True(t, known && update)
	rows := words(t, "a", "b", "c")
	rows.Retain()
	p.SetParameters(rows)
	n, err := p.ExecuteUpdate(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(3), n)

	info, err := p.Execute(ctx) // as Python's executemany does
	require.NoError(t, err)
	require.Empty(t, info.GetEndpoint())
	require.Equal(t, int64(3), info.GetTotalRecords())

	plain, err := c.Prepare(ctx, "write d")
	require.NoError(t, err)
	n, err = plain.ExecuteUpdate(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.Equal(t, []string{"a", "b", "c", "a", "b", "c", "d"}, f.door.log())
}

func TestPreparedHandlesBelongToTheirUser(t *testing.T) {
	f := start(t, limits.Limits{})
	ada, c := f.login("ada")
	bob, d := f.login("bob")
	p, err := c.Prepare(ada, "write secret")
	require.NoError(t, err)
	stolen, err := d.LoadPreparedStatementFromResult(&flightsql.CreatePreparedStatementResult{
		PreparedStatementHandle: p.Handle(),
	})
	require.NoError(t, err)
	_, err = stolen.ExecuteUpdate(bob)
	requireStatus(t, err, codes.Unauthenticated, "28000")
	requireStatus(t, stolen.Close(bob), codes.Unauthenticated, "28000")
	require.NoError(t, p.Close(ada))
	require.Empty(t, f.door.log())
}

func TestParametersHaveALimit(t *testing.T) {
	f := start(t, limits.Limits{ParameterBytes: 8 * 1024})
	ctx, c := f.login("ada")
	p, err := c.Prepare(ctx, "echo ?")
	require.NoError(t, err)
	execute := func(rows int) error {
		record := numbers64(t, make([]int64, rows)...)
		record.Retain()
		p.SetParameters(record)
		_, err := p.Execute(ctx)
		return err
	}
	requireStatus(t, execute(1025), codes.ResourceExhausted, "53400")
	require.Zero(t, f.server.config.Budget.Used())
	require.NoError(t, execute(1024))
}

// What is bound outlasts the call that brought it, and counts until it is bound anew or closed, whichever handle holds
// it last.
func TestParametersCountAgainstTheBudget(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	used := f.server.config.Budget.Used
	p, err := c.Prepare(ctx, "echo ?")
	require.NoError(t, err)
	var infos []*flight.FlightInfo
	for _, rows := range []int{1, 100} {
		record := numbers64(t, make([]int64, rows)...)
		record.Retain()
		p.SetParameters(record)
		info, err := p.Execute(ctx)
		require.NoError(t, err)
		infos = append(infos, info)
	}
	require.Equal(t, int64(8*101), used(), "a ticket keeps what it was made with")
	require.NoError(t, p.Close(ctx))
	require.Equal(t, int64(8*101), used())
	_, err = c.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: infos[0]})
	require.NoError(t, err)
	require.Equal(t, int64(8*100), used())
	_, err = c.CloseSession(ctx, &flight.CloseSessionRequest{})
	require.NoError(t, err)
	require.Zero(t, used())
}

// The arrays of a message that is not compressed are slices of it, which must not be kept.
func TestParametersAreCopied(t *testing.T) {
	message := mixed(t)
	p := &parameters{schema: message.Schema(), memory: budget.NewServer(1 << 20).Query(0)}
	require.NoError(t, p.keep(message, 1<<20))
	require.True(t, array.RecordEqual(message, p.batches[0]))
	for i, column := range message.Columns() {
		for j, buffer := range column.Data().Buffers() {
			if buffer.Len() > 0 {
				require.NotSame(t, &buffer.Bytes()[0], &p.batches[0].Column(i).Data().Buffers()[j].Bytes()[0])
			}
		}
	}
	require.Equal(t, heldBytes(message.Column(0).Data()), heldBytes(p.batches[0].Column(0).Data()))
}

func TestTransactions(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	tx, err := c.BeginTransaction(ctx)
	require.NoError(t, err)
	_, err = tx.ExecuteUpdate(ctx, "write a")
	require.NoError(t, err)
	p, err := tx.Prepare(ctx, "write b")
	require.NoError(t, err)
	_, err = p.ExecuteUpdate(ctx)
	require.NoError(t, err)
	mark, err := tx.BeginSavepoint(ctx, "mark")
	require.NoError(t, err)
	_, err = tx.ExecuteUpdate(ctx, "write c")
	require.NoError(t, err)
	require.NoError(t, tx.RollbackSavepoint(ctx, mark))
	other, err := tx.BeginSavepoint(ctx, "other")
	require.NoError(t, err)
	require.NoError(t, tx.ReleaseSavepoint(ctx, other))
	requireStatus(t, tx.RollbackSavepoint(ctx, other), codes.NotFound, "42704")
	require.Empty(t, f.door.log())
	require.NoError(t, tx.Commit(ctx))
	require.Equal(t, []string{"a", "b"}, f.door.log())
	_, err = c.ExecuteUpdate(ctx, "write after")
	require.NoError(t, err)

	undone, err := c.BeginTransaction(ctx)
	require.NoError(t, err)
	_, err = undone.ExecuteUpdate(ctx, "write never")
	require.NoError(t, err)
	require.NoError(t, undone.Rollback(ctx))
	require.Equal(t, []string{"a", "b", "after"}, f.door.log())
}

func TestTheADBCDriverMeansItsOpenTransaction(t *testing.T) {
	f := start(t, limits.Limits{})
	for _, agent := range []string{adbcAgent + " 1.13.0", "another"} {
		c, err := flightsql.NewClient(f.address, nil, nil,
			grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUserAgent(agent))
		require.NoError(t, err)
		defer c.Close()
		ctx, err := c.Client.AuthenticateBasicToken(t.Context(), "ada", "lovelace")
		require.NoError(t, err)
		ingest := func() uint64 {
			record := numbers64(t, 1)
			reader, err := array.NewRecordReader(record.Schema(), []arrow.RecordBatch{record})
			require.NoError(t, err)
			defer reader.Release()
			_, err = c.ExecuteIngest(ctx, reader, &flightsql.ExecuteIngestOpts{
				Table: "t", TableDefinitionOptions: &flightsql.TableDefinitionOptions{
					IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionFail,
					IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionAppend,
				},
			})
			require.NoError(t, err)
			return f.door.ingested[len(f.door.ingested)-1].tx
		}
		first, err := c.BeginTransaction(ctx)
		require.NoError(t, err)
		p, err := first.Prepare(ctx, "write "+agent)
		require.NoError(t, err)
		joined := ingest()
		require.NoError(t, first.Commit(ctx))
		require.Zero(t, ingest(), "no transaction is open")
		second, err := c.BeginTransaction(ctx)
		require.NoError(t, err)
		_, err = p.ExecuteUpdate(ctx)
		require.NoError(t, err)
		before := len(f.door.log())
		require.NoError(t, second.Commit(ctx))
		if agent == "another" {
			require.Zero(t, joined, "who knows the specification gets what it says")
			require.Len(t, f.door.log(), before)
		} else {
			require.NotZero(t, joined)
			require.Len(t, f.door.log(), before+1, "the statement ran in the transaction that is open")
		}
	}
}

func TestTransactionIDsBelongToTheirUser(t *testing.T) {
	f := start(t, limits.Limits{})
	ada, c := f.login("ada")
	bob, d := f.login("bob")
	tx, err := c.BeginTransaction(ada)
	require.NoError(t, err)
	end := func(id []byte, action flightsql.EndTransactionRequestType) error {
		body, err := anypb.New(&pb.ActionEndTransactionRequest{TransactionId: id, Action: action})
		require.NoError(t, err)
		raw, err := proto.Marshal(body)
		require.NoError(t, err)
		stream, err := d.Client.DoAction(bob, &flight.Action{Type: flightsql.EndTransactionActionType, Body: raw})
		require.NoError(t, err)
		_, err = stream.Recv()
		return err
	}
	requireStatus(t, end(tx.ID(), flightsql.EndTransactionCommit), codes.Unauthenticated, "28000")
	requireStatus(t, end([]byte("made up"), flightsql.EndTransactionCommit), codes.Unauthenticated, "28000")
	requireStatus(t, end(nil, flightsql.EndTransactionCommit), codes.FailedPrecondition, "25P01")
	own, err := d.BeginTransaction(bob)
	require.NoError(t, err)
	requireStatus(t, end(own.ID(), flightsql.EndTransactionUnspecified), codes.InvalidArgument, "08P01")
	require.NoError(t, tx.Rollback(ada))
}

func TestIngest(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	const (
		create    = flightsql.TableDefinitionOptionsTableNotExistOptionCreate
		mustExist = flightsql.TableDefinitionOptionsTableNotExistOptionFail
		mustNot   = flightsql.TableDefinitionOptionsTableExistsOptionFail
		appending = flightsql.TableDefinitionOptionsTableExistsOptionAppend
		replace   = flightsql.TableDefinitionOptionsTableExistsOptionReplace
	)
	ingest := func(o *flightsql.ExecuteIngestOpts) (int64, error) {
		record := numbers64(t, 1, 2, 3)
		reader, err := array.NewRecordReader(record.Schema(), []arrow.RecordBatch{record, record})
		require.NoError(t, err)
		defer reader.Release()
		return c.ExecuteIngest(ctx, reader, o)
	}
	schema, other, own := "shop", "elsewhere", "micodb"
	modes := []struct {
		options *flightsql.TableDefinitionOptions
		want    session.IngestMode
	}{
		{&flightsql.TableDefinitionOptions{IfNotExist: create, IfExists: mustNot}, session.IngestCreate},
		{&flightsql.TableDefinitionOptions{IfNotExist: mustExist, IfExists: appending}, session.IngestAppend},
		{&flightsql.TableDefinitionOptions{IfNotExist: create, IfExists: appending}, session.IngestCreateOrAppend},
		{&flightsql.TableDefinitionOptions{IfNotExist: create, IfExists: replace}, session.IngestReplace},
	}
	for i, m := range modes {
		n, err := ingest(&flightsql.ExecuteIngestOpts{
			TableDefinitionOptions: m.options, Table: "t", Schema: &schema, Catalog: &own,
			Options: map[string]string{"by_name": "true"},
		})
		require.NoError(t, err)
		require.Equal(t, int64(6), n)
		require.Equal(t, ingestCall{
			into: catalog.TableName{Database: "shop", Table: "t"}, rows: 6,
			opts: session.IngestOptions{Mode: m.want, ByName: true},
		}, f.door.ingested[i])
	}
	tx, err := c.BeginTransaction(ctx)
	require.NoError(t, err)
	_, err = ingest(&flightsql.ExecuteIngestOpts{
		TableDefinitionOptions: modes[0].options, Table: "t", TransactionId: tx.ID(),
	})
	require.NoError(t, err)
	last := f.door.ingested[len(f.door.ingested)-1]
	require.Equal(t, "main", last.into.Database)
	require.NotZero(t, last.tx)

	refused := map[string]*flightsql.ExecuteIngestOpts{
		"0A000": {TableDefinitionOptions: modes[0].options, Table: "t", Temporary: true},
		"3D000": {TableDefinitionOptions: modes[0].options, Table: "t", Catalog: &other},
		"28000": {TableDefinitionOptions: modes[0].options, Table: "t", TransactionId: []byte("x")},
		"22023": {TableDefinitionOptions: modes[0].options, Table: "t", Options: map[string]string{"color": "red"}},
	}
	for state, o := range refused {
		_, err := ingest(o)
		require.ErrorContains(t, err, state+": ")
	}
	require.Len(t, f.door.ingested, len(modes)+1)
}
