package answer

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestDecode(t *testing.T) {
	type answer struct {
		Text     *string `json:"text"`
		Number   Number  `json:"n"`
		Language Text    `json:"language"`
	}
	for data, want := range map[string]float64{
		`{"text":"a","n":0.5}`:                  0.5,
		`{"text":"a","n":"0.5"}`:                0.5,
		"\ufeff" + `{"text":"a","n":1}`:         1,
		`{"text":"a","n":null}`:                 math.NaN(),
		`{"text":"a","n":1e999}`:                math.NaN(),
		`{"text":"a","n":[1]}`:                  math.NaN(),
		`{"text":"a"}`:                          math.NaN(),
		`{"text":"a","n":NaN}`:                  math.NaN(),
		`{"text":"a","n":-nan,"language":"en"}`: math.NaN(),
		`{"text":"a","n":-Infinity}`:            math.NaN(),
		`{"text":"a","n":inf,"language":7}`:     math.NaN(),
	} {
		var a answer
		require.NoError(t, Decode([]byte(data), &a), data)
		require.NotNil(t, a.Text, data)
		assert.Equal(t, "a", *a.Text)
		if math.IsNaN(want) {
			assert.True(t, math.IsNaN(a.Number.Float()), data)
			continue
		}
		assert.Equal(t, want, a.Number.Float(), data)
	}
	var a answer
	require.NoError(t, Decode([]byte(`{"text":"NaN and \"inf\", nan","n":NaN}`), &a))
	assert.Equal(t, `NaN and "inf", nan`, *a.Text)

	for data, want := range map[string]string{
		"": "empty", " \n": "empty", "<html>": "not a JSON object", "null": "not a JSON object", "[]": "not a JSON object", `"x"`: "not a JSON object",
		`{"text":"book a`: "not all of it", `{"text":7}`: "field text", `{"text":{}}`: "field text", `{"text":"a"} x`: "not all of it", `{`: "not all of it",
		`{"a":` + strings.Repeat("[", 20_000): "not all of it", `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`: "not all of it",
	} {
		assert.ErrorContains(t, Decode([]byte(data), &answer{}), want, "%.40q", data)
	}
}

func TestTimes(t *testing.T) {
	for number, want := range map[string]time.Duration{
		`1.5`: 1500 * time.Millisecond, `-1`: 0, `1e300`: 0, `-1e300`: 0, `1e9`: 0, `"2"`: 2 * time.Second, `{}`: 0,
	} {
		var n Number
		require.NoError(t, json.Unmarshal([]byte(number), &n))
		assert.Equal(t, want, n.Seconds(), number)
		assert.Equal(t, want/1000, n.Milliseconds(), number)
	}
}

func TestReadFault(t *testing.T) {
	for data, want := range map[string]struct {
		fault Fault
		kind  Kind
	}{
		`{"error":"busy"}`: {Fault{Message: "busy"}, Fine},
		`{"error":{"message":"no","code":"invalid_api_key","type":"invalid_request_error"}}`: {Fault{Code: "invalid_api_key", Type: "invalid_request_error", Message: "no"}, Auth},
		`{"error":{"message":"no","code":null,"type":"authentication_error"}}`:               {Fault{Type: "authentication_error", Message: "no"}, Auth},
		`{"error":{"message":"pay","code":"insufficient_quota"}}`:                            {Fault{Code: "insufficient_quota", Message: "pay"}, Quota},
		`{"error":{"code":429,"message":"slow down","type":""}}`:                             {Fault{Status: 429, Message: "slow down"}, Overloaded},
		`{"error":{"code":"503","message":"loading"}}`:                                       {Fault{Status: 503, Message: "loading"}, Unavailable},
		`{"error":{"code":"rate_limit_exceeded"}}`:                                           {Fault{Code: "rate_limit_exceeded"}, Overloaded},
		`{"error":{"type":"server_error","message":"oops"}}`:                                 {Fault{Type: "server_error", Message: "oops"}, Unavailable},
		`{"error":{"type":"invalid_request_error","message":"bad"}}`:                         {Fault{Type: "invalid_request_error", Message: "bad"}, Refused},
		`{"error":{"what":1}}`: {Fault{Message: "without a message"}, Fine},
		`{"error":true}`:       {Fault{Message: "without a message"}, Fine},
		`{"error":503}`:        {Fault{Status: 503, Message: "without a message"}, Unavailable},
		`{"error":["busy"]}`:   {Fault{Message: "busy"}, Fine},
		`{"errors":[{"message":"no model","code":"model_not_found"}]}`:                             {Fault{Code: "model_not_found", Message: "no model"}, Refused},
		`{"detail":"no such model"}`:                                                               {Fault{Message: "no such model"}, Fine},
		`{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}`:                    {Fault{Type: "missing", Message: "field required"}, Fine},
		`{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials."}`:                             {Fault{Code: "INVALID_AUTH", Message: "Invalid credentials."}, Auth},
		`{"type":"Error","error_code":3007,"error":"Input Duration Error"}`:                        {Fault{Status: 3007, Message: "Input Duration Error"}, Fine},
		`{"type":"Error","variant":"NET-0001","description":"no audio"}`:                           {Fault{Code: "NET-0001", Message: "no audio"}, Fine},
		`{"type":"Warning","warn_code":"LOW","warn_msg":"old model"}`:                              {Fault{Code: "LOW", Message: "old model"}, Fine},
		`{"code":500,"msg":"busy","text":""}`:                                                      {Fault{Status: 500, Message: "busy"}, Unavailable},
		`{"message":"no","error":"invalid_api_key","code":1008}`:                                   {Fault{Status: 1008, Code: "invalid_api_key", Message: "no"}, Auth},
		`{"detail":{"status":"quota_exceeded","message":"pay"}}`:                                   {Fault{Code: "quota_exceeded", Message: "pay"}, Quota},
		`{"type":"error","title":"t","message":"no","error_code":"x_not_found","status_code":404}`: {Fault{Status: 404, Code: "x_not_found", Message: "no"}, Refused},
		`{"message":"upstream timed out"}`:                                                         {Fault{Message: "upstream timed out"}, Fine},
	} {
		got, ok := ReadFault([]byte(data))
		assert.True(t, ok, data)
		assert.Equal(t, want.fault, got, data)
		assert.Equal(t, want.kind, got.Kind(), data)
	}
	for _, data := range []string{`{}`, `{"error":null}`, `{"error":false}`, `{"error":""}`, `{"error":0}`, `{"error":[]}`, `{"error":{}}`, `{"status":"busy"}`, `[]`, ``, `{"error"`} {
		_, ok := ReadFault([]byte(data))
		assert.False(t, ok, data)
	}
}

func TestStatus(t *testing.T) {
	for status, kind := range map[int]Kind{200: Fine, 204: Fine, 301: Refused, 400: Refused, 401: Auth, 402: Quota, 403: Auth, 404: Refused, 408: Timeout, 413: BadInput, 429: Overloaded, 500: Unavailable, 504: Timeout, 599: Unavailable} {
		assert.Equal(t, kind, Status(status), status)
	}
}

func FuzzReadFault(f *testing.F) {
	f.Add([]byte(`{"error":{"code":429,"message":"x"}}`))
	f.Add([]byte(`{"detail":[[{"msg":NaN}]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fault, ok := ReadFault(data)
		if ok != (fault != Fault{}) {
			t.Fatalf("%v %+v", ok, fault)
		}
		fault.Kind()
		fault.Expired()
	})
}
