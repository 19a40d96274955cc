//! Which file uses which, and the circles in that.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::Paths;

/// The files of a crate, relative to `src`.
pub struct Graph {
    /// The file of each module.
    modules: BTreeMap<Vec<String>, String>,
    paths: BTreeMap<String, Paths>,
}

fn module(file: &str) -> Vec<String> {
    let mut parts: Vec<_> = file
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if parts
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        parts.pop();
    }
    parts
}

impl Graph {
    pub fn new(files: BTreeMap<String, String>) -> Self {
        let files = files.into_iter().filter(|(name, _)| name != "main.rs");
        let paths: BTreeMap<_, _> = files.map(|(name, text)| (name, Paths::read(&text))).collect();
        let modules = paths.keys().map(|name| (module(name), name.clone())).collect();
        Self { modules, paths }
    }

    /// The path from the root of the crate; none for one that leads out of it.
    fn absolute(&self, file: &str, path: &[String]) -> Option<Vec<String>> {
        let mut own = module(file);
        let mut rest = path;
        match path[0].as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    own.pop();
                    rest = &rest[1..];
                }
            }
            name => {
                let mut child = own.clone();
                child.push(name.to_owned());
                self.modules.get(&child)?;
            }
        }
        own.extend_from_slice(rest);
        Some(own)
    }

    /// The file in which that is, which an absolute path names. What a file passes on is where it comes from.
    fn home(&self, path: &[String], seen: &mut BTreeSet<Vec<String>>) -> Option<&str> {
        let length = (0..=path.len())
            .rev()
            .find(|length| self.modules.contains_key(&path[..*length]))?;
        let file = &self.modules[&path[..length]];
        let Some(name) = path.get(length) else {
            return Some(file);
        };
        if !seen.insert(path[..=length].to_vec()) {
            return Some(file);
        }
        let paths = &self.paths[file];
        for (target, own) in paths.exports.iter().chain(&paths.imports) {
            if own == name {
                let mut target = self.absolute(file, target)?;
                target.extend_from_slice(&path[length + 1..]);
                return self.home(&target, seen);
            }
        }
        Some(file)
    }

    /// The files that `file` uses.
    fn uses(&self, file: &str) -> BTreeSet<&str> {
        let paths = &self.paths[file];
        let imported: BTreeMap<_, _> = paths
            .imports
            .iter()
            .chain(&paths.exports)
            .map(|(path, name)| (name, path))
            .collect();
        let named = paths.named.iter().map(|path| match imported.get(&path[0]) {
            Some(target) => [target.as_slice(), &path[1..]].concat(),
            None => path.clone(),
        });
        let imports = paths.imports.iter().map(|(path, _)| path.clone());
        let absolute = imports.chain(named).filter_map(|path| self.absolute(file, &path));
        // A module that is imported is used where something of it is named.
        let homes = absolute
            .filter(|path| !self.modules.contains_key(path))
            .filter_map(|path| self.home(&path, &mut BTreeSet::new()));
        homes.filter(|home| *home != file).collect()
    }
}

impl Graph {
    /// Every file with those that it uses.
    pub fn all_uses(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let files = self.paths.keys();
        files.map(|file| (file.as_str(), self.uses(file))).collect()
    }
}

/// The circles, each as its files, the largest first.
pub fn cycles(graph: &Graph) -> Vec<Vec<String>> {
    let uses = graph.all_uses();
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|file| (*file, reached(file, &uses))).collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (file, reached) in &reach {
        let circle: Vec<_> = reached
            .iter()
            .filter(|other| reach[*other].contains(file))
            .map(|other| (*other).to_owned())
            .collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

/// All files that lead on from `file`.
fn reached<'a>(file: &'a str, uses: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![file];
    while let Some(file) = next.pop() {
        next.extend(uses[file].iter().copied().filter(|other| reached.insert(*other)));
    }
    reached
}
