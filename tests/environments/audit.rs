//! Audits: what does not hold in journals, records, signatures and registries is found and named, and nothing else is.

use std::collections::BTreeSet;

use windlass::domain::{Audit, AuditFault};

use super::chain::{attach, promoted, records};
use super::*;
use crate::call::{self, text};

async fn audit(engine: &Engine) -> Audit {
    let all = BTreeSet::new();
    engine.audit(&payment(engine), &all, None).await.unwrap()
}

async fn found(engine: &Engine) -> Vec<(AuditFault, String)> {
    let findings = audit(engine).await.findings.into_iter();
    findings
        .map(|finding| (finding.kind, finding.what.to_string()))
        .collect()
}

/// The kinds of what is wrong with one image of prod.
async fn kinds(engine: &Engine, digest: &Digest) -> Vec<AuditFault> {
    let findings = audit(engine).await.findings.into_iter();
    findings
        .filter(|finding| finding.digest.as_ref() == Some(digest))
        .filter(|finding| {
            finding
                .environment
                .as_ref()
                .is_some_and(|name| name.as_str() == "prod")
        })
        .map(|finding| finding.kind)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_holds_where_nobody_touched_anything() {
    let (world, _) = world().await;
    let engine = world.engine().unwrap();
    done(&engine, &promote("develop", "stage", None, false)).await;
    done(&engine, &promote("develop", "prod", None, false)).await;
    let audit = audit(&engine).await;
    assert_eq!(audit.findings, []);
    assert_eq!(audit.journals, 2);
    let prod = audit
        .environments
        .iter()
        .find(|(name, _)| name.as_str() == "prod");
    let (_, prod) = prod.unwrap();
    assert_eq!((prod.deployments, prod.images, prod.records), (4, 4, 4));

    let mut program = call::program(&world.repository(), world.folder(), &["audit", "verify"]);
    let output = program.output().await.unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("4 deployments of 4 images, 4 records"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_of_a_journal_that_was_altered_is_found() {
    let (world, engine, _) = promoted().await;
    let journals = engine.journals();
    let run = journals.runs().unwrap().remove(0);
    let path = journals.folder().join(format!("{run}.ndjson"));
    let journal = std::fs::read_to_string(&path).unwrap();
    // In the last line.
    let at = journal.rfind("is done").unwrap();
    std::fs::write(&path, format!("{}is gone{}", &journal[..at], &journal[at + 7..])).unwrap();
    let mut found = found(&engine).await;
    // Of what stage had before it signed there are no records.
    found.retain(|(kind, _)| *kind == AuditFault::JournalAltered);
    let [(_, what)] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(what.contains(&format!("{run}.ndjson")), "{what}");

    let mut program = call::program(&world.repository(), world.folder(), &["audit", "verify"]);
    let output = program.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_gone_is_missed_by_the_record_of_its_run() {
    let (_world, engine, digest) = promoted().await;
    let journals = engine.journals();
    // The newest: older ones than the oldest that is there may have been pruned.
    let run = journals.runs().unwrap().remove(0);
    std::fs::remove_file(journals.folder().join(format!("{run}.ndjson"))).unwrap();
    assert_eq!(kinds(&engine, &digest).await, [AuditFault::JournalMissing]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_taken_away_or_altered_is_found_by_the_chain_the_deployment_and_the_journal() {
    let (_world, engine, digest) = promoted().await;
    let prod = writer(&engine, "prod");
    let (record, bundle) = records(&engine, &digest)
        .await
        .into_iter()
        .find(|(_, bundle)| String::from_utf8_lossy(bundle).contains("payload") && is_of_prod(bundle))
        .unwrap();
    prod.delete_manifest(&record.digest).await.unwrap();
    assert_eq!(
        kinds(&engine, &digest).await,
        [
            AuditFault::Chain,
            AuditFault::RecordMissing,
            AuditFault::RunUnrecorded
        ]
    );
    let at = bundle.len() / 2;
    let mut altered = bundle.clone();
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    attach(&engine, &digest, altered).await;
    assert!(kinds(&engine, &digest).await.contains(&AuditFault::Chain));
    attach(&engine, &digest, bundle).await;
    assert_eq!(kinds(&engine, &digest).await, []);
}

fn is_of_prod(bundle: &[u8]) -> bool {
    use base64::Engine as _;
    let document: serde_json::Value = serde_json::from_slice(bundle).unwrap();
    let payload = document["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
    String::from_utf8(statement)
        .unwrap()
        .contains("\"environment\":\"prod\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_came_to_production_behind_our_back_is_found() {
    let (_world, engine, _) = promoted().await;
    let (stage, prod) = (reader(&engine, "stage"), writer(&engine, "prod"));
    let other = digest_of(&engine, "stage", "develop~3").await;
    let root = Target::Digest(other.clone());
    let options = windlass::registry::copy::CopyOptions::default();
    let plan = windlass::registry::copy::plan(&stage, &prod, &root, &options)
        .await
        .unwrap();
    let cancel = tokio_util::sync::CancellationToken::new();
    windlass::registry::copy::run(&plan, &stage, &prod, &|_| (), &cancel)
        .await
        .unwrap();
    let later = Timestamp::now() + jiff::SignedDuration::from_secs(5);
    let deployed = windlass::domain::DeploymentTag::at(later).tag().unwrap();
    let rule = windlass::registry::TagRule::Immutable;
    prod.tag(&other, &deployed, rule).await.unwrap();
    assert_eq!(
        kinds(&engine, &other).await,
        [
            AuditFault::Signature,
            AuditFault::Chain,
            AuditFault::RecordMissing
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_environments_and_times_that_are_named_are_looked_at() {
    let (_world, engine, _) = promoted().await;
    let prod = BTreeSet::from(["prod".parse().unwrap()]);
    let now = Timestamp::now() - jiff::SignedDuration::from_mins(5);
    let audit = engine.audit(&payment(&engine), &prod, Some(now)).await.unwrap();
    let [(name, looked_at)] = &audit.environments[..] else {
        panic!("{audit:?}");
    };
    assert_eq!((name.as_str(), looked_at.deployments), ("prod", 1));
}
