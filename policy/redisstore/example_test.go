package redisstore_test

import (
	"context"
	"fmt"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/redisstore"
)

// Nobody listens at this address: until somebody does, the instance goes by what it has
// counted itself.
func Example() {
	store, err := redisstore.Connect("redis://:password@127.0.0.1:1/0", redisstore.Options{
		OnState: func(up bool) { fmt.Println("Redis is in use:", up) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	p := policy.All(
		store.PerCaller(2, time.Hour),
		store.Concurrent(100),
	)
	for _, sid := range []string{"CA1", "CA2", "CA3"} {
		d := p.Decide(context.Background(), policy.Call{SID: sid, From: "+14155550100"})
		fmt.Println(sid, d.Verdict)
	}
	policy.Release(p, "CA1") // when the call has ended, on whichever instance

	// Output:
	// CA1 allow
	// Redis is in use: false
	// CA2 allow
	// CA3 reject
}
