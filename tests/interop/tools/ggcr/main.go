// Serves go-containerregistry's registry on a free port of the loopback, from memory, and prints its host. It stands for
// the registries that answer otherwise than distribution: no mounts, no Location after a manifest, referrers if asked.
//
//	ggcr [-referrers]
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	referrers := flag.Bool("referrers", false, "answer the referrers API")
	flag.Parse()
	if flag.NArg() != 0 {
		log.Fatal("usage: ggcr [-referrers]")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	quiet := log.New(io.Discard, "", 0)
	log.Fatal(http.Serve(listener, registry.New(registry.Logger(quiet), registry.WithReferrersSupport(*referrers))))
}
