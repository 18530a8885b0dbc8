package session

import "github.com/micodb/micodb/catalog"

// The system tables of users. Hashes lie in tables of their own, which no session sees.
var (
	usersTable       = catalog.TableName{Database: catalog.SystemDatabase, Table: "users"}
	credentialsTable = catalog.TableName{Database: catalog.SystemDatabase, Table: "credentials"}
	membershipsTable = catalog.TableName{Database: catalog.SystemDatabase, Table: "memberships"}
	rolesTable       = catalog.TableName{Database: catalog.SystemDatabase, Table: "custom_roles"}
	grantsTable      = catalog.TableName{Database: catalog.SystemDatabase, Table: "grants"}
	keysTable        = catalog.TableName{Database: catalog.SystemDatabase, Table: "api_keys"}
	revokedTable     = catalog.TableName{Database: catalog.SystemDatabase, Table: "revoked_logins"}
)
