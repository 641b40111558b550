package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9/logging"

	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/natsstore"
	"agentos.dev/dialtone/policy/redisstore"
)

// newStore opens what the instances share, or a memory of this one's own, and returns what
// closes it.
func newStore(c config, log *slog.Logger, m *metrics.Metrics) (*policy.Store, func(), error) {
	engine, closeEngine, err := openStore(c)
	if err != nil {
		return nil, nil, err
	}
	options := policy.StoreOptions{Wait: c.storeWait, Instances: c.instances, Logger: log, OnAnswer: m.StoreAnswered}
	if c.natsURL != "" && options.Wait == 0 {
		options.Wait = 200 * time.Millisecond // a write waits for a majority of the servers
	}
	store, err := policy.NewStore(engine, options)
	if err != nil {
		closeEngine()
		return nil, nil, err
	}
	m.WatchStore(store)
	return store, func() { store.Close(); closeEngine() }, nil
}

// openStore connects to nobody yet.
func openStore(c config) (policy.Engine, func(), error) {
	switch {
	case c.redisURL != "":
		logging.Disable() // the client's own lines are not of the log's format; the store says what there is to know
		engine, err := redisstore.Connect(c.redisURL, redisstore.Options{})
		if err != nil {
			return nil, nil, err
		}
		return engine, func() { engine.Close() }, nil
	case c.natsURL != "":
		nc, err := nats.Connect(c.natsURL, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second))
		if err != nil {
			return nil, nil, errors.New("natsstore: URL: want nats://[user:password@]host:4222, several separated by commas") // err may repeat the password
		}
		engine, err := natsstore.New(nc, natsstore.Options{Replicas: c.natsReplicas})
		if err != nil {
			nc.Close()
			return nil, nil, err
		}
		return engine, nc.Close, nil
	}
	return nil, func() {}, nil
}
