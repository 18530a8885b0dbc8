//go:build race

package segment

// raceDetector tells that the test runs some ten times slower, and does with less.
const raceDetector = true
