package server_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/e2e/harness"
)

const loginLine = `{"command":"login","db_name":"main","username":"admin","password":"` + harness.Password + `"}`

// jsonAnswer is an answer of the JSON port.
type jsonAnswer struct {
	Status string          `json:"status"`
	Data   json.RawMessage `json:"data"`
	Code   string          `json:"code"`
	Token  string          `json:"auth_token"`
}

// ask sends requests, closes the sending half, and returns the answers to all of them.
func ask(t *testing.T, c net.Conn, requests ...string) []jsonAnswer {
	t.Helper()
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	_, err := fmt.Fprintf(c, "%s\n", strings.Join(requests, "\n"))
	require.NoError(t, err)
	half, ok := c.(interface{ CloseWrite() error })
	require.True(t, ok)
	require.NoError(t, half.CloseWrite())
	var answers []jsonAnswer
	for lines := bufio.NewScanner(c); lines.Scan(); {
		var a jsonAnswer
		require.NoError(t, json.Unmarshal(lines.Bytes(), &a), lines.Text())
		answers = append(answers, a)
	}
	require.Len(t, answers, len(requests), "each request is answered, though the client has closed its half")
	return answers
}

func dialJSON(t *testing.T, s *harness.Server) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", s.JSON)
	require.NoError(t, err)
	return c
}

func TestAHalfClosedJSONConnectionIsAnswered(t *testing.T) {
	s := harness.Start(t)
	answers := ask(t, dialJSON(t, s), loginLine, `{"command":"sql","db_name":"main","query":"SELECT 1 AS one"}`,
		`{"command":`, `{"command":"sql","db_name":"main","query":"SELECT 2 AS two"}`)
	require.JSONEq(t, `[{"one":1}]`, string(answers[1].Data))
	require.Contains(t, string(answers[2].Data), "Invalid request format:")
	require.JSONEq(t, `[{"two":2}]`, string(answers[3].Data))
}

func TestATokenOfOneDoorOpensBothAndAForgedOneNone(t *testing.T) {
	s := harness.Start(t)
	token := ask(t, dialJSON(t, s), loginLine)[0].Token
	part := strings.Split(token, ".")
	require.Len(t, part, 3)
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part[1] + "."
	other := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"root","exp":9999999999,"iat":1}`))
	for name, c := range map[string]struct {
		token string
		fails bool
	}{
		"genuine": {token, false}, "unsigned": {unsigned, true}, "other claims": {part[0] + "." + other + "." + part[2], true},
		"no token": {"a.b.c", true}, "cut": {part[0] + "." + part[1], true},
	} {
		a := ask(t, dialJSON(t, s), `{"command":"sql","db_name":"main","query":"SELECT 1 AS one","auth_method":"jwt","token":"`+c.token+`"}`)
		db, err := client.Open(t.Context(), client.Options{URL: "grpc://" + s.Flight, Token: c.token})
		if err == nil {
			_, err = db.Execute(t.Context(), "SELECT 1")
			require.NoError(t, db.Close())
		}
		if c.fails {
			require.Equal(t, "error", a[0].Status, name)
			require.Equal(t, "28000", a[0].Code, "%s: %s", name, a[0].Data)
			require.ErrorContains(t, err, "28000", name)
			continue
		}
		require.Equal(t, "ok", a[0].Status, "%s: %s", name, a[0].Data)
		require.NoError(t, err, name)
	}
}

// A client that logs in with every request never has two requests in one session.
func TestATransactionOutlivesTheRequestThatBeganIt(t *testing.T) {
	s := harness.Start(t)
	as := `"db_name":"main","auth_method":"password","username":"admin","password":"` + harness.Password + `"`
	begun := ask(t, dialJSON(t, s),
		`{"command":"create_table",`+as+`,"table_name":"t","schema":[{"name":"i","type":"Int32"}]}`,
		`{"command":"begin_transaction",`+as+`}`)
	var tx struct {
		ID uint64 `json:"tx_id"`
	}
	require.NoError(t, json.Unmarshal(begun[1].Data, &tx), string(begun[1].Data))
	in := fmt.Sprintf(`%s,"tx_id":%d`, as, tx.ID)
	answers := ask(t, dialJSON(t, s),
		`{"command":"append",`+in+`,"table_name":"t","rows":[{"i":7}]}`,
		`{"command":"read",`+in+`,"table_name":"t"}`,
		`{"command":"read",`+as+`,"table_name":"t"}`,
		`{"command":"commit_transaction",`+in+`}`,
		`{"command":"read",`+as+`,"table_name":"t"}`)
	for i, want := range []string{"null", `[{"i":7}]`, "[]", "null", `[{"i":7}]`} {
		require.JSONEq(t, want, string(answers[i].Data), i)
	}
}

func TestHealthAndReflectionOnTheFlightPort(t *testing.T) {
	s := harness.Start(t)
	conn, err := grpc.NewClient(s.Flight, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	for _, service := range []string{"", "arrow.flight.protocol.FlightService"} {
		health, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		require.NoError(t, err)
		require.Equal(t, healthpb.HealthCheckResponse_SERVING, health.GetStatus())
	}
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{},
	}))
	answer, err := stream.Recv()
	require.NoError(t, err)
	require.Contains(t, answer.GetListServicesResponse().String(), "arrow.flight.protocol.FlightService")
}

func TestTLSOnAllPorts(t *testing.T) {
	s := harness.Start(t, "--tls", "auto", "--json-tls", "--log-level", "trace")
	login := []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}
	sql := func(args ...string) (int, string) {
		return runToEnd(t, login, append([]string{"sql", "--format", "csv", "-e", "SELECT 1 AS one"}, args...)...)
	}
	certificate := filepath.Join(s.Dir, "tls-cert.pem")
	for _, trust := range [][]string{{"--tls-insecure"}, {"--tls-ca", certificate}} {
		code, out := sql(append(trust, "--url", "grpc+tls://"+s.Flight)...)
		require.Zero(t, code, out)
		require.Equal(t, "one\n1\n", out)
	}
	code, out := sql("--url", "grpc+tls://"+s.Flight)
	require.Equal(t, 1, code)
	require.Contains(t, out, "trust the certificate")
	code, out = sql("--url", "grpc://"+s.Flight)
	require.Equal(t, 1, code)
	require.Contains(t, out, "grpc+tls://")
	code, out = runToEnd(t, nil, "healthcheck", "--data-dir", s.Dir)
	require.Zero(t, code, out)

	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	c, err := d.DialContext(t.Context(), "tcp", s.JSON)
	require.NoError(t, err)
	require.Equal(t, "ok", ask(t, c, loginLine)[0].Status)
	require.Contains(t, s.Log(), "health      https://"+s.HTTP)
	require.NotContains(t, s.Log(), harness.Password)
	s.Stop()
}

func TestAServerThatWantsCertificatesOfItsClients(t *testing.T) {
	cert, key := clientCertificate(t)
	s := harness.Start(t, "--tls", "auto", "--tls-client-ca", cert)
	code, out := runToEnd(t, nil, "healthcheck", "--data-dir", s.Dir)
	require.Equal(t, 1, code, out)
	code, out = runToEnd(t, nil, "healthcheck", "--data-dir", s.Dir, "--tls-cert", cert, "--tls-key", key)
	require.Zero(t, code, out)
	code, out = runToEnd(t, []string{"MICODB_USER=admin", "MICODB_PASSWORD=" + harness.Password}, "sql", "--format", "csv",
		"-e", "SELECT 1 AS one", "--url", "grpc+tls://"+s.Flight, "--tls-insecure", "--tls-cert", cert, "--tls-key", key)
	require.Zero(t, code, out)
	require.Equal(t, "one\n1\n", out)
}

// clientCertificate writes a certificate that is its own CA, and its key.
func clientCertificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o600))
	}
	return cert, key
}

func TestWithoutLoginsEverybodyOnTheMachineIsAdmin(t *testing.T) {
	s := harness.Start(t, "--insecure-no-auth")
	code, out := runToEnd(t, nil, "sql", "--format", "csv", "--url", "grpc://"+s.Flight,
		"-e", "CREATE TABLE t (i INT); INSERT INTO t VALUES (1); SELECT i FROM t")
	require.Zero(t, code, out)
	require.Equal(t, "i\n1\n", out)
	answers := ask(t, dialJSON(t, s), `{"command":"read","db_name":"main","table_name":"t"}`,
		`{"command":"read","db_name":"main","table_name":"t","auth_method":"password","username":"x","password":"ignored"}`)
	for _, a := range answers {
		require.JSONEq(t, `[{"i":1}]`, string(a.Data))
	}
}

// What was acknowledged before SIGTERM is there after it, flushed, and the addresses are withdrawn.
func TestSIGTERMFlushes(t *testing.T) {
	dir := t.TempDir()
	s := harness.New(t, dir)
	s.Start()
	_, err := s.Connect(t.Context()).Execute(t.Context(), "CREATE TABLE kept (i INT)")
	require.NoError(t, err)
	_, err = s.Connect(t.Context()).Execute(t.Context(), "INSERT INTO kept VALUES (1), (2)")
	require.NoError(t, err)
	s.Stop()
	require.NoFileExists(t, filepath.Join(dir, "endpoints.json"))
	segments, err := os.ReadDir(filepath.Join(dir, "segments"))
	require.NoError(t, err)
	require.NotEmpty(t, segments, "the rows are in a segment")
	s.Start()
	rows, err := s.Connect(t.Context()).Stream(t.Context(), "SELECT i FROM kept")
	require.NoError(t, err)
	require.True(t, rows.Next(), rows.Err())
	require.EqualValues(t, 2, rows.Batch().NumRows())
	require.NoError(t, rows.Close())
	s.Stop()
}

// A client that leaves in the middle of a transaction leaves nothing open.
func TestAClientThatLeavesEndsItsSession(t *testing.T) {
	s := harness.Start(t)
	db, err := client.Open(t.Context(), client.Options{URL: "grpc://" + s.Flight, Username: "admin", Password: harness.Password})
	require.NoError(t, err)
	_, err = db.Execute(t.Context(), "BEGIN")
	require.NoError(t, err)
	_, metrics := get(t, "http://"+s.HTTP+"/metrics")
	require.Contains(t, metrics, "micodb_transactions_open 1\n")
	require.NoError(t, db.Close())
	_, metrics = get(t, "http://"+s.HTTP+"/metrics")
	require.Contains(t, metrics, "micodb_transactions_open 0\n")
}
