// Package outbound decides which numbers a service may dial, how much, and how fast:
// toll fraud happens on the calls a service makes, not on those it gets. A [Gate] is
// the one question before every call.
package outbound
