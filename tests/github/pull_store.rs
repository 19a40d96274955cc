//! The pull requests of the fake.

use serde_json::{Value, json};
use windlass::demo::forge::objects;

use super::fake::{Answer, OWNER, Question, Store, plain};

impl Store {
    /// As GitHub, which takes no notice of a head that names no owner.
    pub fn pulls(&self, question: &Question<'_>) -> Answer {
        let head = question.asks("head").filter(|head| head.contains(':'));
        let (base, state) = (question.asks("base"), question.asks("state"));
        let fits = |pull: &&Value| {
            head.as_deref().is_none_or(|head| pull["head"]["label"] == head)
                && base.as_deref().is_none_or(|base| pull["base"]["ref"] == base)
                && state
                    .as_deref()
                    .is_none_or(|state| state == "all" || pull["state"] == state)
        };
        let found: Vec<_> = self.pulls.iter().rev().filter(fits).cloned().collect();
        self.page(question, &found, |page, _| json!(page))
    }

    pub fn open(&mut self, question: &Question<'_>) -> Answer {
        if question.token.is_none() {
            return plain(401, "Requires authentication");
        }
        let new: Value = serde_json::from_slice(question.body).unwrap();
        let label = format!("{OWNER}:{}", new["head"].as_str().unwrap());
        let twin = self.pulls.iter().any(|pull| {
            pull["state"] == "open" && pull["head"]["label"] == label && pull["base"]["ref"] == new["base"]
        });
        if twin {
            let message = format!("A pull request already exists for {label}.");
            let error = json!({"resource": "PullRequest", "code": "custom", "message": message});
            let body = json!({"message": "Validation Failed", "errors": [error], "status": "422",
                "documentation_url": "https://docs.github.com/rest"});
            return (422, Vec::new(), body);
        }
        let number = self.pulls.len() + 1;
        let side = |branch: &Value, sha: &str| {
            json!({"label": format!("{OWNER}:{}", branch.as_str().unwrap()), "ref": branch, "sha": sha, "repo": objects::repository("acme/app", "develop"),
                "user": objects::person(OWNER, 2)})
        };
        let mut pull = json!({
            "id": 70 + number, "node_id": "PR_1", "number": number, "state": "open", "locked": false,
            "html_url": format!("https://github.com/acme/app/pull/{number}"), "title": new["title"], "body": new["body"],
            "user": objects::person(OWNER, 2), "labels": [], "milestone": null, "created_at": "2026-11-01T10:00:00Z",
            "updated_at": "2026-11-01T10:00:00Z", "closed_at": null, "merged_at": null, "merge_commit_sha": null,
            "assignee": null, "head": side(&new["head"], &"a".repeat(40)), "base": side(&new["base"], &"b".repeat(40)),
            "_links": links(), "author_association": "OWNER", "auto_merge": null, "draft": false,
        });
        for link in [
            "url",
            "diff_url",
            "patch_url",
            "issue_url",
            "commits_url",
            "review_comments_url",
            "review_comment_url",
            "comments_url",
            "statuses_url",
        ] {
            pull[link] = json!(format!("https://api.github.com/repos/acme/app/{link}"));
        }
        self.pulls.push(pull.clone());
        // Alone, a pull request is told of at more length than in a list.
        for number in [
            "additions",
            "deletions",
            "changed_files",
            "comments",
            "review_comments",
            "commits",
        ] {
            pull[number] = json!(0);
        }
        pull["mergeable"] = json!(null);
        pull["mergeable_state"] = json!("unknown");
        pull["merged"] = json!(false);
        pull["merged_by"] = json!(null);
        pull["maintainer_can_modify"] = json!(false);
        (201, Vec::new(), pull)
    }
}

fn links() -> Value {
    let names = [
        "comments",
        "commits",
        "html",
        "issue",
        "review_comment",
        "review_comments",
        "self",
        "statuses",
    ];
    let links = names.map(|name| {
        (
            name.to_owned(),
            json!({"href": format!("https://api.github.com/{name}")}),
        )
    });
    Value::Object(links.into_iter().collect())
}
