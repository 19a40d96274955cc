//! Programs that go on after windlass has ended.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessSession};
use tokio::process::Command;

use super::ProgramError;

/// Starts a program in a session of its own, without input and output, that goes on when this process ends.
///
/// # Errors
/// When it cannot be started.
pub fn in_background(program: &Path, args: &[OsString]) -> Result<Box<dyn ChildWrapper>, ProgramError> {
    let mut command = Command::new(program);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    CommandWrap::from(command)
        .wrap(ProcessSession)
        .spawn()
        .map_err(|source| ProgramError::Start {
            program: program.to_owned(),
            source,
        })
}
