// Gives bearer tokens for a distribution registry, over TLS by an authority of its own. Into FOLDER it writes what the
// registry needs, ca.pem, host.pem, host.key (for 127.0.0.1 and localhost) and jwks.json (the key its tokens are signed
// with); then it prints its host and serves `GET /token` to the one user who knows the password. It grants that user
// what is asked for, and notes it in FILE, a line for each token.
//
//	tokens [-log FILE] FOLDER USER PASSWORD
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What the registry's configuration has to name.
const (
	issuer  = "tokens"
	service = "interop"
	keyID   = "one"
	ttl     = 5 * time.Minute
)

var encode = base64.RawURLEncoding.EncodeToString

type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

type server struct {
	key            *ecdsa.PrivateKey
	user, password string
	asked          *log.Logger
}

func main() {
	record := flag.String("log", os.DevNull, "where each token is noted that was asked for")
	flag.Parse()
	if flag.NArg() != 3 {
		log.Fatal("usage: tokens [-log FILE] FOLDER USER PASSWORD")
	}
	if err := serve(flag.Arg(0), flag.Arg(1), flag.Arg(2), *record); err != nil {
		log.Fatal(err)
	}
}

func serve(folder, user, password, record string) error {
	if err := writeCertificates(folder); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := writeKeySet(filepath.Join(folder, "jwks.json"), &key.PublicKey); err != nil {
		return err
	}
	out, err := os.OpenFile(record, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &server{key: key, user: user, password: password, asked: log.New(out, "", 0)}
	http.HandleFunc("GET /token", s.token)
	fmt.Println(listener.Addr())
	return http.ServeTLS(listener, nil, filepath.Join(folder, "host.pem"), filepath.Join(folder, "host.key"))
}

// The public half, as distribution's `auth.token.jwks` reads it.
func writeKeySet(path string, key *ecdsa.PublicKey) error {
	point, err := key.Bytes() // 4, x, y
	if err != nil {
		return err
	}
	set := map[string]any{"keys": []map[string]string{{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": keyID,
		"x": encode(point[1:33]), "y": encode(point[33:]),
	}}}
	text, err := json.Marshal(set)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	user, password, given := r.BasicAuth()
	if !given || user != s.user || password != s.password {
		http.Error(w, `{"errors":[{"code":"UNAUTHORIZED"}]}`, http.StatusUnauthorized)
		return
	}
	scopes := strings.Fields(strings.Join(r.URL.Query()["scope"], " "))
	granted := make([]access, 0, len(scopes))
	for _, scope := range scopes {
		// The name may have a port, so the colons that count are the first and the last.
		kind, rest, _ := strings.Cut(scope, ":")
		at := strings.LastIndex(rest, ":")
		if at < 0 {
			http.Error(w, "a scope is TYPE:NAME:ACTIONS", http.StatusBadRequest)
			return
		}
		granted = append(granted, access{Type: kind, Name: rest[:at], Actions: strings.Split(rest[at+1:], ",")})
	}
	token, err := s.sign(granted)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.asked.Println(strings.Join(scopes, " "))
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": int(ttl.Seconds())})
}

// A JSON web token by ES256: the signature is r and s, 32 bytes each (RFC 7518, 3.4).
func (s *server) sign(granted []access) (string, error) {
	now := time.Now()
	header, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "ES256", "kid": keyID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": issuer, "aud": service, "sub": s.user, "jti": rand.Text(), "access": granted,
		"iat": now.Unix(), "nbf": now.Add(-time.Second).Unix(), "exp": now.Add(ttl).Unix(),
	})
	if err != nil {
		return "", err
	}
	text := encode(header) + "." + encode(claims)
	hash := sha256.Sum256([]byte(text))
	first, second, err := ecdsa.Sign(rand.Reader, s.key, hash[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	first.FillBytes(signature[:32])
	second.FillBytes(signature[32:])
	return text + "." + encode(signature), nil
}
