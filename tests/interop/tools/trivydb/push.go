package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const (
	configType   = "application/vnd.aquasec.trivy.config.v1+json"
	layerType    = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
)

// pack makes a compressed archive of the named files of folder.
func pack(folder string, names ...string) ([]byte, error) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		header := tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}
		if err := archive.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// push stores layer as an artifact of one layer at reference, in a registry that is spoken to without TLS.
func push(reference string, layer []byte) error {
	host, path, _ := strings.Cut(reference, "/")
	repository, tag, found := strings.Cut(path, ":")
	if !found {
		return fmt.Errorf("%s: no tag", reference)
	}
	base := &url.URL{Scheme: "http", Host: host, Path: "/v2/" + repository + "/"}
	config := []byte("{}")
	for _, blob := range [][]byte{config, layer} {
		if err := pushBlob(base, blob); err != nil {
			return err
		}
	}
	packed := descriptor(layerType, layer)
	packed["annotations"] = map[string]string{"org.opencontainers.image.title": "db.tar.gz"}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     manifestType,
		"artifactType":  configType,
		"config":        descriptor(configType, config),
		"layers":        []any{packed},
	})
	if err != nil {
		return err
	}
	_, err = send(http.MethodPut, base.JoinPath("manifests", tag), manifestType, manifest)
	return err
}

func descriptor(mediaType string, content []byte) map[string]any {
	return map[string]any{"mediaType": mediaType, "digest": digest(content), "size": len(content)}
}

func digest(content []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(content))
}

func pushBlob(base *url.URL, content []byte) error {
	answer, err := send(http.MethodPost, base.JoinPath("blobs", "uploads/"), "", nil)
	if err != nil {
		return err
	}
	upload, err := base.Parse(answer.Header.Get("Location"))
	if err != nil {
		return err
	}
	query := upload.Query()
	query.Set("digest", digest(content))
	upload.RawQuery = query.Encode()
	_, err = send(http.MethodPut, upload, "application/octet-stream", content)
	return err
}

func send(method string, to *url.URL, contentType string, body []byte) (*http.Response, error) {
	request, err := http.NewRequest(method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, to, answer.Status, text)
	}
	return answer, nil
}
