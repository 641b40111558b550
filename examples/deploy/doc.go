// Package deploy holds configurations for running a dialtone server: proxies, units of
// systemd, manifests of Kubernetes. Its tests decode the manifests into the types of their
// APIs; the tests of examples/server run the rest.
package deploy
