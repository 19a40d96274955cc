// An issuer of ID tokens (OpenID Connect Discovery 1.0) on loopback, that gives them out as GitHub Actions does: whoever has the
// request token gets one for the workflow and the audience that are named.
//
//	issuer REQUEST-TOKEN
//
// Prints its address. GET /token?workflow=WORKFLOW-REF&audience=AUDIENCE, with the request token as bearer, answers {"value": TOKEN}.
package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

func answer(out http.ResponseWriter, document any) {
	out.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(out).Encode(document); err != nil {
		log.Print(err)
	}
}

// sign makes a JSON Web Token (RFC 7519) by RS256.
func sign(key *rsa.PrivateKey, claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "one"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := encode(header) + "." + encode(payload)
	hash := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
	if err != nil {
		return "", err
	}
	return signed + "." + encode(signature), nil
}

// claims are those of a job of GitHub Actions; see "OpenID Connect reference" in its documentation.
func claims(issuer, workflow, audience string) map[string]any {
	now := time.Now()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	return map[string]any{
		"iss": issuer, "aud": audience, "sub": "repo:acme/app:environment:prod",
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"job_workflow_ref": workflow, "job_workflow_sha": commit, "workflow_ref": workflow, "workflow_sha": commit,
		"workflow": "promote", "event_name": "workflow_dispatch", "ref": "refs/heads/main", "sha": commit,
		"repository": "acme/app", "repository_id": "1", "repository_owner": "acme", "repository_owner_id": "2",
		"repository_visibility": "private", "runner_environment": "github-hosted", "run_id": "3", "run_attempt": "1",
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: issuer REQUEST-TOKEN")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	issuer := "http://" + listener.Addr().String()
	http.HandleFunc("GET /.well-known/openid-configuration", func(out http.ResponseWriter, _ *http.Request) {
		answer(out, map[string]any{
			"issuer": issuer, "jwks_uri": issuer + "/keys", "authorization_endpoint": issuer + "/none",
			"token_endpoint": issuer + "/none", "response_types_supported": []string{"id_token"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	http.HandleFunc("GET /keys", func(out http.ResponseWriter, _ *http.Request) {
		public := map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
			"n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}
		answer(out, map[string]any{"keys": []any{public}})
	})
	http.HandleFunc("GET /token", func(out http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != "Bearer "+os.Args[1] {
			http.Error(out, "who asks?", http.StatusUnauthorized)
			return
		}
		query := request.URL.Query()
		token, err := sign(key, claims(issuer, query.Get("workflow"), query.Get("audience")))
		if err != nil {
			http.Error(out, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(out, map[string]string{"value": token})
	})
	fmt.Println(listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
