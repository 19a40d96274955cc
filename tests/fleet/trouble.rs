//! Projects that cannot be opened: each says why, and the others work.

use crate::{config, git::git, json, repository, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_cannot_be_opened_says_why_and_the_others_work() {
    let world = world().await;
    let folder = |name: &str| world.folder().join(name);
    repository(&folder("shop"), &config(&world, &["web"]));
    std::fs::create_dir_all(folder("foreign")).unwrap();
    // A clone that was broken off: a repository without its objects and references.
    std::fs::create_dir_all(folder("half/.git")).unwrap();
    std::fs::write(folder("half/windlass.toml"), config(&world, &["half"])).unwrap();
    repository(&folder("wrong"), "[[service]]\nname = \"wrong\"\n");
    git(
        world.folder(),
        &["clone", "--quiet", folder("shop.git").to_str().unwrap(), "again"],
    );
    let (code, answer) = json(
        &world,
        "[[project]]\npath = \"missing\"\n\n[[project]]\npath = \"foreign\"\n\n[[project]]\npath = \"half\"\n\n\
         [[project]]\npath = \"wrong\"\n\n[[project]]\npath = \"shop\"\n\n[[project]]\npath = \"again\"\n\n\
         [[project]]\nname = \"shop\"\npath = \"payment-svc\"\n",
    )
    .await;
    assert_eq!(code, Some(1));
    let projects = answer["projects"].as_array().unwrap();
    let errors: Vec<_> = projects
        .iter()
        .map(|project| project["error"].as_str().unwrap_or("none"))
        .collect();
    for (error, says) in errors.iter().zip([
        "missing does not exist",
        "foreign has no windlass.toml",
        "half is not in a git repository",
        "requires `environment`",
        "none",
        "is the same project as `shop`",
        "the name `shop` is used twice",
    ]) {
        assert!(error.contains(says), "{says}: {error}");
    }
    assert_eq!(projects[4]["services"][0]["service"], "web");
    assert_eq!(projects[6]["services"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_one_name_in_two_projects_are_told_apart() {
    let world = world().await;
    for name in ["shop", "bank"] {
        repository(&world.folder().join(name), &config(&world, &["api"]));
    }
    let (code, answer) = json(
        &world,
        "[[project]]\npath = \"shop\"\n\n[[project]]\npath = \"bank\"\n",
    )
    .await;
    assert_eq!(code, Some(0));
    let projects = answer["projects"].as_array().unwrap();
    let names: Vec<_> = projects
        .iter()
        .map(|project| {
            (
                project["name"].as_str().unwrap(),
                project["services"][0]["service"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(names, [("shop", "api"), ("bank", "api")]);
}
