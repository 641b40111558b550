// Package routers tests hosts that have another router than net/http's: calls, their
// streams and the labels of their requests under chi, gorilla/mux, gin and echo.
package routers
