// Package answer reads the JSON answers of speech services and classifies their errors.
// A missing text is an error; a wrong number or a wrong type elsewhere does not cost
// the text.
package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Decode reads a JSON object into v. It accepts a byte order mark, and reads NaN and
// infinite numbers, as some servers write them, as null. The error does not quote
// data.
func Decode(data []byte, v any) error {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\uFEFF")))
	if len(data) == 0 {
		return errors.New("it is empty")
	}
	if data[0] != '{' {
		return errors.New("it is not a JSON object")
	}
	if !json.Valid(data) {
		data = withoutNaN(data)
	}
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return errors.New("its field " + strings.ToLower(wrong.Field) + " has another type")
	}
	if err != nil {
		return errors.New("it is not JSON, or not all of it")
	}
	return nil
}

// Type returns the type of a message, empty if it has none.
func Type(data []byte) (string, error) {
	var m struct {
		Type Text `json:"type"`
	}
	err := Decode(data, &m)
	return string(m.Type), err
}

// withoutNaN returns data with null in the place of NaN and infinity.
func withoutNaN(data []byte) []byte {
	out := make([]byte, 0, len(data)+16)
	quoted := false
	for i := 0; i < len(data); {
		switch c := data[i]; {
		case quoted && c == '\\' && i+1 < len(data):
			out = append(out, c, data[i+1])
			i += 2
			continue
		case c == '"':
			quoted = !quoted
		case !quoted:
			if n := notNumber(data[i:]); n > 0 {
				out = append(out, "null"...)
				i += n
				continue
			}
		}
		out = append(out, data[i])
		i++
	}
	return out
}

// notNumber returns the length of the NaN or infinity that data begins with.
func notNumber(data []byte) int {
	sign := 0
	if data[0] == '-' {
		sign = 1
	}
	for _, word := range []string{"Infinity", "infinity", "NaN", "nan", "inf"} {
		if bytes.HasPrefix(data[sign:], []byte(word)) {
			return sign + len(word)
		}
	}
	return 0
}

// Number is a number that may be missing or be anything else. The zero value is
// unknown.
type Number struct {
	value float64
	known bool
}

// UnmarshalJSON reads a number, also from a string. Anything else is unknown.
func (n *Number) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	*n = Number{v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)}
	return nil
}

// Float returns the number, NaN if it is unknown.
func (n Number) Float() float64 {
	if !n.known {
		return math.NaN()
	}
	return n.value
}

// Seconds returns a number of seconds, 0 if it is unknown, negative or a day and more.
func (n Number) Seconds() time.Duration { return n.times(time.Second) }

// Milliseconds returns a number of milliseconds likewise.
func (n Number) Milliseconds() time.Duration { return n.times(time.Millisecond) }

func (n Number) times(unit time.Duration) time.Duration {
	if t := n.value * float64(unit); n.known && t > 0 && t < float64(24*time.Hour) {
		return time.Duration(t)
	}
	return 0
}

// Text is a string that may be missing or have another type: it is empty then.
type Text string

// UnmarshalJSON takes a string.
func (t *Text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		s = ""
	}
	*t = Text(s)
	return nil
}

// List is a list that may be missing or have another type, also in its elements: it
// is empty then.
type List[T any] []T

// UnmarshalJSON reads a list.
func (l *List[T]) UnmarshalJSON(data []byte) error {
	var list []T
	if json.Unmarshal(data, &list) != nil {
		list = nil
	}
	*l = list
	return nil
}
