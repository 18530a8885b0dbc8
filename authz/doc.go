// Package authz decides who somebody is (Authenticator) and what they may do (Authorizer).
//
// Users, roles and grants lie in a Store, which the composition root hands in; the Directory keeps a copy in
// memory, so that no query waits for a table to be read. What is not granted is denied. Passwords are kept as
// argon2id hashes alone; a login for a user that does not exist costs the same as one that does, and failures
// are delayed and counted for the user and for the address.
//
// The package logs nothing and puts no secret into an error. Only package session calls an Authorizer.
package authz
