// Package google mints credentials for Google's registries: access tokens of
// whoever pullfix is to Google, or the key of a service account as it is.
package google

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/pullfix/pullfix/registry/source/outbound"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// User names that Google's registries prescribe.
const (
	userToken = "oauth2accesstoken"
	userKey   = "_json_key"
)

// scope is the narrowest that a registry takes: reading storage.
const scope = "https://www.googleapis.com/auth/devstorage.read_only"

// wideToken says what nobody may overlook.
const wideToken = "It opens everything that this identity may read in Google's registries and storage, not only these repositories."

// Source mints access tokens. The identity is that of KeyFile; without one it is
// found as Google's own tools do: GOOGLE_APPLICATION_CREDENTIALS, gcloud's file
// in the home directory, the metadata server.
type Source struct {
	KeyFile string
	Getenv  func(string) string
	Client  *http.Client
}

const mostKey = 64 << 10

var (
	errNotKey = errors.New("it is no Google credential in JSON")
	errEnded  = errors.New("the token that Google gave has ended, or does not say when it ends")
	errToken  = errors.New("the metadata server answered without a token")
)

// Supply asks Google for a token.
func (s Source) Supply(ctx context.Context, _ runbook.Need) (runbook.Supply, error) {
	ctx, cancel := context.WithTimeout(ctx, outbound.Within)
	defer cancel()
	token, err := s.token(ctx)
	switch {
	case ctx.Err() != nil:
		return runbook.Supply{}, fmt.Errorf("asking Google: %w", ctx.Err())
	case err != nil:
		return runbook.Supply{}, err
	case !token.Valid() || token.Expiry.IsZero():
		return runbook.Supply{}, errEnded
	}
	return runbook.Supply{
		Credential: keyring.Credential{User: userToken, Password: keyring.NewSecret(token.AccessToken)},
		Expires:    &token.Expiry, Wide: true, Opens: wideToken,
	}, nil
}

func (s Source) token(ctx context.Context) (*oauth2.Token, error) {
	for _, file := range []string{s.KeyFile, s.Getenv("GOOGLE_APPLICATION_CREDENTIALS")} {
		if file != "" {
			return s.fromFile(ctx, file)
		}
	}
	if home := s.Getenv("HOME"); home != "" {
		file := filepath.Join(home, ".config", "gcloud", "application_default_credentials.json")
		if _, err := os.Stat(file); err == nil {
			return s.fromFile(ctx, file)
		}
	}
	return s.fromMetadata(ctx)
}

func (s Source) fromFile(ctx context.Context, file string) (*oauth2.Token, error) {
	text, kind, err := readKey(file)
	if err != nil {
		return nil, fmt.Errorf("reading the Google credential %s: %w", file, err)
	}
	// The library takes its client from the context, and from nowhere else; the
	// context's own end it does not always heed.
	client := *s.Client
	if deadline, ok := ctx.Deadline(); ok {
		client.Timeout = min(client.Timeout, max(time.Until(deadline), time.Millisecond))
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &client)
	found, err := google.CredentialsFromJSONWithType(ctx, text, kind, scope)
	if err != nil {
		return nil, fmt.Errorf("reading the Google credential %s: %w", file, errNotKey)
	}
	token, err := found.TokenSource.Token()
	if err != nil {
		return nil, refusal(err)
	}
	return token, nil
}

// refusal words an error of Google, whose text quotes the whole answer.
func refusal(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return fmt.Errorf("asking Google: %s", outbound.Quote(err.Error()))
	}
	// Only some of the library's ways read the code.
	var answer struct {
		Code string `json:"error"`
	}
	_ = json.Unmarshal(refused.Body, &answer) // or the status has to do
	code := cmp.Or(refused.ErrorCode, answer.Code)
	if code == "" && refused.Response != nil {
		code = refused.Response.Status
	}
	return fmt.Errorf("refused by Google: %s", outbound.Quote(code))
}

// kinds are the credentials that Google's tools write.
func kinds() []google.CredentialsType {
	return []google.CredentialsType{google.ServiceAccount, google.AuthorizedUser, google.ExternalAccount, google.ImpersonatedServiceAccount}
}

func readKey(file string) ([]byte, google.CredentialsType, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, "", err
	}
	text, err := io.ReadAll(io.LimitReader(in, mostKey))
	if err := errors.Join(err, in.Close()); err != nil {
		return nil, "", err
	}
	var key struct {
		Type google.CredentialsType `json:"type"`
	}
	if json.Unmarshal(text, &key) != nil || !slices.Contains(kinds(), key.Type) {
		return nil, "", errNotKey
	}
	return text, key.Type, nil
}

// metadataHost is where a machine of Google's asks about itself.
const metadataHost = "169.254.169.254"

// fromMetadata asks for the token of the machine's or the pod's own identity.
func (s Source) fromMetadata(ctx context.Context) (*oauth2.Token, error) {
	host := s.Getenv("GCE_METADATA_HOST")
	if host == "" {
		host = metadataHost
	}
	address := "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/token?scopes=" + url.QueryEscape(scope)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("asking the metadata server: %w", err)
	}
	request.Header.Set("Metadata-Flavor", "Google")
	response, err := s.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the metadata server (there is no Google credential in a file): %s", outbound.Quote(err.Error()))
	}
	defer func() { _ = response.Body.Close() }()
	var given struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the metadata server answered %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&given); err != nil || given.AccessToken == "" || given.ExpiresIn <= 0 {
		return nil, errToken
	}
	return &oauth2.Token{AccessToken: given.AccessToken, Expiry: time.Now().Add(time.Duration(given.ExpiresIn) * time.Second)}, nil
}

// Key gives the key of a service account itself.
type Key struct{ File string }

// Supply reads the key.
func (k Key) Supply(context.Context, runbook.Need) (runbook.Supply, error) {
	text, kind, err := readKey(k.File)
	if err == nil && kind != google.ServiceAccount {
		err = errors.New("it is not the key of a service account")
	}
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("reading the Google key %s: %w", k.File, err)
	}
	return runbook.Supply{
		Credential: keyring.Credential{User: userKey, Password: keyring.NewSecret(strings.TrimSpace(string(text)))},
		Wide:       true, Steady: true,
		Opens: "It opens everything that this service account may do in Google's cloud, not only pulls, until the key is deleted.",
	}, nil
}
