//go:build race

package wal_test

// raceDetector tells that the test runs some ten times slower, and does with less.
const raceDetector = true
