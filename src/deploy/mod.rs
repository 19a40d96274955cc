//! Deployers: a configured command today; one file for each further kind.
