package journal

import (
	"testing"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
