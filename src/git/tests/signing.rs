//! Commits and tags are signed where the user's git signs, by what it signs with.

use super::network::script;
use super::*;
use crate::domain::CommitSha;

/// Lets git sign as with a key of ssh; `program` plays `ssh-keygen`, which writes the signature of the file it is called
/// with last into one beside it.
fn signing(sample: &Sample, program: &str) {
    let (path, key) = (
        sample.folder.path().join("keygen"),
        sample.folder.path().join("key"),
    );
    script(&path, program);
    std::fs::write(&key, "no key of anybody's").unwrap();
    for (name, value) in [
        ("gpg.format", "ssh"),
        ("gpg.ssh.program", path.to_str().unwrap()),
        ("user.signingKey", key.to_str().unwrap()),
    ] {
        sample.git(&["config", name, value]);
    }
}

const SIGNS: &str = "[ \"$1 $2 $3 $4\" = '-Y sign -n git' ] || exit 1
for file; do :; done
printf -- '-----BEGIN SSH SIGNATURE-----\\nU2lnbmVk\\n-----END SSH SIGNATURE-----\\n' > \"$file.sig\"";

/// What two branches that went apart are merged into.
async fn merge(sample: &Sample) -> Result<CommitSha, GitError> {
    sample.git(&["checkout", "-q", "-B", "main", "develop~1"]);
    sample.git(&[
        "commit",
        "-q",
        "--no-gpg-sign",
        "--allow-empty",
        "-m",
        "release: 1.3.2",
    ]);
    let (ours, theirs) = (sample.sha("main"), sample.sha("develop"));
    let repository = &sample.repository;
    repository.merge_commit(&ours, &theirs, "x", access()).await
}

async fn tag(sample: &Sample, name: &str) -> Result<String, GitError> {
    let commit = sample.sha("develop");
    let (object, _) = sample
        .repository
        .create_tag(name, &commit, "notes", access())
        .await?;
    Ok(sample.git(&["cat-file", "tag", object.as_str()]))
}

#[tokio::test]
async fn commits_and_tags_are_signed_where_git_is_set_to_sign() {
    let sample = Sample::new();
    signing(&sample, SIGNS);
    let header = |commit: &CommitSha| sample.git(&["cat-file", "commit", commit.as_str()]);
    let unsigned = merge(&sample).await.unwrap();
    assert!(!header(&unsigned).contains("gpgsig"));
    assert!(!tag(&sample, "v1").await.unwrap().contains("SIGNATURE"));

    sample.git(&["config", "commit.gpgSign", "true"]);
    sample.git(&["config", "tag.gpgSign", "yes"]);
    let signed = merge(&sample).await.unwrap();
    let header = header(&signed);
    assert!(
        header.contains("\ngpgsig -----BEGIN SSH SIGNATURE-----\n U2lnbmVk\n"),
        "{header}"
    );
    let signed = tag(&sample, "v2").await.unwrap();
    assert!(
        signed.contains("\nnotes\n-----BEGIN SSH SIGNATURE-----"),
        "{signed}"
    );
}

#[tokio::test]
async fn a_tag_is_signed_where_only_annotated_ones_are_to_be() {
    let sample = Sample::new();
    signing(&sample, SIGNS);
    sample.git(&["config", "tag.forceSignAnnotated", "true"]);
    assert!(tag(&sample, "v1").await.unwrap().contains("SIGNATURE"));
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_made() {
    let sample = Sample::new();
    signing(&sample, "echo 'agent refused operation' >&2\nexit 255");
    sample.git(&["config", "commit.gpgSign", "true"]);
    sample.git(&["config", "tag.gpgSign", "true"]);
    let committed = merge(&sample).await.unwrap_err();
    let tagged = tag(&sample, "v1").await.unwrap_err();
    for error in [committed, tagged] {
        assert!(matches!(error, GitError::NotSigned { .. }), "{error}");
        assert!(error.to_string().contains("agent refused operation"), "{error}");
    }
    assert_eq!(sample.repository.tag("v1").unwrap(), None);
}
