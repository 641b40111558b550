// Package redisstore is the engine of a [policy.Store] on Redis: alone, as a cluster, or
// behind sentinel.
//
//	engine, err := redisstore.Connect("redis://:password@redis.internal:6379/0", redisstore.Options{})
//	...
//	store, err := policy.NewStore(engine, policy.StoreOptions{Logger: log})
//
// All operations of a question go to Redis in one pipeline, so that it costs one round
// trip, or one to each node of a cluster. Each is a script on one key, atomic, and goes by
// Redis' clock. Redis must be 6.0 or later.
//
// # What a failover loses
//
// Redis acknowledges a write before its replica has it. When the replica takes over, or a
// master is cut off from its cluster for less than cluster-node-timeout, the last writes
// before it may be gone, usually those of less than a second (min-replicas-to-write and
// min-replicas-max-lag bound it). For each kind of state that means:
//
//   - calls that were counted: a caller may make as many more in that hour;
//   - places: taken again within 20 seconds, as their calls go on; until then as many
//     more calls are let in;
//   - places given back: free at the latest when their lease ends, after a minute or three;
//   - minutes and calls out: not counted, as if they had not been made; the minutes given
//     back by a lost Change stay counted for a day;
//   - used tokens: a recorded stream URL opens a second stream for the rest of its minute,
//     if it comes with Twilio's signature;
//   - ends that were reported: reported once more, by an instance that did not know them;
//   - passed challenges: the caller presses four digits once more;
//   - settings: the change is undone on all instances within a second or so, and the next one
//     starts from there; a Redis that has lost them altogether gets them from the instances.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"agentos.dev/dialtone/policy"
)

// Options configures [Connect]. The zero value has useful defaults.
type Options struct {
	Prefix      string        // of all keys; "" means "dialtone:"
	DialTimeout time.Duration // of a connection; 0 means a second
}

// Engine is a [policy.Engine] on Redis. Its methods may be called from any goroutine.
// It is made by [New] or [Connect]; the zero value is not usable.
type Engine struct {
	client redis.UniversalClient
	prefix string
	owned  bool
}

// Connect makes an engine from a URL:
//
//	redis://[user:password@]host:6379/0                                   (rediss:// for TLS)
//	redis+cluster://[user:password@]host:6379?addr=other:6379
//	redis+sentinel://[user:password@]host:26379/0?master_name=mymaster&addr=other:26379
//
// What else may follow the question mark is that of go-redis' ParseURL, ParseClusterURL and
// ParseFailoverURL. It waits for nothing. The client prints failures to connect to the
// standard error; redis.SetLogger changes that for the whole program.
func Connect(address string, o Options) (*Engine, error) {
	if o.DialTimeout < 0 {
		return nil, fmt.Errorf("redisstore: DialTimeout is negative: %v", o.DialTimeout)
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = time.Second
	}
	client, err := open(address, o)
	if err != nil {
		return nil, errURL // which err would repeat, with the password in it
	}
	e := New(client, o.Prefix)
	e.owned = true
	return e, nil
}

var errURL = errors.New("redisstore: URL: want redis://[[user]:password@]host[:port][/db], redis+cluster:// or redis+sentinel://…?master_name=…, what is special in the password as %2F")

// open makes the client, whose calls end with their context.
func open(address string, o Options) (redis.UniversalClient, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	base, kind, _ := strings.Cut(u.Scheme, "+")
	plain := base + strings.TrimPrefix(address, u.Scheme)
	off := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch kind {
	case "cluster":
		c, err := redis.ParseClusterURL(plain)
		if err != nil {
			return nil, err
		}
		c.ContextTimeoutEnabled, c.DialerRetries, c.DialTimeout, c.DisableIdentity, c.MaintNotificationsConfig = true, 1, o.DialTimeout, true, off
		return redis.NewClusterClient(c), nil
	case "sentinel":
		c, err := redis.ParseFailoverURL(plain)
		if err != nil || c.MasterName == "" {
			return nil, errURL
		}
		c.ContextTimeoutEnabled, c.MaxRetries, c.DialerRetries, c.DialTimeout, c.DisableIdentity = true, -1, 1, o.DialTimeout, true
		return redis.NewFailoverClient(c), nil
	case "":
		c, err := redis.ParseURL(plain)
		if err != nil {
			return nil, err
		}
		c.ContextTimeoutEnabled, c.MaxRetries, c.DialerRetries, c.DialTimeout, c.DisableIdentity, c.MaintNotificationsConfig = true, -1, 1, o.DialTimeout, true, off
		return redis.NewClient(c), nil
	}
	return nil, errURL
}

// New makes an engine from a client of the host's own, which closes it. Its options must
// have ContextTimeoutEnabled set, or decisions wait for longer than they should. A prefix
// of "" means "dialtone:".
func New(client redis.UniversalClient, prefix string) *Engine {
	if prefix == "" {
		prefix = "dialtone:"
	}
	return &Engine{client: client, prefix: prefix}
}

// Ping asks Redis for a sign of life.
func (e *Engine) Ping(ctx context.Context) error { return e.client.Ping(ctx).Err() }

// Close ends the connections, if the engine made them.
func (e *Engine) Close() error {
	if e.owned {
		return e.client.Close()
	}
	return nil
}

// Do carries out the operations in one pipeline. Scripts that Redis does not know, as
// after it was started, go out a second time, whole.
func (e *Engine) Do(ctx context.Context, ops []policy.Op) {
	if !e.do(ctx, ops, false) {
		e.do(ctx, ops, true)
	}
	if cluster, ok := e.client.(*redis.ClusterClient); ok && slices.ContainsFunc(ops, failed) {
		cluster.ReloadState(ctx) // which asks five times a second at most: by itself it learns each minute who took over
	}
}

func failed(op policy.Op) bool { return op.Err != nil }

// do reports whether Redis knew all scripts.
func (e *Engine) do(ctx context.Context, ops []policy.Op, whole bool) bool {
	var to redis.Scripter = e.client
	var pipe redis.Pipeliner
	if len(ops) > 1 {
		pipe = e.client.Pipeline()
		to = pipe
	}
	commands := make([]*redis.Cmd, len(ops))
	for i := range ops {
		if whole && !redis.HasErrorPrefix(ops[i].Err, "NOSCRIPT") {
			continue
		}
		script, args := question(&ops[i])
		keys := []string{e.prefix + ops[i].Space + ":" + ops[i].Name}
		if whole {
			commands[i] = script.Eval(ctx, to, keys, args...)
		} else {
			commands[i] = script.EvalSha(ctx, to, keys, args...)
		}
	}
	if pipe != nil {
		_, _ = pipe.Exec(ctx) // each command has its error
	}
	known := true
	for i, command := range commands {
		if command == nil {
			continue
		}
		answer, err := command.Slice()
		if err == nil {
			err = result(&ops[i], answer)
		}
		ops[i].Err = err
		known = known && !redis.HasErrorPrefix(err, "NOSCRIPT")
	}
	return known
}

// question returns the script of an operation, and what it gets.
func question(op *policy.Op) (*redis.Script, []any) {
	keep := max(op.Keep.Milliseconds(), 1)
	switch op.Kind {
	case policy.OpCount:
		attempt := 0
		if op.Attempt {
			attempt = 1
		}
		return countScript, []any{min(keep, maxWindow.Milliseconds()), op.Limit, mark32(op.ID), attempt}
	case policy.OpUncount:
		return uncountScript, []any{mark32(op.ID)}
	case policy.OpAdd:
		return sumScript, []any{keep, op.Limit, mark64(op.ID), op.Amount, 1}
	case policy.OpChange:
		return sumScript, []any{keep, op.Limit, mark64(op.ID), op.Amount, 0}
	case policy.OpHold:
		return holdScript, []any{keep, op.Limit, op.ID}
	case policy.OpFree:
		return freeScript, []any{op.ID}
	case policy.OpRead:
		return readScript, []any{strconv.FormatUint(op.Generation, 10)}
	default:
		expected := strconv.FormatUint(op.Generation, 10)
		if op.Generation == policy.AnyGeneration {
			expected = "any"
		}
		return writeScript, []any{keep, expected, op.Value}
	}
}

// result puts a script's answer into the operation: whether it is OK, the total or the
// generation, and the value.
func result(op *policy.Op, answer []any) (err error) {
	if len(answer) < 2 {
		return fmt.Errorf("redisstore: answer of %d parts", len(answer))
	}
	op.OK = answer[0] == int64(1)
	if op.Kind < policy.OpRead {
		op.Total, _ = answer[1].(int64)
		return nil
	}
	generation, _ := answer[1].(string)
	if op.Generation, err = strconv.ParseUint(generation, 10, 64); err != nil {
		return errors.New("redisstore: value without a generation")
	}
	if op.Kind == policy.OpRead || !op.OK {
		op.Value = nil
		if len(answer) > 2 {
			if value, ok := answer[2].(string); ok {
				op.Value = []byte(value)
			}
		}
	}
	return nil
}

// mark32 returns four bytes by which the last calls of one caller can be told apart, or
// nothing for a call without a CallSid.
func mark32(id string) []byte {
	if id == "" {
		return []byte{}
	}
	h := fnv.New32a()
	h.Write([]byte(id))
	return h.Sum(nil)
}

// mark64 returns the same in eight bytes, for larger logs.
func mark64(id string) []byte {
	if id == "" {
		return []byte{}
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum(nil)
}
