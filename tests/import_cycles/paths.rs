//! The paths that a source names.

/// What a file brings in, passes on, and names where it stands.
#[derive(Debug, Default)]
pub struct Paths {
    /// `use a::b;`: each path with the name that it has here.
    pub imports: Vec<(Vec<String>, String)>,
    /// The same of `pub use`.
    pub exports: Vec<(Vec<String>, String)>,
    /// Paths in the code.
    pub named: Vec<Vec<String>>,
}

impl Paths {
    pub fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut paths = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            if tokens[at] == "use" {
                let is_public = is_public(&tokens[..at]);
                let mut found = Vec::new();
                at = tree(&tokens, at + 1, &[], &mut found);
                if is_public {
                    paths.exports.append(&mut found);
                } else {
                    paths.imports.append(&mut found);
                }
                continue;
            }
            let begins = at == 0 || tokens[at - 1] != "::";
            let mut path = Vec::new();
            while begins && tokens.get(at).is_some_and(|token| is_name(token)) {
                path.push(tokens[at].clone());
                if tokens.get(at + 1).is_none_or(|next| next != "::") {
                    break;
                }
                at += 2;
            }
            if path.len() > 1 {
                paths.named.push(path);
            }
            at += 1;
        }
        paths
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Whether what stands before a `use` makes it public.
fn is_public(before: &[String]) -> bool {
    let mut before = before.iter().rev().map(String::as_str).peekable();
    if before.peek() == Some(&")") {
        let _ = before.find(|token| *token == "(");
    }
    before.next() == Some("pub")
}

/// Reads a tree of `use` from `at` on; where it ends.
fn tree(
    tokens: &[String],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let mut path = prefix.to_vec();
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => {
                at += 1;
                while tokens[at] != "}" {
                    at = tree(tokens, at, &path, found);
                    if tokens[at] == "," {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "*" => {
                found.push((path, "*".to_owned()));
                return at + 1;
            }
            name => path.push(name.to_owned()),
        }
        at += 1;
        if tokens.get(at).is_some_and(|token| token == "::") {
            at += 1;
            continue;
        }
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if tokens.get(at).is_some_and(|token| token == "as") {
            name.clone_from(&tokens[at + 1]);
            at += 2;
        }
        found.push((path, name));
        return at;
    }
    at
}

/// Names, `::` and other signs, up to the tests at the end of a file; comments and texts are left out.
fn tokens(text: &str) -> Vec<String> {
    let code = text.find("\n#[cfg(test)]\nmod ").map_or(text, |end| &text[..end]);
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if is_name(rest) {
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len())
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            text_length(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let token = &rest[..length];
        if !(first.is_whitespace() || first == '"' || token.starts_with("//")) {
            tokens.push(token.to_owned());
        }
        rest = &rest[length..];
    }
    tokens
}

/// How long the text is that `rest` begins with, in its quotes.
fn text_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
