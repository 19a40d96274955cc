//! The write side: command → plan → run → events; steps, journal, lock.
