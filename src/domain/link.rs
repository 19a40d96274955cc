//! The `Link` header (RFC 8288), as registries and GitHub end their pages with it: one parser for both.

/// What is wrong with a `Link` header, so that nobody can say whether there is a next page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is not in the form of RFC 8288, section 3.
    #[error("its `Link` header is malformed")]
    Malformed,
    /// A link does not say what it leads to.
    #[error("its `Link` header has a link without `rel`")]
    NoRelation,
    /// More than one next page.
    #[error("its `Link` header names more than one next page")]
    Ambiguous,
}

/// One link: its target and the parameters that came with it, names in lower case.
struct Link<'a> {
    target: &'a str,
    parameters: Vec<(String, String)>,
}

impl Link<'_> {
    /// The first parameter of a name counts, later ones are ignored (section 3.3).
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn is_next(&self) -> bool {
        self.parameter("rel").is_some_and(|relations| {
            relations
                .split_ascii_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"))
        })
    }
}

/// The target of the link `rel="next"` in `headers`, the values of all `Link` headers of one answer; none where they
/// have no such link, which is the end of the list.
///
/// # Errors
/// Where the headers leave open whether there is a next page: the end of a list is never guessed.
pub fn next_link<'a>(headers: impl IntoIterator<Item = &'a str>) -> Result<Option<String>, LinkError> {
    let mut next: Option<&str> = None;
    let mut unrelated = false;
    for header in headers {
        for link in links(header)? {
            // A link with an anchor is about another document than this list.
            if link.parameter("anchor").is_some() {
                continue;
            }
            unrelated |= link.parameter("rel").is_none();
            if link.is_next()
                && next
                    .replace(link.target)
                    .is_some_and(|known| known != link.target)
            {
                return Err(LinkError::Ambiguous);
            }
        }
    }
    match next {
        Some(target) => Ok(Some(target.to_owned())),
        None if unrelated => Err(LinkError::NoRelation),
        None => Ok(None),
    }
}

fn links(header: &str) -> Result<Vec<Link<'_>>, LinkError> {
    let mut found = Vec::new();
    let mut rest = header;
    loop {
        // Empty elements of a list are allowed (RFC 9110, section 5.6.1).
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Ok(found);
        }
        let (target, after) = rest
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
            .ok_or(LinkError::Malformed)?;
        let (parameters, after) = parameters(after)?;
        found.push(Link {
            target: target.trim(),
            parameters,
        });
        rest = after;
    }
}

type Parameters = Vec<(String, String)>;

/// The parameters of one link, and what comes after them: nothing, or a comma and the next link.
fn parameters(text: &str) -> Result<(Parameters, &str), LinkError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(after) = rest.strip_prefix(';') {
        let after = after.trim_start();
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let name = name.trim().to_ascii_lowercase();
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => value_of(value.trim_start())?,
            None => (String::new(), after),
        };
        if !name.is_empty() {
            found.push((name, value));
        }
        rest = after.trim_start();
    }
    if rest.is_empty() || rest.starts_with(',') {
        Ok((found, rest))
    } else {
        Err(LinkError::Malformed)
    }
}

/// A token or a quoted string, in which a backslash takes the next character as it is, and what comes after it.
fn value_of(text: &str) -> Result<(String, &str), LinkError> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return Ok((value.trim().to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    Err(LinkError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next(header: &str) -> Result<Option<String>, LinkError> {
        next_link([header])
    }

    #[test]
    fn the_next_page_is_found_among_all_links_in_every_form_that_the_specification_allows() {
        for header in [
            r#"</n?last=x>; rel="next""#,
            r#"</first?last=>; rel="prev", </n?last=x>; rel="next""#,
            "</n?last=x>; rel=next",
            r#"</n?last=x>;REL="NEXT""#,
            r#"</n?last=x> ; title="a, b; rel=\"prev\"" ; rel="last next""#,
            r#"</n?last=x>; rel="next"; rel="prev""#,
            r#", </a>; rel="first",, </n?last=x>; foo; rel = "next","#,
            r#"</elsewhere>; rel="next"; anchor="/other", </n?last=x>; rel="next""#,
        ] {
            assert_eq!(next(header), Ok(Some("/n?last=x".to_owned())), "{header}");
        }
        let several = [r#"</a>; rel="first""#, r#"</n,1>; rel="next""#];
        assert_eq!(next_link(several), Ok(Some("/n,1".to_owned())));
    }

    #[test]
    fn a_list_ends_where_no_link_says_next() {
        for header in [
            "",
            r#"</a>; rel="prev""#,
            r#"</a>; rel="nextish""#,
            r#"</next>; rel="first"; title="next""#,
        ] {
            assert_eq!(next(header), Ok(None), "{header}");
        }
        assert_eq!(next_link([]), Ok(None));
    }

    #[test]
    fn what_leaves_the_end_open_is_an_error() {
        assert_eq!(next("</n?last=x>"), Err(LinkError::NoRelation));
        assert_eq!(next(r#"</n>; title="next""#), Err(LinkError::NoRelation));
        assert_eq!(
            next(r#"</a>; rel="next", </b>; rel="next""#),
            Err(LinkError::Ambiguous)
        );
        for header in [
            "nonsense",
            "</n; rel=next",
            r#"</n>; rel="next"#,
            r#"</n> rel="next""#,
            r#"</n>; rel="next" x"#,
        ] {
            assert_eq!(next(header), Err(LinkError::Malformed), "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,80}") {
            let _ = next(&text);
        }
    }
}
