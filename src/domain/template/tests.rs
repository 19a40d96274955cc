//! Names by template: what is written is read back, and nothing else is.

use proptest::prelude::*;

use super::*;
use crate::domain::CommitSha;

#[test]
fn the_usual_release_branch_is_written_and_read_back() {
    let template: BranchTemplate = "release/v{version}-sha-{short}".parse().unwrap();
    let values = Values {
        version: Some("1.2.0-rc.1".parse().unwrap()),
        short: Some("2b2e927".into()),
        ..Values::default()
    };
    let name = template.render(&values).unwrap();
    assert_eq!(name.as_str(), "release/v1.2.0-rc.1-sha-2b2e927");
    assert_eq!(template.parse_back(name.as_str()), Some(values));
    for other in [
        "release/v1.2.0",
        "release/v1.2-sha-2b2e927",
        "release/v1.2.0-sha-2B2E927",
        "main",
    ] {
        assert_eq!(template.parse_back(other), None, "{other}");
    }
}

#[test]
fn a_template_that_could_not_be_read_back_or_makes_no_name_is_refused() {
    for (text, why) in [
        ("release/v{verison}", "{verison}"),
        ("release/{version}{short}", "between them"),
        ("release/{version}/{version}", "twice"),
        ("release/{version", "without a closing"),
        ("release", "requires a placeholder"),
        ("release/{version}.lock", ".lock"),
        ("re lease/{version}", "spaces"),
    ] {
        let error = text.parse::<BranchTemplate>().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn sprints_and_days_are_read_back_only_as_they_are_written() {
    let sprint: BranchTemplate = "release/sprint-{sprint}".parse().unwrap();
    assert_eq!(
        sprint.parse_back("release/sprint-42").unwrap().sprint.as_deref(),
        Some("42")
    );
    assert_eq!(sprint.parse_back("release/sprint-42b"), None);
    let day: BranchTemplate = "release/{date}".parse().unwrap();
    assert!(day.parse_back("release/2026-11-23").is_some());
    for other in [
        "release/20261123",
        "release/2026-11-31",
        "release/2026-11-23T10:00",
    ] {
        assert_eq!(day.parse_back(other), None, "{other}");
    }
}

#[test]
fn long_lived_branches_carry_the_beginning_of_a_version() {
    for (template, name) in [
        ("release-{major}.{minor}", "release-1.9"),
        ("release/v{major}.{minor}", "release/v0.52"),
        ("release-{major}", "release-3"),
    ] {
        let template: BranchTemplate = template.parse().unwrap();
        let values = template.parse_back(name).unwrap();
        assert!(values.version.is_none() && values.series.is_known());
        assert_eq!(template.render(&values).unwrap().as_str(), name);
        assert!(template.parse_back("release-01.9").is_none());
    }
    let template: BranchTemplate = "release-{major}.{minor}".parse().unwrap();
    let values = Values {
        version: Some(semver::Version::new(1, 9, 3)),
        ..Values::default()
    };
    assert_eq!(template.render(&values).unwrap().as_str(), "release-1.9");
    assert!("release-{minor}".parse::<BranchTemplate>().is_err());
}

#[test]
fn a_calendar_version_is_read_back_as_it_was_written() {
    let template: BranchTemplate = "release/{version}".parse().unwrap();
    let values = template.parse_back("release/2026.08.0").unwrap();
    assert_eq!(values.version, Some(semver::Version::new(2026, 8, 0)));
    assert_eq!(template.render(&values).unwrap().as_str(), "release/2026.08.0");
}

#[test]
fn the_branches_of_services_are_told_apart() {
    let template: BranchTemplate = "release/{service}/v{version}".parse().unwrap();
    assert!(template.has_service());
    let read = template.parse_back("release/api/v1.2.0").unwrap();
    assert_eq!(read.service.as_deref(), Some("api"));
    let of_web = template.for_service("web");
    assert!(of_web.parse_back("release/api/v1.2.0").is_none());
    assert!(of_web.parse_back("release/web/v1.2.0").is_some());
}

#[test]
fn a_value_that_is_missing_or_could_not_be_read_back_makes_no_name() {
    let template: BranchTemplate = "release/sprint-{sprint}".parse().unwrap();
    let error = template.render(&Values::default()).unwrap_err();
    assert_eq!(error, TemplateError::Missing("sprint"));
    let values = Values {
        sprint: Some("42b".to_owned()),
        ..Values::default()
    };
    assert_eq!(
        template.render(&values).unwrap_err().to_string(),
        "`42b` is not a valid sprint"
    );
}

#[test]
fn the_usual_templates_are_what_their_texts_say() {
    assert_eq!(
        BranchTemplate::release(),
        "release/v{version}-sha-{short}".parse().unwrap()
    );
    assert_eq!(BranchTemplate::hotfix(), "hotfix/v{version}".parse().unwrap());
    assert_eq!(TagTemplate::default(), "sha-{short}".parse().unwrap());
}

#[test]
fn a_tag_tells_its_commit() {
    let template: TagTemplate = "sha-{short}".parse().unwrap();
    let commit: CommitSha = "2b2e927c0ffee0123456789abcdef0123456789a".parse().unwrap();
    let tag = template.render(&commit).unwrap();
    assert_eq!(tag.as_str(), "sha-2b2e927");
    assert_eq!(template.parse_back(&tag), Some("2b2e927"));
    assert_eq!(template.parse_back(&"sha-latest".parse().unwrap()), None);
    let rebuilt = template.render_rebuilt(&commit).unwrap();
    assert_eq!(rebuilt.as_str(), "rebuilt-sha-2b2e927");
    assert_eq!(template.parse_back(&rebuilt), Some("2b2e927"));
    assert!(template.is_rebuilt(&rebuilt) && !template.is_rebuilt(&tag));
    assert!(!template.is_rebuilt(&"rebuilt-latest".parse().unwrap()));
    let whole: TagTemplate = "{sha}-ci".parse().unwrap();
    let tag = whole.render(&commit).unwrap();
    assert_eq!(tag.as_str(), format!("{commit}-ci"));
    assert_eq!(whole.parse_back(&tag), Some(commit.as_str()));
    assert_eq!(whole.parse_back(&"2b2e927-ci".parse().unwrap()), None);
    for bad in ["latest", "sha-{short}-{x}", "{short}/x"] {
        assert!(bad.parse::<TagTemplate>().is_err(), "{bad}");
    }
}

/// Any version at all, pre-releases and build metadata included.
fn versions() -> impl Strategy<Value = semver::Version> {
    let text = "(0|[1-9][0-9]{0,3})\\.(0|[1-9][0-9]?)\\.(0|[1-9][0-9]?)(-(rc|sha|x-1)(\\.[1-9]){0,2}(-2026-11-23)?)?(\\+b[0-9a-f]{7})?";
    text.prop_map(|text| text.parse().unwrap())
}

/// Templates of some placeholders, in any number and order, with what people put between them.
fn templates() -> impl Strategy<Value = BranchTemplate> {
    let words = Just(vec!["version", "short", "sprint", "date"]).prop_shuffle();
    let between = proptest::sample::select(vec!["-", "/", ".", "-sha-", "/v", "_"]);
    (
        words,
        1_usize..=4,
        proptest::collection::vec(between, 4),
        "(release/v?|hotfix-|)",
    )
        .prop_map(|(words, count, between, front)| {
            let mut text = front;
            for (word, between) in words.iter().zip(between).take(count) {
                if text.ends_with('}') {
                    text.push_str(between);
                }
                text.extend(["{", word, "}"]);
            }
            text
        })
        .prop_filter_map("makes names", |text| text.parse().ok())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        template in templates(), version in versions(), short in "[0-9a-f]{7}", sprint in "[0-9]{1,4}",
        day in 1_i8..29, month in 1_i8..13,
    ) {
        let values = Values {
            version: Some(version),
            short: Some(short),
            sprint: Some(sprint),
            date: Some(jiff::civil::date(2026, month, day).to_string()),
            ..Values::default()
        };
        let name = template.render(&values).unwrap();
        let read = template.parse_back(name.as_str()).unwrap();
        prop_assert_eq!(template.render(&read).unwrap(), name);
        prop_assert_eq!(template.to_string().parse::<BranchTemplate>().unwrap(), template);
    }

    #[test]
    fn what_is_read_back_is_written_the_same(name in "release/v[0-9.a-f-]{5,20}(-sha-[0-9a-f]{7})?") {
        let template = BranchTemplate::release();
        if let Some(values) = template.parse_back(&name) {
            let written = template.render(&values).unwrap();
            prop_assert_eq!(written.as_str(), name);
        }
    }
}
