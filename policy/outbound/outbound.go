// Package outbound decides which numbers a service may dial, and how fast: toll
// fraud happens on the calls a service makes, not on those it gets.
package outbound
