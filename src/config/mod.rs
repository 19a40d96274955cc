//! `windlass.toml` into domain values, with errors that point at the line.
