//! A promotion that deploys by a commit to a repository of configuration.

use super::*;
use crate::git::git;
use windlass::domain::{DeployTarget, StepTarget};

/// An engine whose stage is deployed from a Kustomization in a repository of configuration; and that repository.
fn configured(world: &World) -> (Arc<Engine>, std::path::PathBuf) {
    let work = world.folder().join("config");
    std::fs::create_dir_all(work.join("apps")).unwrap();
    let text = "images:\n- name: app # the one of stage\n  newTag: old\n";
    std::fs::write(work.join("apps/payment-svc.yaml"), text).unwrap();
    git(&work, &["init", "-q", "-b", "main"]);
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "apps"]);
    git(world.folder(), &["clone", "-q", "--bare", "config", "config.git"]);
    let origin = world.folder().join("config.git");
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = text.find("deploy = { kind = \"command\"").unwrap();
    let end = begin + text[begin..].find('\n').unwrap();
    let deploy = format!(
        "deploy = {{ kind = \"gitops\", remote = \"{}\", branch = \"main\", file = \"apps/{{service}}.yaml\", format = \
         \"kustomize\", image = \"app\" }}",
        origin.display()
    );
    let text = format!("{}{deploy}{}", &text[..begin], &text[end..]);
    std::fs::write(path, text).unwrap();
    (world.engine().unwrap(), origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_commits_the_promoted_digest_where_the_plan_said() {
    let (world, _) = world().await;
    let (engine, origin) = configured(&world);
    let to_stage = promote("develop", "stage", None, false);
    let plan = planned(&engine, &to_stage).await.unwrap();
    let mut targets = plan.steps.iter().filter_map(|step| step.target.as_ref());
    let deployers = targets.find_map(|target| match target {
        StepTarget::Deployment { deployers, .. } => Some(&deployers[..]),
        _ => None,
    });
    let Some([DeployTarget::Gitops(target)]) = deployers else {
        panic!("{:?}", plan.steps)
    };
    let values: Vec<_> = target.values.iter().map(ToString::to_string).collect();
    assert_eq!(
        values,
        ["images[0].newTag (now old)", "images[0].digest (not there yet)"]
    );
    // Made and not given: the plan has written nothing.
    assert_eq!(git(&origin, &["rev-list", "--count", "main"]), "1");

    done(&engine, &to_stage).await;
    let digest = deployed(&engine, "stage").await;
    let text = git(&origin, &["show", "main:apps/payment-svc.yaml"]);
    assert!(text.contains("- name: app # the one of stage\n"), "{text}");
    assert!(text.ends_with(&format!("\n  digest: {digest}")), "{text}");
    let message = git(&origin, &["log", "-1", "--format=%B", "main"]);
    assert!(message.starts_with("deploy(stage): payment-svc "), "{message}");
    assert!(
        message.contains(&format!("Windlass-Digest: {digest}")),
        "{message}"
    );

    // Given again, nothing is added.
    done(&engine, &to_stage).await;
    assert_eq!(git(&origin, &["rev-list", "--count", "main"]), "2");
}
