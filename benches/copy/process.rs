//! Runs a tool to its end and tells how long it took, how much of the processors, and how much memory it held at most.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{OptionExt as _, bail};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::Result;

/// How often the memory of a process is looked at. The kernel keeps the most that it was, so that only what comes after
/// the last look is missed.
const LOOK: Duration = Duration::from_millis(5);

/// What the kernel counts the time of processors in, for programs: `USER_HZ` is 100 on all machines of today.
const TICK: Duration = Duration::from_millis(10);

/// What a finished process has used.
#[derive(Clone, Copy)]
pub struct Run {
    /// From its start to its end.
    pub wall: Duration,
    /// What the processors did for it, in its own code and in the kernel.
    pub busy: Duration,
    /// The most memory that it held, in bytes.
    pub peak: u64,
}

/// Runs `command` to its end; it must succeed. What it says goes to `said`.
pub fn run(command: &mut Command, said: &Path) -> Result<Run> {
    let output = File::create(said)?;
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let began = Instant::now();
    let mut child = command.spawn()?;
    let (wall, peak) = watch(&child, began)?;
    let busy = processor_time(child.id())?;
    let status = child.wait()?;
    if !status.success() {
        bail!("{command:?} ended with {status}: {}", fs::read_to_string(said)?);
    }
    Ok(Run { wall, busy, peak })
}

fn watch(child: &Child, began: Instant) -> Result<(Duration, u64)> {
    let id = child.id();
    let pid = Pid::from_raw(i32::try_from(id)?).ok_or_eyre("no process has the id 0")?;
    let ended = AtomicBool::new(false);
    let peak = AtomicU64::new(0);
    let wall = thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                if let Some(now) = most_memory(id) {
                    peak.fetch_max(now, Ordering::Relaxed);
                }
                thread::sleep(LOOK);
            }
        });
        // Leaves the process to be waited for, and so its id to it alone.
        let outcome = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let wall = began.elapsed();
        ended.store(true, Ordering::Relaxed);
        outcome.map(|_| wall)
    })?;
    Ok((wall, peak.into_inner()))
}

/// `VmHWM` of `proc_pid_status(5)`, in bytes.
fn most_memory(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// `utime` and `stime` of `proc_pid_stat(5)`, which a process has until it has been waited for.
fn processor_time(id: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name is in parentheses, and may have spaces. What follows begins with the third field.
    let (_, fields) = stat.rsplit_once(')').ok_or_eyre("no name")?;
    let ticks: Vec<u32> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    Ok(TICK * ticks.iter().sum())
}

/// A server that runs until this is dropped.
pub struct Server(pub Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
