package natsstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"time"

	"agentos.dev/dialtone/policy"
)

// maxState bounds what is written for one name: the largest value and its header.
const maxState = policy.MaxValue + 64

// state is what is known of a name: entries of a log or holders of places, in the order in
// which they came, or a value.
type state struct {
	entries []entry
	value   []byte
	until   int64         // when the value ends, in Unix milliseconds; 0 = there is none
	keep    time.Duration // of the operation
	places  bool
}

// entry is an entry of a log, or a place.
type entry struct {
	mark   uint64 // of the ID; 0 = none
	at     int64  // when it came, or when its lease ends, in Unix milliseconds
	amount int64
}

var errState = errors.New("state is damaged")

// The first byte of a state.
const (
	isList  = 1
	isValue = 2
)

func decode(raw []byte) (s state, err error) {
	if len(raw) == 0 {
		return s, nil
	}
	kind, rest := raw[0], raw[1:]
	switch {
	case kind == isValue && len(rest) >= 8:
		s.until, s.value = int64(binary.BigEndian.Uint64(rest)), rest[8:]
		return s, nil
	case kind != isList || len(rest)%20 != 0:
		return s, errState
	}
	for ; len(rest) > 0; rest = rest[20:] {
		s.entries = append(s.entries, entry{
			mark: binary.BigEndian.Uint64(rest), at: int64(binary.BigEndian.Uint64(rest[8:])), amount: int64(binary.BigEndian.Uint32(rest[16:])),
		})
	}
	return s, nil
}

func (s *state) encode() []byte {
	if s.until != 0 {
		return append(binary.BigEndian.AppendUint64([]byte{isValue}, uint64(s.until)), s.value...)
	}
	raw := make([]byte, 1, 1+20*len(s.entries))
	raw[0] = isList
	for _, e := range s.entries {
		raw = binary.BigEndian.AppendUint64(raw, e.mark)
		raw = binary.BigEndian.AppendUint64(raw, uint64(e.at))
		raw = binary.BigEndian.AppendUint32(raw, uint32(e.amount))
	}
	return raw
}

// left returns how long the state is of use.
func (s *state) left(now time.Time) time.Duration {
	if !s.places {
		return s.keep
	}
	last := now.UnixMilli()
	for _, e := range s.entries {
		last = max(last, e.at)
	}
	return time.Duration(last-now.UnixMilli()) * time.Millisecond
}

// apply carries out an operation and reports whether the state has changed. The revision
// is that of a value, which the caller replaces by the one that it is written with.
func (s *state) apply(op *policy.Op, revision uint64, at time.Time) (changed bool) {
	now := at.UnixMilli()
	s.keep = max(op.Keep, time.Millisecond)
	switch op.Kind {
	case policy.OpCount, policy.OpUncount, policy.OpAdd, policy.OpChange:
		return s.log(op, now)
	case policy.OpHold, policy.OpFree:
		return s.place(op, now)
	}
	if s.until <= now {
		s.value, s.until = nil, 0
	}
	there := s.until != 0
	if op.Kind == policy.OpRead {
		known := there && op.Generation == revision
		op.OK, op.Generation, op.Value = there, 0, nil
		if there {
			op.Generation = revision
		}
		if there && !known {
			op.Value = s.value
		}
		return false
	}
	if op.Generation != policy.AnyGeneration && (there && op.Generation != revision || !there && op.Generation != 0) {
		op.OK = there && bytes.Equal(s.value, op.Value)
		op.Value, op.Generation = s.value, 0
		if there {
			op.Generation = revision
		}
		return false
	}
	op.OK, s.value, s.until = true, op.Value, now+s.keep.Milliseconds()
	return true
}

// log carries out an operation on a log.
func (s *state) log(op *policy.Op, now int64) (changed bool) {
	window := s.keep.Milliseconds()
	if op.Kind != policy.OpUncount {
		for len(s.entries) > 0 && now-s.entries[0].at >= window {
			s.entries = s.entries[1:]
		}
	}
	mark, at, sum := markOf(op.ID), -1, int64(0)
	for i, e := range s.entries {
		if sum += e.amount; mark != 0 && e.mark == mark {
			at = i
		}
	}
	op.Total = sum
	switch op.Kind {
	case policy.OpCount:
		if op.Limit == 0 && !op.Attempt {
			return false
		}
		if at >= 0 {
			op.OK = !op.Attempt || sum <= op.Limit
			return false
		}
		op.OK = op.Limit < 0 || sum < op.Limit
		if !op.OK && !op.Attempt {
			return false
		}
		if !op.OK && sum > op.Limit {
			s.entries, op.Total = s.entries[1:], sum-1
		}
		s.entries = append(s.entries, entry{mark, now, 1})
		op.Total++
		return true
	case policy.OpAdd:
		if op.OK = true; op.ID == "" {
			return false
		}
		rest := sum + op.Amount
		if at >= 0 {
			rest -= s.entries[at].amount
		}
		if op.OK = op.Limit < 0 || rest <= op.Limit; !op.OK {
			return false
		}
		if at >= 0 {
			s.entries = append(s.entries[:at], s.entries[at+1:]...)
		}
		s.entries = append(s.entries, entry{mark, now, op.Amount})
		op.Total = rest
		return true
	}
	if op.OK = at >= 0 || op.Kind == policy.OpChange && op.ID == ""; at < 0 { // Change, Uncount
		return false
	}
	amount := op.Amount
	if op.Kind == policy.OpUncount {
		amount = 0
	}
	op.Total += amount - s.entries[at].amount
	if s.entries[at].amount = amount; amount == 0 {
		s.entries = append(s.entries[:at], s.entries[at+1:]...)
	}
	return true
}

// place carries out an operation on places.
func (s *state) place(op *policy.Op, now int64) (changed bool) {
	s.places = true
	mark, at, live := markOf(op.ID), -1, s.entries[:0]
	for _, e := range s.entries {
		if e.at > now {
			if e.mark == mark {
				at = len(live)
			}
			live = append(live, e)
		}
	}
	s.entries = live
	op.Total = int64(len(live))
	if op.Kind == policy.OpFree {
		if op.OK = true; at < 0 {
			return false
		}
		s.entries = append(live[:at], live[at+1:]...)
		op.Total--
		return true
	}
	if op.OK = at >= 0 || op.Limit < 0 || op.Total < op.Limit; !op.OK {
		return false
	}
	until := now + s.keep.Milliseconds()
	if at >= 0 {
		s.entries[at].at = until
	} else {
		s.entries = append(s.entries, entry{mark, until, 1})
		op.Total++
	}
	return true
}

// markOf returns what an ID is known by, 0 for "".
func markOf(id string) uint64 {
	if id == "" {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64() | 1
}
