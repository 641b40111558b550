package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Claim takes a name for all instances, for as long as keep says, and reports
// whether it was free. It makes a Store the Claims of a voice.Config. Without
// Redis it returns an error whatever the Fallback, and each instance goes by what
// it knows itself.
func (s *Store) Claim(ctx context.Context, name string, keep time.Duration) (free bool, err error) {
	n, err := s.run(ctx, claimScript, s.o.Prefix+"claim:"+name, milliseconds(keep))
	return n == 1, err
}

// Claimed reports whether a name is taken, and leaves it as it is.
func (s *Store) Claimed(ctx context.Context, name string) (bool, error) {
	n, err := s.run(ctx, existsScript, s.o.Prefix+"claim:"+name)
	return n == 1, err
}

var existsScript = redis.NewScript(`return redis.call('EXISTS', KEYS[1])`)

var claimScript = redis.NewScript(`
if redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) then return 1 end
return 0
`)
