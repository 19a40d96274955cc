//! Whether this machine can run the programs of a foreign platform.
//!
//! The kernel hands programs of other architectures to the interpreter that is registered for them, see
//! `Documentation/admin-guide/binfmt-misc.rst` of Linux.

use std::path::Path;

use crate::domain::Platform;

/// Where the kernel lists its interpreters.
const REGISTERED: &str = "/proc/sys/fs/binfmt_misc";

/// What runs the programs of a platform here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Emulator {
    /// The processor itself.
    Native,
    /// An interpreter, by the name it is registered under: `qemu-aarch64`.
    Registered(String),
    /// Nothing.
    None,
}

/// What runs the programs of `platform` on this machine.
pub fn emulator(platform: &Platform) -> Emulator {
    emulator_among(platform, std::env::consts::ARCH, Path::new(REGISTERED))
}

fn emulator_among(platform: &Platform, machine: &str, registered: &Path) -> Emulator {
    let wanted = processor(&platform.architecture);
    if platform.os == "linux" && (wanted == machine || (machine == "x86_64" && wanted == "i386")) {
        return Emulator::Native;
    }
    let Ok(entries) = std::fs::read_dir(registered) else {
        return Emulator::None;
    };
    let found = entries.flatten().find(|entry| {
        std::fs::read_to_string(entry.path())
            .is_ok_and(|text| is_for(&text, &entry.file_name().to_string_lossy(), wanted))
    });
    found.map_or(Emulator::None, |entry| {
        Emulator::Registered(entry.file_name().to_string_lossy().into_owned())
    })
}

/// Whether an entry is in force and is the interpreter of `processor`: by its own name, or that of its program.
fn is_for(entry: &str, name: &str, processor: &str) -> bool {
    let ends = |text: &str| {
        let text = text.strip_suffix("-static").unwrap_or(text);
        text.rsplit('-').next() == Some(processor)
    };
    let mut lines = entry.lines();
    lines.next() == Some("enabled")
        && (ends(name)
            || lines
                .filter_map(|line| line.strip_prefix("interpreter "))
                .any(ends))
}

/// The kernel's name of an architecture, from that of container images.
fn processor(architecture: &str) -> &str {
    match architecture {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "386" => "i386",
        "loong64" => "loongarch64",
        "mips64le" => "mips64el",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(entries: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in entries {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn its_own_programs_need_no_emulator() {
        let nowhere = Path::new("/nowhere");
        assert_eq!(
            emulator_among(&Platform::linux("amd64"), "x86_64", nowhere),
            Emulator::Native
        );
        assert_eq!(
            emulator_among(&Platform::linux("arm64"), "x86_64", nowhere),
            Emulator::None
        );
    }

    #[test]
    fn an_interpreter_counts_only_while_it_is_enabled_and_of_that_architecture() {
        let on = "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: F\n";
        let folder = registered(&[
            ("register", ""),
            ("status", "enabled\n"),
            ("qemu-aarch64", on),
            ("qemu-s390x", "disabled\ninterpreter /usr/bin/qemu-s390x\n"),
        ]);
        let found = |architecture| emulator_among(&Platform::linux(architecture), "x86_64", folder.path());
        assert_eq!(found("arm64"), Emulator::Registered("qemu-aarch64".to_owned()));
        assert_eq!(found("s390x"), Emulator::None);
        assert_eq!(found("riscv64"), Emulator::None);
        assert_eq!(found("arm"), Emulator::None);
    }
}
