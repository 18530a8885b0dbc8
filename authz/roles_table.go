package authz

import "slices"

// The names of the system roles, which every instance has and which can't be changed.
const (
	RoleAdmin     = "admin"
	RolePowerUser = "poweruser"
	RoleReadOnly  = "readonly"
)

// systemRoles says what each system role grants on the whole instance. RoleAdmin grants every permission, those
// of later versions too, and so has no list.
var systemRoles = map[string][]Permission{
	RoleAdmin: nil,
	RolePowerUser: {
		Read, Write, CreateTable, CreateDatabase, ReadSchema, ExecuteQuery,
		BeginTransaction, CommitTransaction, RollbackTransaction,
	},
	RoleReadOnly: {Read, ReadSchema, ExecuteQuery},
}

// SystemRoles returns the names of the system roles in order.
func SystemRoles() []string { return []string{RoleAdmin, RolePowerUser, RoleReadOnly} }

// RolePermissions returns what a system role grants on the whole instance.
func RolePermissions(role string) []Permission {
	if role == RoleAdmin {
		return Permissions()
	}
	return slices.Clone(systemRoles[role])
}

// Permissions returns all permissions.
func Permissions() []Permission {
	return []Permission{
		Read, Write, CreateTable, DropTable, CreateDatabase, DropDatabase, ReadSchema, ModifySchema, ExecuteQuery,
		BeginTransaction, CommitTransaction, RollbackTransaction, ManageUsers, ManageRoles, ViewSystem, ManageSystem,
	}
}
