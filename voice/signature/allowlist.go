package signature

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// AllowOptions configures [AllowList].
type AllowOptions struct {
	// Prefixes are the networks that requests may come from. There is no built-in
	// list: Twilio's webhooks come from no fixed addresses unless the account has
	// its Static Proxy, and its media streams from none at all.
	Prefixes []netip.Prefix

	// TrustedProxies are the peers whose X-Forwarded-For is believed, or with
	// Forwarded, the for parameter of whose Forwarded header (RFC 7239). ProxyHops
	// says which entry counts, from the right; 0 means 1.
	TrustedProxies []netip.Prefix
	ProxyHops      int
	Forwarded      bool

	// ReportOnly lets every request through and only reports.
	ReportOnly bool

	// OnResult, when set, is called for every request.
	OnResult func(allowed bool)

	// Logger receives a warning for requests that are refused, at most about ten
	// per second. nil discards.
	Logger *slog.Logger
}

// AllowList returns a middleware that answers 403 to requests from outside the
// given networks. It can stand in front of a [Validator], never in its place.
func AllowList(o AllowOptions) (func(http.Handler) http.Handler, error) {
	if len(o.Prefixes) == 0 {
		return nil, errors.New("signature: AllowList without Prefixes would refuse every request")
	}
	if o.ProxyHops < 0 {
		return nil, errors.New("signature: AllowList: ProxyHops must not be negative")
	}
	o.Prefixes, o.TrustedProxies = slices.Clone(o.Prefixes), slices.Clone(o.TrustedProxies)
	if slices.ContainsFunc(slices.Concat(o.Prefixes, o.TrustedProxies), func(p netip.Prefix) bool { return !p.IsValid() }) {
		return nil, errors.New("signature: AllowList: Prefixes or TrustedProxies contains an invalid prefix")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	notices := newThrottle()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			addr, ok := o.Client(r)
			allowed := ok && contains(o.Prefixes, addr)
			if o.OnResult != nil {
				o.OnResult(allowed)
			}
			if !allowed {
				if noticed, unlogged := notices.take(); noticed {
					o.Logger.Warn("signature: request from outside the allowed networks",
						slog.String("client", addr.String()), slog.Bool("refused", !o.ReportOnly), slog.Int64("unlogged", unlogged))
				}
				if !o.ReportOnly {
					w.WriteHeader(http.StatusForbidden)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

// Client returns the address that a request comes from, as far as it can be
// trusted: the peer's, unless the peer is a trusted proxy that names another. It
// returns false for a trusted proxy whose header is malformed.
func (o *AllowOptions) Client(r *http.Request) (netip.Addr, bool) {
	if !fromTrusted(r, o.TrustedProxies) {
		return peer(r)
	}
	var text string
	var ok bool
	if o.Forwarded {
		var e element
		e, ok = forwardedElement(r.Header["Forwarded"], max(1, o.ProxyHops))
		text = e.client
	} else {
		text, ok = entry(r.Header["X-Forwarded-For"], max(1, o.ProxyHops))
	}
	if !ok {
		return netip.Addr{}, false
	}
	if text == "" { // the proxy names nobody: the request is its own
		return peer(r)
	}
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return addr.Unmap().WithZone(""), err == nil
}
