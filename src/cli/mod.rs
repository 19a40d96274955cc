//! The command line: arguments, plain and JSON reporters, exit codes.
