#!/bin/sh
# Verifies one image of << environment >> with cosign alone: its signature, and its promotion record.
#
#   sh verify.sh << repository >>@sha256:...
set -eu
here=$(dirname "$0")
cosign verify << arguments >> "$1" >/dev/null
cosign verify-attestation << arguments >> \
    --type https://k8s.io/promo-tools/promotion/v1 --policy "$here/promotion.rego" "$1" >/dev/null
echo "$1 is signed, and was promoted to << environment >>"
