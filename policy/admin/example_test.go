package admin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"agentos.dev/dialtone/policy/admin"
)

func Example() {
	secret := admin.Generate() // once, to be kept by who uses it
	tokens, err := admin.ParseTokens("ops="+secret+"@calls:read", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	guard := admin.NewGuard(admin.GuardOptions{Tokens: tokens})
	mux := http.NewServeMux()
	mux.Handle("GET /calls", guard.Require("calls:read")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", admin.Label(r.Context()))
	})))

	r := httptest.NewRequest("GET", "/calls", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 hello ops
}
