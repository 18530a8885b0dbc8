//go:build race

package table

// raceDetector tells that the test runs some ten times slower, and does with less.
const raceDetector = true
