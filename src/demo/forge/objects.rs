//! People, teams, repositories and apps as GitHub's API tells of them, whole: with every field that its description
//! requires. <https://github.com/github/rest-api-description>

use serde_json::{Map, Value, json};

/// Where people and repositories of the stand-in have their addresses; nobody asks there.
const SITE: &str = "https://github.example.com";
/// When everything began.
const BEGAN: &str = "2026-01-01T00:00:00Z";

/// A person.
pub fn person(login: &str, id: u64) -> Value {
    account(login, id, "User")
}

/// An organisation.
pub fn organization(login: &str, id: u64) -> Value {
    account(login, id, "Organization")
}

fn account(login: &str, id: u64, kind: &str) -> Value {
    let api = format!("{SITE}/users/{login}");
    let mut account = addresses(
        &api,
        &[
            "events",
            "followers",
            "following",
            "gists",
            "organizations",
            "received_events",
            "repos",
            "starred",
            "subscriptions",
        ],
    );
    account.extend(fields(json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "type": kind, "site_admin": false, "gravatar_id": "",
        "avatar_url": format!("{api}/avatar"), "url": api, "html_url": format!("{SITE}/{login}"),
    })));
    Value::Object(account)
}

/// A team of an organisation.
pub fn team(name: &str, slug: &str, id: u64) -> Value {
    let api = format!("{SITE}/teams/{id}");
    json!({
        "id": id, "node_id": format!("T_{id}"), "name": name, "slug": slug, "description": null, "permission": "pull",
        "parent": null, "type": "organization", "url": api, "html_url": api, "members_url": format!("{api}/members"),
        "repositories_url": format!("{api}/repos"),
    })
}

/// The App that GitHub's own runners act as.
pub fn actions_app() -> Value {
    json!({
        "id": 1, "slug": "github-actions", "node_id": "A_1", "owner": organization("github", 9), "name": "GitHub Actions",
        "description": null, "external_url": SITE, "html_url": SITE, "created_at": BEGAN, "updated_at": BEGAN,
        "permissions": {}, "events": [],
    })
}

/// A repository, as `owner/name`.
pub fn repository(full_name: &str, default_branch: &str) -> Value {
    let (owner, name) = full_name.split_once('/').unwrap_or_default();
    let (api, page) = (format!("{SITE}/repos/{full_name}"), format!("{SITE}/{full_name}"));
    let mut repository = addresses(
        &api,
        &[
            "archive",
            "assignees",
            "blobs",
            "branches",
            "collaborators",
            "comments",
            "commits",
            "compare",
            "contents",
            "contributors",
            "deployments",
            "downloads",
            "events",
            "forks",
            "git_commits",
            "git_refs",
            "git_tags",
            "hooks",
            "issue_comment",
            "issue_events",
            "issues",
            "keys",
            "labels",
            "languages",
            "merges",
            "milestones",
            "notifications",
            "pulls",
            "releases",
            "stargazers",
            "statuses",
            "subscribers",
            "subscription",
            "tags",
            "teams",
            "trees",
        ],
    );
    repository.extend(fields(json!({
        "id": 1, "node_id": "R_1", "name": name, "full_name": full_name, "private": false, "fork": false,
        "owner": organization(owner, 2), "description": null, "url": api, "html_url": page, "clone_url": page,
        "git_url": page, "ssh_url": page, "svn_url": page, "mirror_url": null, "homepage": null, "language": null,
        "license": null, "default_branch": default_branch, "archived": false, "disabled": false,
        "pushed_at": BEGAN, "created_at": BEGAN, "updated_at": BEGAN, "has_discussions": false, "has_downloads": true,
        "has_issues": true, "has_pages": false, "has_projects": false, "has_wiki": false, "size": 0, "forks": 0,
        "forks_count": 0, "open_issues": 0, "open_issues_count": 0, "stargazers_count": 0, "watchers": 0,
        "watchers_count": 0,
    })));
    Value::Object(repository)
}

/// A repository, asked for by itself.
pub fn whole_repository(full_name: &str, default_branch: &str) -> Value {
    let mut repository = repository(full_name, default_branch);
    repository["network_count"] = json!(0);
    repository["subscribers_count"] = json!(0);
    repository
}

/// The addresses below `api` that an object tells of.
fn addresses(api: &str, names: &[&str]) -> Map<String, Value> {
    let all = names.iter();
    all.map(|name| (format!("{name}_url"), json!(format!("{api}/{name}"))))
        .collect()
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
