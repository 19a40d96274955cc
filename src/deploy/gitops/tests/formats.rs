//! Each kind of file, as people write it.

use proptest::prelude::*;

use crate::deploy::gitops::edits::{WantedImage, deploy_in};
use crate::domain::{Digest, ImagePlace};

fn wanted() -> WantedImage {
    WantedImage {
        reference: format!("registry.example.com/prod/app@{}", Digest::of(b"new")),
        digest: Digest::of(b"new"),
        tag: Some("12e4567".to_owned()),
    }
}

fn deploy(path: &str, text: &str, place: &ImagePlace) -> Result<String, String> {
    let again = |text: &str| deploy_in(path, text, place, &wanted()).map_err(|refusal| refusal.why);
    let edited = again(text)?.text;
    assert_eq!(again(&edited)?.text, edited, "given again it stays as it is");
    Ok(edited)
}

fn digest() -> String {
    Digest::of(b"new").to_string()
}

#[test]
fn helm_values_get_digest_and_tag_and_both_agree() {
    let text = "# values\nimage:\n  repository: registry.example.com/prod/app\n  tag: 2b2e927 # short\n  digest: sha256:1\n";
    let expected = text
        .replace("2b2e927", "\"12e4567\"")
        .replace("sha256:1", &digest());
    assert_eq!(
        deploy("values.yaml", text, &ImagePlace::default()).unwrap(),
        expected
    );
    let keys = ImagePlace {
        digest_key: Some("app.image.sha".to_owned()),
        ..ImagePlace::default()
    };
    let nested = "app:\n  image:\n    sha: 'sha256:1'\n    tag: old\n";
    assert_eq!(
        deploy("values.yaml", nested, &keys).unwrap(),
        nested.replace("sha256:1", &digest())
    );
    let whole = ImagePlace {
        image_key: Some("image".to_owned()),
        ..ImagePlace::default()
    };
    assert_eq!(
        deploy("values.yaml", "image: app:1\n", &whole).unwrap(),
        format!("image: {}\n", wanted().reference)
    );
    // An empty tag cannot be stale.
    let empty = "image:\n  tag: \"\"\n  digest: \"\"\n";
    assert_eq!(
        deploy("values.yaml", empty, &ImagePlace::default()).unwrap(),
        empty.replace("digest: \"\"", &format!("digest: \"{}\"", digest()))
    );
}

#[test]
fn a_tag_alone_is_changed_only_where_it_has_the_digest_with_it() {
    let text = "image:\n  repository: app\n  tag: 2b2e927\n";
    let why = deploy("values.yaml", text, &ImagePlace::default()).unwrap_err();
    assert_eq!(why, "it has only a tag, which can be moved to another image");
    let text = "image:\n  repository: app\n  tag: 2b2e927@sha256:1\n";
    assert_eq!(
        deploy("values.yaml", text, &ImagePlace::default()).unwrap(),
        text.replace("2b2e927@sha256:1", &format!("12e4567@{}", digest()))
    );
    let none = deploy("values.yaml", "a: 1\n", &ImagePlace::default()).unwrap_err();
    assert_eq!(none, "it has neither `image.digest` nor `image.tag`");
}

#[test]
fn a_manifest_is_changed_in_the_named_container_of_the_named_object() {
    let one = |kind: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: app\nspec:\n  template:\n    spec:\n      containers:\n      \
             - name: app\n        image: app:1 # {kind}\n"
        )
    };
    let text = format!("{}---\n{}", one("Deployment"), one("StatefulSet"));
    let place = |object: Option<&str>| ImagePlace {
        container: Some("app".to_owned()),
        object: object.map(str::to_owned),
        ..ImagePlace::default()
    };
    let why = deploy("app.yaml", &text, &place(None)).unwrap_err();
    assert!(why.contains("is there more than once"), "{why}");
    let expected = text.replace(
        "app:1 # StatefulSet",
        &format!("{} # StatefulSet", wanted().reference),
    );
    assert_eq!(
        deploy("app.yaml", &text, &place(Some("StatefulSet/app"))).unwrap(),
        expected
    );
    let why = deploy("app.yaml", &text, &place(Some("DaemonSet/app"))).unwrap_err();
    assert!(why.contains("there is no DaemonSet/app"), "{why}");
    let why = deploy("app.yaml", &text, &ImagePlace::default()).unwrap_err();
    assert!(why.contains("names no container"), "{why}");
}

#[test]
fn an_application_of_argo_cd_is_changed_in_its_parameters_its_values_or_its_images() {
    let head =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: app\nspec:\n  source:\n";
    let keys = ImagePlace {
        digest_key: Some("image.digest".to_owned()),
        tag_key: Some("image.tag".to_owned()),
        ..ImagePlace::default()
    };
    let text = format!(
        "{head}    helm:\n      parameters:\n      - name: image.tag\n        value: 2b2e927\n      - name: image.digest\n        \
         value: sha256:1\n        forceString: true\n"
    );
    let expected = text
        .replace("2b2e927", "\"12e4567\"")
        .replace("sha256:1", &digest());
    assert_eq!(deploy("app.yaml", &text, &keys).unwrap(), expected);
    let text = format!("{head}    helm:\n      valuesObject:\n        image:\n          digest: sha256:1\n");
    assert_eq!(
        deploy("app.yaml", &text, &ImagePlace::default()).unwrap(),
        text.replace("sha256:1", &digest())
    );
    let images = ImagePlace {
        image: Some("registry.example.com/prod/app".to_owned()),
        ..ImagePlace::default()
    };
    for (before, after) in [
        ("registry.example.com/prod/app:1", ""),
        (
            "registry.example.com/prod/app=other/app:1",
            "registry.example.com/prod/app=",
        ),
    ] {
        let text = format!(
            "{head}    kustomize:\n      images:\n      - other.example.com/app:1\n      - {before}\n"
        );
        let expected = text.replace(before, &format!("{after}{}", wanted().reference));
        let deployed = deploy("app.yaml", &text, &images).unwrap();
        assert_eq!(deployed.replace('"', ""), expected);
    }
    let text = format!("{head}    helm:\n      values: |\n        image:\n          digest: sha256:1\n");
    assert!(deploy("app.yaml", &text, &ImagePlace::default()).is_err());
}

#[test]
fn objects_of_flux_are_changed_in_their_values_and_images() {
    let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: app\nspec:\n  values:\n    image:\n      \
                tag: v1 # {\"$imagepolicy\": \"flux-system:app:tag\"}\n      digest: sha256:1\n";
    let expected = text
        .replace("tag: v1", "tag: \"12e4567\"")
        .replace("sha256:1", &digest());
    assert_eq!(
        deploy("app.yaml", text, &ImagePlace::default()).unwrap(),
        expected
    );
    let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: app\nspec:\n  images:\n  - name: app\n    \
                newName: registry.example.com/prod/app\n    newTag: v1\n";
    let place = ImagePlace {
        image: Some("app".to_owned()),
        ..ImagePlace::default()
    };
    let expected = text.replace(
        "newTag: v1",
        &format!("newTag: \"12e4567\"\n    digest: {}", digest()),
    );
    assert_eq!(deploy("app.yaml", text, &place).unwrap(), expected);
}

#[test]
fn what_would_change_elsewhere_as_well_is_refused_with_its_place() {
    let refused = |text: &str| deploy("values.yaml", text, &ImagePlace::default()).unwrap_err();
    for (text, why) in [
        (
            "base: &base\n  digest: x\nimage:\n  <<: *base\n  digest: sha256:1\n",
            "line 4, column 7: a merge key stands beside what is to be changed",
        ),
        (
            "image: &image\n  digest: sha256:1\nother: *image\n",
            "line 1, column 8: image has an anchor or a tag",
        ),
        (
            "image: {repository: app, digest: x, &y z: 1}\n",
            "line 1, column 8: image is a collection in brackets that is not plain keys and texts on one line",
        ),
        (
            "image:\n  digest: >-\n    sha256:1\n",
            "line 2, column 11: image.digest is text in a block",
        ),
        (
            "image:\n  digest: *x\n",
            "line 2, column 11: image.digest is an alias",
        ),
        ("image:\n  digest: {{ .d }}\n", "line 2, column 11: a template"),
    ] {
        assert_eq!(refused(text), why, "{text}");
    }
}

/// Lines that have nothing to do with the image, in a mapping at the left margin.
fn noise(from: usize) -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("# a comment: with a colon"),
        Just(""),
        Just("flow-N: [1, {digest: \"]\"}] # x"),
        Just("text-N: |\n  digest: no\n  # no"),
        Just("quoted-N: 'newTag: it''s # no'"),
        Just("list-N:\n- name: registry.example.com/prod/app\n  digest: no"),
        Just("folded-N: one\n  two"),
    ];
    prop::collection::vec(line, 0..5).prop_map(move |lines| {
        let mut text = String::new();
        for (nth, line) in lines.iter().enumerate() {
            text.push_str(&line.replace("-N", &format!("-{}", from + nth)));
            text.push('\n');
        }
        text
    })
}

/// A scalar as people write it, and what follows it on its line.
fn scalar(text: &'static str) -> impl Strategy<Value = (String, &'static str)> {
    let quoted =
        prop_oneof![Just(""), Just("'"), Just("\"")].prop_map(move |quote| format!("{quote}{text}{quote}"));
    (quoted, prop_oneof![Just(""), Just("   # note"), Just(" ")])
}

/// A file of each format around one image: what is before, between and after the two scalars, digest and tag.
fn files() -> impl Strategy<Value = (usize, [String; 3], [String; 2], bool)> {
    let parts = (
        0_usize..4,
        noise(0),
        noise(100),
        scalar("sha256:0"),
        scalar("v0"),
        any::<bool>(),
    );
    parts.prop_map(|(format, before, after, (digest, digest_end), (tag, tag_end), is_windows)| {
        let (head, key, indent) = match format {
            0 => ("images:\n- name: other.example.com/app\n  digest: sha256:0\n- name: registry.example.com/prod/app\n", "newTag", "  "),
            1 => ("image:\n  repository: registry.example.com/prod/app\n", "tag", "  "),
            2 => ("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    image:\n", "tag", "      "),
            _ => ("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  images:\n  - name: registry.example.com/prod/app\n", "newTag", "    "),
        };
        let fix = |text: String| if is_windows { text.replace('\n', "\r\n") } else { text };
        let around = [
            fix(format!("{before}{head}{indent}digest: ")),
            fix(format!("{digest_end}\n{indent}{key}: ")),
            fix(format!("{tag_end}\n{after}")),
        ];
        (format, around, [digest, tag], is_windows)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]
    #[test]
    fn every_byte_outside_of_digest_and_tag_stays_in_each_format((format, around, [digest, tag], _) in files()) {
        let text = format!("{}{digest}{}{tag}{}", around[0], around[1], around[2]);
        let (path, image) = match format {
            0 => ("kustomization.yaml", Some("registry.example.com/prod/app".to_owned())),
            3 => ("apps.yaml", Some("registry.example.com/prod/app".to_owned())),
            _ => ("values.yaml", None),
        };
        let place = ImagePlace { image, ..ImagePlace::default() };
        let new = deploy_in(path, &text, &place, &wanted());
        let new = new.map_err(|refusal| TestCaseError::fail(format!("{}\n{text}", refusal.why)))?.text;
        let rest = new.strip_prefix(around[0].as_str()).and_then(|rest| rest.strip_suffix(around[2].as_str()));
        let (digest, tag) = rest.and_then(|rest| rest.split_once(around[1].as_str())).unwrap_or_default();
        prop_assert_eq!(digest.trim_matches(['"', '\'']), wanted().digest.to_string(), "{}", new);
        // A reader would take it for a number without quotes.
        prop_assert!(["'12e4567'", "\"12e4567\""].contains(&tag), "{}", new);
    }
}
