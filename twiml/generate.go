//go:build ignore

package main

import (
	"log"
	"os"

	"agentos.dev/dialtone/twiml/internal/gen"
)

func main() {
	schema, err := os.ReadFile("schema.json")
	if err != nil {
		log.Fatal(err)
	}
	files, err := gen.Generate(schema)
	if err != nil {
		log.Fatal(err)
	}
	for name, src := range files {
		if err := os.WriteFile(name, src, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
