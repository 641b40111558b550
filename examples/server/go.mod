module agentos.dev/dialtone/examples/server

go 1.26.0

replace (
	agentos.dev/dialtone => ../..
	agentos.dev/dialtone/policy/natsstore => ../../policy/natsstore
	agentos.dev/dialtone/policy/redisstore => ../../policy/redisstore
)

require (
	agentos.dev/dialtone v0.0.0-00010101000000-000000000000
	agentos.dev/dialtone/policy/natsstore v0.0.0-00010101000000-000000000000
	agentos.dev/dialtone/policy/redisstore v0.0.0-00010101000000-000000000000
	github.com/coder/websocket v1.8.15
	github.com/nats-io/nats.go v1.55.0
	github.com/prometheus/client_golang v1.25.0
	github.com/redis/go-redis/v9 v9.23.0
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v3 v3.0.5
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/golang/mock v1.6.0 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/nats-io/nkeys v0.4.17 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/twilio/twilio-go v1.31.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
