module agentos.dev/dialtone/policy/phonenumbers

go 1.26.0

replace agentos.dev/dialtone => ../..

require (
	agentos.dev/dialtone v0.0.0-00010101000000-000000000000
	github.com/nyaruka/phonenumbers v1.8.1
	github.com/stretchr/testify v1.12.1
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.23.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
