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

// systemRoleHas tells whether a role is a system role that grants a permission.
func systemRoleHas(role string, permission Permission) bool {
	return role == RoleAdmin ||
		slices.ContainsFunc(systemRoles[role], func(p Permission) bool { return p.includes(permission) })
}

// SystemRoles returns the names of the system roles in order.
func SystemRoles() []string { return []string{RoleAdmin, RolePowerUser, RoleReadOnly} }

// rolePermissions returns what a system role grants on the whole instance.
func rolePermissions(role string) []Permission {
	if role == RoleAdmin {
		return Permissions()
	}
	return slices.Clone(systemRoles[role])
}

// Permissions returns all permissions.
func Permissions() []Permission {
	return []Permission{
		Read, Write, Insert, Update, Delete, CreateTable, DropTable, CreateDatabase, DropDatabase, ReadSchema,
		ModifySchema, ExecuteQuery, BeginTransaction, CommitTransaction, RollbackTransaction, ManageUsers, ManageRoles,
		ViewSystem, ManageSystem, AccessFiles,
	}
}
