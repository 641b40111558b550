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
	engine, err := redisstore.Connect("redis://:password@127.0.0.1:1/0", redisstore.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close()
	store, err := policy.NewStore(engine, policy.StoreOptions{Instances: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	p := policy.All(
		policy.PerCaller(6, time.Hour, policy.CallerLimitOptions{Store: store}),
		policy.Concurrent(300, policy.ConcurrencyOptions{Store: store}),
	)
	for _, sid := range []string{"CA1", "CA2", "CA3"} {
		d := p.Decide(context.Background(), policy.Call{SID: sid, From: "+14155550100"})
		fmt.Println(sid, d.Verdict) // of six calls, two are this instance's share
	}

	// Output:
	// CA1 allow
	// CA2 allow
	// CA3 reject
}
