//! What is to be copied where: from the arguments, or from a file with a line for each image.

use std::io::Read as _;
use std::path::Path;

use crate::cli::failure::Failure;
use crate::domain::{Digest, ImageReference, Repository, Tag, Target};

/// One copy.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) source: ImageReference,
    pub(super) target: Repository,
    /// The tag that is set there.
    pub(super) tag: Option<Tag>,
    /// The digest that it has to have there.
    pub(super) digest: Option<Digest>,
}

impl Pair {
    /// Without a tag or a digest of its own, the destination gets the tag of the source.
    pub(super) fn new(source: ImageReference, destination: &str) -> Result<Self, Failure> {
        let (target, tag, digest) = if let Ok(repository) = destination.parse::<Repository>() {
            let tag = match &source.target {
                Target::Tag(tag) => Some(tag.clone()),
                Target::Digest(_) => None,
            };
            (repository, tag, None)
        } else {
            let named: ImageReference = destination.parse().map_err(|error| {
                Failure::usage(format!("the destination {error}"), "use the form host/path:tag")
            })?;
            match named.target {
                Target::Tag(tag) => (named.repository, Some(tag), None),
                Target::Digest(digest) => (named.repository, None, Some(digest)),
            }
        };
        Ok(Self {
            source,
            target,
            tag,
            digest,
        })
    }

    /// Where it goes, for people.
    pub(super) fn destination(&self) -> String {
        match &self.tag {
            Some(tag) => format!("{}:{tag}", self.target),
            None => self.target.to_string(),
        }
    }
}

/// The pairs of a file: two names a line, blank lines and `#` comments apart.
pub(super) fn read(path: &Path) -> Result<Vec<Pair>, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    let hint = "use one `SOURCE DESTINATION` per line";
    read.map_err(|error| {
        Failure::usage(
            format!("could not read the list {}: {error}", path.display()),
            hint,
        )
    })?;
    let mut pairs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let at = |why: String| Failure::usage(format!("{}:{number}: {why}", path.display()), hint);
        let (Some(source), Some(destination), None) = ({
            let mut words = line.split_whitespace();
            (words.next(), words.next(), words.next())
        }) else {
            return Err(at("expected two image names".to_owned()));
        };
        let source = source
            .parse()
            .map_err(|error| at(format!("the source {error}")))?;
        pairs.push(Pair::new(source, destination).map_err(|failure| at(failure.report.to_string()))?);
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(source: &str, destination: &str) -> Pair {
        Pair::new(source.parse().unwrap(), destination).unwrap()
    }

    #[test]
    fn a_destination_without_a_tag_gets_that_of_the_source() {
        let digest = Digest::of(b"x");
        let tagged = pair("one.example.com/a:v1", "two.example.com/b");
        assert_eq!(tagged.destination(), "two.example.com/b:v1");
        let renamed = pair("one.example.com/a:v1", "two.example.com/b:v2");
        assert_eq!(renamed.destination(), "two.example.com/b:v2");
        let bare = pair(&format!("one.example.com/a@{digest}"), "two.example.com/b");
        assert_eq!(
            (bare.destination(), bare.digest),
            ("two.example.com/b".to_owned(), None)
        );
        let held = pair("one.example.com/a:v1", &format!("two.example.com/b@{digest}"));
        assert_eq!((held.tag, held.digest), (None, Some(digest)));
    }

    #[test]
    fn a_list_says_which_of_its_lines_is_wrong() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let of = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            read(file.path())
        };
        let pairs = of("# two images\none.example.com/a:v1 two.example.com/a\n\none.example.com/b:v1  two.example.com/b:v2 # new name\n").unwrap();
        assert_eq!(pairs.len(), 2);
        for (text, why) in [
            ("one.example.com/a:v1\n", ":1: expected two image names"),
            (
                "\none.example.com/a:v1 b\n",
                ":2: the destination `b` has no registry",
            ),
            ("app:v1 two.example.com/a\n", ":1: the source"),
        ] {
            let error = of(text).unwrap_err().report.to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
