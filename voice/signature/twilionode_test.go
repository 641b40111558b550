package signature_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	stdjson "encoding/json"
	"flag"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/signature"
)

var (
	requests = flag.Int("requests", 10_000, "random requests that TestTwilioNode has judged")
	seed     = flag.Uint64("seed", 1, "seed of these requests")
)

// Twilio's own library, pinned.
const (
	twilioNode          = "twilio@6.3.1"
	twilioNodeTarball   = "twilio-6.3.1.tgz"
	twilioNodeIntegrity = "sha512-2LmXuZmgqgHUwK+CT6U2p6MAWxk+A8M9MVVv1ZcuOoapm51Go+1u/JNNd1mjOzKg8WRS9+NIDv2NWbLe0ENPUA=="
)

// TestTwilioNode has random requests judged by the middleware of Twilio's library
// for Node and by this package: forms, JSON, GETs and handshakes, signed with the
// auth token or one of eight shared keys, with either algorithm, spelled and broken
// in all ways. Where the verdicts differ, one of the rules in stricter or lenient
// must be the cause.
//
//	go test ./voice/signature -run '^TestTwilioNode$' -v -requests 1000000
func TestTwilioNode(t *testing.T) {
	judge := newJudge(t)
	validators := map[string]*signature.Validator{}
	for _, base := range bases {
		validators[base] = newValidator(t, signature.Options{PublicURL: base, Tokens: []string{token}, SharedKeys: sharedKeys,
			SharedKeyPins: map[string]signature.Pin{pinnedKey: {Algorithm: signature.HMACSHA256}}})
	}
	random := rand.New(rand.NewPCG(*seed, 0))
	verdicts, causes := map[string]int{}, map[string]int{}
	for done := 0; done < *requests; {
		batch := make([]*asked, min(1000, *requests-done))
		for i := range batch {
			batch[i] = ask(random)
		}
		done += len(batch)
		for i, theirs := range judge(batch) {
			q := batch[i]
			why, err := reason(t, validators[q.base], q.request())
			ours := why == ""
			verdicts[map[bool]string{true: "accepted", false: "refused"}[theirs]+" by Twilio's, "+map[bool]string{true: "accepted", false: "refused"}[ours]+" here"]++
			var applied []string
			for name, rule := range stricter {
				if rule.applies(q) {
					require.False(t, ours && rule.always, "%s: accepted here\n%s", name, q)
					if slices.Contains(rule.reasons, why) {
						applied = append(applied, name)
					}
				}
			}
			switch {
			case theirs && !ours:
				require.NotEmpty(t, applied, "refused here, without a rule that says so: %v\n%s", err, q)
				if len(applied) == 1 {
					causes[applied[0]]++
				}
			case ours && !theirs:
				var tolerated []string
				for name, applies := range lenient {
					if applies(q) {
						tolerated = append(tolerated, name)
					}
				}
				require.NotEmpty(t, tolerated, "accepted here, without a rule that says so\n%s", q)
				if len(tolerated) == 1 {
					causes[tolerated[0]]++
				}
			}
		}
	}
	for _, verdict := range slices.Sorted(maps.Keys(verdicts)) {
		t.Logf("%8d %s", verdicts[verdict], verdict)
	}
	for _, name := range slices.Sorted(maps.Keys(causes)) {
		t.Logf("%8d differ by one rule alone: %s", causes[name], name)
	}
	require.Greater(t, verdicts["accepted by Twilio's, accepted here"], *requests/4)
	require.Greater(t, verdicts["refused by Twilio's, refused here"], *requests/4)
	if *requests < 10_000 || *seed != 1 {
		return
	}
	for name := range stricter {
		require.NotZero(t, causes[name], "no request differs by this rule alone: %s", name)
	}
	for name := range lenient {
		require.NotZero(t, causes[name], "no request differs by this rule alone: %s", name)
	}
}

// newJudge starts Twilio's library, and returns what asks it.
func newJudge(t *testing.T) func([]*asked) []bool {
	node := apt.Need(t, "node", "nodejs")
	library := filepath.Join(t.TempDir(), "webhooks.js")
	require.NoError(t, os.WriteFile(library, webhooksOfTwilioNode(t), 0o600))
	command := exec.Command(node, "testdata/judge.js", library)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	require.NoError(t, err)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		in.Close()
		require.NoError(t, command.Wait())
	})
	answers := bufio.NewScanner(out)
	return func(batch []*asked) []bool {
		var lines bytes.Buffer
		encode := stdjson.NewEncoder(&lines)
		encode.SetEscapeHTML(false)
		for _, q := range batch {
			header := map[string][]string{}
			for name, values := range q.header {
				for _, value := range values {
					header[name] = append(header[name], base64.StdEncoding.EncodeToString([]byte(value)))
				}
			}
			require.NoError(t, encode.Encode(map[string]any{"url": q.url(), "method": q.method, "headers": header,
				"body": []byte(q.body), "token": token, "keys": sharedKeys}))
		}
		_, err := in.Write(lines.Bytes())
		require.NoError(t, err)
		verdicts := make([]bool, len(batch))
		for i := range verdicts {
			require.True(t, answers.Scan(), "%v", answers.Err())
			verdicts[i] = answers.Text() == "200"
		}
		return verdicts
	}
}

// webhooksOfTwilioNode returns the library's lib/webhooks/webhooks.js, which needs
// nothing else of it. The package is fetched with npm once, by .ci/test; without it
// the test is left out.
func webhooksOfTwilioNode(t *testing.T) []byte {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "dialtone")
	tarball := filepath.Join(cache, twilioNodeTarball)
	if _, err := os.Stat(tarball); err != nil {
		if os.Getenv("DIALTONE_TEST") != "all" {
			t.Skipf("left out: no %s (mkdir -p %s && cd %[2]s && npm pack %s; .ci/test does it)", tarball, cache, twilioNode)
		}
		require.NoError(t, os.MkdirAll(cache, 0o755))
		pack := exec.Command(apt.Need(t, "npm", "npm"), "pack", "--silent", twilioNode)
		pack.Dir = t.TempDir()
		said, err := pack.CombinedOutput()
		require.NoError(t, err, "%s", said)
		packed, err := os.ReadFile(filepath.Join(pack.Dir, twilioNodeTarball))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(tarball+".new", packed, 0o644))
		require.NoError(t, os.Rename(tarball+".new", tarball))
	}
	packed, err := os.ReadFile(tarball)
	require.NoError(t, err)
	sum := sha512.Sum512(packed)
	require.Equal(t, twilioNodeIntegrity, "sha512-"+base64.StdEncoding.EncodeToString(sum[:]), "remove %s", tarball)
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	for files := tar.NewReader(unzipped); ; {
		file, err := files.Next()
		require.NoError(t, err)
		if file.Name == "package/lib/webhooks/webhooks.js" {
			text, err := io.ReadAll(files)
			require.NoError(t, err)
			return text
		}
	}
}

// An asked request is one that both are asked about.
type asked struct {
	base      string // PublicURL
	method    string
	target    string
	handshake bool
	header    http.Header
	body      string
}

// url is what Twilio's library is told the request was sent to.
func (q *asked) url() string {
	scheme, rest, _ := strings.Cut(q.base, "://")
	if q.handshake {
		scheme = "ws" + strings.ToLower(scheme)[len("http"):]
	}
	return scheme + "://" + rest + q.target
}

func (q *asked) request() *http.Request {
	r := request{method: q.method, target: "/", sig: "replaced"}.build()
	r.RequestURI, r.Header = q.target, q.header.Clone()
	if q.handshake {
		r.Header.Set("Upgrade", "websocket")
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(q.body)), int64(len(q.body))
	return r
}

func (q *asked) String() string {
	return q.method + " " + q.url() + "\n" + stringsOf(q.header) + "\n" + q.body
}

func stringsOf(h http.Header) (text string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			text += name + ": " + value + "\n"
		}
	}
	return text
}
