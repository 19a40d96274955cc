//! The read side: joins git and registries into rows.
