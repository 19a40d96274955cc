//! Keys, bundles and verification, as cosign understands them.
