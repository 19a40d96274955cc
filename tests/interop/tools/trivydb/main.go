// Writes a tiny vulnerability database for Trivy and pushes it to a registry, as `trivy --db-repository` reads it: two
// advisories for one package of Alpine 3.20 and one without a fix for another, so that a real scan of the interop tests'
// images finds exactly these.
//
//	trivydb [-age 72h] HOST/REPOSITORY:TAG
package main

import (
	"flag"
	"log"
	"os"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/aquasecurity/trivy-db/pkg/types"
	bolt "go.etcd.io/bbolt"
)

const platform = "alpine 3.20"

// The package is the source package, which is what Trivy looks advisories up by.
var advisories = []struct {
	id, pkg, fixed string
	severity       types.Severity
}{
	{"CVE-2099-0001", "openssl", "3.3.9-r9", types.SeverityCritical},
	{"CVE-2099-0002", "openssl", "3.3.8-r0", types.SeverityHigh},
	{"CVE-2099-0003", "zlib", "", types.SeverityCritical},
}

func main() {
	age := flag.Duration("age", 0, "how old the database says it is")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: trivydb [-age DURATION] HOST/REPOSITORY:TAG")
	}
	if err := publish(flag.Arg(0), *age); err != nil {
		log.Fatal(err)
	}
}

func publish(reference string, age time.Duration) error {
	folder, err := os.MkdirTemp("", "trivydb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := write(folder, age); err != nil {
		return err
	}
	layer, err := pack(folder, "trivy.db", "metadata.json")
	if err != nil {
		return err
	}
	return push(reference, layer)
}

func write(folder string, age time.Duration) error {
	if err := db.Init(folder); err != nil {
		return err
	}
	defer db.Close()
	config := db.Config{}
	source := types.DataSource{ID: "alpine", Name: "Alpine Secdb", URL: "https://secdb.alpinelinux.org/"}
	err := config.BatchUpdate(func(tx *bolt.Tx) error {
		if err := config.PutDataSource(tx, platform, source); err != nil {
			return err
		}
		for _, a := range advisories {
			advisory := types.Advisory{FixedVersion: a.fixed}
			if err := config.PutAdvisory(tx, []string{platform, a.pkg}, a.id, advisory); err != nil {
				return err
			}
			if err := config.PutVulnerability(tx, a.id, types.Vulnerability{
				Title:    "made up for a test",
				Severity: a.severity.String(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	return metadata.NewClient(folder).Update(metadata.Metadata{
		Version:    db.SchemaVersion,
		UpdatedAt:  now.Add(-age),
		NextUpdate: now.Add(24 * time.Hour),
	})
}
