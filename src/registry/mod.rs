//! The OCI client: auth, transport and budgets, manifests, blobs, referrers, tags, copy.
