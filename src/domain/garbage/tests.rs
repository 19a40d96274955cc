use jiff::SignedDuration;

use super::*;

const NOW: i64 = 1_000 * 86_400;

fn day(ago: i64) -> Timestamp {
    Timestamp::from_second(NOW - ago * 86_400).unwrap()
}

fn commit(n: u8) -> CommitSha {
    format!("{n:02x}").repeat(20).parse().unwrap()
}

/// An image of ours that was built so many days ago; its number is its commit.
fn image(n: u8, ago: i64) -> StoredImage {
    StoredImage {
        digest: Digest::of(&[n]),
        tags: vec![format!("sha-{}", commit(n).short()).parse().unwrap()],
        origin: ImageOrigin::Ours(BTreeSet::from([commit(n)])),
        time: day(ago),
        deployed: None,
        children: BTreeSet::new(),
        configs: BTreeSet::new(),
        subject: None,
    }
}

fn rule(builds: Option<usize>, days: Option<i64>, deployments: usize) -> Retention {
    Retention {
        builds,
        age: days.map(|days| SignedDuration::from_hours(24 * days)),
        deployments,
    }
}

/// The numbers of the images that stay, each with its reason.
fn kept(images: &[StoredImage], rule: &Retention, needed: &Needed) -> Vec<(u8, KeepReason)> {
    let kept = keep(images, rule, needed, day(0), BTreeMap::new());
    let number = |digest: &Digest| (0..=255).find(|n| Digest::of(&[*n]) == *digest).unwrap();
    let mut all: Vec<_> = kept
        .iter()
        .map(|(digest, because)| (number(digest), because.reason))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn an_image_stays_as_long_as_one_of_the_rules_wants_it() {
    let mut images: Vec<_> = (1..=6).map(|n| image(n, i64::from(n) * 10)).collect();
    images[4].deployed = Some(day(50));
    images[5].deployed = Some(day(60));
    let found = kept(&images, &rule(Some(2), Some(31), 1), &Needed::default());
    let expected = [
        (1, KeepReason::NewestBuild),
        (2, KeepReason::NewestBuild),
        (3, KeepReason::Young),
        (5, KeepReason::Deployed),
    ];
    assert_eq!(found, expected);
    let found = kept(&images, &rule(Some(1), None, 2), &Needed::default());
    assert_eq!(
        found,
        [
            (1, KeepReason::NewestBuild),
            (5, KeepReason::Deployed),
            (6, KeepReason::LastDeployment)
        ]
    );
}

#[test]
fn the_very_moment_that_the_time_is_over_an_image_may_go() {
    let images = [image(1, 30)];
    assert_eq!(kept(&images, &rule(None, Some(30), 1), &Needed::default()), []);
    let mut younger = images;
    younger[0].time = Timestamp::from_second(NOW - 30 * 86_400 + 1).unwrap();
    assert_eq!(
        kept(&younger, &rule(None, Some(30), 1), &Needed::default()).len(),
        1
    );
}

#[test]
fn what_is_not_ours_stays_and_pushes_nothing_of_ours_out() {
    let mut images: Vec<_> = (1..=3).map(|n| image(n, i64::from(n))).collect();
    let foreign = KeptBecause::new(KeepReason::UnknownCommit, "elsewhere");
    images[0].origin = ImageOrigin::Foreign(foreign);
    images[0].deployed = Some(day(0));
    images[2].deployed = Some(day(3));
    let found = kept(&images, &rule(Some(1), None, 1), &Needed::default());
    let expected = [
        (1, KeepReason::UnknownCommit),
        (2, KeepReason::NewestBuild),
        (3, KeepReason::Deployed),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_needed_stays_by_its_digest_its_parts_its_configuration_its_commit_and_its_tags() {
    let mut images: Vec<_> = (1..=6).map(|n| image(n, 900)).collect();
    images[1].children.insert(Digest::of(b"child"));
    images[2].configs.insert(Digest::of(b"config"));
    let mut needed = Needed::default();
    let because = |reason| KeptBecause::new(reason, "");
    needed.digest(images[0].digest.clone(), because(KeepReason::Pinned));
    needed.digest(images[0].digest.clone(), because(KeepReason::Deployed));
    needed.digest(images[0].digest.clone(), because(KeepReason::Running));
    needed.digest(Digest::of(b"child"), because(KeepReason::Running));
    needed.digest(Digest::of(b"config"), because(KeepReason::Running));
    needed.commit(commit(4), because(KeepReason::OpenRelease));
    needed.tag(images[4].tags[0].clone(), because(KeepReason::Downstream));
    let expected = [
        (1, KeepReason::Deployed),
        (2, KeepReason::Running),
        (3, KeepReason::Running),
        (4, KeepReason::OpenRelease),
        (5, KeepReason::Downstream),
    ];
    assert_eq!(kept(&images, &rule(None, Some(1), 1), &needed), expected);
}

#[test]
fn parts_of_what_stays_and_what_is_attached_to_it_stay_through_others_too() {
    let mut images: Vec<_> = (1..=5).map(|n| image(n, 900)).collect();
    images[0].time = day(0);
    let digests: Vec<_> = images.iter().map(|image| image.digest.clone()).collect();
    images[0].children.insert(digests[1].clone());
    images[2].subject = Some(digests[1].clone());
    images[3].subject = Some(digests[2].clone());
    images[4].children.insert(digests[1].clone());
    let expected = [
        (1, KeepReason::NewestBuild),
        (2, KeepReason::PartOfKept),
        (3, KeepReason::AttachedToKept),
        (4, KeepReason::AttachedToKept),
    ];
    assert_eq!(
        kept(&images, &rule(Some(1), None, 1), &Needed::default()),
        expected
    );
}

#[test]
fn what_was_kept_before_a_closer_look_stays_when_others_turn_out_to_be_younger() {
    let mut images = [image(1, 10), image(2, 20)];
    let rule = rule(Some(1), None, 1);
    let first = keep(&images, &rule, &Needed::default(), day(0), BTreeMap::new());
    images[1].time = day(0);
    let second = keep(&images, &rule, &Needed::default(), day(0), first);
    assert_eq!(second.len(), 2);
}
