//! The screens: a folder for each, with what it knows, what keys do there, and how it looks.

pub mod board;
pub mod findings;
pub mod fleet;
pub mod footer;
pub mod keys;
pub mod page;
pub mod releases;
pub mod ribbon;
pub mod run;
pub mod runs;
pub mod screen;
pub mod spec;
pub mod table;
pub mod title;

pub use screen::Screen;
