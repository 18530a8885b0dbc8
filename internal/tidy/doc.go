// Package tidy holds no code: its tests hold the tree to ARCHITECTURE.md and STYLE.md.
package tidy
