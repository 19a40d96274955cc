//! Trivy and attached reports into findings.
