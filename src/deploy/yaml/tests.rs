//! Files as people write them: what is changed, what stays, and what is refused.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::domain::Digest;

fn path(text: &str) -> Vec<Segment> {
    let segment = |part: &str| match part.parse() {
        Ok(nth) => Segment::Item(nth),
        Err(_) => Segment::Key(part.to_owned()),
    };
    text.split('.').map(segment).collect()
}

fn edit(text: &str, change: &YamlEdit) -> Result<String, YamlError> {
    let edited = YamlFile::read(text)?.edit(std::slice::from_ref(change))?;
    Ok(edited.text)
}

fn set(text: &str, at: &str, value: &str) -> Result<String, YamlError> {
    let change = YamlEdit::Value {
        path: path(at),
        value: value.to_owned(),
    };
    edit(text, &change)
}

const VALUES: &str = "\
# values of the chart
image: # where it is
  repository: registry.example.com/prod/app   # no tag here
  tag: \"2b2e927\" # set by windlass
  pullPolicy: IfNotPresent

env:
  - name: LOG
    value: 'it''s # no comment'
  - {name: MODE, value: \"a: b\"}
script: |
  tag: not this one
  # nor this
list:
- a
-   b
deep: {tag: x}
";

#[test]
fn only_the_scalar_changes_and_its_quotes_stay() {
    let new = set(VALUES, "image.tag", "12e4567").unwrap();
    assert_eq!(new, VALUES.replace("\"2b2e927\"", "\"12e4567\""));
    let new = set(VALUES, "image.pullPolicy", "12e4567").unwrap();
    assert_eq!(new, VALUES.replace("IfNotPresent", "\"12e4567\""));
    assert_eq!(
        set(VALUES, "list.1", "c").unwrap(),
        VALUES.replace("-   b", "-   c")
    );
    let new = set(VALUES, "env.0.value", "it's").unwrap();
    assert_eq!(new, VALUES.replace("'it''s # no comment'", "'it''s'"));
    assert_eq!(
        set(VALUES, "image.tag", "2b2e927").unwrap(),
        VALUES,
        "given again"
    );
    let windows = VALUES.replace('\n', "\r\n");
    assert_eq!(
        set(&windows, "image.tag", "new").unwrap(),
        windows.replace("2b2e927", "new")
    );
}

#[test]
fn what_cannot_be_changed_safely_is_refused_with_its_place() {
    let refused = |text: &str, at: &str| set(text, at, "x").unwrap_err().to_string();
    for (text, at, why) in [
        (
            VALUES,
            "image.digest",
            "line 1, column 1: there is no image.digest",
        ),
        (VALUES, "image", "line 2, column 8: image has no text"),
        (VALUES, "script", "line 11, column 9: script is text in a block"),
        (VALUES, "deep", "line 17, column 7: deep has no text"),
        (VALUES, "deep.none", "line 1, column 1: there is no deep.none"),
        (
            "a: &x y\nb: *x\n",
            "a",
            "line 1, column 4: a is an anchor or a tag stands before it",
        ),
        ("a: &x y\nb: *x\n", "b", "line 2, column 4: b is an alias"),
        (
            "a: 1\nb: 2\na: 3\n",
            "b",
            "line 3, column 1: the key `a` is there twice",
        ),
        ("a:\n\tb: 1\n", "a.b", "line 2, column 1: indented with a tab"),
        ("a: {{ .Values.a }}\n", "a", "line 1, column 4: a template"),
        ("{{- if .Values.a }}\na: 1\n", "a", "line 1, column 1: a template"),
        (
            "a: one\n  two\n",
            "a",
            "line 1, column 4: a is a text of several lines",
        ),
        (
            "a: 1\n---\na: 2\n",
            "a",
            "line 3, column 4: a is there more than once",
        ),
        ("a: \"b\n", "a", "line 1, column 4: a quote that does not end"),
    ] {
        assert_eq!(refused(text, at), why, "{text}");
    }
}

#[test]
fn a_text_in_brackets_is_changed_where_all_around_it_is_plain() {
    assert_eq!(
        set(VALUES, "deep.tag", "12e4567").unwrap(),
        VALUES.replace("{tag: x}", "{tag: \"12e4567\"}")
    );
    assert_eq!(
        set(VALUES, "env.1.value", "c").unwrap(),
        VALUES.replace("\"a: b\"", "\"c\"")
    );
    let text = "a: [ x,{ b: 'it''s' , \"c\":d,e: [ ] , f: -1, g: http://a/b },]  # end\n";
    for (at, old, new) in [
        ("a.0", "[ x", "[ z"),
        ("a.1.b", "'it''s'", "'z'"),
        ("a.1.c", "\"c\":d", "\"c\":z"),
        ("a.1.f", "-1", "z"),
        ("a.1.g", "http://a/b", "z"),
    ] {
        assert_eq!(set(text, at, "z").unwrap(), text.replace(old, new), "{at}");
    }
    // Without quotes not every reader takes a colon there.
    assert_eq!(
        set("a: {b: c}\n", "a.b", "sha256:1").unwrap(),
        "a: {b: \"sha256:1\"}\n"
    );
    assert_eq!(
        set("a: {b: sha256:0}\n", "a.b", "sha256:1").unwrap(),
        "a: {b: sha256:1}\n"
    );
    for not_plain in [
        "{b: &x c}",
        "{b: *x}",
        "{b: !t c}",
        "{b: c, b: d}",
        "{b}",
        "{b: }",
        "{<<: *x, b: c}",
        "{b: {{ c }}}",
        "{b: \"{{ c }}\"}",
        "{? b: c}",
        "{b: c: d}",
        "{b: c # d\n  }",
        "{b: c,\n  d: e}",
        "{b: |}",
        "{b: c} d",
        "{[a]: b}",
        "{\"b\\x\": c}",
    ] {
        let text = format!("a: {not_plain}\n");
        let error = set(&text, "a.b", "x").unwrap_err().to_string();
        assert_eq!(
            error,
            "line 1, column 4: a is a collection in brackets that is not plain keys and texts on one line",
            "{text}"
        );
    }
}

#[test]
fn an_image_of_a_kustomization_in_brackets_gets_tag_and_digest_too() {
    let digest = Digest::of(b"image");
    let change = YamlEdit::KustomizeImage {
        list: path_of("images"),
        name: "app".to_owned(),
        digest: digest.clone(),
        tag: Some("1234567".to_owned()),
    };
    for (text, expected) in [
        (
            "images:\n- {name: proxy, digest: sha256:0}\n- {name: app, digest: sha256:1} # it\n",
            format!("images:\n- {{name: proxy, digest: sha256:0}}\n- {{name: app, digest: {digest}}} # it\n"),
        ),
        (
            "images: [{ newTag: sha-1, name: app }]\n",
            format!("images: [{{ newTag: \"1234567\", digest: \"{digest}\", name: app }}]\n"),
        ),
    ] {
        let edited = edit(text, &change).unwrap();
        assert_eq!(edited, expected);
        assert_eq!(edit(&edited, &change).unwrap(), edited, "given again");
    }
}

#[test]
fn an_image_of_a_kustomization_is_found_by_its_full_name_and_tag_and_digest_agree_afterwards() {
    let digest = Digest::of(b"image");
    let text = "\
images:
  - name: other.example.com/app
    digest: sha256:1
  - name: app # short
    newTag: sha-1
  - name: registry.example.com/app
    newName: mirror.example.com/app
    newTag: sha-1 # old
    digest: sha256:1
";
    let change = |tag: Option<&str>| YamlEdit::KustomizeImage {
        list: path_of("images"),
        name: "registry.example.com/app".to_owned(),
        digest: digest.clone(),
        tag: tag.map(str::to_owned),
    };
    let expected = text.replace(
        "    newTag: sha-1 # old\n    digest: sha256:1\n",
        &format!("    newTag: sha-2 # old\n    digest: {digest}\n"),
    );
    assert_eq!(edit(text, &change(Some("sha-2"))).unwrap(), expected);
    assert_eq!(
        edit(&expected, &change(Some("sha-2"))).unwrap(),
        expected,
        "given again"
    );
    let error = edit(text, &change(None)).unwrap_err();
    assert_eq!((error.line, error.column), (8, 13));
    // Without a digest a line is added, the last one of the file too.
    let short = "images:\n- name: registry.example.com/app\n  newTag: \"0123456\"";
    let expected = format!("{}\n  digest: {digest}\n", short.replace("0123456", "1234567"));
    assert_eq!(edit(short, &change(Some("1234567"))).unwrap(), expected);
}

#[test]
fn the_image_of_one_container_is_changed_in_a_file_of_several_documents() {
    let text = "\
apiVersion: v1
kind: Service
metadata: {name: app}
---
kind: Deployment
spec:
  template:
    spec:
      containers:
      - image: proxy:1
        name: proxy
      - name: app
        image: registry.example.com/app:1   # the app
";
    let change = |name: &str| YamlEdit::Container {
        name: name.to_owned(),
        image: "registry.example.com/app@sha256:1".to_owned(),
    };
    let expected = text.replace("registry.example.com/app:1", "registry.example.com/app@sha256:1");
    assert_eq!(edit(text, &change("app")).unwrap(), expected);
    assert!(
        edit(text, &change("none"))
            .unwrap_err()
            .why
            .contains("there is no container")
    );
    let twice = format!("{text}---\n{text}");
    assert!(
        edit(&twice, &change("app"))
            .unwrap_err()
            .why
            .contains("more than once")
    );
}

#[test]
fn ten_thousand_lines_take_at_most_fifty_milliseconds() {
    use std::fmt::Write as _;
    let mut text = String::from("services:\n");
    for nth in 0..2_500 {
        writeln!(
            text,
            "  - name: s{nth}\n    tag: 'sha-{nth}' # x\n    env: [a, b]\n    note: y"
        )
        .unwrap();
    }
    // Builds with checks are several times slower than what is released.
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 });
    let times = (0..20).map(|_| {
        let began = Instant::now();
        set(&text, "services.2499.tag", "new").unwrap();
        began.elapsed()
    });
    // Other tests run beside this one: once in time is enough.
    let mut slow = Vec::new();
    for time in times {
        if time <= limit {
            return;
        }
        slow.push(time);
    }
    panic!("{slow:?}");
}

/// A document around one scalar: what is before it, how it is quoted, and what comes after.
fn documents() -> impl Strategy<Value = (String, usize, String)> {
    let noise = prop_oneof![
        Just("# a comment: with a colon".to_owned()),
        Just(String::new()),
        "[a-z]{1,6}".prop_map(|key| format!("n-{key}: [1, {{a: \"]\"}}] # x")),
        "[a-z]{1,6}".prop_map(|key| format!("t-{key}: |\n      target: no\n      # no")),
        "[a-z]{1,6}".prop_map(|key| format!("q-{key}: 'a '' # b'")),
        "[a-z]{1,6}".prop_map(|key| format!("m-{key}:\n    - a: 1\n      target: no\n    - b")),
        "[a-z]{1,6}".prop_map(|key| format!("d-{key}: \"a \\\" \u{e4} # b\"   # c")),
        "[a-z]{1,6}".prop_map(|key| format!("p-{key}: one\n    two")),
    ];
    let lines = prop::collection::vec(noise, 0..6);
    let old = prop_oneof![
        Just("old"),
        Just("'old'"),
        Just("\"old\""),
        Just("registry:5000/a@sha256:0")
    ];
    let comment = prop_oneof![Just(""), Just("  # note"), Just(" ")];
    (lines.clone(), lines, old, comment, any::<bool>()).prop_map(
        |(before, after, old, comment, is_windows)| {
            let block = |lines: &[String], from: usize| {
                let numbered = lines.iter().enumerate().map(|(nth, line)| {
                    let line = line.replacen('-', &format!("{}-", from + nth), 1);
                    if line.starts_with('#') || line.is_empty() {
                        line
                    } else {
                        format!("  {line}")
                    }
                });
                numbered
                    .map(|line| format!("{line}\n"))
                    .collect::<Vec<_>>()
                    .concat()
            };
            let head = format!("top: 1\nwith:\n{}  target: ", block(&before, 0));
            let tail = format!("{comment}\n{}end: true\n", block(&after, 100));
            let fix = |text: String| {
                if is_windows {
                    text.replace('\n', "\r\n")
                } else {
                    text
                }
            };
            let (head, tail) = (fix(head), fix(tail));
            (format!("{head}{old}{tail}"), head.len(), tail)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]
    #[test]
    fn every_byte_outside_of_the_scalar_stays((text, begin, tail) in documents(), value in "[a-z0-9.:/@-]{1,20}") {
        let new = set(&text, "with.target", &value).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&new[..begin], &text[..begin]);
        prop_assert!(new.ends_with(&tail));
        prop_assert!(new[begin..new.len() - tail.len()].trim_matches(['"', '\'']) == value, "{}", new);
    }
}
