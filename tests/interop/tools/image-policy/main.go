// Pulls an image as podman, skopeo and CRI-O do, with their library: only where the policy admits it. Debian's own builds of these
// programs leave out sigstore, so that they cannot judge it.
//
//	image-policy POLICY REGISTRIES.D ARCHITECTURE HOST/PATH@DIGEST FOLDER
package main

import (
	"context"
	"fmt"
	"os"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"
)

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: image-policy POLICY REGISTRIES.D ARCHITECTURE IMAGE FOLDER")
		os.Exit(2)
	}
	if err := pull(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pull(policy, registries, architecture, image, folder string) error {
	rules, err := signature.NewPolicyFromFile(policy)
	if err != nil {
		return err
	}
	judge, err := signature.NewPolicyContext(rules)
	if err != nil {
		return err
	}
	defer judge.Destroy()
	from, err := docker.ParseReference("//" + image)
	if err != nil {
		return err
	}
	to, err := directory.NewReference(folder)
	if err != nil {
		return err
	}
	_, err = copy.Image(context.Background(), judge, to, from, &copy.Options{
		RemoveSignatures: true,
		SourceCtx: &types.SystemContext{
			RegistriesDirPath:           registries,
			OSChoice:                    "linux",
			ArchitectureChoice:          architecture,
			DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
		},
	})
	return err
}
