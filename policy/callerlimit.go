package policy

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Unlimited is a limit that never refuses.
const Unlimited = -1

// DefaultMaxCallers is how many callers a [CallerLimit] remembers by default.
const DefaultMaxCallers = 100_000

// Limits says how many calls a caller may make in a window.
type Limits struct {
	// Default is for callers that no override names. 0 refuses every call,
	// Unlimited refuses none.
	Default int

	// Overrides maps entries as [ParseNumbers] describes them to limits. The whole
	// number or address beats the SIP host, which beats the longest prefix, which
	// beats Default.
	Overrides map[string]int

	// HostFactor bounds the callers of one SIP host together: they may make so many
	// times the calls that each of them may make (Default, or the override of
	// "sip:*"). An override of "sip:*@host" is the limit of each caller of that host
	// and of all together. What an override names whole does not count at its host.
	// 0 means DefaultHostFactor, Unlimited no limit.
	HostFactor int
}

// DefaultHostFactor is how many times a caller's limit a SIP host has: enough for the
// telephones of an office, not for ever new names of one caller.
const DefaultHostFactor = 3

// CallerLimitOptions configures [NewCallerLimit].
type CallerLimitOptions struct {
	Limits Limits
	Window time.Duration // 0 means an hour

	// MaxCallers bounds the memory: 65 bytes for each caller and a third more for
	// free places, and at most as much again for callers with more than 10 calls in
	// the window, for those with more than 26, with more than 58, and so on. When all
	// places are taken, the caller seen longest ago is forgotten. 0 means
	// DefaultMaxCallers.
	MaxCallers int

	// Attested reports whether the caller's carrier vouches for the number; nil means
	// the [Standing] Attested. Attested calls of a number have a count of their own,
	// which no other calls can use up, and so have those whose attestation failed.
	Attested func(Call) bool

	// Key says whose calls are counted together, whatever their host and attestation;
	// nil means those of one [Identity]. Keys are read as Call.Caller reads From, so
	// that case does not count. A constant key makes one limit for everybody. The same
	// call must always get the same key, and so must all deliveries of its webhook.
	Key func(Call) string
}

// CallerLimit is a [Policy] that allows a caller so many calls in any window of
// time: it keeps the times of the calls it allowed, so it never lets one too many
// through and never refuses one too few, to a billionth of the window.
// Refused calls do not count. Callers without a number share one limit, that of
// [AnonymousCaller]. All callers of a SIP host share another one besides their own
// (Limits.HostFactor): the names there are the caller's choice. A number can be forged,
// so its calls are counted by their [Standing]: whoever forges it uses up nothing of its
// owner's calls where these are attested.
//
// It holds its callers in a table of fixed size without pointers, of which the
// garbage collector takes no notice. All methods are safe for concurrent use.
type CallerLimit struct {
	key      func(Call) string // nil: the caller
	attested func(Call) bool   // nil: by the standing
	rules    atomic.Pointer[limitRules]
	base     time.Time // ticks count from here
	window   int64     // in ticks
	shift    uint      // a tick is 1<<shift nanoseconds
	seed     maphash.Seed
	mix      [2]uint64
	shards   []shard
	evicted  atomic.Int64
	wrong    error // what Validate tells
}

// shard is one part of the table with its own lock.
type shard struct {
	mu     sync.Mutex
	tables []table // each holds twice as much in a slot as the one before
	recent recent
	max    int // slots of the smallest kind
	_      [64]byte
}

// PerCaller allows each caller limit calls in any window of time; 0 means an hour.
// [Validate] tells what is wrong with either.
func PerCaller(limit int, window time.Duration) *CallerLimit {
	l := newCallerLimit(CallerLimitOptions{Window: window})
	if limit < Unlimited {
		l.wrong = errors.Join(l.wrong, fmt.Errorf("policy: caller limit is negative: %d", limit))
	}
	l.rules.Store(newLimitRules(Limits{Default: limit}))
	return l
}

// NewCallerLimit makes a limit with overrides and bounds of its own. The error
// names everything wrong with the options, each override that is no number too.
func NewCallerLimit(o CallerLimitOptions) (*CallerLimit, error) {
	l := newCallerLimit(o)
	if err := errors.Join(l.wrong, l.SetLimits(o.Limits)); err != nil {
		return nil, err
	}
	return l, nil
}

func newCallerLimit(o CallerLimitOptions) *CallerLimit {
	wrong := o.validate()
	if o.Window <= 0 {
		o.Window = time.Hour
	}
	if o.MaxCallers <= 0 {
		o.MaxCallers = DefaultMaxCallers
	}
	l := &CallerLimit{key: o.Key, attested: o.Attested, base: time.Now(), seed: maphash.MakeSeed(), wrong: wrong}
	// Times are kept modulo 2^32 ticks, which must be at least two windows.
	l.shift = uint(max(0, bits.Len64(uint64(o.Window))-31))
	l.window = int64(o.Window >> l.shift)
	l.mix = [2]uint64{maphash.Bytes(l.seed, []byte("0")), maphash.Bytes(l.seed, []byte("1")) | 1}
	shards := 1
	for shards < maxShards && o.MaxCallers/shards >= 2048 {
		shards *= 2
	}
	l.shards = make([]shard, shards)
	for i := range l.shards {
		l.shards[i].max = (o.MaxCallers*4/3 + shards - 1) / shards
		l.shards[i].recent.sets = make([][4]uint64, recentSets/shards)
	}
	return l
}

const maxShards = 64

// SetLimits puts other limits in force. Calls already counted stay counted. On
// an error the limits in force stay.
func (l *CallerLimit) SetLimits(limits Limits) error {
	next := newLimitRules(limits)
	var errs mistakes
	if limits.Default < Unlimited || limits.HostFactor < Unlimited {
		errs.add(fmt.Errorf("policy: caller limit is negative: %d, of a host %d times as many", limits.Default, limits.HostFactor))
	}
	for _, entry := range slices.Sorted(maps.Keys(limits.Overrides)) {
		if limit := limits.Overrides[entry]; limit < Unlimited {
			errs.add(fmt.Errorf("policy: caller limit of %q is negative: %d", entry, limit))
		}
		errs.add(next.rules.add(entry, limits.Overrides[entry]))
	}
	if err := errs.join(); err != nil {
		return err
	}
	next.rules.sort()
	l.rules.Store(next)
	return nil
}

// Decide counts the call, or refuses it with the reason [RateLimit]. Placed calls
// have no caller to count.
func (l *CallerLimit) Decide(_ context.Context, c Call) Decision {
	if c.Placed() {
		return Decision{Verdict: Allow}
	}
	of := l.tallies(&c)
	if of.limit < 0 {
		return Decision{Verdict: Allow}
	}
	sid, now := l.sidHash(c.SID), l.ticks(c.At)
	if of.host != 0 && !l.count(of.host, of.hostLimit, hostSID(sid), now) {
		return Decision{Verdict: Reject, Reason: RateLimit, Busy: true, Detail: "of the SIP host"}
	}
	if !l.count(of.key, of.limit, sid, now) {
		if of.host != 0 {
			l.takeBack(of.host, hostSID(sid))
		}
		return Decision{Verdict: Reject, Reason: RateLimit, Busy: true}
	}
	return Decision{Verdict: Allow}
}

// count counts a call of the key unless that exceeds the limit.
func (l *CallerLimit) count(key uint64, limit int, sid uint64, now int64) bool {
	s, hash := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sid != 0 && s.recent.has(sid) {
		return true
	}
	log, table := l.find(s, key, hash, now)
	if log.live(now, l.window) >= limit {
		return false
	}
	if log.full() {
		log = l.widen(s, table, key, hash, now)
	}
	log.add()
	if sid != 0 {
		s.recent.add(sid)
	}
	return true
}

// Cancel takes back a call that Decide allowed.
func (l *CallerLimit) Cancel(_ context.Context, c Call) {
	sid := l.sidHash(c.SID)
	if sid == 0 || c.Placed() {
		return
	}
	of := l.tallies(&c)
	l.takeBack(of.key, sid)
	if of.host != 0 {
		l.takeBack(of.host, hostSID(sid))
	}
}

// takeBack drops the latest call of the key; one with a CallSid only if it is known.
func (l *CallerLimit) takeBack(key, sid uint64) {
	s, hash := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sid != 0 && !s.recent.remove(sid) {
		return
	}
	for i := range s.tables {
		if at := s.tables[i].lookup(key, hash); at >= 0 {
			s.tables[i].log(at).dropNewest()
			return
		}
	}
}

// Used returns how many calls of the caller count at the moment, and its limit: of a
// number those of the [Standing] that has most. "sip:*@host" asks for all callers of a
// SIP host.
func (l *CallerLimit) Used(caller string) (calls, limit int) {
	limit = l.Limit(caller)
	if host, ok := hostOf(caller); ok && l.key == nil {
		return l.used(l.hostKey(host)), limit
	}
	i := identify(caller)
	for i.Standing = Unattested; i.Standing <= Forged; i.Standing++ {
		calls = max(calls, l.used(l.keyOf(&i)))
	}
	return calls, limit
}

func (l *CallerLimit) used(key uint64) int {
	now := l.ticks(time.Time{})
	s, hash := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.tables {
		if at := s.tables[i].lookup(key, hash); at >= 0 {
			return s.tables[i].log(at).count(now, l.window)
		}
	}
	return 0
}

// Limit returns the caller's limit, or for "sip:*@host" that of all callers of a SIP
// host together.
func (l *CallerLimit) Limit(caller string) int {
	rules := l.rules.Load()
	if host, ok := hostOf(caller); ok && l.key == nil {
		return rules.host(host)
	}
	i := identify(caller)
	limit, _ := rules.limit(&i)
	return limit
}

// Evicted returns how many callers were forgotten before their time because the
// table was full. Anything but zero says that MaxCallers is too small, or that
// somebody calls from very many invented numbers.
func (l *CallerLimit) Evicted() int64 { return l.evicted.Load() }

// find returns the caller's log, which may be new, and which table it is in.
func (l *CallerLimit) find(s *shard, key, hash uint64, now int64) (log, int) {
	for i := range s.tables {
		if at := s.tables[i].lookup(key, hash); at >= 0 {
			return s.tables[i].log(at), i
		}
	}
	return l.insert(s, 0, key, hash, now), 0
}

// widen moves a full log of table i to a slot that holds twice as much.
func (l *CallerLimit) widen(s *shard, i int, key, hash uint64, now int64) log {
	wide := l.insert(s, i+1, key, hash, now)
	old := s.tables[i].lookup(key, hash)
	wide.copyFrom(s.tables[i].log(old))
	s.tables[i].remove(old)
	return wide
}

func (l *CallerLimit) insert(s *shard, i int, key, hash uint64, now int64) log {
	if i == len(s.tables) {
		s.tables = append(s.tables, newTable(i, s.max))
	}
	at, evicted := s.tables[i].insert(key, hash, now-l.window, l.mix)
	if evicted {
		l.evicted.Add(1)
	}
	return s.tables[i].log(at)
}

// ticks converts a time to ticks since base, by the monotonic clock if the time
// has a reading of it.
func (l *CallerLimit) ticks(at time.Time) int64 {
	if at.IsZero() {
		return int64(time.Since(l.base)) >> l.shift
	}
	return int64(at.Sub(l.base)) >> l.shift
}

// shard returns the part of the table for a key, and where in it to look. The hash
// has a secret in it, so that nobody can choose numbers that crowd one place.
func (l *CallerLimit) shard(key uint64) (s *shard, hash uint64) {
	hash = mix(key, l.mix)
	return &l.shards[hash&uint64(len(l.shards)-1)], hash
}

// mix hashes a key. The last two steps spread what consecutive numbers, which are
// common, would leave in rows.
func mix(key uint64, by [2]uint64) uint64 {
	hi, lo := bits.Mul64(key^by[0], by[1])
	h := hi ^ lo
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

// sidHash returns 0 for a call without a CallSid, which nothing can tell apart.
func (l *CallerLimit) sidHash(sid string) uint64 {
	if sid == "" {
		return 0
	}
	return maphash.String(l.seed, sid) | 1
}
