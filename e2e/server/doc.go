// Package server holds tests of the binary as its users meet it: the command line, the README, the image, health,
// memory.
package server
