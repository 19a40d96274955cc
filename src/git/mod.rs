//! Local git by libgit2; fetch and push by the `git` program, so that ssh configuration, keys and helpers work as they do for the user.
