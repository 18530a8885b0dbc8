package flightsrv

import (
	"context"
	"log/slog"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/flight"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
)

// The session options, by the names that ADBC and JDBC send.
const (
	optionCatalog = "catalog"
	optionSchema  = "schema"
)

// SetSessionOptions sets the catalog, of which there is one, and the schema, which is USE. The options that can't
// be set are told apart in the answer.
func (*handlers) SetSessionOptions(ctx context.Context, request *flight.SetSessionOptionsRequest,
) (*flight.SetSessionOptionsResult, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	result := &flight.SetSessionOptionsResult{Errors: map[string]*flight.SetSessionOptionsResultError{}}
	for name, value := range request.GetSessionOptions() {
		text, isText := textOption(value)
		refused := flight.SetSessionOptionsResultErrorInvalidValue
		switch {
		case name != optionCatalog && name != optionSchema:
			refused = flight.SetSessionOptionsResultErrorInvalidName
		case !isText:
		case text == "", name == optionCatalog && strings.EqualFold(text, catalog.Name):
			continue // unset, or as it is
		case name == optionSchema:
			err := c.session.Use(ctx, text)
			if err == nil {
				continue
			}
			if sqlerr.CodeOf(err) != sqlerr.InvalidCatalogName {
				return nil, err
			}
		}
		result.Errors[name] = &flight.SetSessionOptionsResultError{Value: refused}
	}
	return result, nil
}

// textOption returns the text of an option: an option without a value is unset, like an empty one.
func textOption(value *flight.SessionOptionValue) (string, bool) {
	switch v := value.GetOptionValue().(type) {
	case nil:
		return "", true
	case *pb.SessionOptionValue_StringValue:
		return v.StringValue, true
	}
	return "", false
}

// GetSessionOptions returns the catalog and the schema.
func (*handlers) GetSessionOptions(ctx context.Context, _ *flight.GetSessionOptionsRequest,
) (*flight.GetSessionOptionsResult, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	options, err := flight.NewSessionOptionValues(map[string]any{
		optionCatalog: catalog.Name, optionSchema: c.session.Database(),
	})
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "the session options can't be encoded")
	}
	return &flight.GetSessionOptionsResult{SessionOptions: options}, nil
}

// CloseSession closes the caller's session. A token that a handshake gave to this client is then good no more; with
// other credentials, which the client may share, the next call would open a new session.
func (h *handlers) CloseSession(ctx context.Context, _ *flight.CloseSessionRequest,
) (*flight.CloseSessionResult, error) {
	c, err := clientOf(ctx)
	if err != nil {
		return nil, err
	}
	alone := c.session.Principal().Proof.OneClient
	if alone {
		if err := c.session.Logout(ctx); err != nil { // it holds all the same until the server restarts
			h.log.LogAttrs(ctx, slog.LevelWarn, "a logout was not written down", slog.String("user", c.user()),
				slog.String("error", err.Error()))
		}
	}
	h.clients.end(c)
	if !alone {
		h.clients.expect(c.key, freshCookie(c.cookie)+c.secret)
	}
	return &flight.CloseSessionResult{Status: flight.CloseSessionResultClosed}, nil
}
