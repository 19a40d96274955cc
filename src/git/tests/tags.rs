//! Tags: made once, never moved, taken back only if they are what was made.

use super::*;
use crate::domain::Exit;

#[tokio::test]
async fn a_tag_is_annotated_and_given_again_is_the_same() {
    let sample = Sample::new();
    let (before, commit) = (sample.untouched(), sample.sha("develop"));
    let message = "1.4.0\n\n## Fixes\n\n- Größe; #12 is closed\n# one more";
    let create = || sample.repository.create_tag("v1.4.0", &commit, message, access());
    assert_eq!(sample.repository.tag("v1.4.0").unwrap(), None);
    let (object, is_new) = create().await.unwrap();
    assert!(is_new);
    assert_eq!(create().await.unwrap(), (object.clone(), false));
    assert_eq!(
        sample.repository.tag("v1.4.0").unwrap(),
        Some(TagAt {
            object: object.clone(),
            commit
        })
    );
    let raw = sample.git(&["cat-file", "tag", object.as_str()]);
    assert!(raw.contains("tagger Bo <bo@example.com>"), "{raw}");
    assert!(raw.ends_with(message), "headings are no comments: {raw}");
    assert_eq!(sample.untouched(), before);
}

#[tokio::test]
async fn a_tag_on_another_commit_is_a_conflict_and_stays() {
    let sample = Sample::new();
    let (tip, tagged) = (sample.sha("develop"), sample.sha("v1.3.2"));
    let create = |name, commit| {
        let repository = &sample.repository;
        async move { repository.create_tag(name, commit, "x", access()).await }
    };
    let error = create("v1.3.2", &tip).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    let told = format!("tag v1.3.2 already exists here, on {}", tagged.short());
    assert_eq!(error.to_string(), told);
    assert_eq!(sample.sha("v1.3.2"), tagged);
    // One that somebody made manually on the very commit is a tag of it, if it is annotated.
    let error = create("v1.3.2", &tagged).await.unwrap_err();
    assert!(matches!(error, GitError::LightweightTag { .. }), "{error}");
    sample.git(&["tag", "-f", "-a", "-m", "manually", "v1.3.2", tagged.as_str()]);
    assert!(!create("v1.3.2", &tagged).await.unwrap().1);
}

#[tokio::test]
async fn names_that_git_takes_for_no_tag_are_refused_before_it_is_asked() {
    let sample = Sample::new();
    let commit = sample.sha("develop");
    for name in ["", "-d", "v 1", "v1..2", "a.lock", "v1^{}"] {
        let made = sample.repository.create_tag(name, &commit, "x", access()).await;
        let error = made.unwrap_err();
        assert!(matches!(error, GitError::BadTag { .. }), "{error}");
        assert_eq!(error.exit(), Exit::Usage);
    }
    sample.git(&["tag", "v2/rc", "develop"]);
    let made = sample.repository.create_tag("v2", &commit, "x", access()).await;
    let error = made.unwrap_err();
    assert!(
        matches!(error, GitError::Program { action: "tag", .. }),
        "{error}"
    );
    assert_eq!(sample.git(&["tag", "--list"]), "v1.3.2\nv2/rc");
}

#[tokio::test]
async fn only_the_tag_that_was_made_is_taken_back() {
    let sample = Sample::new();
    let commit = sample.sha("develop");
    let repository = &sample.repository;
    let create = |message| repository.create_tag("v1.4.0", &commit, message, access());
    let (object, _) = create("first").await.unwrap();
    let take_back = || repository.take_back_tag("v1.4.0", &object, access()).unwrap();
    sample.git(&["pack-refs", "--all"]);
    assert!(take_back());
    assert!(!take_back(), "there is nothing left to take back");
    create("second").await.unwrap();
    assert!(!take_back(), "this one is another");
    assert!(repository.tag("v1.4.0").unwrap().is_some());
    assert!(repository.tag("v1.3.2").unwrap().is_some());
}

#[test]
fn a_tag_on_a_tag_is_on_its_commit() {
    let sample = Sample::new();
    sample.git(&["tag", "-a", "-m", "x", "inner", "develop"]);
    sample.git(&["tag", "-a", "-m", "x", "outer", "inner"]);
    let at = sample.repository.tag("outer").unwrap().unwrap();
    assert_eq!(at.commit, sample.sha("develop"));
    assert_eq!(at.object.as_str(), sample.git(&["rev-parse", "outer"]));
}
