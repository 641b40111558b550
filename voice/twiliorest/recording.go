package twiliorest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// Errors of [Client.DownloadRecording].
var (
	// ErrRecordingSID says that a recording's SID is not RE and 32 hexadecimal digits.
	ErrRecordingSID = errors.New("twiliorest: malformed recording SID")
	// ErrNoRecording means that the recording was deleted, or never existed.
	ErrNoRecording = errors.New("twiliorest: no such recording")
	// ErrNotRecorded means that a recording has no audio yet: it goes on, or is being made. Its
	// callback reports when it is complete.
	ErrNotRecorded = errors.New("twiliorest: the recording is not complete")
)

var recordingSIDs = regexp.MustCompile(`^RE[0-9a-f]{32}$`)

// maxRedirects is how many redirects a download follows.
const maxRedirects = 3

// DownloadRecording writes a recording to w, as WAV, with as many channels as it has: of two,
// the first is the caller, or who was called by REST, the second the other side. It returns how
// many bytes it has written, also with an error. A redirect, as to the storage that holds the
// audio, is followed over TLS alone, and without the credentials where it leads to another
// host. Only ctx bounds how long the audio takes.
//
// Errors are ErrRecordingSID, ErrNoRecording, ErrNotRecorded, that of w, and *Error. Where the
// account has a public key, the audio is encrypted with it.
//
// Source: https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file
func (c *Client) DownloadRecording(ctx context.Context, sid string, w io.Writer) (n int64, err error) {
	const op = "download a recording"
	if !recordingSIDs.MatchString(sid) {
		return 0, ErrRecordingSID
	}
	channels, status := 1, ""
	err = c.do(ctx, op, "", true, func(s *api.ApiService) error {
		r, err := s.FetchRecording(sid, new(api.FetchRecordingParams))
		if err != nil {
			return err
		}
		if status = text(r.Status); r.Channels != nil {
			channels = *r.Channels
		}
		return nil
	})
	failed := (*Error)(nil)
	switch {
	case errors.As(err, &failed) && failed.Status == http.StatusNotFound:
		return 0, ErrNoRecording
	case err != nil:
		return 0, err
	case status != "completed":
		return 0, fmt.Errorf("%w: its status is %.20q", ErrNotRecorded, status)
	}
	at := c.base.JoinPath("2010-04-01", "Accounts", c.account, "Recordings", sid+".wav")
	at.RawQuery = "RequestedChannels=" + strconv.Itoa(channels)
	resp, err := c.follow(ctx, at)
	if err != nil {
		return 0, &Error{Op: op, Err: c.quietError(err)}
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return 0, ErrNotRecorded
	case resp.StatusCode != http.StatusOK:
		said := client.TwilioRestError{}
		json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&said)
		return 0, &Error{Op: op, Status: resp.StatusCode, Code: said.Code, Message: c.quiet(said.Message)}
	}
	n, err = io.Copy(w, resp.Body)
	if err == nil && resp.ContentLength >= 0 && n != resp.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, &Error{Op: op, Status: resp.StatusCode, Err: c.quietError(err)}
	}
	return n, nil
}

// follow gets a URL, and what it redirects to.
func (c *Client) follow(ctx context.Context, at *url.URL) (*http.Response, error) {
	credentials := c.credentials()
	for range 1 + maxRedirects {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err != nil {
			return nil, err
		}
		if at.Scheme == c.base.Scheme && at.Host == c.base.Host {
			r.SetBasicAuth(credentials.Username, credentials.Password)
		}
		resp, err := c.transport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		switch resp.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return resp, nil
		}
		resp.Body.Close()
		if at, err = at.Parse(resp.Header.Get("Location")); err != nil || at.Host == "" || at.User != nil {
			return nil, errors.New("a redirect leads nowhere")
		}
		if at.Scheme != "https" && !(at.Scheme == "http" && loopback(at.Hostname())) {
			return nil, errors.New("a redirect leads away from TLS")
		}
	}
	return nil, errors.New("too many redirects")
}
