package main

import (
	"encoding/json"
	"net/http"
)

// load is what a scaler is told.
type load struct {
	Value    int  `json:"value"`    // calls of all instances, those that have a webhook's answer and no stream yet included
	Limit    int  `json:"limit"`    // of all instances: MAX_CONCURRENT_CALLS
	Calls    int  `json:"calls"`    // streams of this instance
	Draining bool `json:"draining"` // this instance
}

// serveAutoscale tells a scaler, as KEDA's metrics-api, how many calls there are on all
// instances, whichever of them it asks. While nobody knows it answers 503, at which a scaler
// leaves the instances as they are.
func (a *app) serveAutoscale(w http.ResponseWriter, r *http.Request) {
	if a.limits.concurrency == nil {
		http.Error(w, "MAX_CONCURRENT_CALLS is 0: nobody counts the calls of all instances", http.StatusNotImplemented)
		return
	}
	value, err := a.limits.concurrency.InUse(r.Context())
	if err != nil {
		http.Error(w, "store is away: this instance knows its own calls only", http.StatusServiceUnavailable)
		return
	}
	stats := a.voice.Stats()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(load{Value: value, Limit: a.limits.concurrency.Limit(), Calls: stats.ActiveCalls, Draining: stats.Draining})
}
