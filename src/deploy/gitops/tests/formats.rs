//! Each kind of file, as people write it.

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

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
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
        digest_key: some("app.image.sha"),
        ..ImagePlace::default()
    };
    let nested = "app:\n  image:\n    sha: 'sha256:1'\n    tag: old\n";
    assert_eq!(
        deploy("values.yaml", nested, &keys).unwrap(),
        nested.replace("sha256:1", &digest())
    );
    let whole = ImagePlace {
        image_key: some("image"),
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
        container: some("app"),
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
        digest_key: some("image.digest"),
        tag_key: some("image.tag"),
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
        image: some("registry.example.com/prod/app"),
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
        image: some("app"),
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
            "image: {repository: app, digest: x}\n",
            "line 1, column 8: image is a collection in one line",
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
