package signature

import "bytes"

// account is what a request says about the account that it belongs to.
type account struct {
	sid     []byte // empty when it names none
	unnamed bool   // it has no parameter to name one: a handshake or a JSON webhook
	guessed bool   // and every token may be tried
	refusal string // why the request is refused for it, or ""
}

// Why a request is refused for its account.
const (
	noAccount      = "no account is named, and AccountSIDs asks for one"
	twoAccounts    = "two accounts are named"
	foreignAccount = "is not one of AccountSIDs"
	unknownAccount = "has no token: it is not in TokensByAccount, and there are no Tokens"
	pinnedAccount  = "is not the one that the shared key is pinned to"
)

func (a *account) reason() Reason {
	if a.refusal == "" {
		return ""
	}
	return ReasonAccount
}

// detail says why the request is refused, for a log. The SID is the sender's
// word, so only what is spelled like one is repeated.
func (a *account) detail() string {
	switch a.refusal {
	case noAccount, twoAccounts:
		return a.refusal
	case unknownAccount:
		if len(a.sid) == 0 {
			return "no account is named, and there are no Tokens"
		}
	}
	if !isAccountSID(a.sid) {
		return "an AccountSid that is not AC and 32 hexadecimal digits " + a.refusal
	}
	return "account " + string(a.sid) + " " + a.refusal
}

func isAccountSID(sid []byte) bool {
	return len(sid) == 34 && string(sid[:2]) == "AC" && only(string(sid[2:]), "0123456789abcdefABCDEF")
}

// accountSID finds AccountSid among the pairs. Two different ones are refused:
// which of them a handler reads is not for us to guess.
func (s *scratch) accountSID() account {
	var a account
	for i := range s.pairs {
		p := &s.pairs[i]
		if string(s.key(p)) != "AccountSid" {
			continue
		}
		if a.sid != nil && !bytes.Equal(a.sid, s.value(p)) {
			return account{refusal: twoAccounts}
		}
		a.sid = s.value(p)
	}
	return a
}
